"""Taking in a partner's statement of a day: compared with ours, remembered, told to the people who look into it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Row, select

from core.audit.log import record
from core.messaging.kinds import StaffNotice
from core.messaging.notices import tell_staff
from core.partners import days
from core.partners.reconciliation import Difference, Kind, Name, Ours, as_csv, compared, statement
from core.partners.tables import partner_reversals, partner_statements, partner_transactions, partners
from core.partners.types import State
from core.platform.i18n import Day
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

#: So many refNumbers are looked up at a time.
_CHUNK = 500
#: Of what does not agree, so much is remembered; the answer itself has all of it.
_MOST_KEPT = 1000


class Reconciled(Struct, frozen=True, kw_only=True, rename="camel"):
    """A statement against our books. The lists of a repeat are made anew: what was under way may have ended."""

    date: date
    matched: int
    matched_amount: int
    ours_only: int
    theirs_only: int
    amount_differs: int
    undecided: int
    differences: tuple[Difference, ...]

    def as_csv(self) -> bytes:
        """The differences one a line, then what agrees."""
        return as_csv(self.matched, self.matched_amount, self.differences)


async def reconcile(
    uow: UnitOfWork, settings: Settings, partner_id: int, day: date, content: bytes, *, brought_by: str
) -> Reconciled:
    """Compare a statement of a day with our payments. Raises `Invalid("statement", line=…)` when it cannot be read."""
    theirs = await asyncio.to_thread(statement, content)
    mine = await _ours_of(uow, partner_id, day, settings.zone)
    elsewhere = await _named(uow, partner_id, {line.name for line in theirs} - {each.name for each in mine})
    result = await asyncio.to_thread(compared, mine, elsewhere, theirs)
    found = Reconciled(
        date=day,
        matched=result.matched,
        matched_amount=result.matched_amount,
        ours_only=result.count(Kind.OURS_ONLY),
        theirs_only=result.count(Kind.THEIRS_ONLY),
        amount_differs=result.count(Kind.AMOUNT_DIFFERS),
        undecided=result.count(Kind.UNDECIDED),
        differences=result.differences,
    )
    async with uow.write() as tx:
        digest = hashlib.sha256(content).hexdigest()
        await _remember(tx, settings, partner_id, found, sha256=digest, brought_by=brought_by)
    return found


async def _ours_of(uow: UnitOfWork, partner_id: int, day: date, zone: ZoneInfo) -> list[Ours]:
    found: list[Ours] = []
    async for rows in uow.scan(days.rows.where(days.accepted_on(partner_id, day, zone))):
        found += [_payment(row) for row in rows]
    async for rows in uow.scan(days.reversals_on(partner_id, day, day, zone)):
        found += [_reversal(row) for row in rows]
    return found


async def _named(uow: UnitOfWork, partner_id: int, names: Iterable[Name]) -> list[Ours]:
    """Payments of any day by the names that a statement has for them."""
    wanted = sorted({name.ref_number for name in names})
    found: list[Ours] = []
    for start in range(0, len(wanted), _CHUNK):
        these = (
            partner_transactions.c.partner_id == partner_id,
            partner_transactions.c.ref_number.in_(wanted[start : start + _CHUNK]),
        )
        async with uow.read() as tx:
            found += [_payment(row) for row in await tx.all(days.rows.where(*these))]
            taken_back = days.reversed_rows.where(partner_reversals.c.partner_id == partner_id, *these)
            found += [_reversal(row) for row in await tx.all(taken_back)]
    return found


def _payment(row: Row[Any]) -> Ours:
    state = State.PENDING if row.state == State.SUSPECT else State(row.state)
    return Ours(Name(row.ref_number, is_reversal=False), row.amount, state, row.id)


def _reversal(row: Row[Any]) -> Ours:
    return Ours(Name(row.ref_number, is_reversal=True), row.amount, State.SUCCESS, row.id)


async def _remember(
    tx: WriteTx, settings: Settings, partner_id: int, found: Reconciled, *, sha256: str, brought_by: str
) -> None:
    """Staff hears of a statement the first time it comes."""
    is_this = (
        partner_statements.c.partner_id == partner_id,
        partner_statements.c.date == found.date,
        partner_statements.c.sha256 == sha256,
    )
    kept = msgspec.to_builtins(found.differences[:_MOST_KEPT])
    result = {"matched": found.matched, "differences": kept}
    if await tx.scalar(select(partner_statements.c.id).where(*is_this)) is not None:
        await tx.execute(partner_statements.update().where(*is_this).values(**result))
        return
    facts = {"partner_id": partner_id, "date": found.date, "sha256": sha256, "brought_by": brought_by[:64]}
    if await tx.insert_new(partner_statements, created_at=tx.now, **facts, **result):
        await _record(tx, partner_id, found, brought_by)
        name = await tx.scalar(select(partners.c.name).where(partners.c.id == partner_id))
        counts = {what.replace(" ", "_"): count for what, count in counts_of(found)}
        await tell_staff(
            tx,
            settings,
            kind=StaffNotice.PARTNER_STATEMENT,
            key=f"statement-{partner_id}-{found.date}-{sha256[:16]}",
            args={"partner": name, "day": Day(found.date), **counts},
        )


async def _record(tx: WriteTx, partner_id: int, found: Reconciled, brought_by: str) -> None:
    details: dict[str, int | str | bool | None] = {"day": str(found.date), **dict(counts_of(found))}
    who = f"partner:{partner_id}"
    await record(tx, actor=brought_by, action="partner_statement", subject=who, details=details)


def counts_of(found: Reconciled) -> Sequence[tuple[str, int]]:
    """What is told in one look."""
    return [
        ("matched", found.matched),
        ("ours only", found.ours_only),
        ("theirs only", found.theirs_only),
        ("amount differs", found.amount_differs),
        ("undecided", found.undecided),
    ]
