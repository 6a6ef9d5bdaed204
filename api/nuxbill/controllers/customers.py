"""Customers as staff work with them (phpnuxbill-1 contract §7.9)."""

from __future__ import annotations

from datetime import timedelta

from api.nuxbill.actions import (
    ADMIN,
    AGENT,
    BOTH,
    GET,
    OFFICE,
    POST,
    SALES,
    SELLERS,
    SUPERADMIN,
    Controller,
    Likeness,
    Param,
)
from api.nuxbill.call import Call
from api.nuxbill.controllers.customer_form import FORM, read_change, read_new
from api.nuxbill.csv_files import csv_file
from api.nuxbill.paginator import Paging, paging
from api.nuxbill.replies import NO_PERMISSION, Done, Page, Refused, Reply
from api.nuxbill.rows import customer_row, money, order_row, package_row, sale_row
from api.nuxbill.tokens import LIFETIME, Kind
from core.customers.accounts import AccountStatus
from core.directory.types import Entry, Opened, Order, Package, Wanted
from core.platform.errors import Conflict, DomainError, NotFound
from core.prepaid import pricing
from core.prepaid.deals import Recharge
from core.prepaid.types import Means, Quote, Source

customers = Controller("customers", fallback="list")

_MENU = "customers"
_ORDERS = {
    "id": Order.ID,
    "username": Order.USERNAME,
    "fullname": Order.NAME,
    "lastname": Order.LAST_NAME,
    "email": Order.EMAIL,
    "phonenumber": Order.PHONE,
    "created_at": Order.CREATED,
    "status": Order.STATUS,
}
_ORDER_POSITIONS = {"username": 0, "created_at": 8, "balance": 3, "status": 7}
_COLUMNS = ("id", "username", "fullname", "address", "phonenumber", "email", "balance", "service_type")
_IMPERSONATION = timedelta(hours=1)
_TAKEN = {
    "username_taken": "Account already axist",
    "phone_taken": "Phone number already exists",
    "email_taken": "Email already used by another Customer",
}
_TAKEN_BY_OTHERS = _TAKEN | {
    "username_taken": "Username already used by another customer",
    "phone_taken": "Phone number already registered by another customer",
}


@customers.action(
    "list",
    takes=(
        Param("search"),
        Param("filter", "A status; `Active` unless given."),
        Param("order", ", ".join(_ORDERS)),
        Param("orderby", "asc or desc"),
        Param("per_page", "1 to 200"),
        Param("p"),
        Param("export", "csv downloads the filtered set; SuperAdmin and Admin only."),
    ),
    gives="d, paginator, statuses, filter, search, order, order_pos, orderby, per_page",
    likeness=Likeness.STRICTER,
    because="Sorts by known columns only, shows no passwords, and keeps the page size to the one who chose it.",
)
async def show_customers(call: Call) -> Reply:
    """Customers, thirty a page unless told otherwise."""
    asked = paging(call, _per_page(call))
    wanted = _wanted(call, asked)
    if call.posted("export") == "csv":
        return await _export(call, wanted)
    found, total = await call.services.directory.list(wanted)
    zone = call.services.settings.zone
    order = call.text("order", "username")
    return Page(
        "Customer",
        _MENU,
        {
            "d": [customer_row(entry, zone) for entry in found],
            "paginator": asked.described(call, total),
            "statuses": [str(status) for status in AccountStatus],
            "filter": call.text("filter", "Active"),
            "search": wanted.search,
            "order": order,
            "order_pos": _ORDER_POSITIONS.get(order),
            "orderby": "desc" if wanted.descending else "asc",
            "per_page": asked.limit,
            "csrf_token": "",
        },
    )


@customers.action("csv", methods=POST, roles=OFFICE, likeness=Likeness.STRICTER, because="Cells are escaped.")
async def export_all(call: Call) -> Reply:
    """Every customer as CSV."""
    rows = [_cells(entry) async for batch in call.services.directory.everybody(Wanted()) for entry in batch]
    return csv_file(f"phpnuxbill_customers_{_stamp(call)}.csv", _COLUMNS, rows, separator=",")


