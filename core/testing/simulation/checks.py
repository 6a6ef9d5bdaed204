"""What must hold on every day of a simulation, worked out without the code that is being tried."""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import select

from core.billing import books
from core.billing.ledger import CREDIT, RECEIVABLE
from core.billing.tables import invoices, ledger_entries
from core.platform.outbox import outbox
from core.platform.uow import UnitOfWork
from core.subscriptions.tables import subscriptions
from core.testing.simulation.people import Person


class Known(Struct, frozen=True):
    """What the simulation knows by itself on the evening of a day."""

    today: date
    begun_on: date
    people: Mapping[int, Person]
    given: Counter[int]
    owed_at_first: Mapping[int, int]
    was_down: bool
    last_run: date
    lead: timedelta
    tax_percent: int


class _Bill(Struct, frozen=True):
    customer_id: int
    year: int
    month: int
    amount: int
    is_open: bool
    isolate_on: date


class _World(Struct, frozen=True):
    bills: tuple[_Bill, ...]
    cut_off: frozenset[int]
    balance: Mapping[int, int]


async def broken(uow: UnitOfWork, known: Known) -> list[str]:
    """What does not hold, a sentence each."""
    world = await _seen(uow)
    return [
        *await books.faults(uow),
        *_charged_wrongly(world, known),
        *_cut_off_wrongly(world, known),
        *_money_astray(world, known),
    ]


async def _seen(uow: UnitOfWork) -> _World:
    bill = invoices.c
    columns = (bill.customer_id, bill.year, bill.month, bill.amount, bill.status)
    async with uow.read() as tx:
        bills = await tx.all(select(*columns, bill.isolate_on))
        closed = await tx.all(
            select(subscriptions.c.customer_id).where(subscriptions.c.isolated_at.is_not(None))
        )
        owed = ledger_entries.c.account.in_((RECEIVABLE, CREDIT))
        entries = await tx.all(select(ledger_entries.c.customer_id, ledger_entries.c.amount).where(owed))
    balance = Counter[int]()
    for entry in entries:
        balance[entry.customer_id] += entry.amount
    return _World(
        tuple(
            _Bill(
                row.customer_id,
                row.year,
                row.month,
                row.amount,
                row.status == "unpaid",
                row.isolate_on,
            )
            for row in bills
        ),
        frozenset(row.customer_id for row in closed),
        balance,
    )


def _charged_wrongly(world: _World, known: Known) -> Iterator[str]:
    """Every month since somebody came is billed once, with the right amount, and none too early."""
    billed: dict[int, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for bill in world.bills:
        billed[bill.customer_id][bill.year, bill.month].append(bill.amount)
    for person in known.people.values():
        expected = dict(_expected(person, known))
        found = {month: amounts for month, amounts in billed[person.id].items() if _counts(month, known)}
        for month in expected.keys() | found.keys():
            amounts = found.get(month, [])
            if amounts != ([expected[month]] if month in expected else []):
                yield f"customer {person.id} was billed {amounts} for {month}, not {expected.get(month)}"


def _counts(month: tuple[int, int], known: Known) -> bool:
    """The month it all began in is left out: part of it was billed by the demo."""
    return month > (known.begun_on.year, known.begun_on.month)


def _expected(person: Person, known: Known) -> Iterator[tuple[tuple[int, int], int]]:
    month = max(person.starts, known.begun_on).replace(day=1)
    while True:
        days = calendar.monthrange(month.year, month.month)[1]
        due = month.replace(day=min(person.due_day, days))
        if due - known.lead > known.last_run:
            return
        key = (month.year, month.month)
        if _counts(key, known):
            share = days if person.starts <= month else days - person.starts.day + 1
            net = _rounded(person.price * share, days) + person.extra
            yield key, net + _rounded(net * known.tax_percent, 100)
        month = month.replace(day=days) + timedelta(days=1)


def _rounded(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)


def _cut_off_wrongly(world: _World, known: Known) -> Iterator[str]:
    """Who owes past the day of grace is cut off, and nobody else is."""
    late = {bill.customer_id for bill in world.bills if bill.is_open and bill.isolate_on < known.today}
    should_be = {who for who in late if known.people[who].isolates}
    for who in sorted(world.cut_off - should_be):
        yield f"customer {who} is cut off and owes nothing past its day"
    if not known.was_down:
        for who in sorted(should_be - world.cut_off):
            yield f"customer {who} owes past the day of grace and is not cut off"


def _money_astray(world: _World, known: Known) -> Iterator[str]:
    """What the books say is owed, less credit, is what was billed less what was given."""
    asked = Counter(dict(known.owed_at_first))
    for bill in world.bills:
        asked[bill.customer_id] += bill.amount
    for who in known.people:
        expected = asked[who] - known.given[who]
        if world.balance[who] != expected:
            yield f"customer {who} owes {world.balance[who]} by the books and {expected} by what was paid"


async def sent_wrongly(uow: UnitOfWork, zone: ZoneInfo) -> list[str]:
    """Reminders that were queued at night, or a heap of them on one day for one bill."""
    async with uow.read() as tx:
        told = await tx.all(select(outbox.c.key, outbox.c.created_at).where(outbox.c.key.like("bill-%")))
    a_day = Counter((row.key.split("-")[1], row.created_at.astimezone(zone).date()) for row in told)
    at_night = [row.key for row in told if not 8 <= row.created_at.astimezone(zone).hour < 20]
    return [
        *(f"reminder {key} was queued at night" for key in at_night),
        *(
            f"bill {bill} was told of {count} times on {day}"
            for (bill, day), count in a_day.items()
            if count > 1
        ),
    ]
