"""What a logged-in client may ask and do: printing, counting, changing, pinging (routeros contract §1, §3)."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.routeros.queries import BadQuery, matches
from sandbox.routeros.rows import Row
from sandbox.routeros.state import State
from sandbox.routeros.tables import Table, Trap
from sandbox.routeros.wire import Request, Sentence, row_words
from sandbox.routeros.world import ApiUser

_DONE = ("!done",)
_PRINTING = ("print", "getall")
_CHANGING = ("add", "set", "remove", "enable", "disable")
_SESSIONS = ("/ppp/active", "/ip/hotspot/active")
_PASSWORDS = frozenset({"password"})
#: What a client need not say when it adds a row.
_FRESH: dict[str, Row] = {
    "/ppp/secret": {"service": "any", "profile": "default", "disabled": "false", "comment": ""},
    "/ip/hotspot/user": {
        "server": "all",
        "profile": "default",
        "bytes-in": "0",
        "bytes-out": "0",
        "uptime": "0s",
    },
    "/queue/simple": {"bytes": "0/0", "max-limit": "0/0", "dynamic": "false"},
    "/ip/firewall/address-list": {"list": "", "address": "", "dynamic": "false"},
    "/ipv6/firewall/address-list": {"list": "", "address": "", "dynamic": "false"},
    "/ppp/profile": {"only-one": "default", "default": "false"},
    "/ip/hotspot/user/profile": {"shared-users": "1", "default": "false"},
}
#: Menus whose rows name a row of another one.
_PROFILES = {"/ppp/secret": "/ppp/profile", "/ip/hotspot/user": "/ip/hotspot/user/profile"}


def trap_sentence(trap: Trap) -> Sentence:
    category = () if trap.category is None else (f"=category={trap.category}",)
    return ("!trap", *category, f"=message={trap.message}")


def answer(state: State, user: ApiUser, request: Request) -> list[Sentence]:
    """All sentences of the answer to a command that ends by itself."""
    try:
        return _answer(state, user, request)
    except Trap as trap:
        return [trap_sentence(trap), _DONE]
    except BadQuery:
        return [trap_sentence(Trap("invalid query", 5)), _DONE]


def _answer(state: State, user: ApiUser, request: Request) -> list[Sentence]:
    menu, _, verb = request.command.rpartition("/")
    if request.command == "/ping":
        _require(user, "test")
        return _printed(state, request, _pings(state, request))
    if verb == "monitor-traffic" and menu == "/interface":
        _require(user, "read")
        return [row_words(traffic(state, request.attributes.get("interface", ""))), _DONE]
    if verb in _PRINTING:
        _require(user, "read")
        return _printed(state, request, _visible(user, _rows(state, menu, request)))
    if verb in _CHANGING:
        _require(user, "write")
        changed = _changed(state, menu, verb, request)
        state.settle()
        return changed
    raise Trap("no such command", 0) if state.table(menu) else Trap("no such command prefix", 0)


def _require(user: ApiUser, policy: str) -> None:
    if policy not in user.policies:
        raise Trap("not enough permissions (9)")


def _rows(state: State, menu: str, request: Request) -> list[Row]:
    single = {"/system/resource": state.resource, "/system/identity": state.identity}.get(menu)
    if single is not None:
        return [row for row in (single(),) if matches(row, request.queries)]
    return _table(state, menu).select(request.queries)


def _table(state: State, menu: str) -> Table:
    table = state.table(menu)
    if table is None:
        raise Trap("no such command prefix", 0)
    return table


def _visible(user: ApiUser, rows: list[Row]) -> list[Row]:
    if "sensitive" in user.policies:
        return rows
    return [{name: value for name, value in row.items() if name not in _PASSWORDS} for row in rows]


def _printed(state: State, request: Request, rows: list[Row]) -> list[Sentence]:
    if "count-only" in request.attributes:
        return [("!done", f"=ret={len(rows)}")]
    if not rows:
        return [("!empty",), _DONE] if state.router.says_empty else [_DONE]
    return [*_columns(rows, request.attributes.get(".proplist")), _DONE]


def _columns(rows: Iterable[Row], wanted: str | None) -> list[Sentence]:
    if not wanted:
        return [row_words(row) for row in rows]
    names = wanted.split(",")
    return [row_words({name: row[name] for name in names if name in row}) for row in rows]


def _changed(state: State, menu: str, verb: str, request: Request) -> list[Sentence]:
    table = _table(state, menu)
    if not table.can_remove or (verb != "remove" and not table.writable):
        raise Trap("no such command", 0)
    values = dict(request.attributes)
    _check(state, menu, values)
    if verb == "add":
        return [("!done", f"=ret={table.add(values, _FRESH.get(menu, {}) | {'disabled': 'false'})}")]
    for row in table.named(_references(values)):
        _apply(state, menu, verb, row, values)
    return [_DONE]


def _check(state: State, menu: str, values: dict[str, str]) -> None:
    """A value that means nothing is refused, as the router's console would."""
    if values.get("disabled", "no") not in {"yes", "no", "true", "false"}:
        raise Trap("input does not match any value of disabled", 1)
    if menu not in _PROFILES or "profile" not in values:
        return
    if not _table(state, _PROFILES[menu]).select((f"?name={values['profile']}",)):
        raise Trap("input does not match any value of profile", 1)


def _references(values: dict[str, str]) -> str:
    """What the client says it means; taken out, so that only new values are left."""
    by_number, by_id = values.pop("numbers", None), values.pop(".id", None)
    references = by_id or by_number
    if not references:
        raise Trap("no such item", 0)
    return references


def _apply(state: State, menu: str, verb: str, row: Row, values: dict[str, str]) -> None:
    table = _table(state, menu)
    if verb in ("enable", "disable"):
        table.change(row, {"disabled": "yes" if verb == "disable" else "no"})
    elif verb == "set":
        table.change(row, values)
    elif menu in _SESSIONS:
        state.end_session(menu, row)
    else:
        table.drop(row)


def _pings(state: State, request: Request) -> list[Row]:
    """One row per probe; the router would take its interval over it, the simulator does not."""
    address = request.attributes.get("address", "")
    if not address:
        raise Trap("missing value(s) of argument(s) address", 0)
    return [ping(state, address, number) for number in range(int(request.attributes.get("count", "0") or 0))]


def ping(state: State, address: str, number: int) -> Row:
    """The answer to probe `number`, with the sums so far."""
    is_answered = address in state.router.answers_ping
    head = {"seq": str(number), "host": address}
    sums = {"sent": str(number + 1), "received": str(number + 1 if is_answered else 0)}
    if not is_answered:
        return head | {"status": "timeout"} | sums | {"packet-loss": "100"}
    took = "1ms200us" if state.router.release >= (7,) else "1ms"
    return head | {"size": "56", "ttl": "64", "time": took} | sums | {"packet-loss": "0", "avg-rtt": took}


def traffic(state: State, name: str) -> Row:
    """What goes over an interface just now, in bits per second."""
    if not _table(state, "/interface").select((f"?name={name}",)):
        raise Trap("input does not match any value of interface", 1)
    return {
        "name": name,
        "rx-packets-per-second": "12",
        "rx-bits-per-second": "96000",
        "tx-packets-per-second": "40",
        "tx-bits-per-second": "480000",
        ".section": "0",
    }