@customers.action(
    "csv-prepaid",
    methods=GET,
    roles=OFFICE,
    likeness=Likeness.DIFFERENT,
    because="The original fails with a database error.",
)
async def export_packages(call: Call) -> Reply:
    """Every customer with what they run, one line a package."""
    rows: list[tuple[object, ...]] = []
    async for batch in call.services.directory.everybody(Wanted()):
        packages = await call.services.directory.packages_of([entry.id for entry in batch])
        for entry in batch:
            own = [each for each in packages if each.customer_id == entry.id]
            running = [(each.plan, each.router, "on" if each.is_on else "off", each.method) for each in own]
            rows += [(*_cells(entry), *package) for package in running or [("", "", "", "")]]
    header = (*_COLUMNS, "namebp", "routers", "status", "Payment")
    return csv_file(f"phpnuxbill_prepaid_users{_stamp(call)}.csv", header, rows, separator=",")


@customers.action("add", methods=GET, roles=SELLERS)
async def show_form(_call: Call) -> Reply:
    """The empty form."""
    return Page("Add Customer", _MENU, {"csrf_token": ""})


@customers.action(
    "add-post",
    methods=POST,
    roles=SELLERS,
    takes=FORM,
    gives="id",
    likeness=Likeness.STRICTER,
    because="The original forgot to ask for a role here; addresses and places must be real.",
)
async def add(call: Call) -> Reply:
    """Make a customer with account and login."""
    draft = read_new(call)
    try:
        customer_id = await call.services.directory.add(draft, by=call.staff.id, ip=call.ip)
    except Conflict as error:
        raise Refused(f"{_TAKEN[error.reason]}<br>") from error
    return Done("Account Created Successfully", {"id": customer_id})


@customers.action(
    "edit",
    methods=BOTH,
    roles=OFFICE,
    path=("id",),
    gives="d, statuses, customFields",
    likeness=Likeness.DIFFERENT,
    because="GET reads too.",
)
async def show_customer_form(call: Call) -> Reply:
    """A customer to edit, secrets included."""
    opened = await _opened(call, call.path_id(), "Account Not Found")
    return Page(
        "Edit Customer",
        _MENU,
        {
            "d": _with_secret(call, opened),
            "statuses": [str(status) for status in AccountStatus],
            "customFields": _attributes(opened),
            "csrf_token": "",
        },
    )


@customers.action(
    "edit-post",
    methods=POST,
    roles=OFFICE,
    takes=(Param("id", required=True), *FORM, Param("status"), Param("delete_custom_fields[]")),
    likeness=Likeness.STRICTER,
    because="What is not sent stays as it is; the original empties it, and forgot to ask for a role here.",
)
async def change(call: Call) -> Reply:
    """Change a customer; running lines follow."""
    customer_id = call.whole("id")
    draft = read_change(call)
    try:
        await call.services.directory.change(customer_id, draft, by=call.staff.id, ip=call.ip)
    except NotFound as error:
        raise Refused("Data Not Found<br>") from error
    except Conflict as error:
        raise Refused(f"{_TAKEN_BY_OTHERS[error.reason]}<br>") from error
    return Done("User Updated Successfully")


@customers.action(
    "view",
    methods=GET,
    path=("id", "tab"),
    gives="d, v, packages, customFields, activation or order, paginator",
    likeness=Likeness.DIFFERENT,
    because="The original loses packages and customFields.",
)
async def show_customer(call: Call) -> Reply:
    """A customer as a whole, by id."""
    return await _view(call, await _opened(call, call.path_id(), "Account Not Found"))


@customers.action("viewu", methods=GET, path=("username", "tab"), gives="as customers/view")
async def show_customer_by_name(call: Call) -> Reply:
    """A customer as a whole, by user name."""
    customer_id = await call.services.directory.id_of(call.path(2))
    return await _view(call, await _opened(call, customer_id or 0, "Account Not Found"))


