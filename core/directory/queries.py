"""Reads of the directory: every list has an index behind its order, every search one behind its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text

from core.billing.ledger import CREDIT
from core.billing.tables import ledger_entries
from core.catalog.tables import plans
from core.customers.accounts import AccountStatus
from core.customers.tables import customer_accounts, customer_attributes, customers
from core.directory.types import Entry, Order, Package, Wanted
from core.network.tables import routers
from core.platform.db import after_first_space
from core.platform.uow import ReadTx
from core.prepaid.tables import prepaid_plans, recharges
from core.subscriptions.tables import subscriptions

_account, _customer = customer_accounts.c, customers.c

_balance = (
    select(func.coalesce(-func.sum(ledger_entries.c.amount), 0))
    .where(ledger_entries.c.customer_id == _customer.id, ledger_entries.c.account == text(f"'{CREDIT}'"))
    .correlate(customers)
    .scalar_subquery()
)
#: The columns stand in the order of the fields of `Entry`.
_COLUMNS = (
    _customer.id,
    _account.username,
    _customer.name,
    _customer.email,
    _customer.phone,
    _customer.contact_address,
    _account.city,
    _account.district,
    _account.state,
    _account.zip,
    _customer.latitude,
    _customer.longitude,
    _account.kind,
    _account.service_type,
    _account.status,
    _account.auto_renewal,
    _account.photo,
    _account.line_username,
    _account.line_address,
    _account.line_secret_sealed,
    _account.created_by,
    _customer.created_at,
    _account.last_login_at,
    _balance.label("balance"),
)
_ENTRY: Select[Any] = select(*_COLUMNS).join_from(
    customer_accounts, customers, _customer.id == _account.customer_id
)
_ORDERS: dict[Order, ColumnElement[Any]] = {
    Order.ID: _account.customer_id,
    Order.USERNAME: _account.username,
    Order.NAME: _customer.name,
    Order.LAST_NAME: after_first_space(_customer.name),
    Order.EMAIL: _customer.email,
    Order.PHONE: _customer.phone,
    Order.CREATED: _customer.created_at,
    Order.STATUS: _account.status,
}
_PACKAGE = (
    select(
        subscriptions.c.id,
        subscriptions.c.customer_id,
        subscriptions.c.plan_id,
        plans.c.name.label("plan"),
        subscriptions.c.price,
        func.coalesce(routers.c.alias, "").label("router"),
        func.coalesce(subscriptions.c.mode, "").label("mode"),
        subscriptions.c.status,
        subscriptions.c.isolated_at,
        subscriptions.c.created_at,
        subscriptions.c.expires_at,
        recharges.c.recharged_at,
        recharges.c.gateway,
        recharges.c.channel,
        recharges.c.staff_id,
        prepaid_plans.c.account_kind,
        prepaid_plans.c.is_prepaid,
    )
    .join(plans, plans.c.id == subscriptions.c.plan_id)
    .outerjoin(prepaid_plans, prepaid_plans.c.plan_id == plans.c.id)
    .outerjoin(recharges, recharges.c.subscription_id == subscriptions.c.id)
    .where(or_(subscriptions.c.expires_at.is_(None), recharges.c.subscription_id.is_not(None)))
    .outerjoin(routers, routers.c.id == subscriptions.c.router_id)
)


async def page_of(tx: ReadTx, wanted: Wanted) -> tuple[tuple[Entry, ...], int]:
    """A page of customers, and how many there are in all."""
    conditions = _conditions(wanted)
    order = _ORDERS[wanted.order]
    in_order = (
        (order.desc(), _account.customer_id.desc()) if wanted.descending else (order, _account.customer_id)
    )
    page = _ENTRY.where(*conditions).order_by(*in_order).limit(wanted.limit).offset(wanted.offset)
    rows = await tx.all(page)
    counted = select(func.count()).select_from(customer_accounts)
    if wanted.search:
        counted = counted.join(customers, _customer.id == _account.customer_id)
    total = await tx.scalar(counted.where(*conditions))
    return tuple(map(entry, rows)), int(total)


def all_of(wanted: Wanted) -> Select[Any]:
    """Every customer wanted, by id, to be streamed; `entry` reads its rows."""
    return _ENTRY.where(*_conditions(wanted)).order_by(_account.customer_id)


async def entry_of(tx: ReadTx, customer_id: int) -> Entry | None:
    row = await tx.first(_ENTRY.where(_account.customer_id == customer_id))
    return None if row is None else entry(row)


async def id_of_username(tx: ReadTx, username: str) -> int | None:
    """The customer of a user name, whatever its capitals."""
    found = select(_account.customer_id).where(func.lower(_account.username) == username.strip().lower())
    customer_id: int | None = await tx.scalar(found)
    return customer_id


async def packages_of(tx: ReadTx, customer_ids: Sequence[int]) -> tuple[Package, ...]:
    """What these customers run, in the order it was begun."""
    rows = await tx.all(
        _PACKAGE.where(subscriptions.c.customer_id.in_(customer_ids)).order_by(subscriptions.c.id)
    )
    return tuple(
        Package(
            id=row.id,
            customer_id=row.customer_id,
            plan_id=row.plan_id,
            plan=row.plan,
            price=row.price,
            router=row.router,
            mode=row.mode,
            is_on=row.status in {"active", "free"} and row.isolated_at is None,
            begun_at=row.recharged_at or row.created_at,
            expires_at=row.expires_at,
            method="" if row.gateway is None else f"{row.gateway} - {row.channel}",
            staff_id=row.staff_id,
            plan_type=row.account_kind or "Personal",
            is_prepaid=bool(row.is_prepaid),
        )
        for row in rows
    )


async def attributes_of(tx: ReadTx, customer_id: int) -> dict[str, str]:
    own = select(customer_attributes).where(customer_attributes.c.customer_id == customer_id)
    rows = await tx.all(own.order_by(customer_attributes.c.name))
    return {row.name: row.value for row in rows}


async def holder_of_phone(tx: ReadTx, phone: str) -> int | None:
    """Some customer with this number."""
    held = select(_customer.id).where(_customer.phone == phone).order_by(_customer.id).limit(1)
    customer_id: int | None = await tx.scalar(held)
    return customer_id


def _conditions(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    found: tuple[ColumnElement[bool], ...] = ()
    if wanted.status is not None:
        found += (_account.status == wanted.status,)
    if wanted.search:
        looked_in = (
            _account.username,
            _customer.name,
            _customer.contact_address,
            _customer.phone,
            _customer.email,
        )
        found += (or_(*(column.icontains(wanted.search, autoescape=True) for column in looked_in)),)
    return found


def entry(row: Row[Any]) -> Entry:
    """A row of these queries as an entry."""
    facts = dict(zip(Entry.__struct_fields__, row, strict=True))
    return Entry(**facts | {"status": AccountStatus(row.status), "balance": int(row.balance)})
