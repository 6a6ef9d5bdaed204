"""What staff see first: the widgets of their role with their values (phpnuxbill-1 contract §7.11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta

from api.nuxbill.actions import OFFICE, REPORT, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.controllers.export import accounting_start
from api.nuxbill.paginator import paging
from api.nuxbill.replies import Done, Page, Reply
from api.nuxbill.rows import moment, money, recharge_row
from core.identity.types import Role
from core.portal.widgets import Dashboard, PlacedWidget
from core.prepaid.packages import PackagesWanted

dashboard = Controller("dashboard")

Values = dict[str, object]

_DASHBOARDS = {Role.AGENT: Dashboard.AGENT, Role.SALES: Dashboard.SALES}
_MONEY = frozenset({*OFFICE, REPORT})
_NOTES = 5


@dashboard.action(
    takes=(Param("refresh", "Nothing is kept that could be old."), Param("p")),
    gives="tipeUser, start_date, current_date, widgets, and each widget's values",
    likeness=Likeness.DIFFERENT,
    because="Values instead of HTML; money is shown to SuperAdmin, Admin and Report.",
)
async def show_dashboard(call: Call) -> Reply:
    """The caller's dashboard."""
    if call.text("refresh"):
        return Done("Data Refreshed")
    user = _DASHBOARDS.get(call.staff.role, Dashboard.ADMIN)
    placed = await call.services.portal.widgets.of(user, only_enabled=True)
    values = {each.widget.module: await _values(call, each.widget.module) for each in placed}
    flat = {name: value for each in values.values() for name, value in each.items()}
    return Page(
        "Dashboard",
        "dashboard",
        {
            "tipeUser": call.staff.role.label,
            "start_date": accounting_start(call).isoformat(),
            "current_date": call.local_now.date().isoformat(),
            "widgets": [_shown(each, values[each.widget.module]) for each in placed],
            **flat,
        },
    )


def _shown(each: PlacedWidget, values: Values) -> Values:
    is_text = each.widget.module.startswith("html_")
    return {
        "id": each.id,
        "title": each.widget.title,
        "widget": each.widget.module,
        "position": each.widget.position,
        "orders": each.widget.rank,
        "content": each.widget.content if is_text else "",
        "data": values,
    }


async def _values(call: Call, module: str) -> Values:
    found = _WIDGETS.get(module)
    return {} if found is None else await found(call)


async def _top(call: Call) -> Values:
    counted = await call.services.prepaid.counts()
    told: Values = {"u_act": counted.running, "u_all": counted.packages, "c_all": counted.customers}
    if call.staff.role not in _MONEY:
        return told
    now, zone = call.services.clock.now() + timedelta(seconds=1), call.services.settings.zone
    today = datetime.combine(call.local_now.date(), time(0), zone)
    month = datetime.combine(accounting_start(call), time(0), zone)
    income = call.services.prepaid.income
    return told | {
        "iday": money(await income(today.astimezone(UTC), now)),
        "imonth": money(await income(month.astimezone(UTC), now)),
    }


async def _balances(call: Call) -> Values:
    if not call.preferences.balance or call.staff.role not in _MONEY:
        return {}
    return {"cb": money(await call.services.prepaid.balances())}


async def _registered(call: Call) -> Values:
    found = await call.services.prepaid.customers_by_month(call.local_now.year)
    return {"monthlyRegistered": [{"date": month, "count": count} for month, count in found.items()]}


async def _sales(call: Call) -> Values:
    if call.staff.role not in _MONEY:
        return {"monthlySales": []}
    found = await call.services.prepaid.income_by_month(call.local_now.year)
    return {"monthlySales": [{"month": month, "totalSales": money(sum_)} for month, sum_ in found.items()]}


async def _stocks(call: Call) -> Values:
    found = await call.services.prepaid.stocks()
    in_all = {"used": sum(each.used for each in found), "unused": sum(each.unused for each in found)}
    rows = [{"name_plan": each.plan, "unused": each.unused, "used": each.used} for each in found]
    return {"stocks": in_all, "plans": rows}


async def _expired(call: Call) -> Values:
    asked, settings = paging(call), call.services.settings
    end = datetime.combine(call.local_now.date(), time(23, 59, 59), settings.zone)
    wanted = PackagesWanted(ended_by=end, limit=asked.limit, offset=asked.offset)
    found, total = await call.services.prepaid.packages(wanted)
    rows = [recharge_row(each, settings.zone) | {"fullname": each.full_name} for each in found]
    return {"expire": rows, "paginator": asked.described(call, total)}


async def _cron(call: Call) -> Values:
    last = await call.services.prepaid.last_expiry()
    shown = "" if last is None else f"{last.astimezone(call.services.settings.zone):%Y-%m-%d %I:%M:%S %p}"
    return {"run_date": shown}


async def _gateways(call: Call) -> Values:
    return {"payment_gateway": ",".join(call.preferences.gateways)}


async def _insight(call: Call) -> Values:
    counted = await call.services.prepaid.counts()
    return {"u_act": counted.running, "u_all": counted.packages, "c_all": counted.customers}


async def _activity(call: Call) -> Values:
    found, _ = await call.services.activity.list("", limit=_NOTES, offset=0)
    zone = call.services.settings.zone
    rows = [
        {"id": each.id, "date": moment(each.at, zone), "type": each.kind, "description": each.description}
        for each in found
    ]
    return {"dlog": rows}


_WIDGETS: dict[str, Callable[[Call], Awaitable[Values]]] = {
    "top_widget": _top,
    "default_info_row": _balances,
    "graph_monthly_registered_customers": _registered,
    "graph_monthly_sales": _sales,
    "voucher_stocks": _stocks,
    "customer_expired": _expired,
    "cron_monitor": _cron,
    "info_payment_gateway": _gateways,
    "graph_customers_insight": _insight,
    "activity_log": _activity,
}
