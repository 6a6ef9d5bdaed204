"""A customer's own page, and what can be done from it (phpnuxbill-1 contract §7.15)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from api.nuxbill.actions import Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused, Reply
from api.nuxbill.rows import order_row, package_row, recharge_row
from api.nuxbill.selling import key, refused
from core.customers.accounts import AccountStatus
from core.platform.errors import DomainError, NotFound
from core.portal.widgets import Dashboard
from core.prepaid.packages import PackagesWanted
from core.prepaid.recording import spelled_money
from core.prepaid.types import Running

home = Controller("home", who=Who.CUSTOMER)

#: An order that nobody has paid for so long is not waited for any more.
_PATIENCE = timedelta(hours=24)
_NO_PACKAGE = "Plan Not Found or Not Active"


@home.action(
    takes=(
        Param("renewal", "0 or 1 sets automatic renewal."),
        Param("send", "`balance` moves balance, `plan` looks for a friend's package."),
        Param("username", "Who receives it."),
        Param("balance", "How much."),
        Param("stoken", "Any word; a repeat with the same one changes nothing."),
        Param("sync", "A package's id."),
        Param("recharge", "A package's id."),
        Param("extend", "A package's id."),
        Param("deactivate", "A package's id."),
        Param("mikrotik", "login or logout"),
        Param("id", "A package's id."),
    ),
    gives="widgets, code, abills, _bills, cf, vpn, unpaid; or what the named action gives",
    likeness=Likeness.DIFFERENT,
    because="Amounts must be more than nothing, moves are all or nothing, and every action answers with what it did.",
)
async def show_home(call: Call) -> Reply:
    """The customer's dashboard; each parameter is an action of its own."""
    if (renewal := call.text("renewal")) in {"0", "1"}:
        await call.services.prepaid.set_auto_renewal(call.customer.id, is_on=renewal == "1")
    if call.is_post and call.posted("send") in {"balance", "plan"}:
        return await (_send_balance(call) if call.posted("send") == "balance" else _find_friend(call))
    for name, act in _ACTIONS.items():
        if call.text(name):
            return await act(call)
    return await _dashboard(call)


async def _send_balance(call: Call) -> Reply:
    prepaid, own = call.services.prepaid, call.customer.id
    if not (call.preferences.balance and call.preferences.balance_transfer):
        raise Refused("Failed, balance is not available")
    _must_be_active(call)
    target = await prepaid.customer_called(call.posted("username"))
    if target is None:
        raise Refused("Username not found")
    amount = call.money("balance")
    if amount is None or amount <= 0:
        raise Refused("Amount must be greater than 0")
    try:
        moved = await prepaid.transfer(own, target, amount, key=key(call, "stoken"))
    except DomainError as error:
        if error.reason == "below_smallest_transfer":
            smallest = spelled_money(call.preferences.smallest_transfer, call.preferences)
            raise Refused(f"Minimum Transfer {smallest}") from error
        raise refused(error, "Failed, balance is not available") from error
    return Done("Sending balance success", {"id": moved.purchase_id, "balance": str(moved.balance)})


async def _find_friend(call: Call) -> Reply:
    _must_be_active(call)
    friend = await call.services.prepaid.customer_called(call.posted("username"))
    found = () if friend is None else await _packages(call, friend)
    if not found:
        raise Refused("Your friend do not have active package")
    place = found[0].router_id or "radius"
    route = f"order/send/{place}/{found[0].plan_id}"
    return Done("Review package before recharge", {"next": route, "username": call.posted("username")})


async def _synchronise(call: Call) -> Reply:
    found = await call.services.prepaid.synchronise(customer_id=call.customer.id)
    return Done("".join(f"DONE : {each.plan_name}, {each.kind}, {each.router}<br>" for each in found))


async def _recharge(call: Call) -> Reply:
    _must_be_active(call)
    found = await _own(call, "recharge", _NO_PACKAGE)
    return Done("", {"next": f"order/gateway/{found.router_id or 'radius'}/{found.plan_id}"})


async def _extend(call: Call) -> Reply:
    _must_be_active(call)
    found = await _own(call, "extend", _NO_PACKAGE)
    try:
        until = await call.services.prepaid.extend_own(found.subscription_id, call.customer.id)
    except DomainError as error:
        raise refused(error, _NO_PACKAGE) from error
    day = until.astimezone(call.services.settings.zone).date().isoformat()
    return Done(f"Extend until {day}", {"id": found.subscription_id, "expiration": day})


async def _deactivate(call: Call) -> Reply:
    own = call.customer.id
    try:
        ended = await call.services.prepaid.deactivate(
            call.whole("deactivate"), customer_id=own, actor=call.actor
        )
    except NotFound as error:
        raise Refused("No Active Plan") from error
    row = recharge_row(ended, call.services.settings.zone)
    return Done(f"Success deactivate {ended.plan_name}", {"package": row})


async def _connect(_call: Call) -> Reply:
    """Which device asks is known to a captive portal alone."""
    raise Refused("Failed to connect to device")


_ACTIONS: dict[str, Callable[[Call], Awaitable[Reply]]] = {
    "sync": _synchronise,
    "recharge": _recharge,
    "extend": _extend,
    "deactivate": _deactivate,
    "mikrotik": _connect,
}


async def _dashboard(call: Call) -> Reply:
    services, own = call.services, call.customer.id
    opened = await services.directory.open(own)
    placed = await services.portal.widgets.of(Dashboard.CUSTOMER, only_enabled=True)
    unpaid = await services.prepaid.unpaid_order(own, patience=_PATIENCE)
    zone = services.settings.zone
    attributes = [{"field_name": name, "field_value": value} for name, value in opened.attributes.items()]
    code = "".join(each for each in call.text("code")[:55] if each.isalnum() or each == "-")
    return Page(
        "Dashboard",
        "dashboard",
        {
            "widgets": [
                {
                    "id": each.id,
                    "title": each.widget.title,
                    "widget": each.widget.module,
                    "position": each.widget.position,
                    "content": each.widget.content,
                }
                for each in placed
            ],
            "code": code,
            "csrf_token": "",
            "abills": await services.prepaid.bills_of(own),
            "_bills": [package_row(each, opened.entry.username, zone) for each in opened.packages],
            "cf": attributes,
            "vpn": [],
            "unpaid": [] if unpaid is None else order_row(unpaid, zone),
            "balance": str(opened.entry.balance),
        },
    )


def _must_be_active(call: Call) -> None:
    status = call.customer.status
    if status is not AccountStatus.ACTIVE:
        raise Refused(f"This account status : {status}")


async def _packages(call: Call, customer_id: int) -> tuple[Running, ...]:
    found, _ = await call.services.prepaid.packages(PackagesWanted(customer_id=customer_id))
    return found


async def _own(call: Call, name: str, missing: str) -> Running:
    found = await call.services.prepaid.package(call.whole(name), customer_id=call.customer.id)
    if found is None:
        raise Refused(missing)
    return found
