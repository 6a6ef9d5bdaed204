"""`loket partner …` in daily work: payments that hang, blocked customers, maintenance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from pathlib import Path

from core.bootstrap import bootstrap
from core.partners.availability import Block
from core.partners.statements import counts_of
from core.partners.types import Transaction
from core.partners.usecases import Partners
from core.platform.errors import DomainError
from core.platform.money import rupiah
from core.settings import Settings

#: Who did it, in the log: whoever may run commands on this machine.
OPERATOR = "operator"
_MOST_SHOWN = 50
_REASONS = {
    "partner_taken": "there is a partner of that code already.",
    "key_taken": "there is a key of that name already.",
    "pay_needs_networks": "a production key that may pay needs --ip: money moves from known addresses only.",
    "key_networks": "an --ip is not an address or network.",
    "key": "there is no such live key.",
    "amount": "the amount must be more than nothing.",
    "product": "this partner has no product of that code.",
    "already_final": "this payment has ended already.",
    "not_successful": "only a real payment that succeeded can be taken back.",
    "reference": "a reference has 1 to 36 characters.",
    "reason": "say why, in at most 200 characters.",
    "not_final": "this payment is still under way.",
    "transaction": "this partner has no payment of that refNumber.",
    "partner": "there is no such partner.",
    "customer": "there is no such service number.",
    "day": "this day is not closed yet; its file is written at six the next morning.",
    "reference_reused": "this reference was booked before.",
    "statement": "this file cannot be read: a CSV needs the columns refNumber and amount.",
    "period": "the end must be after the beginning.",
}


@asynccontextmanager
async def at_the_desk(settings: Settings) -> AsyncIterator[Partners]:
    """The partners' use cases; a refusal is explained and exits with status 1."""
    try:
        async with bootstrap(settings) as services:
            yield services.partners
    except DomainError as refused:
        print(f"Cannot do this: {_REASONS.get(refused.reason, refused.reason)}")
        raise SystemExit(1) from None


async def show(settings: Settings) -> None:
    """One line a partner."""
    async with at_the_desk(settings) as partners:
        for each in await partners.desk.standings():
            waits = f"  {each.suspect} payments wait for you" if each.suspect else ""
            state = "active" if each.is_active else "closed"
            print(f"{each.code:<24} {state:<7} {rupiah(each.balance):>16}  {each.name}{waits}")


async def fail(settings: Settings, code: str, ref: str) -> None:
    async with at_the_desk(settings) as partners:
        _tell(await partners.desk.fail(code, ref, actor=OPERATOR))


async def reverse(settings: Settings, code: str, ref: str, reason: str) -> None:
    async with at_the_desk(settings) as partners:
        is_new = await partners.desk.reverse(code, ref, reason=reason, actor=OPERATOR)
    print(f"{ref} is taken back." if is_new else f"{ref} was taken back before.")


async def settle(settings: Settings, code: str, ref: str) -> None:
    async with at_the_desk(settings) as partners:
        _tell(await partners.desk.settle(code, ref))


def _tell(ended: Transaction) -> None:
    print(
        f"{ended.ref_number}: {ended.state}, RC {int(ended.response)}, {rupiah(ended.inquiry.amount)} {ended.token}"
    )


async def resend(settings: Settings, code: str, ref: str) -> None:
    async with at_the_desk(settings) as partners:
        print(f"{await partners.desk.resend(code, ref)} callbacks are queued.")


async def at_once(settings: Settings, code: str, *, wanted: bool) -> None:
    async with at_the_desk(settings) as partners:
        await partners.desk.settle_at_once(code, wanted=wanted)
    print(f"{code} gets {'RC 0 at once where it can' if wanted else 'RC 299 first, always'}.")


async def batches(settings: Settings, code: str, first: str, last: str) -> None:
    """One line a day."""
    days = _day(first), _day(last)
    async with at_the_desk(settings) as partners:
        found = await partners.desk.batches(code, *days)
    for each in found:
        print(
            f"{each.date}  {each.state:<6} {each.count:>6}  {rupiah(each.amount):>16}"
            f"  fee {rupiah(each.partner_fee):>12}  back {rupiah(each.reversals):>12}  = {rupiah(each.payable):>16}"
            f"  {each.reference or ''}"
        )


async def paid(settings: Settings, code: str, day: str, reference: str) -> None:
    when = _day(day)
    async with at_the_desk(settings) as partners:
        is_new = await partners.desk.pay_out(code, when, reference, actor=OPERATOR)
    print(f"{when} is paid." if is_new else f"{when} was paid by this transfer already.")


async def reconcile(settings: Settings, code: str, day: str, statement: Path, *, as_csv: bool) -> bool:
    """Print what agrees and what does not; True when everything agrees."""
    when, content = _day(day), await asyncio.to_thread(statement.read_bytes)
    async with at_the_desk(settings) as partners:
        found = await partners.desk.reconcile(code, when, content, actor=OPERATOR)
    if as_csv:
        print(found.as_csv().decode(), end="")
    else:
        print("\n".join(f"{count:>8}  {what}" for what, count in counts_of(found)))
        for each in found.differences[:_MOST_SHOWN]:
            what = " (taken back)" if each.is_reversal else ""
            sides = f"ours {each.our_amount or '-'} theirs {each.their_amount or '-'}"
            print(f"{each.kind.value:<14} {each.ref_number:<24} {sides}{what}")
    return not found.differences


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        print(f"{text} is not a day; write 2026-01-31.")
        raise SystemExit(1) from None


async def block(settings: Settings, number: str, reason: str, *, dispute: bool) -> None:
    async with at_the_desk(settings) as partners:
        await partners.desk.block(number, Block.DISPUTE if dispute else Block.BLOCKED, reason)
    print(f"Partners do not collect from {number} any more.")


async def unblock(settings: Settings, number: str) -> None:
    async with at_the_desk(settings) as partners:
        was_blocked = await partners.desk.unblock(number)
    print(f"Partners collect from {number} again." if was_blocked else f"{number} was not blocked.")


async def cut_off(settings: Settings, code: str, product: str, starts: str | None, ends: str | None) -> None:
    """Times are those of the business's zone."""
    try:
        window = [None if text is None else time.fromisoformat(text) for text in (starts, ends)]
    except ValueError:
        print("A time is written like 23:30.")
        raise SystemExit(1) from None
    async with at_the_desk(settings) as partners:
        await partners.desk.cut_off(code, product, *window)
    print(
        f"{product} is sold around the clock."
        if None in window
        else f"{product}: nothing from {starts} to {ends}."
    )


async def announce(settings: Settings, starts: str, ends: str, note: str, only: str | None) -> None:
    """Times are those of the business's zone."""
    try:
        first, last = (_moment(text, settings) for text in (starts, ends))
    except ValueError:
        print("A time is written like 2026-11-22T23:00.")
        raise SystemExit(1) from None
    async with at_the_desk(settings) as partners:
        await partners.desk.announce(first, last, note=note, partner=only)
    print(
        f"{'All partners' if only is None else only}: no service from {first:%d.%m. %H:%M} to {last:%d.%m. %H:%M}."
    )


def _moment(text: str, settings: Settings) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.zone)
