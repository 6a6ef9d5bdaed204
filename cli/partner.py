"""`loket partner …`: companies that collect bills for us, their keys, their money, their days."""

from __future__ import annotations

from datetime import date

from core.bootstrap import bootstrap
from core.partners.keys import NewProduct
from core.partners.types import Environment
from core.partners.usecases import Credentials
from core.platform.errors import DomainError
from core.platform.money import rupiah
from core.settings import Settings, networks

_REASONS = {
    "partner_taken": "there is a partner of that code already.",
    "key_taken": "there is a key of that name already.",
    "pay_needs_networks": "a production key needs --ip: money moves from known addresses only.",
    "key_networks": "an --ip is not an address or network.",
    "key": "there is no such live key.",
    "partner": "there is no such partner.",
    "reference_reused": "this reference was booked before.",
}


async def create(
    settings: Settings,
    code: str,
    name: str,
    *,
    environment: str = Environment.SANDBOX,
    addresses: list[str] | None = None,
    hosts: list[str] | None = None,
    callback_url: str | None = None,
    admin_fee: int = 2500,
) -> None:
    """Create a partner with its first key and product, and print both secrets, this once.

    A sandbox partner sells the sandbox's product only, a production one real bills only.
    """
    try:
        kind = Environment(environment)
        allowed = [str(network) for network in networks(",".join(addresses or []))]
    except ValueError as error:
        print(f"Cannot create this partner: {error}")
        raise SystemExit(1) from None
    try:
        async with bootstrap(settings) as services:
            made = await services.partners.create(
                code,
                name=name,
                environment=kind,
                networks=allowed,
                hosts=hosts or [],
                callback_url=callback_url,
                products=[_product(kind, settings.business_name, admin_fee)],
            )
    except DomainError as refused:
        raise _explained(refused) from None
    _show(made)


def _product(environment: Environment, business: str, admin_fee: int) -> NewProduct:
    is_sandbox = environment is Environment.SANDBOX
    return NewProduct(
        code="SBX-INET" if is_sandbox else "LOKET-INET",
        name="Sandbox Internet" if is_sandbox else f"{business} Internet",
        description=f"Tagihan internet {business}",
        biller=business,
        admin_fee=admin_fee,
        is_sandbox=is_sandbox,
    )


async def rotate(settings: Settings, key: str) -> None:
    """Print a successor for a key; the former one works for another week."""
    try:
        async with bootstrap(settings) as services:
            made = await services.partners.rotate(key)
    except DomainError as refused:
        raise _explained(refused) from None
    _show(made)
    print(f"{key} works for seven more days.")


async def top_up(settings: Settings, code: str, amount: int, reference: str) -> None:
    """Book money a partner has paid in; a reference is booked once."""
    if amount <= 0:
        print("The amount must be more than nothing.")
        raise SystemExit(1)
    try:
        async with bootstrap(settings) as services:
            balance = await services.partners.top_up(code, amount, reference=reference)
    except DomainError as refused:
        raise _explained(refused) from None
    print(f"{code} has {rupiah(balance)} in its deposit.")


async def report(settings: Settings, code: str, day: str) -> None:
    """Print a partner's payments of a day, one a line, and their sums."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        print(f"{day} is not a day; write 2026-01-31.")
        raise SystemExit(1) from None
    try:
        async with bootstrap(settings) as services:
            found = await services.partners.report(code, when)
    except DomainError as refused:
        raise _explained(refused) from None
    for line in found.transactions:
        print(
            f"{line.transaction_id:>8}  {line.ref_number:<24} {line.account_number:<16} "
            f"{line.product_code:<12} {rupiah(line.amount):>14}  {line.status:<8} {line.rc:>3}  {line.token}"
        )
    sums = found.totals
    print(
        f"{sums.count} payments, {sums.success_count} succeeded: {rupiah(sums.amount)}, "
        f"of it {rupiah(sums.total_admin)} admin."
    )


def _show(made: Credentials) -> None:
    print(f"KEY:             {made.key}\nsecret:          {made.secret}")
    if made.callback_secret:
        print(f"callback secret: {made.callback_secret}")
    print("Keep them now: they are stored encrypted and are not shown again.")


def _explained(refused: DomainError) -> SystemExit:
    print(f"Cannot do this: {_REASONS.get(refused.reason, refused.reason)}")
    return SystemExit(1)
