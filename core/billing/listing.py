"""Bills of all customers, for an office that looks through them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, func, or_, select

from core.billing.tables import invoices
from core.billing.types import InvoiceStatus
from core.customers.tables import customers
from core.platform.uow import ReadTx


class BillListed(Struct, frozen=True, kw_only=True):
    """A bill with whose it is, without its lines."""

    id: int
    number: str
    customer_id: int
    name: str
    email: str | None
    address: str | None
    status: InvoiceStatus
    amount: int
    due_on: date
    created_at: datetime


_LISTED: Select[Any] = select(
    invoices.c.id,
    invoices.c.number,
    invoices.c.customer_id,
    customers.c.name,
    customers.c.email,
    customers.c.address,
    invoices.c.status,
    invoices.c.amount,
    invoices.c.due_on,
    invoices.c.created_at,
).join(customers, customers.c.id == invoices.c.customer_id)


async def page_of(
    tx: ReadTx, search: str, status: InvoiceStatus | None, *, limit: int, offset: int
) -> tuple[tuple[BillListed, ...], int]:
    """Newest first, and how many there are in all; `search` is looked for in number, name and e-mail."""
    those: list[ColumnElement[bool]] = []
    if search:
        looked_in = (invoices.c.number, customers.c.name, customers.c.email)
        those.append(or_(*(column.icontains(search, autoescape=True) for column in looked_in)))
    if status is not None:
        those.append(invoices.c.status == status)
    rows = await tx.all(_LISTED.where(*those).order_by(invoices.c.id.desc()).limit(limit).offset(offset))
    counted = _LISTED.where(*those).with_only_columns(func.count(), maintain_column_froms=True)
    found = tuple(
        BillListed(**dict(row._mapping) | {"status": InvoiceStatus(row.status)})  # noqa: SLF001 - its public name
        for row in rows
    )
    return found, int(await tx.scalar(counted))
