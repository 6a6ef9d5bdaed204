"""Packages as staff sell and keep them (phpnuxbill-2 contract §E5); vouchers stand in `plan_vouchers`."""

from __future__ import annotations

from datetime import datetime

from api.nuxbill.actions import (
    ADMIN,
    AGENT,
    BOTH,
    GET,
    OFFICE,
    POST,
    SELLERS,
    SUPERADMIN,
    Controller,
    Likeness,
    Param,
)
from api.nuxbill.call import Call
from api.nuxbill.paginator import paging
from api.nuxbill.replies import NO_PERMISSION, Done, Page, Refused, Reply
from api.nuxbill.rows import customer_row, money, plan_row, recharge_row
from api.nuxbill.selling import (
    ALL_REQUIRED,
    MENU,
    NO_CUSTOMER,
    NO_PLAN,
    key,
    means,
    receipt,
    refused,
    seller,
    shown,
)
from core.platform.errors import DomainError, NotFound
from core.prepaid.deals import Recharge
from core.prepaid.packages import PackagesWanted
from core.prepaid.types import Means, PlanKind, Running, Source

plan = Controller("plan")

_PER_PAGE = 25
_MOST_SHOWN = 1000
_RECHARGE = (
    Param("id_customer", required=True),
    Param("server", "A router's name, `radius` or `balance`.", required=True),
    Param("plan", "A plan's id.", required=True),
    Param("using", "A way to pay, `balance`, or `zero` for SuperAdmin and Admin.", required=True),
    Param("note"),
)
_TOKEN = Param("svoucher", "Any word; a repeat with the same one changes nothing.")


@plan.action(
    "",
    takes=(
        Param("search"),
        Param("status", "on, off, or - for all"),
        Param("router"),
        Param("plan"),
        Param("p"),
    ),
    gives="d, routers, plans, search, status, router, plan, append_url, paginator",
    likeness=Likeness.DIFFERENT,
    because="Filters work by GET and by POST.",
)
@plan.action("list", takes=(Param("search"), Param("status"), Param("router"), Param("plan"), Param("p")))
async def show_packages(call: Call) -> Reply:
    """Packages of all customers, 25 a page, newest first."""
    asked, zone = paging(call, _PER_PAGE), call.services.settings.zone
    status, router, plan_id = call.text("status"), call.text("router"), call.whole("plan")
    wanted = PackagesWanted(
        search=call.text("search")[:100],
        is_on={"on": True, "off": False}.get(status),
        router=router,
        plan_id=plan_id or None,
        limit=asked.limit,
        offset=asked.offset,
    )
    found, total = await call.services.prepaid.packages(wanted)
    plans = await call.services.prepaid.plans()
    return Page(
        "Customer",
        MENU,
        {
            "d": [recharge_row(each, zone) | {"customer_fullname": each.full_name} for each in found],
            "routers": sorted({each.router for each in plans if each.router}),
            "plans": [{"id": each.id, "name_plan": each.name} for each in plans],
            "search": wanted.search,
            "status": status,
            "router": router,
            "plan": plan_id or "",
            "append_url": "",
            "paginator": asked.described(call, total),
        },
    )


@plan.action(
    "sync",
    methods=BOTH,
    roles=OFFICE,
    gives="items",
    likeness=Likeness.DIFFERENT,
    because="The routers follow through the queue; one that is down stops nobody else.",
)
async def synchronise(call: Call) -> Reply:
    """Bring the routers of everything that runs to what it should be."""
    found = await call.services.prepaid.synchronise()
    items = [
        {
            "id": each.subscription_id,
            "username": each.username,
            "plan": each.plan_name,
            "type": each.kind,
            "routers": each.router,
            "status": "queued",
            "error": "",
        }
        for each in found[:_MOST_SHOWN]
    ]
    return Done("".join(f"{_synchronised(each)}<br>" for each in found[:_MOST_SHOWN]), {"items": items})


def _synchronised(each: Running) -> str:
    return f"DONE : {each.username}, {each.plan_name}, {each.kind}, {each.router}"


@plan.action("recharge", methods=GET, roles=SELLERS, path=("customer_id",), gives="usings, cust")
async def show_recharge_form(call: Call) -> Reply:
    """The ways to pay, and the customer where one is named."""
    result: dict[str, object] = {"usings": _usings(call)}
    if call.path(2):
        result["cust"] = await _customer(call, call.path_id())
    return Page("Recharge Account", MENU, result)


