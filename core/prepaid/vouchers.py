"""Vouchers: made in batches, listed, spent once (phpnuxbill-2 contract §A8)."""

from __future__ import annotations

import enum
import re
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, func, select

from core.catalog.tables import plans
from core.network.tables import routers
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.uow import ReadTx, WriteTx
from core.prepaid import people
from core.prepaid.deals import Desk, Recharge
from core.prepaid.people import Holder
from core.prepaid.plans import RADIUS, plan_of
from core.prepaid.recharging import recharge
from core.prepaid.tables import LONGEST_CODE, prepaid_plans, recharges, vouchers
from core.prepaid.types import Means, PlanKind, Seller, Sold, Source, Voucher
from core.subscriptions.tables import subscriptions

MOST_AT_ONCE = 1000
#: So many digits, or hexadecimal characters, that nobody finds one by trying.
_LONGEST_RANDOM, _FEWEST_DIGITS, _FEWEST_CHARACTERS = 32, 6, 4
_FOREIGN = re.compile(r"[^A-Za-z0-9\-_.,]")
_PREFIX = re.compile(r"[A-Za-z0-9\-_.,]{0,20}")

_COLUMNS: Select[Any] = (
    select(
        vouchers,
        plans.c.name.label("plan_name"),
        plans.c.price,
        func.coalesce(routers.c.alias, RADIUS).label("router"),
    )
    .join_from(vouchers, plans, plans.c.id == vouchers.c.plan_id)
    .outerjoin(routers, routers.c.id == vouchers.c.router_id)
)


class CodeStyle(enum.StrEnum):
    DIGITS = "numbers"
    UPPER = "up"
    LOWER = "low"
    MIXED = "rand"


class Batch(Struct, frozen=True, kw_only=True):
    """Vouchers to be made; `router` is a router's name or `radius`."""

    plan_id: int
    router: str
    count: int
    length: int
    style: CodeStyle = CodeStyle.UPPER
    prefix: str = ""
    name: str | None = None


class VouchersWanted(Struct, frozen=True, kw_only=True):
    """Which vouchers a list shows. `makers` None means everybody's."""

    search: str = ""
    router: str = ""
    used_by: str = ""
    plan_id: int | None = None
    is_used: bool | None = None
    batch: str = ""
    makers: tuple[int, ...] | None = None
    ids: tuple[int, ...] = ()
    after_id: int = 0
    limit: int = 10
    offset: int = 0


class Redeemed(Struct, frozen=True):
    """What a code has brought, and to whom."""

    sold: Sold
    voucher: Voucher
    holder: Holder


def clean(code: str) -> str:
    """A code without what no code has; its capitals count."""
    return _FOREIGN.sub("", code)[:LONGEST_CODE]


async def make(tx: WriteTx, batch: Batch, *, by: int) -> tuple[Voucher, ...]:
    """Make vouchers with codes that nobody has.

    Raises `Invalid` (`voucher_count`, `voucher_length`, `voucher_prefix`), `NotFound` (`plan`, `router`).
    """
    _check(batch)
    plan = await plan_of(tx, batch.plan_id)
    if plan.terms.kind not in {PlanKind.HOTSPOT, PlanKind.PPPOE}:
        raise NotFound("plan")
    router_id = None
    if batch.router != RADIUS:
        router_id = await tx.scalar(select(routers.c.id).where(routers.c.alias == batch.router))
        if router_id is None:
            raise NotFound("router")
    facts = {
        "plan_id": plan.id,
        "kind": plan.terms.kind,
        "router_id": router_id,
        "batch": batch.name,
        "created_by": by,
        "created_at": tx.now,
    }
    ids: list[int] = []
    while len(ids) < batch.count:  # a code that is taken already is thrown again
        rows = [facts | {"code": _code(batch)} for _ in range(batch.count - len(ids))]
        ids += [row.id for row in await tx.insert_all_new(vouchers, rows, vouchers.c.id)]
    made = await tx.all(_COLUMNS.where(vouchers.c.id.in_(ids)).order_by(vouchers.c.id))
    return tuple(map(as_voucher, made))


def _check(batch: Batch) -> None:
    fewest = _FEWEST_DIGITS if batch.style is CodeStyle.DIGITS else _FEWEST_CHARACTERS
    if not 1 <= batch.count <= MOST_AT_ONCE:
        raise Invalid("voucher_count")
    if not fewest <= batch.length <= _LONGEST_RANDOM:
        raise Invalid("voucher_length")
    if not _PREFIX.fullmatch(batch.prefix):
        raise Invalid("voucher_prefix")


