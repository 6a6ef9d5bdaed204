"""The rows of the income: added, found again by key, listed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from core.billing.ledger import CREDIT
from core.customers.tables import customers
from core.platform.errors import Conflict, Invalid
from core.platform.uow import ReadTx, WriteTx
from core.prepaid import people
from core.prepaid.people import Holder
from core.prepaid.tables import LONGEST_KEY, LONGEST_NOTE, sales
from core.prepaid.types import Means, PlanKind, Sale, Seller, Sold, Source

_PREFIX = "INV-"


class NewSale(Struct, frozen=True, kw_only=True):
    """What a sale says; who sold it and when is known where it is added."""

    key: str
    holder: Holder
    plan_id: int | None
    plan_name: str
    kind: PlanKind
    price: int
    means: Means
    router: str
    note: str
    expires_at: datetime
    subscription_id: int | None = None


class SalesWanted(Struct, frozen=True, kw_only=True):
    """Which sales a list shows; an empty collection leaves its column alone. Times are included."""

    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    routers: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


SALES: Select[Any] = select(sales, customers.c.name.label("full_name")).join(
    customers, customers.c.id == sales.c.customer_id
)


def invoice_number(sale_id: int) -> str:
    return f"{_PREFIX}{sale_id}"


def source_name(means: Means) -> str:
    """The source of a payment, by which it is told from others and reconciled."""
    if means.source is Source.GATEWAY:
        return f"gateway:{means.gateway}"[:64]
    return CREDIT if means.source is Source.BALANCE else means.source.value


async def add_sale(tx: WriteTx, new: NewSale, seller: Seller) -> int:
    """Returns the id, which is also the number of the invoice."""
    if not 0 < len(new.key) <= LONGEST_KEY:
        raise Invalid("reference")
    return await tx.insert(
        sales,
        key=new.key,
        customer_id=new.holder.id,
        is_guest=new.holder.guest_code is not None,
        username=new.holder.username,
        plan_id=new.plan_id,
        plan_name=new.plan_name,
        kind=new.kind,
        price=new.price,
        gateway=new.means.gateway,
        channel=new.means.channel,
        router=new.router,
        note=new.note[:LONGEST_NOTE],
        staff_id=seller.staff_id,
        sold_at=tx.now,
        expires_at=new.expires_at,
        subscription_id=new.subscription_id,
    )


async def earlier_sale(tx: ReadTx, key: str, customer_id: int) -> Sold | None:
    """What a key has sold already; raises `Conflict("reference_reused")` when that was to somebody else."""
    row = await tx.first(select(sales).where(sales.c.key == key))
    if row is None:
        return None
    if row.customer_id != customer_id:
        raise Conflict("reference_reused")
    return Sold(
        sale_id=row.id,
        number=invoice_number(row.id),
        subscription_id=row.subscription_id,
        expires_at=row.expires_at,
        paid=0,
        balance=await people.balance_of(tx, customer_id),
        is_new=False,
    )


async def sale_of(tx: ReadTx, sale_id: int) -> Sale | None:
    row = await tx.first(SALES.where(sales.c.id == sale_id))
    return None if row is None else as_sale(row)


async def sales_of(
    tx: ReadTx, customer_id: int, *, limit: int, offset: int = 0
) -> tuple[tuple[Sale, ...], int]:
    """A customer's sales, newest first, and how many there are in all."""
    own = sales.c.customer_id == customer_id
    rows = await tx.all(SALES.where(own).order_by(sales.c.id.desc()).limit(limit).offset(offset))
    total = await tx.scalar(select(func.count()).select_from(sales).where(own))
    return tuple(map(as_sale, rows)), int(total)


def found(wanted: SalesWanted) -> Select[Any]:
    """Sales, newest first; `as_sale` reads the rows."""
    return SALES.where(*conditions(wanted)).order_by(sales.c.id.desc())


def conditions(wanted: SalesWanted) -> tuple[ColumnElement[bool], ...]:
    picked = (
        (sales.c.kind, wanted.kinds),
        (sales.c.gateway, wanted.gateways),
        (sales.c.router, wanted.routers),
        (sales.c.plan_name, wanted.plans),
    )
    those: list[ColumnElement[bool]] = [column.in_(values) for column, values in picked if values]
    if wanted.since is not None:
        those.append(sales.c.sold_at >= wanted.since)
    if wanted.until is not None:
        those.append(sales.c.sold_at <= wanted.until)
    return tuple(those)


def is_income() -> ColumnElement[bool]:
    """What brings money: not what balance pays for, which was counted when the balance was filled."""
    spent = or_(
        and_(sales.c.gateway == "Customer", sales.c.channel == "Balance"),
        sales.c.gateway == "Recharge Balance",
    )
    return ~spent


async def income(tx: ReadTx, since: datetime, until: datetime) -> int:
    """What came in from one moment until before another."""
    span = (sales.c.sold_at >= since, sales.c.sold_at < until)
    total = select(func.coalesce(func.sum(sales.c.price), 0)).where(*span, is_income())
    return int(await tx.scalar(total))


async def choices(tx: ReadTx) -> Mapping[str, tuple[str, ...]]:
    """What lists of sales can be narrowed to."""
    columns = {"kinds": sales.c.kind, "gateways": sales.c.gateway, "routers": sales.c.router}
    told = {}
    for name, column in columns.items():
        rows = await tx.all(select(column.label("value")).distinct().order_by(column))
        told[name] = tuple(row.value for row in rows)
    return told


def as_sale(row: Row[Any]) -> Sale:
    """A row of `SALES`."""
    facts = {name: getattr(row, name) for name in Sale.__struct_fields__ if name != "number"}
    return Sale(**facts, number=invoice_number(row.id))
