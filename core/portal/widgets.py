"""What stands on the dashboards, and in which order."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Row, func, select

from core.audit import log as audit
from core.platform.errors import NotFound
from core.platform.uow import UnitOfWork, WriteTx
from core.portal.tables import widgets


class Dashboard(enum.StrEnum):
    ADMIN = "Admin"
    AGENT = "Agent"
    SALES = "Sales"
    CUSTOMER = "Customer"


class Widget(Struct, frozen=True, kw_only=True):
    """One piece of a dashboard. `position` is its area, `rank` its place there."""

    dashboard: Dashboard
    position: int
    rank: int
    module: str
    title: str
    content: str = ""
    is_enabled: bool = True


class PlacedWidget(Struct, frozen=True):
    id: int
    widget: Widget


_STAFF_MODULES = (
    ("top_widget", 1, 1),
    ("default_info_row", 1, 2),
    ("graph_monthly_registered_customers", 2, 1),
    ("graph_monthly_sales", 2, 2),
    ("voucher_stocks", 2, 3),
    ("customer_expired", 2, 4),
    ("cron_monitor", 3, 1),
    ("mikrotik_cron_monitor", 3, 2),
    ("info_payment_gateway", 3, 3),
    ("graph_customers_insight", 3, 4),
    ("activity_log", 3, 5),
)
_CUSTOMER_MODULES = (
    ("account_info", 2, 1),
    ("active_internet_plan", 1, 3),
    ("balance_transfer", 1, 4),
    ("unpaid_order", 1, 1),
    ("announcement", 1, 2),
    ("recharge_a_friend", 1, 5),
    ("voucher_activation", 2, 2),
)
#: What can be placed on whose dashboard (phpnuxbill-1 contract §7.28).
STAFF_MODULES = tuple(sorted({module for module, _, _ in _STAFF_MODULES} | {"html_php", "html_php_card"}))
CUSTOMER_MODULES = tuple(
    sorted(
        {module for module, _, _ in _CUSTOMER_MODULES}
        | {"button_order_internet_plan", "html_only", "html_php"}
    )
)


def modules_of(dashboard: Dashboard) -> tuple[str, ...]:
    return CUSTOMER_MODULES if dashboard is Dashboard.CUSTOMER else STAFF_MODULES


def titled(module: str) -> str:
    """A module's name for people: `top_widget` is `Top Widget`."""
    return module.replace("_", " ").title()


async def place_defaults(tx: WriteTx) -> None:
    """Put the usual widgets on dashboards that have none yet."""
    for dashboard in Dashboard:
        if await tx.scalar(select(func.count()).where(widgets.c.dashboard == dashboard)):
            continue
        usual = _CUSTOMER_MODULES if dashboard is Dashboard.CUSTOMER else _STAFF_MODULES
        for module, position, rank in usual:
            await tx.insert(
                widgets,
                **asdict(
                    Widget(
                        dashboard=dashboard,
                        position=position,
                        rank=rank,
                        module=module,
                        title=titled(module),
                    )
                ),
            )


class Widgets:
    """Each method is one use case and one transaction; a dashboard nobody has arranged has the usual widgets."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def of(self, dashboard: Dashboard, *, only_enabled: bool = False) -> tuple[PlacedWidget, ...]:
        """In the order they are shown."""
        shown = select(widgets).where(widgets.c.dashboard == dashboard).order_by(widgets.c.rank, widgets.c.id)
        async with self._uow.read() as tx:
            rows = await tx.all(shown)
        if not rows:
            async with self._uow.write() as tx:
                await place_defaults(tx)
                rows = await tx.all(shown)
        found = map(_placed, rows)
        return tuple(each for each in found if each.widget.is_enabled or not only_enabled)

    async def one(self, widget_id: int) -> PlacedWidget:
        """Raises `NotFound`."""
        async with self._uow.read() as tx:
            row = await tx.first(select(widgets).where(widgets.c.id == widget_id))
        if row is None:
            raise NotFound
        return _placed(row)

    async def add(self, widget: Widget, *, actor: str) -> int:
        async with self._uow.write() as tx:
            await place_defaults(tx)
            widget_id = await tx.insert(widgets, **asdict(widget))
            await _record(tx, actor, "widget_added", widget_id)
        return widget_id

    async def change(self, widget_id: int, widget: Widget, *, actor: str) -> None:
        """Raises `NotFound`."""
        async with self._uow.write() as tx:
            own = widgets.update().where(widgets.c.id == widget_id)
            if not await tx.execute(own.values(**asdict(widget))):
                raise NotFound
            await _record(tx, actor, "widget_changed", widget_id)

    async def delete(self, widget_id: int, *, actor: str) -> None:
        """Raises `NotFound`."""
        async with self._uow.write() as tx:
            if not await tx.execute(widgets.delete().where(widgets.c.id == widget_id)):
                raise NotFound
            await _record(tx, actor, "widget_deleted", widget_id)

    async def reorder(self, ranks: Mapping[int, int], *, actor: str) -> None:
        """Give widgets their ranks, all at once; unknown ones are passed over."""
        async with self._uow.write() as tx:
            for widget_id in sorted(ranks):
                own = widgets.update().where(widgets.c.id == widget_id)
                await tx.execute(own.values(rank=ranks[widget_id]))
                await _record(tx, actor, "widget_moved", widget_id)


async def _record(tx: WriteTx, actor: str, action: str, widget_id: int) -> None:
    await audit.record(tx, actor=actor, action=action, subject=f"widget:{widget_id}", details={})


def _placed(row: Row[tuple[object, ...]]) -> PlacedWidget:
    return PlacedWidget(
        row.id,
        Widget(
            dashboard=Dashboard(row.dashboard),
            position=row.position,
            rank=row.rank,
            module=row.module,
            title=row.title,
            content=row.content,
            is_enabled=row.is_enabled,
        ),
    )
