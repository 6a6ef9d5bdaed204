"""A partner's day as it is reconciled: which payments belong to it, its file, the batch it settles (bill-partner contract §10).

The file of a day is written at six the next morning and never changed. A payment that had not ended by then stands in
it as pending, and once more in the file of the day in whose time it ended; so every success is in exactly one batch.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Select, and_, or_, select

from core.partners.codes import Code
from core.partners.tables import (
    partner_inquiries,
    partner_products,
    partner_reversals,
    partner_transactions,
)
from core.partners.types import State
from core.platform.clock import day_start, local_day
from core.platform.uow import UnitOfWork

#: When the file of the day before is written.
CLOSING_TIME = time(6)
_CLOSES_AFTER = timedelta(hours=CLOSING_TIME.hour)
_transaction, _inquiry, _reversal = partner_transactions.c, partner_inquiries.c, partner_reversals.c
REVERSED = "REVERSED"


class Line(Struct, frozen=True, rename="camel"):
    """One payment of a day, or one taken back, with amounts below zero; `token` is its receipt number.

    Money is whole rupiah, times are those of the business.
    """

    date: date
    transaction_id: int
    ref_number: str
    account_number: str
    product_code: str
    bill_amount: int
    total_admin: int
    processing_fee: int
    amount: int
    status: str
    rc: int
    token: str
    accepted_at: datetime
    settled_at: datetime | None
    reversal_of: int | None = None


_NAMES = [field.encode_name for field in msgspec.structs.fields(Line)]


def closes_at(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day's file is written: what has not ended by then belongs to a later day."""
    return datetime.combine(day + timedelta(days=1), CLOSING_TIME, tzinfo=zone)


def book_day(accepted_at: datetime, settled_at: datetime, zone: ZoneInfo) -> date:
    """The day whose batch a payment that ended belongs to."""
    accepted_on = local_day(accepted_at, zone)
    if settled_at < closes_at(accepted_on, zone):
        return accepted_on
    return (settled_at.astimezone(zone).replace(tzinfo=None) - _CLOSES_AFTER).date()


#: What a line is made of.
rows: Select[Any] = (
    select(
        _transaction.id,
        _transaction.ref_number,
        _transaction.state,
        _transaction.response,
        _transaction.token,
        _transaction.accepted_at,
        _transaction.settled_at,
        _inquiry.account_number,
        _inquiry.amount,
        _inquiry.admin,
        _inquiry.processing_fee.label("fee"),
        partner_products.c.code.label("product_code"),
        partner_products.c.partner_fee,
        partner_products.c.is_sandbox,
    )
    .join(partner_inquiries, _inquiry.id == _transaction.inquiry_id)
    .join(partner_products, partner_products.c.id == _inquiry.product_id)
)
reversed_rows = rows.add_columns(
    _reversal.id.label("reversal"), _reversal.created_at.label("reversed_at")
).join(partner_reversals, _reversal.transaction_id == _transaction.id)


def accepted_on(partner_id: int, day: date, zone: ZoneInfo) -> Any:
    return and_(
        _transaction.partner_id == partner_id,
        _transaction.accepted_at >= day_start(day, zone),
        _transaction.accepted_at < day_start(day + timedelta(days=1), zone),
    )


def ended_late_on(partner_id: int, day: date, zone: ZoneInfo) -> Any:
    """Accepted before this day, and ended too late for the file of their own."""
    return and_(
        _transaction.partner_id == partner_id,
        _transaction.accepted_at < day_start(day, zone),
        _transaction.settled_at >= closes_at(day - timedelta(days=1), zone),
        _transaction.settled_at < closes_at(day, zone),
    )


def reversals_on(partner_id: int, first: date, last: date, zone: ZoneInfo) -> Select[Any]:
    """Payments taken back on these days, in order."""
    return reversed_rows.where(
        _reversal.partner_id == partner_id,
        _reversal.created_at >= day_start(first, zone),
        _reversal.created_at < day_start(last + timedelta(days=1), zone),
    ).order_by(_reversal.id)


def line_of(row: Row[Any], day: date, zone: ZoneInfo, *, as_of: datetime | None = None) -> Line:
    """A payment as it stands, or as it stood at an instant."""
    has_ended = row.settled_at is not None and (as_of is None or row.settled_at < as_of)
    state = State(row.state) if has_ended else State.PENDING
    return Line(
        day,
        row.id,
        row.ref_number,
        row.account_number,
        row.product_code,
        row.amount - row.admin - row.fee,
        row.admin,
        row.fee,
        row.amount,
        state.upper(),
        row.response if has_ended else int(Code.PROCESSING),
        (row.token or "") if has_ended else "",
        row.accepted_at.astimezone(zone),
        row.settled_at.astimezone(zone) if has_ended else None,
    )


