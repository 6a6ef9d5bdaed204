"""Reads of the directory: every list has an index behind its order, every search one behind its words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, text

from core.billing.ledger import CREDIT
from core.billing.tables import ledger_entries
from core.catalog.tables import plans
from core.customers.accounts import AccountStatus
from core.customers.tables import customer_accounts, customer_attributes, customers
from core.directory.search import has_words, is_found
from core.directory.types import Entry, Order, Package, Wanted
from core.network.tables import routers
from core.platform.db import after_first_space
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx
from core.prepaid.tables import prepaid_plans, recharges
from core.subscriptions.tables import subscriptions

_ENOUGH = 10
#: So many customers are sorted for a page; of more, the page is taken from an index.
_FEW = 1_000
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
#: Orders by what stands in the customers' table.
_OF_PERSON = {Order.NAME, Order.LAST_NAME, Order.EMAIL, Order.PHONE, Order.CREATED}
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


async def page_of(tx: ReadTx, wanted: Wanted, total: int) -> tuple[Entry, ...]:
    """A page of a list that has `total` customers in all."""
    shape = (wanted.order, wanted.descending, wanted.status is not None, wanted.has_place, total <= _FEW)
    bounds: dict[str, Any] = {"limit": wanted.limit, "offset": wanted.offset}
    if wanted.status is not None:
        bounds["status"] = wanted.status
    return tuple(map(entry, await tx.rows(_page(*shape), **bounds)))


async def finds_of(tx: ReadTx, wanted: Wanted) -> tuple[tuple[Entry, ...], int]:
    """A page of what a search finds, and how many that are; more than `MOST_FINDS` are not looked at."""
    if not has_words(wanted.search):
        return (), 0
    conditions = _conditions(wanted)
    ids = (
        select(_account.customer_id).join(customers, _customer.id == _account.customer_id).where(*conditions)
    )
    order = _in_order(_unindexed(_ORDERS[wanted.order]), descending=wanted.descending)
    page = ids.order_by(*order).limit(wanted.limit).offset(wanted.offset)
    rows = await tx.all(_entries_of(page, order))
    total = await tx.scalar(select(func.count()).select_from(ids.subquery()))
    return tuple(map(entry, rows)), int(total)


@cache
def _page(order: Order, descending: bool, has_status: bool, has_place: bool, is_few: bool) -> Prepared:  # noqa: FBT001 - a shape
    """Which customers first, from an index alone; what is known of them only for those.

    A few are sorted. Many are met in the order of an index until the page is full, whoever else stands in it.
    """
    by = _ORDERS[order]
    wanted = (_account.status == bindparam("status"),) if has_status else ()
    if is_few:
        ids = (
            select(_account.customer_id).join(customers, _customer.id == _account.customer_id).where(*wanted)
        )
        ids = ids.where(_customer.latitude.is_not(None)) if has_place else ids
        in_order = _in_order(_unindexed(by), descending=descending)
    elif has_place or order in _OF_PERSON:
        ids = select(_customer.id.label("customer_id"))
        in_order = _in_order(
            _customer.id if order is Order.ID else by, descending=descending, last=_customer.id
        )
        own = select(_account.customer_id).where(_account.customer_id == _customer.id, *wanted)
        ids = ids.where(own.correlate(customers).exists())
        ids = ids.where(_customer.latitude.is_not(None)) if has_place else ids
    else:
        ids = select(_account.customer_id).where(*wanted)
        in_order = _in_order(by, descending=descending)
    page = ids.order_by(*in_order).limit(bindparam("limit")).offset(bindparam("offset"))
    return Prepared(_entries_of(page, _in_order(by, descending=descending)))


def _entries_of(page: Select[Any], in_order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    chosen = page.subquery("page")
    return _ENTRY.join(chosen, chosen.c.customer_id == _account.customer_id).order_by(*in_order)


def _unindexed(by: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same value, but not by its index: the few rows that are wanted are at hand by another one."""
    return func.coalesce(by, by)


def _in_order(
    by: ColumnElement[Any], *, descending: bool, last: ColumnElement[Any] = _account.customer_id
) -> tuple[ColumnElement[Any], ...]:
    return (by.desc(), last.desc()) if descending else (by, last)


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


async def users_of_line(tx: ReadTx, *, address: str = "", name: str = "", but: int) -> tuple[str, ...]:
    """The user names of others whose line has this address or this name of its own; a few are enough to tell."""
    is_same = _account.line_address == address if address else _account.line_username == name
    is_given = _account.line_address != "" if address else _account.line_username != ""
    found = select(_account.username).where(is_same, is_given, _account.customer_id != but)
    rows = await tx.all(found.order_by(_account.customer_id).limit(_ENOUGH))
    return tuple(row.username for row in rows)


async def attributes_of(tx: ReadTx, customer_id: int) -> dict[str, str]:
    own = select(customer_attributes).where(customer_attributes.c.customer_id == customer_id)
    rows = await tx.all(own.order_by(customer_attributes.c.name))
    return {row.name: row.value for row in rows}


def _conditions(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    found: tuple[ColumnElement[bool], ...] = ()
    if wanted.status is not None:
        status = _unindexed(_account.status) if wanted.search else _account.status
        found += (status == wanted.status,)
    if wanted.has_place:
        found += (_customer.latitude.is_not(None), _customer.longitude.is_not(None))
    if wanted.search:
        found += (is_found(wanted.search),)
    return found


def entry(row: Sequence[Any]) -> Entry:
    """A row of these queries as an entry."""
    facts = dict(zip(Entry.__struct_fields__, row, strict=True))
    facts["status"], facts["balance"] = AccountStatus(facts["status"]), int(facts["balance"])
    return Entry(**facts)
