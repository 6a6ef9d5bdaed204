"""Reads of invoices: one joined query for a whole list, never one per row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, literal_column, select

from core.billing.rules import payment_code
from core.billing.tables import corrections, invoice_lines, invoices, payment_channels, payments
from core.billing.types import Bill, Invoice, InvoiceLine, InvoiceStatus
from core.customers.tables import customers
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx

_line = invoice_lines.c
_invoice = invoices.c

_STATUSES = {status.value: status for status in InvoiceStatus}
_UNPAID = InvoiceStatus.UNPAID.value
_FIRST_OF_LINE = 12

#: Invoices with their lines and owner, one row per line (or one with nulls for an invoice without lines).
#: The columns stand in the order of the fields of `Invoice`, then of `InvoiceLine`: `_bill` takes rows apart by position.
joined: Select[Any] = (
    select(
        _invoice.id,
        _invoice.number,
        _invoice.year,
        _invoice.month,
        _invoice.status,
        _invoice.amount,
        _invoice.tax,
        _invoice.discount,
        _invoice.due_on,
        _invoice.isolate_on,
        _invoice.paid_at,
        _invoice.settled,
        _line.name.label("line"),
        _line.category,
        _line.price,
        _line.quantity,
        _line.discount.label("line_discount"),
        _line.total,
        _line.remark,
        customers.c.service_number,
        customers.c.name.label("customer_name"),
    )
    .join(customers, customers.c.id == _invoice.customer_id)
    .outerjoin(invoice_lines, _line.invoice_id == _invoice.id)
)
_NEWEST_FIRST = (_invoice.year.desc(), _invoice.month.desc(), _invoice.id.desc(), _line.id)
_OLDEST_FIRST = (_invoice.year, _invoice.month, _invoice.id, _line.id)


def newest_first(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(*_NEWEST_FIRST)


def oldest_first(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(*_OLDEST_FIRST)


@cache
def of_customer(filters: frozenset[str]) -> Prepared:
    """A customer's invoices, newest first, narrowed by any of `status`, `month` and `year`; values go along as parameters.

    Kept per combination: a statement that is built anew costs as much as running it.
    """
    statement = joined.where(_invoice.customer_id == bindparam("customer_id"))
    for name in sorted(filters):
        statement = statement.where(_invoice[name] == bindparam(name))
    return Prepared(newest_first(statement))


#: Of a payment: whether it was reversed.
taken_back = exists().where(corrections.c.payment_id == payments.c.id)

#: A customer's latest payments; parameters `customer_id` and `limit`.
latest_payments = (
    select(
        payments.c.id,
        _invoice.number.label("invoice_number"),
        _invoice.year,
        _invoice.month,
        payments.c.amount,
        payments.c.paid_at,
    )
    .join(invoices, _invoice.id == payments.c.invoice_id)
    .where(payments.c.customer_id == bindparam("customer_id"), ~taken_back)
    .order_by(payments.c.paid_at.desc(), payments.c.id.desc())
    .limit(bindparam("limit"))
)


@cache
def of_service(*, unpaid_only: bool) -> Prepared:
    """Bills by service number: all of them newest first, unpaid ones oldest first (mywifi contract §8)."""
    statement = joined.where(customers.c.service_number == bindparam("service_number"))
    if unpaid_only:
        return Prepared(oldest_first(statement.where(_invoice.status == literal_column(f"'{_UNPAID}'"))))
    return Prepared(newest_first(statement))


#: One invoice; parameter `invoice_id`.
of_id = Prepared(joined.where(_invoice.id == bindparam("invoice_id")).order_by(_line.id))

_channels = Prepared(
    select(payment_channels).where(payment_channels.c.is_enabled).order_by(payment_channels.c.position)
)


async def channels(tx: ReadTx) -> Sequence[Row[Any]]:
    """Enabled payment channels in the order they are offered."""
    return await tx.rows(_channels)


def assembled(rows: Sequence[Any], open_channels: Sequence[Row[Any]]) -> tuple[Bill, ...]:
    """Fold one row per line into bills; rows of one invoice stand together."""
    codes = _Codes(open_channels)
    return tuple(_bill(list(lines), codes) for _, lines in groupby(rows, key=itemgetter(0)))


class _Codes:
    """What to type at each open channel, worked out once per service."""

    def __init__(self, open_channels: Sequence[Row[Any]]) -> None:
        self._channels = open_channels
        self._known: dict[str, dict[str, str]] = {}

    def of(self, service_number: str) -> dict[str, str]:
        if service_number not in self._known:
            self._known[service_number] = {
                channel.code: payment_code(channel, service_number) for channel in self._channels
            }
        return self._known[service_number]


def _bill(rows: list[Any], codes: _Codes) -> Bill:
    """Rows are taken apart by position: by name it would be the dearest step of a list."""
    key, number, year, month, status, amount, tax, discount, due_on, isolate_on, paid_at, settled, *_ = rows[
        0
    ]
    service_number, customer_name = rows[0][-2:]
    lines = tuple(InvoiceLine(*row[_FIRST_OF_LINE:-2]) for row in rows if row[_FIRST_OF_LINE] is not None)
    invoice = Invoice(
        key,
        number,
        year,
        month,
        _STATUSES[status],
        amount - settled if status == _UNPAID else amount,
        tax,
        discount,
        due_on,
        isolate_on,
        paid_at,
        lines,
        codes.of(service_number) if status == _UNPAID else {},
        settled,
    )
    return Bill(invoice, customer_name, service_number)
