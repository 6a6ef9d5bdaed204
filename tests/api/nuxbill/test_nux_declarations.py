"""What follows from the declarations: who may call what, the documents, and that nothing documented is forgotten."""

from __future__ import annotations

import pytest

from api.nuxbill.actions import Action, Who
from api.nuxbill.controllers import CONTROLLERS
from api.nuxbill.document import actions, documented, is_served
from core.identity.types import Role
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.role_matrix import roles_of
from tests.api.nuxbill.support import Nux

STAFF = {
    Role.SUPERADMIN: ("admin", "admin"),
    Role.ADMIN: ("budi", "budi1234"),
    Role.REPORT: ("laporan", "laporan1234"),
    Role.AGENT: ("agen", "agen1234"),
    Role.SALES: ("sales", "sales1234"),
}
NO_PERMISSION = "You do not have permission to access this page"
#: Documented actions of controllers whose other actions are served already.
WAITING = {
    "logs/radius",
    "logs/radius-csv",
    "autoload/pool",
    "autoload/bw_name",
    "autoload/server",
    "autoload/plan",
    "autoload_user/bw_name",
    "maps/routers",
    "settings/docs",
    "settings/devices",
    "settings/app",
    "settings/app-post",
    "settings/localisation",
    "settings/localisation-post",
    "settings/users",
    "settings/users-add",
    "settings/users-view",
    "settings/users-edit",
    "settings/users-delete",
    "settings/users-post",
    "settings/users-edit-post",
    "settings/notifications",
    "settings/notifications-post",
    "settings/dbstatus",
    "settings/dbbackup",
    "settings/dbrestore",
    "settings/language",
    "settings/lang-post",
}
EVERY = tuple(actions(CONTROLLERS))


@pytest.mark.parametrize(
    "action", [each for each in EVERY if each.who is Who.STAFF], ids=lambda each: each.route
)
def test_the_declared_roles_are_the_contracts(action: Action) -> None:
    assert roles_of(action.controller, action.name) == action.roles


def called(action: Action) -> str:
    return action.route.replace("<", "").replace(">", "")


@pytest.mark.parametrize("role", STAFF, ids=lambda role: role.label)
async def test_each_role_may_do_what_is_declared_and_nothing_else(role: Role, staff: Login) -> None:
    """The lists of §3 stand in the declarations; whether the door keeps to them is asked here, action by action."""
    somebody = await staff(*STAFF[role])
    for action in EVERY:
        if action.name.startswith("<") or action.controller == "logout":
            continue
        method = "POST" if "POST" in action.methods else "GET"
        said = (await somebody.raw(method, called(action))).content
        is_refused = NO_PERMISSION.encode() in said or b'"login":true' in said
        may = action.who is not Who.CUSTOMER and (action.who is not Who.STAFF or role in action.roles)
        assert is_refused is not may, (action.route, said[:200])


async def test_strangers_and_customers_reach_nothing_of_staffs(nux: Nux, customer: Login) -> None:
    for caller in (nux, await customer()):
        for action in EVERY:
            if action.who is Who.STAFF:
                said = await caller.get(called(action))
                assert (said.message, said.meta) == ("Token is invalid", {"login": True}), action.route


async def test_what_changes_something_is_not_done_by_looking(staff: Login, customer: Login) -> None:
    admin, john = await staff(), await customer()
    for action in EVERY:
        if action.methods == {"POST"}:
            caller = john if action.who is Who.CUSTOMER else admin
            assert (await caller.get(called(action))).message == "Invalid request method", action.route


async def test_the_api_document_has_every_action(nux: Nux) -> None:
    answer = await nux.client.get("/system/openapi.json")
    paths = answer.json()["paths"]
    assert len(paths) == len(EVERY)
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for path in paths.values() for operation in path.values())


def test_no_documented_action_of_a_served_controller_is_missing() -> None:
    assert len(documented()) == 199
    missing = [
        route
        for route in documented()
        if route.partition("/")[0] in CONTROLLERS and not is_served(route, CONTROLLERS)
    ]
    assert set(missing) == WAITING