def reversal_line(row: Row[Any], day: date, zone: ZoneInfo) -> Line:
    """What was taken back; it names its payment, whose own line stays what it was."""
    made = line_of(row, day, zone)
    return msgspec.structs.replace(
        made,
        bill_amount=-made.bill_amount,
        total_admin=-made.total_admin,
        processing_fee=-made.processing_fee,
        amount=-made.amount,
        status=REVERSED,
        settled_at=row.reversed_at.astimezone(zone),
        reversal_of=row.id,
    )


class Sums(Struct):
    """What a file's trailer says; sandbox payments are listed, and belong to no batch."""

    count: int = 0
    success_count: int = 0
    bill_amount: int = 0
    total_admin: int = 0
    processing_fee: int = 0
    amount: int = 0
    reversals: int = 0
    real_count: int = 0
    real_amount: int = 0
    partner_fee: int = 0

    def add(self, line: Line, row: Row[Any]) -> None:
        if line.reversal_of is not None:
            self.reversals -= line.amount
            return
        self.count += 1
        if line.status != State.SUCCESS.upper():
            return
        self.success_count += 1
        self.bill_amount += line.bill_amount
        self.total_admin += line.total_admin
        self.processing_fee += line.processing_fee
        self.amount += line.amount
        if not row.is_sandbox:
            self.real_count += 1
            self.real_amount += line.amount
            self.partner_fee += row.partner_fee


class DayFile(Struct, frozen=True):
    """A day's CSV file, deflated, with the digest of what it unfolds to."""

    content: bytes
    sha256: str
    sums: Sums


class _Writer:
    """Writes a file as it goes, so that the longest day needs no more memory than a short one."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, lineterminator="\r\n")
        self._digest, self._deflater = hashlib.sha256(), zlib.compressobj()
        self._pieces: list[bytes] = []
        self._csv.writerow(_NAMES)

    def write(self, lines: Iterable[Line]) -> None:
        for line in lines:
            row = msgspec.to_builtins(line)
            self._csv.writerow(["" if row[name] is None else row[name] for name in _NAMES])
        self._flush()

    def end(self, sums: Sums) -> DayFile:
        """The trailer: what succeeded and, where anything was taken back, how much."""
        trailer = {
            "date": "TOTAL",
            "transactionId": sums.count,
            "billAmount": sums.bill_amount,
            "totalAdmin": sums.total_admin,
            "processingFee": sums.processing_fee,
            "amount": sums.amount,
            "status": "SUCCESS",
        }
        self._csv.writerow([trailer.get(name, "") for name in _NAMES])
        if sums.reversals:
            taken_back = {"date": "TOTAL", "amount": -sums.reversals, "status": REVERSED}
            self._csv.writerow([taken_back.get(name, "") for name in _NAMES])
        self._flush()
        return DayFile(b"".join(self._pieces) + self._deflater.flush(), self._digest.hexdigest(), sums)

    def _flush(self) -> None:
        piece = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        self._digest.update(piece)
        self._pieces.append(self._deflater.compress(piece))


async def written(uow: UnitOfWork, partner_id: int, day: date, zone: ZoneInfo) -> DayFile:
    """The file of a day, as of its closing; before that, as of now."""
    as_of, sums, writer = closes_at(day, zone), Sums(), _Writer()
    async for batch in _batches(uow, partner_id, day, zone):
        lines = [
            reversal_line(row, day, zone)
            if "reversal" in row._fields
            else line_of(row, day, zone, as_of=as_of)
            for row in batch
        ]
        for line, row in zip(lines, batch, strict=True):
            sums.add(line, row)
        writer.write(lines)
    return writer.end(sums)


async def _batches(
    uow: UnitOfWork, partner_id: int, day: date, zone: ZoneInfo
) -> AsyncIterator[list[Row[Any]]]:
    """The day's payments in order, what ended late among them, then what was taken back."""
    paid = or_(accepted_on(partner_id, day, zone), ended_late_on(partner_id, day, zone))
    for statement in (
        rows.where(paid).order_by(_transaction.id),
        reversals_on(partner_id, day, day, zone),
    ):
        async for batch in uow.scan(statement):
            yield list(batch)


def successes(partner_id: int, first: date, last: date, zone: ZoneInfo) -> Select[Any]:
    """Real payments that ended well in the time of these days; `book_day` tells of which."""
    return rows.where(
        _transaction.partner_id == partner_id,
        _transaction.settled_at >= day_start(first, zone),
        _transaction.settled_at < closes_at(last, zone),
        _transaction.state == State.SUCCESS,
        ~partner_products.c.is_sandbox,
    )


def unfolded(content: bytes) -> bytes:
    """The file itself."""
    return zlib.decompress(content)