@plan.action(
    "recharge-confirm",
    methods=POST,
    roles=SELLERS,
    takes=_RECHARGE,
    gives="usings, bills, add_cost, cust, gateway, channel, server, using, plan, add_inv, note, tax, total",
    likeness=Likeness.STRICTER,
    because="`zero` is for SuperAdmin and Admin.",
)
async def preview_recharge(call: Call) -> Reply:
    """What a recharge would cost; nothing changes."""
    customer_id, wanted = _read_recharge(call)
    cust = await _customer(call, customer_id)
    try:
        told = await call.services.prepaid.quote(customer_id, wanted)
        found = await call.services.prepaid.plan(wanted.plan_id)
    except DomainError as error:
        raise refused(error, NO_PLAN) from error
    if wanted.means.source is Source.BALANCE and await _balance(call, customer_id) < told.total:
        raise Refused("insufficient balance")
    return Page(
        "Recharge Confirm",
        MENU,
        {
            "usings": _usings(call),
            "bills": {name: money(cost) for name, cost in told.bills.items()},
            "add_cost": money(told.extra),
            "cust": cust,
            "gateway": "Recharge",
            "channel": call.staff.name,
            "server": call.text("server"),
            "using": call.text("using"),
            "plan": plan_row(found) | {"price": str(told.price)},
            "add_inv": str(told.price) if told.price != found.price else "",
            "note": wanted.note,
            "tax": money(told.tax),
            "total": money(told.total),
        },
    )


@plan.action(
    "recharge-post",
    methods=POST,
    roles=SELLERS,
    takes=(*_RECHARGE, _TOKEN),
    gives="in, invoice, whatsapp",
    likeness=Likeness.STRICTER,
    because="`zero` is for SuperAdmin and Admin; `balance` needs the balance to be on, and enough of it.",
)
async def recharge(call: Call) -> Reply:
    """Sell a customer a package."""
    customer_id, wanted = _read_recharge(call)
    try:
        sold = await call.services.prepaid.recharge(customer_id, wanted, seller(call))
    except DomainError as error:
        raise refused(error, "Failed to recharge account") from error
    return await receipt(call, sold.sale_id)


@plan.action(
    "view",
    methods=BOTH,
    path=("id", "send"),
    gives="in, invoice, whatsapp, public_url, logo, wlogo, hlogo",
    likeness=Likeness.DIFFERENT,
    because="The receipt was queued when the sale was made; `send` only confirms it.",
)
async def show_sale(call: Call) -> Reply:
    """One sale with its slip."""
    sale = await call.services.prepaid.sale(call.path_id())
    if sale is None:
        raise Refused("Data Not Found")
    pictures = {"public_url": "", "logo": "", "wlogo": 0, "hlogo": 0}
    return Page("View Invoice", MENU, shown(call, sale) | pictures)


@plan.action(
    "print",
    path=("id",),
    takes=(Param("id"), Param("content"), Param("nux")),
    gives="in, date, invoice; or content, nuxprint",
)
async def print_sale(call: Call) -> Reply:
    """A sale's slip to be printed, or any text."""
    if content := call.text("content"):
        return Page("Print", MENU, {"content": content, "nuxprint": f"nux://print?text={content}"})
    sale = await call.services.prepaid.sale(call.whole("id") or call.path_id())
    if sale is None:
        raise Refused("Data Not Found")
    return Page("Print", MENU, shown(call, sale) | {"date": f"{call.local_now:%Y-%m-%d %H:%M:%S}"})


@plan.action("edit", methods=GET, roles=(SUPERADMIN, ADMIN, AGENT), path=("id",), gives="d, p")
async def show_package_form(call: Call) -> Reply:
    """A package to edit, and the plans it can be changed to."""
    found = await _package(call, "Account Not Found")
    own = await call.services.prepaid.plan(found.plan_id)
    alike = [
        each
        for each in await call.services.prepaid.plans(own.terms.kind)
        if each.terms.is_radius == own.terms.is_radius and (each.is_enabled or call.staff.role in OFFICE)
    ]
    zone = call.services.settings.zone
    return Page("Edit Plan", MENU, {"d": recharge_row(found, zone), "p": [plan_row(each) for each in alike]})


@plan.action(
    "edit-post",
    methods=POST,
    roles=OFFICE,
    takes=(
        Param("id", required=True),
        Param("id_plan", required=True),
        Param("expiration", "YYYY-MM-DD", required=True),
        Param("time", "HH:MM:SS", required=True),
    ),
    gives="d",
    likeness=Likeness.STRICTER,
    because="Dates must be real; another plan also moves type and router.",
)
async def change_package(call: Call) -> Reply:
    """Give a package another plan or end."""
    end = _moment(call)
    try:
        changed = await call.services.prepaid.amend(
            call.whole("id"), call.whole("id_plan"), end, actor=call.actor
        )
    except NotFound as error:
        raise Refused("Plan Not Found" if error.reason == "plan" else "Data Not Found") from error
    return Done("Data Updated Successfully", {"d": recharge_row(changed, call.services.settings.zone)})