@customers.action(
    "recharge",
    methods=POST,
    roles=SELLERS,
    path=("customer_id", "plan_id"),
    gives="usings, bills, add_cost, tax, total, cust, plan, gateway, channel, server",
    likeness=Likeness.DIFFERENT,
    because="Shows the customer's own additional bills and the total.",
)
async def preview_recharge(call: Call) -> Reply:
    """What a recharge would cost; nothing changes."""
    opened = await _opened(call, call.path_id(2), "Cannot find active plan")
    plan_id, zone = call.path_id(3), call.services.settings.zone
    package = next((each for each in opened.packages if each.plan_id == plan_id), None)
    if package is None:
        raise Refused("Cannot find active plan")
    told = await _quote(call, opened, package)
    shown: dict[str, object] = {
        "usings": list(call.preferences.ways_to_pay),
        "abills": await call.services.prepaid.bills_of(opened.entry.id),
        "bills": {name: money(cost) for name, cost in told.bills.items()},
        "add_cost": money(told.extra),
        "cust": customer_row(opened.entry, zone),
        "gateway": "Recharge",
        "channel": call.staff.name,
        "server": package.router,
        "plan": package_row(package, opened.entry.username, zone) | {"price": str(told.price)},
        "add_inv": str(told.price) if told.price != package.price else "",
        "total": money(told.total),
    }
    if call.preferences.tax_percent:
        shown["tax"] = money(told.tax)
    return Page("Recharge", _MENU, shown)


@customers.action("deactivate", methods=POST, roles=OFFICE, path=("customer_id", "plan_id"))
async def deactivate(call: Call) -> Reply:
    """End what a customer runs of a plan."""
    directory, staff = call.services.directory, call.staff
    try:
        await directory.deactivate(call.path_id(2), call.path_id(3), by=staff.id, ip=call.ip)
    except NotFound as error:
        raise Refused("Cannot find active plan") from error
    return Done("Success deactivate customer to Mikrotik")


@customers.action(
    "sync",
    methods=POST,
    roles=(SUPERADMIN, ADMIN, AGENT, SALES),
    path=("customer_id",),
    gives="synced, failed",
    likeness=Likeness.DIFFERENT,
    because="The routers follow through the queue, also one that is down now.",
)
async def synchronise(call: Call) -> Reply:
    """Bring the routers of everything a customer runs to what it should be."""
    try:
        packages = await call.services.directory.synchronise(call.path_id())
    except NotFound as error:
        raise Refused("Cannot find active plan") from error
    synced = [{"plan_id": each.plan_id, "routers": each.router} for each in packages]
    names = ", ".join(each.router for each in packages)
    return Done(f"Sync success to {names}", {"synced": synced, "failed": []})


@customers.action(
    "login",
    methods=POST,
    roles=OFFICE,
    path=("id",),
    gives="token, customer_id",
    likeness=Likeness.DIFFERENT,
    because="The token is in the answer, and lives for an hour.",
)
async def impersonate(call: Call) -> Reply:
    """A customer's token for a look through their eyes."""
    opened = await _opened(call, call.path_id(), "Customer not found")
    await call.services.directory.note_impersonation(opened.entry.id, by=call.staff.id, ip=call.ip)
    issued = call.services.clock.now() - LIFETIME + _IMPERSONATION
    token = call.tokens.issue(Kind.CUSTOMER, opened.entry.id, issued, valid_from=None)
    said = f"You are logging in as {opened.entry.name},<br>don't logout just close tab."
    return Done(said, {"token": token, "customer_id": opened.entry.id})


@customers.action(
    "delete",
    methods=POST,
    roles=OFFICE,
    path=("id",),
    likeness=Likeness.STRICTER,
    because="Whoever has bills stays in the books under another name; an unknown customer is refused.",
)
async def delete(call: Call) -> Reply:
    """Take a customer out of every list, lines included."""
    try:
        await call.services.directory.remove(call.path_id(), by=call.staff.id, ip=call.ip)
    except NotFound as error:
        raise Refused("Customer not found") from error
    return Done("User deleted Successfully")


