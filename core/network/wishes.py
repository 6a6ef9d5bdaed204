"""What is wanted of lines, read together with where they are and what their routers were last brought to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, select

from core.catalog.tables import plans
from core.customers.tables import customers
from core.network.tables import line_states, routers
from core.network.types import DesiredLine, Isolation, Line, LineKind, LineNews
from core.platform.secrets import fingerprint
from core.platform.uow import ReadTx
from core.subscriptions.tables import subscriptions


class Wish(Struct, frozen=True):
    """One line's wish. `place` is None for a line that is on no router of ours."""

    subscription_id: int
    customer_id: int
    kind: LineKind
    revision: int
    applied_revision: int
    place: Line | None
    desired: DesiredLine
    #: Where something was made for this line before, if that is elsewhere.
    left_behind: Line | None
    #: Another subscription uses the same login, and wants something else of it.
    is_contested: bool
    is_shared: bool
    #: When the router, or our record, said no for good.
    refused_at: datetime | None
    news: LineNews | None
    #: Why it is to be closed, if somebody said.
    reason: str | None

    @property
    def secret_fingerprint(self) -> str | None:
        sealed = self.desired.secret_sealed
        return None if sealed is None else fingerprint(sealed)


_former_routers = routers.alias("former_routers")
_others = subscriptions.alias("others")
_other_states = line_states.alias("other_states")


#: PPPoE and VPN users stand in one list of the router.
_PPP = ("PPPOE", "VPN")


def _is_used(
    router_id: Any, mode: ColumnElement[Any], user: Any, *by: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a line, not one that is to go, has this login on this router."""
    return (
        exists()
        .select_from(_others.outerjoin(_other_states, _other_states.c.subscription_id == _others.c.id))
        .where(
            _others.c.router_id == router_id,
            _others.c.line_user == user,
            or_(_others.c.mode == mode, and_(_others.c.mode.in_(_PPP), mode.in_(_PPP))),
            or_(_other_states.c.desired.is_(None), _other_states.c.desired != LineKind.ABSENT),
            *by,
        )
    )


_here = (subscriptions.c.router_id, subscriptions.c.mode, subscriptions.c.line_user)
_another = _others.c.id != subscriptions.c.id
_wants_otherwise = _others.c.isolated_at.is_(None) != subscriptions.c.isolated_at.is_(None)


def _wishes() -> Select[Any]:
    return (
        select(
            line_states,
            subscriptions.c.customer_id,
            subscriptions.c.mode,
            subscriptions.c.router_id,
            subscriptions.c.line_user,
            subscriptions.c.line_profile,
            subscriptions.c.line_secret_sealed,
            subscriptions.c.isolated_at,
            plans.c.name.label("plan_name"),
            plans.c.rate_limit,
            plans.c.address_pool,
            customers.c.service_number,
            customers.c.name.label("customer_name"),
            routers.c.alias.label("router_alias"),
            _former_routers.c.alias.label("former_alias"),
            _is_used(*_here, _another).label("is_shared"),
            _is_used(*_here, _another, _wants_otherwise).label("is_contested"),
        )
        .join(subscriptions, subscriptions.c.id == line_states.c.subscription_id)
        .join(customers, customers.c.id == subscriptions.c.customer_id)
        .join(plans, plans.c.id == func.coalesce(subscriptions.c.line_plan_id, subscriptions.c.plan_id))
        .outerjoin(routers, routers.c.id == subscriptions.c.router_id)
        .outerjoin(_former_routers, _former_routers.c.id == line_states.c.applied_router_id)
    )


_WISHES = _wishes()


async def wish_of(tx: ReadTx, subscription_id: int, isolation: Isolation) -> Wish | None:
    """None when nothing was ever wanted of this line, or it is no more."""
    row = await tx.first(_WISHES.where(line_states.c.subscription_id == subscription_id))
    return None if row is None else _wish(row, isolation)


async def wishes_at(
    tx: ReadTx, router_id: int, isolation: Isolation, *, after: int, limit: int
) -> list[Wish]:
    """Wishes for the lines that end on a router, in order of their subscriptions, those after one of them."""
    here = (subscriptions.c.router_id == router_id, line_states.c.subscription_id > after)
    rows = await tx.all(_WISHES.where(*here).order_by(line_states.c.subscription_id).limit(limit))
    return [_wish(row, isolation) for row in rows]


async def is_free(tx: ReadTx, router_id: int, mode: str, user: str) -> bool:
    """Whether no line is to have this login any more."""
    return not await tx.scalar(select(_is_used(router_id, literal(mode), user)))


def _wish(row: Row[Any], isolation: Isolation) -> Wish:
    kind = LineKind(row.desired)
    sealed = row.line_secret_sealed
    place = _line(row, row.router_id, row.router_alias, row.mode, row.line_user)
    former = _line(row, row.applied_router_id, row.former_alias, row.applied_mode, row.applied_user)
    has_moved = former is not None and _address(former) != (_address(place) if place else None)
    return Wish(
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        kind=kind,
        revision=row.revision,
        applied_revision=row.applied_revision,
        place=place,
        desired=DesiredLine(
            kind=kind,
            isolation=isolation,
            profile=_profile(row),
            rate_limit=row.rate_limit,
            address_pool=row.address_pool,
            secret_sealed=sealed,
            is_secret_new=sealed is not None and (has_moved or fingerprint(sealed) != row.applied_secret),
        ),
        left_behind=former if has_moved else None,
        is_contested=row.is_contested,
        is_shared=row.is_shared,
        refused_at=row.refused_at,
        news=None if row.news is None else LineNews(row.news),
        reason=row.reason,
    )


def _profile(row: Row[Any]) -> str | None:
    """The line's own profile, else the one that a plan with a limit makes under its name, else whatever it has."""
    return row.line_profile or (row.plan_name if row.rate_limit is not None else None)


def _line(
    row: Row[Any], router_id: int | None, alias: str | None, mode: str | None, user: str | None
) -> Line | None:
    if router_id is None or mode is None or not user:
        return None
    return Line(
        service_number=row.service_number or "",
        customer_name=row.customer_name,
        mode=mode,
        router_id=router_id,
        router_alias=alias or "",
        user=user,
        profile=row.line_profile,
        is_isolated=row.isolated_at is not None,
    )


def _address(line: Line) -> tuple[int, str, str]:
    return line.router_id, line.mode, line.user