def _code(batch: Batch) -> str:
    if batch.style is CodeStyle.DIGITS:
        return batch.prefix + "".join(secrets.choice("0123456789") for _ in range(batch.length))
    letters = secrets.token_hex(batch.length)[: batch.length]
    match batch.style:
        case CodeStyle.LOWER:
            return batch.prefix + letters
        case CodeStyle.MIXED:
            return batch.prefix + "".join(secrets.choice((each, each.upper())) for each in letters)
        case _:
            return batch.prefix + letters.upper()


async def redeem(tx: WriteTx, desk: Desk, code: str, customer_id: int | None, seller: Seller) -> Redeemed:
    """Spend a code for a customer, or for a guest where there is none: of many who try at once, one succeeds.

    Raises `NotFound("voucher")`, `Conflict("voucher_used")`, and what a recharge raises.
    """
    voucher = await locked(tx, code)
    if voucher.used_at is not None:
        raise Conflict("voucher_used")
    holder = (
        await people.welcome_guest(tx, desk.keyring, voucher.code)
        if customer_id is None
        else await people.locked(tx, customer_id)
    )
    means = Means(gateway="Voucher", channel=voucher.code, source=Source.VOUCHER, reference=voucher.code)
    wanted = Recharge(
        plan_id=voucher.plan_id, means=means, key=f"voucher-{voucher.id}", router=voucher.router
    )
    sold = await recharge(tx, desk, holder, wanted, seller)
    spent = vouchers.update().where(vouchers.c.id == voucher.id)
    await tx.execute(spent.values(used_at=tx.now, used_by=holder.username))
    return Redeemed(sold, voucher, holder)


async def locked(tx: WriteTx, code: str) -> Voucher:
    """A voucher by its code, locked until commit. Raises `NotFound("voucher")`."""
    row = await tx.first(_COLUMNS.where(vouchers.c.code == clean(code)).with_for_update(of=vouchers))
    if row is None:
        raise NotFound("voucher")
    return as_voucher(row)


async def guest_of(tx: ReadTx, code: str) -> Row[Any] | None:
    """The package of somebody who came with this code alone."""
    return await tx.first(
        select(subscriptions, prepaid_plans.c.kind)
        .join(recharges, recharges.c.subscription_id == subscriptions.c.id)
        .outerjoin(prepaid_plans, prepaid_plans.c.plan_id == subscriptions.c.plan_id)
        .where(recharges.c.guest_code == clean(code))
    )


async def page_of(tx: ReadTx, wanted: VouchersWanted) -> tuple[tuple[Voucher, ...], int]:
    """Newest first, and how many there are in all."""
    those = _conditions(wanted)
    page = _COLUMNS.where(*those).order_by(vouchers.c.id.desc()).limit(wanted.limit).offset(wanted.offset)
    rows = await tx.all(page)
    counted = select(func.count()).select_from(vouchers)
    if wanted.router:
        counted = counted.outerjoin(routers, routers.c.id == vouchers.c.router_id)
    return tuple(map(as_voucher, rows)), int(await tx.scalar(counted.where(*those)))


async def delete(tx: WriteTx, voucher_ids: Collection[int]) -> int:
    """How many there were."""
    return await tx.execute(vouchers.delete().where(vouchers.c.id.in_(voucher_ids)))


async def delete_spent(tx: WriteTx, before: datetime) -> int:
    """Used vouchers that nothing runs on any more; how many there were."""
    running = select(recharges.c.channel).where(recharges.c.gateway == "Voucher")
    old = (vouchers.c.used_at < before, vouchers.c.code.not_in(running))
    return await tx.execute(vouchers.delete().where(*old))


def _conditions(wanted: VouchersWanted) -> tuple[ColumnElement[bool], ...]:
    own = vouchers.c
    told: tuple[tuple[bool, ColumnElement[bool]], ...] = (
        (bool(wanted.search), own.code.icontains(wanted.search, autoescape=True)),
        (bool(wanted.router), func.coalesce(routers.c.alias, RADIUS) == wanted.router),
        (bool(wanted.used_by), own.used_by == wanted.used_by),
        (wanted.plan_id is not None, own.plan_id == wanted.plan_id),
        (wanted.is_used is True, own.used_at.is_not(None)),
        (wanted.is_used is False, own.used_at.is_(None)),
        (bool(wanted.batch), own.batch == wanted.batch),
        (bool(wanted.ids), own.id.in_(wanted.ids)),
        (bool(wanted.after_id), own.id > wanted.after_id),
        (wanted.makers is not None, own.created_by.in_(wanted.makers or ())),
    )
    return tuple(condition for is_wanted, condition in told if is_wanted)


def as_voucher(row: Row[Any]) -> Voucher:
    return Voucher(**{name: getattr(row, name) for name in Voucher.__struct_fields__})
