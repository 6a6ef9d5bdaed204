"""What forms of staff fill themselves in with (phpnuxbill-1 contract §7.3, §7.21, §7.23)."""

from __future__ import annotations

from api.nuxbill.actions import Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.lines import line_status
from api.nuxbill.paginator import paging
from api.nuxbill.replies import Done, Page, Refused, Reply
from api.nuxbill.rows import money, package_row
from core.directory.types import Entry, Order, Wanted
from core.platform.errors import NotFound

autoload = Controller("autoload")
search_user = Controller("search_user", fallback="")
maps = Controller("maps")

CONTROLLERS = (autoload, search_user, maps)

_ENVELOPED = "Enveloped; the original answers bare text or HTML."
_AT_MOST = 30
_ON_A_MAP = 50


@autoload.action(
    "balance",
    path=("customer_id", "formatted"),
    gives="balance, formatted",
    likeness=Likeness.DIFFERENT,
    because=_ENVELOPED,
)
async def show_balance(call: Call) -> Reply:
    """What a customer has in advance."""
    try:
        amount = await call.services.directory.balance_of(call.path_id())
    except NotFound as error:
        raise Refused("Customer not found") from error
    return Done("", {"balance": money(amount), "formatted": formatted(call, amount)})


@autoload.action(
    "pppoe_ip_used",
    takes=(Param("ip"), Param("id", "A customer who does not count.")),
    gives="used, usernames, message",
    likeness=Likeness.DIFFERENT,
    because=_ENVELOPED,
)
async def find_address(call: Call) -> Reply:
    """Whether another customer's line has an address."""
    found = await call.services.directory.users_of_line(address=call.text("ip"), but=call.whole("id"))
    return _used("IP", found)


@autoload.action(
    "pppoe_username_used",
    takes=(Param("u"), Param("id", "A customer who does not count.")),
    gives="used, usernames, message",
    likeness=Likeness.DIFFERENT,
    because=_ENVELOPED,
)
async def find_line_name(call: Call) -> Reply:
    """Whether another customer's line has a name."""
    found = await call.services.directory.users_of_line(name=call.text("u"), but=call.whole("id"))
    return _used("Username", found)


@autoload.action(
    "customer_is_active",
    path=("username", "plan_id"),
    gives="status, message",
    likeness=Likeness.DIFFERENT,
    because="Asks the router for five seconds at most, and says so when it does not answer.",
)
async def show_line(call: Call) -> Reply:
    """Whether a customer is online now; `unknown` unless the business wants customers looked at."""
    if not call.preferences.checks_customers_online:
        return Done("", {"status": "unknown", "message": ""})
    customer_id = await call.services.directory.id_of(call.path(2))
    status = "unknown" if customer_id is None else await line_status(call, customer_id)
    return Done("", {"status": status, "message": ""})


@autoload.action(
    "plan_is_active", path=("customer_id",), gives="plans", likeness=Likeness.DIFFERENT, because=_ENVELOPED
)
async def show_packages(call: Call) -> Reply:
    """What a customer runs, and whether they are online when the business wants customers looked at."""
    customer_id, zone = call.path_id(), call.services.settings.zone
    packages = await call.services.directory.packages_of([customer_id])
    is_asked = call.preferences.checks_customers_online and any(each.is_on for each in packages)
    online = await line_status(call, customer_id) if is_asked else None
    rows = [package_row(each, "", zone) for each in packages]
    kept = ("plan_id", "namebp", "status", "expiration", "time")
    plans = [
        {name: row[name] for name in kept} | {"expired": "", "online": online if each.is_on else None}
        for row, each in zip(rows, packages, strict=True)
    ]
    return Done("", {"plans": plans})


@autoload.action(
    "customer_select2", takes=(Param("s"),), gives="results", likeness=Likeness.DIFFERENT, because=_ENVELOPED
)
async def select_customers(call: Call) -> Reply:
    """At most thirty customers to choose from."""
    results = [
        {"id": each.id, "text": f"{each.name} - {each.username} - {each.email or ''}"}
        for each in await _found(call, call.text("s"))
    ]
    return Done("", {"results": results})


@search_user.action(
    takes=(Param("query"),),
    gives="users",
    likeness=Likeness.DIFFERENT,
    because="For staff alone; the original tells everybody who is a customer, as HTML.",
)
async def search_users(call: Call) -> Reply:
    """At most thirty customers, wherever the text is found."""
    query = call.text("query")
    if not query:
        return Done("Please enter a search term.", {"users": []})
    users = [
        {"id": each.id, "username": each.username, "fullname": each.name}
        for each in await _found(call, query)
    ]
    return Done("" if users else "No users found.", {"users": users})


@maps.action(
    "customer",
    takes=(Param("search"), Param("p")),
    gives="search, customers, paginator",
    likeness=Likeness.DIFFERENT,
    because="The original always answers an empty list.",
)
async def show_customers(call: Call) -> Reply:
    """Customers who are on the map."""
    asked, search = paging(call, _ON_A_MAP), call.text("search")[:100]
    wanted = Wanted(
        search=search,
        has_place=True,
        order=Order.NAME if search else Order.ID,
        descending=bool(search),
        limit=asked.limit,
        offset=asked.offset,
    )
    found, total = await call.services.directory.list(wanted)
    shown = [_on_map(each) for each in found]
    described = asked.described(call, total)
    return Page(
        "Customer Geo Location", "maps", {"search": search, "customers": shown, "paginator": described}
    )


maps.action("", summary="As maps/customer.", gives="as maps/customer")(show_customers)


def formatted(call: Call, amount: int) -> str:
    """An amount as the business writes it: `Rp. 15.000`."""
    known = call.preferences
    return f"{known.currency} {f'{amount:,}'.replace(',', known.thousands_separator)}"


async def _found(call: Call, search: str) -> tuple[Entry, ...]:
    found, _ = await call.services.directory.list(Wanted(search=search[:100], limit=_AT_MOST))
    return found


def _used(what: str, usernames: tuple[str, ...]) -> Done:
    said = f"{what} has been used by : {', '.join(usernames)}" if usernames else ""
    return Done("", {"used": bool(usernames), "usernames": list(usernames), "message": said})


def _on_map(entry: Entry) -> dict[str, object]:
    place = f"{entry.latitude},{entry.longitude}"
    known = (
        ("Username", entry.username),
        ("Full Name", entry.name),
        ("Email", entry.email or ""),
        ("Phone", entry.phone or ""),
        ("Service Type", entry.service_type),
    )
    return {
        "id": entry.id,
        "name": entry.name,
        "balance": money(entry.balance),
        "address": entry.address or "",
        "direction": place,
        "info": " - ".join(f"{name}: {value}" for name, value in known),
        "coordinates": f"[{place}]",
    }