async def _quote(call: Call, opened: Opened, package: Package) -> Quote:
    """What another cycle costs; a plan that is billed by the month costs its price and tax."""
    if package.expires_at is None:
        return pricing.quote(package.price, {}, Source.COUNTER, tax_percent=call.preferences.tax_percent)
    means = Means(gateway="Recharge", channel=call.staff.name, source=Source.COUNTER)
    wanted = Recharge(plan_id=package.plan_id, means=means, key="preview", router=package.router)
    try:
        return await call.services.prepaid.quote(opened.entry.id, wanted)
    except DomainError as error:
        raise Refused("Cannot find active plan") from error


def _per_page(call: Call) -> int:
    return min(max(call.whole("per_page", call.preferences.customers_per_page), 1), 200)


def _wanted(call: Call, asked: Paging) -> Wanted:
    status = call.text("filter", "Active")
    return Wanted(
        search=call.text("search")[:100],
        status=AccountStatus(status) if status in set(AccountStatus) else None,
        order=_ORDERS.get(call.text("order"), Order.USERNAME),
        descending=call.text("orderby", "asc") != "asc",
        limit=asked.limit,
        offset=asked.offset,
    )


async def _export(call: Call, wanted: Wanted) -> Reply:
    if call.staff.role not in OFFICE:
        raise Refused(NO_PERMISSION)
    rows = [_cells(entry) async for batch in call.services.directory.everybody(wanted) for entry in batch]
    name = f"phpnuxbill_customers_{wanted.status or 'all'}_{_stamp(call)}.csv"
    return csv_file(name, _COLUMNS, rows, separator=";")


def _cells(entry: Entry) -> tuple[object, ...]:
    address = (entry.address or "").replace("\n", " ")
    phone, email = entry.phone or "", entry.email or ""
    balance = money(entry.balance)
    return entry.id, entry.username, entry.name, address, phone, email, balance, entry.service_type


def _stamp(call: Call) -> str:
    return f"{call.local_now:%Y-%m-%d_%H_%M}"


async def _opened(call: Call, customer_id: int, missing: str) -> Opened:
    try:
        return await call.services.directory.open(customer_id)
    except NotFound as error:
        raise Refused(missing) from error


async def _view(call: Call, opened: Opened) -> Reply:
    zone = call.services.settings.zone
    tab = "order" if call.path(3) == "order" else "activation"
    asked = paging(call)
    packages = [package_row(each, opened.entry.username, zone) for each in opened.packages]
    rows, total = await _history(call, opened.entry.id, tab, asked)
    return Page(
        "View Customer",
        _MENU,
        {
            "d": _with_secret(call, opened)
            if call.staff.role in OFFICE
            else customer_row(opened.entry, zone),
            "v": tab,
            "packages": packages,
            "customFields": _attributes(opened),
            tab: rows,
            "paginator": asked.described(call, total),
            "csrf_token": "",
        },
    )


async def _history(
    call: Call, customer_id: int, tab: str, asked: Paging
) -> tuple[list[dict[str, object]], int]:
    prepaid, zone = call.services.prepaid, call.services.settings.zone
    if tab == "order":
        orders, total = await prepaid.orders_of(customer_id, limit=asked.limit, offset=asked.offset)
        return [order_row(each, zone) for each in orders], total
    sales, total = await prepaid.sales_of(customer_id, limit=asked.limit, offset=asked.offset)
    return [sale_row(each, zone) for each in sales], total


def _with_secret(call: Call, opened: Opened) -> dict[str, object]:
    """The row with the line's secret in both of its places: the original keeps it twice (§7.9)."""
    row = customer_row(opened.entry, call.services.settings.zone)
    return row | {"password": opened.secret or "", "pppoe_password": opened.secret or ""}


def _attributes(opened: Opened) -> list[dict[str, object]]:
    numbered = enumerate(opened.attributes.items(), start=1)
    own = opened.entry.id
    return [
        {"id": place, "customer_id": own, "field_name": name, "field_value": value}
        for place, (name, value) in numbered
    ]