@plan.action("delete", methods=BOTH, roles=OFFICE, path=("id",))
async def delete_package(call: Call) -> Reply:
    """Take a package out of every list, and its line off the router; its sales stay."""
    try:
        await call.services.prepaid.delete_package(call.path_id(), actor=call.actor)
    except NotFound as error:
        raise Refused("Data Not Found") from error
    return Done("Data Deleted Successfully")


@plan.action(
    "extend",
    methods=BOTH,
    roles=(SUPERADMIN, ADMIN, AGENT),
    path=("id", "days"),
    takes=(_TOKEN,),
    gives="id, expiration",
    likeness=Likeness.STRICTER,
    because="Refusals are failures; 1 to 365 days.",
)
async def extend_package(call: Call) -> Reply:
    """Let an ended package run some days more, free of charge."""
    found = await _package(call, NO_PLAN)
    try:
        until = await call.services.prepaid.extend(found.subscription_id, call.path_id(3), actor=call.actor)
    except DomainError as error:
        raise Refused(
            "Customer is not expired yet" if error.reason == "package_runs" else ALL_REQUIRED
        ) from error
    day = until.astimezone(call.services.settings.zone).date().isoformat()
    return Done(f"Extend until {day}", {"id": found.subscription_id, "expiration": day})


@plan.action("deposit", methods=GET, roles=SELLERS, gives="p")
async def show_deposit_form(call: Call) -> Reply:
    """The plans of balance."""
    found = await call.services.prepaid.plans(PlanKind.BALANCE)
    is_office = call.staff.role in OFFICE
    rows = [plan_row(each) for each in found if each.is_enabled or is_office]
    return Page("Refill Balance", MENU, {"p": rows})


@plan.action(
    "deposit-post",
    methods=POST,
    roles=SELLERS,
    takes=(
        Param("id_customer", required=True),
        Param("amount", "Below nothing for a refund, by SuperAdmin and Admin."),
        Param("id_plan"),
        Param("note"),
        _TOKEN,
    ),
    gives="in, invoice, whatsapp",
    likeness=Likeness.STRICTER,
    because="A refund is for SuperAdmin and Admin, and never more than the balance.",
)
async def deposit(call: Call) -> Reply:
    """Top a customer's balance up."""
    amount, plan_id = call.money("amount") or None, call.whole("id_plan")
    if not call.text("id_customer") or (amount is None and not plan_id):
        raise Refused(ALL_REQUIRED)
    if amount is not None and amount < 0 and call.staff.role not in OFFICE:
        raise Refused(NO_PERMISSION)
    by = Means(gateway="Deposit", channel=call.staff.name, source=Source.COUNTER)
    try:
        sold = await call.services.prepaid.deposit(
            call.whole("id_customer"),
            amount,
            by,
            seller(call),
            key=key(call, "svoucher"),
            plan_id=plan_id,
            note=call.text("note"),
        )
    except DomainError as error:
        raise refused(error, "Failed to refill account") from error
    return await receipt(call, sold.sale_id)


def _usings(call: Call) -> list[str]:
    found = list(call.preferences.ways_to_pay)
    found += ["balance"] if call.preferences.balance else []
    return found + (["zero"] if call.staff.role in OFFICE else [])


def _read_recharge(call: Call) -> tuple[int, Recharge]:
    customer_id, plan_id = call.whole("id_customer"), call.whole("plan")
    server, using = call.text("server"), call.text("using")
    if not (customer_id and plan_id and server and using):
        raise Refused(ALL_REQUIRED)
    return customer_id, Recharge(
        plan_id=plan_id,
        means=means(call, using),
        key=key(call, "svoucher"),
        router="" if server == "balance" else server,
        note=call.text("note")[:256],
    )


async def _customer(call: Call, customer_id: int) -> dict[str, object]:
    try:
        opened = await call.services.directory.open(customer_id)
    except NotFound as error:
        raise Refused(NO_CUSTOMER) from error
    return customer_row(opened.entry, call.services.settings.zone)


async def _balance(call: Call, customer_id: int) -> int:
    return await call.services.prepaid.balance_of(customer_id)


async def _package(call: Call, missing: str) -> Running:
    found = await call.services.prepaid.package(call.path_id())
    if found is None:
        raise Refused(missing)
    return found


def _moment(call: Call) -> datetime:
    written = f"{call.text('expiration')} {call.text('time')}"
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        try:
            naive = datetime.strptime(written, pattern)  # noqa: DTZ007 - the zone is put on below
        except ValueError:
            continue
        return naive.replace(tzinfo=call.services.settings.zone)
    raise Refused(ALL_REQUIRED)
