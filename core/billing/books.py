"""Checking the books: does every transaction balance, does every bill and every credit agree with its entries."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    String,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from core.billing.ledger import CREDIT, RECEIVABLE
from core.billing.tables import invoices, ledger_entries
from core.billing.types import InvoiceStatus
from core.messaging.notices import StaffNotice, tell_staff
from core.platform.clock import local_day
from core.platform.uow import UnitOfWork
from core.settings import Settings

log = structlog.get_logger(__name__)

_entry = ledger_entries.c
_booked = func.sum(_entry.amount)


def _only(account: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((_entry.account == account, _entry.amount), else_=0)), 0)


_unbalanced = (
    select(literal("transaction {} does not sum to zero").label("sentence"), _entry.transaction.label("name"))
    .group_by(_entry.transaction)
    .having(_booked != 0)
)

_overdrawn = (
    select(
        literal("customer {} has used more credit than was paid in advance").label("sentence"),
        cast(_entry.customer_id, String).label("name"),
    )
    .where(_entry.account == CREDIT)
    .group_by(_entry.customer_id)
    .having(_booked > 0)
)

_open = invoices.c.amount - invoices.c.settled
_is_paid = invoices.c.status == InvoiceStatus.PAID
_wrong_bills = (
    select(
        literal("invoice {} asks for something else than its entries say").label("sentence"),
        invoices.c.number.label("name"),
    )
    .outerjoin(ledger_entries, _entry.invoice_id == invoices.c.id)
    .group_by(invoices.c.id, invoices.c.number, invoices.c.amount, invoices.c.settled, invoices.c.status)
    .having(or_(_only(RECEIVABLE) != _open, _open < 0, _is_paid != (_open == 0)))
)

_faults: CompoundSelect[Any] = union_all(_unbalanced, _overdrawn, _wrong_bills)


async def check(uow: UnitOfWork, settings: Settings) -> int:
    """Look whether the books agree, and tell staff when they do not, once a day; returns how many faults there are."""
    found = await faults(uow)
    if found:
        async with uow.write() as tx:
            await tell_staff(
                tx,
                settings,
                kind=StaffNotice.BOOKS_WRONG,
                key=f"books-{local_day(tx.now, settings.zone)}",
                args={"count": len(found)},
            )
        log.error("books_wrong", count=len(found))
    return len(found)


async def faults(uow: UnitOfWork) -> tuple[str, ...]:
    """What does not add up, a sentence each; there is nothing unless somebody wrote past the use cases.

    Reads everything, away from the event loop: for an operator or a test, not for a request.
    """
    return tuple([row.sentence.format(row.name) async for rows in uow.scan(_faults) for row in rows])
