"""`loket partner simulate`: an aggregator buys bills from a running Loket and tells what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx

from core.platform.money import rupiah
from core.testing.demo.partners import PARTNERS
from sandbox.partner import Aggregator, Credentials, Listener, Lost, Order, RealPatience, Stage, Ways

_SANDBOX = "9000000"


async def simulate(url: str, accounts: Sequence[str], *, first_poll_s: float) -> bool:
    """Sell each account's bills as the demo's partner, `account:months` for the oldest ones; True when the books agree."""
    demo = PARTNERS[0]
    listener, run = Listener(), f"{datetime.now().astimezone():%y%m%d%H%M%S}"
    await listener.start()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        aggregator = Aggregator(
            client,
            Credentials(demo.code, demo.secret, demo.callback_secret),
            RealPatience(),
            ways=Ways(first_poll_s=first_poll_s, polls_s=(first_poll_s,), patience_s=10 * first_poll_s),
            callback_url=listener.url,
        )
        listener.hear = aggregator.hear
        try:
            return await _sold(aggregator, run, accounts)
        except Lost:
            print(f"No answer from the demo's partner API at {url}. Start it with: make run")
            return False
        finally:
            await listener.stop()


async def _sold(aggregator: Aggregator, run: str, accounts: Sequence[str]) -> bool:
    before = await aggregator.balance()
    print(f"Deposit before: {rupiah(before)}")
    for number, asked in enumerate(accounts, 1):
        account, _, months = asked.partition(":")
        product = "SBX-INET" if account.startswith(_SANDBOX) else "LOKET-INET"
        month = int(months) if months else None
        _tell(await aggregator.sell(account, f"SIM-{run}-{number}", product, month=month))
    real = [order for order in aggregator.orders.values() if order.product != "SBX-INET"]
    spent = sum(order.amount for order in real if order.stage in {Stage.PAID, Stage.PROCESSING})
    after = await aggregator.balance()
    agrees = before - after == spent
    print(
        f"Deposit after:  {rupiah(after)}, {rupiah(spent)} less: {'agrees' if agrees else 'DOES NOT AGREE'}"
    )
    return agrees and all(order.stage is not Stage.STUCK for order in aggregator.orders.values())


def _tell(order: Order) -> None:
    heard = f"{order.tries} tries, {order.callbacks} callbacks, {order.polls} polls"
    receipt = f", receipt {order.token}" if order.token else ""
    print(
        f"{order.account:<14} {rupiah(order.amount):>12}  RC {order.code}  {order.stage}{receipt}  ({heard})"
    )
