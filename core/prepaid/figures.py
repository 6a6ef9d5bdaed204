"""What dashboards count. Each figure is one query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import ColumnElement, func, literal_column, select

from core.billing.ledger import CREDIT
from core.billing.tables import ledger_entries
from core.catalog.tables import plans
from core.customers.tables import customer_accounts, customers
from core.platform.uow import ReadTx
from core.prepaid.sales import is_income
from core.prepaid.tables import recharges, sales, vouchers
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus

MONTHS = 12


class Counts(Struct, frozen=True):
    """Packages that run, packages in all, customers in all."""

    running: int
    packages: int
    customers: int


class Stock(Struct, frozen=True):
    """The vouchers of a plan."""

    plan: str
    unused: int
    used: int


async def counts(tx: ReadTx) -> Counts:
    packages = select(func.count()).select_from(recharges)
    running = packages.join(subscriptions, subscriptions.c.id == recharges.c.subscription_id)
    everybody = select(func.count()).select_from(customer_accounts)
    is_on = subscriptions.c.status == ServiceStatus.ACTIVE
    return Counts(*[int(await tx.scalar(each)) for each in (running.where(is_on), packages, everybody)])


async def balances(tx: ReadTx) -> int:
    """What all customers together have in advance."""
    held = select(func.coalesce(-func.sum(ledger_entries.c.amount), 0))
    return max(int(await tx.scalar(held.where(ledger_entries.c.account == CREDIT))), 0)


async def stocks(tx: ReadTx) -> tuple[Stock, ...]:
    """Plans that have any vouchers, by name."""
    rows = await tx.all(
        select(
            plans.c.name,
            func.count().label("all"),
            func.count(vouchers.c.used_at).label("used"),
        )
        .join_from(vouchers, plans, plans.c.id == vouchers.c.plan_id)
        .group_by(plans.c.id, plans.c.name)
        .order_by(plans.c.name)
    )
    return tuple(Stock(row.name, row.all - row.used, row.used) for row in rows)


async def income_by_month(tx: ReadTx, year: int, zone: ZoneInfo) -> Mapping[int, int]:
    """Income of a year's months, by the business's clock."""
    found: dict[int, int] = {}
    for month in range(1, MONTHS + 1):
        total = select(func.coalesce(func.sum(sales.c.price), 0)).where(
            is_income(), *_within(sales.c.sold_at, year, month, zone)
        )
        found[month] = int(await tx.scalar(total))
    return found


async def customers_by_month(tx: ReadTx, year: int, zone: ZoneInfo) -> Mapping[int, int]:
    """How many customers a year's months brought."""
    found: dict[int, int] = {}
    for month in range(1, MONTHS + 1):
        new = select(func.count(literal_column("1"))).select_from(customers)
        found[month] = int(await tx.scalar(new.where(*_within(customers.c.created_at, year, month, zone))))
    return found


def _within(
    column: ColumnElement[datetime], year: int, month: int, zone: ZoneInfo
) -> tuple[ColumnElement[bool], ...]:
    begin = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
    end = datetime(year + month // MONTHS, month % MONTHS + 1, 1, tzinfo=zone).astimezone(UTC)
    return (column >= begin, column < end)
