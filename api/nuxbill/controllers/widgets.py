"""The arrangement of dashboards (phpnuxbill-1 contract §7.28)."""

from __future__ import annotations

import re

from api.nuxbill import replies
from api.nuxbill.actions import OFFICE, POST, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused, Reply
from core.platform.errors import NotFound
from core.portal.widgets import Dashboard, PlacedWidget, Widget, modules_of, titled

widgets = Controller("widgets", roles=OFFICE)

_FORM = (
    Param("orders"),
    Param("position"),
    Param("tipeUser", "Admin, Agent, Sales or Customer", required=True),
    Param("enabled"),
    Param("title", required=True),
    Param("widget", required=True),
    Param("content"),
)
_WHOLE_ROW = 12


@widgets.action(
    takes=(
        Param("user", "Admin, Agent, Sales or Customer"),
        Param("save", "struct stores the layout"),
        Param("dashboard"),
    ),
    gives="tipeUser, max, widgets, dashboard",
    likeness=Likeness.STRICTER,
    because="A layout whose rows do not sum to twelve is refused.",
)
async def show_widgets(call: Call) -> Reply:
    """What stands on a dashboard; with `save=struct` its layout is stored."""
    user = _dashboard(call.text("user", "Admin"))
    if call.is_post and call.posted("save") == "struct":
        return await _save_layout(call, user)
    placed = await call.services.portal.widgets.of(user)
    layout = call.preferences.dashboards.get(user, "12")
    areas = len(re.findall(r"\d+", layout))
    return Page(
        "Widgets",
        "settings",
        {
            "tipeUser": user,
            "max": max([areas, *(each.widget.position for each in placed)]),
            "widgets": [_row(each) for each in placed],
            "dashboard": layout,
        },
    )


async def _save_layout(call: Call, user: Dashboard) -> Reply:
    layout = call.posted("dashboard")
    rows = [row.split(",") for row in layout.split(".")]
    if not all(width.isdigit() and int(width) > 0 for row in rows for width in row) or any(
        sum(map(int, row)) != _WHOLE_ROW for row in rows
    ):
        raise Refused("Invalid request")
    layouts = dict(call.preferences.dashboards) | {str(user): layout}
    await call.services.preferences.change({"dashboards": layouts}, actor=call.actor)
    return Done("Dashboard Structure Saved Successfully")


@widgets.action(
    "add",
    path=("position",),
    takes=_FORM,
    gives="users, do, widgets, widget; id after a POST",
    likeness=Likeness.STRICTER,
    because="Only modules that exist, for dashboards that exist.",
)
async def add(call: Call) -> Reply:
    """The form of a new widget; a POST adds it."""
    if call.is_post:
        return Done(
            "Widget Added Successfully",
            {"id": await call.services.portal.widgets.add(_read(call), actor=call.actor)},
        )
    user = _dashboard(call.text("user", "Admin"))
    blank = {"position": call.path_id(), "user": user}
    return Page("Add Widget", "settings", _form("add", user) | {"widget": blank})


@widgets.action("edit", path=("id",), takes=(Param("id"), *_FORM), gives="users, do, widgets, widget")
async def edit(call: Call) -> Reply:
    """A widget to edit; a POST changes it."""
    try:
        if call.is_post:
            widget_id = call.whole("id") or call.path_id()
            await call.services.portal.widgets.change(widget_id, _read(call), actor=call.actor)
            return Done("Widget Saved Successfully")
        found = await call.services.portal.widgets.one(call.path_id())
    except NotFound as error:
        raise Refused("Widget Not Found") from error
    return Page("Edit Widget", "settings", _form("edit", found.widget.dashboard) | {"widget": _row(found)})


@widgets.action("delete", path=("id",))
async def delete(call: Call) -> Reply:
    """Take a widget off its dashboard."""
    try:
        await call.services.portal.widgets.delete(call.path_id(), actor=call.actor)
    except NotFound as error:
        raise Refused("Widget Not Found") from error
    return Done("Widget Deleted Successfully")


@widgets.action("pos", methods=POST, takes=(Param("id[]", required=True), Param("orders[]", required=True)))
async def reorder(call: Call) -> Reply:
    """Give widgets their order; the two lists run side by side."""
    pairs = zip(call.texts("id"), call.texts("orders"), strict=False)
    ranks = {int(each): int(rank) for each, rank in pairs if each.isdigit() and rank.isdigit()}
    await call.services.portal.widgets.reorder(ranks, actor=call.actor)
    return Done("Widget order Saved Successfully")


def _dashboard(raw: str) -> Dashboard:
    try:
        return Dashboard(raw)
    except ValueError as error:
        raise Refused("Invalid request") from error


def _form(doing: str, user: Dashboard) -> dict[str, object]:
    modules = {module: titled(module) for module in modules_of(user)}
    return {"users": [str(each) for each in Dashboard], "do": doing, "widgets": modules}


def _read(call: Call) -> Widget:
    """The form; raises `Refused`."""
    user = _dashboard(call.posted("tipeUser"))
    title, module = call.posted("title")[:64], call.posted("widget")
    problems = [
        text
        for is_wrong, text in (
            (not title, "Title is required"),
            (module not in modules_of(user), "Widget not found"),
        )
        if is_wrong
    ]
    if problems:
        raise Refused(replies.lines(problems))
    return Widget(
        dashboard=user,
        position=min(max(call.whole("position", 1), 1), 127),
        rank=min(max(call.whole("orders", 99), 0), 9999),
        module=module,
        title=title,
        content=call.posted("content"),
        is_enabled=call.flag("enabled"),
    )


def _row(placed: PlacedWidget) -> dict[str, object]:
    widget = placed.widget
    return {
        "id": placed.id,
        "orders": widget.rank,
        "position": widget.position,
        "user": widget.dashboard,
        "enabled": int(widget.is_enabled),
        "title": widget.title,
        "widget": widget.module,
        "content": widget.content,
    }
