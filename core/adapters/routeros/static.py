"""A static line: nobody logs in, so the neighbour table, the lease or a ping say whether it is up (contract §4)."""

from __future__ import annotations

from ipaddress import ip_address

from core.adapters.routeros.errors import Refused
from core.adapters.routeros.findings import (
    DISABLED,
    NO_USAGE,
    PING_NOT_PERMITTED,
    USAGE_NOT_VISIBLE,
    Findings,
)
from core.adapters.routeros.sight import Sight
from core.adapters.routeros.talk import Answers, Question, Row
from core.adapters.routeros.values import counter, hardware_address, is_true, queue_usage, words
from core.network.types import ActiveSession, Sessions, Usage

ARP = ("address", "mac-address", "complete", "status", "disabled", "invalid")
LEASE = ("address", "mac-address", "status", "last-seen")
_QUEUE = ("name", "target", "bytes", "disabled")
#: The neighbour has answered lately. `permanent` was only typed in by somebody.
_SEEN = frozenset({"reachable", "stale", "delay", "probe"})


async def look(sight: Sight) -> Findings:
    """One round trip, unless the line is named by its queue, or only a ping can tell."""
    user = sight.line.user
    address = _address(user)
    queue = Question("/queue/simple/print", _QUEUE, where=_queue_of(user, address))
    if address is None:
        limited = (await sight.ask(queue)).rows(queue)
        address = _target(limited[0]) if limited else None
    if address is None:
        # The line may well be up: our record and the router's do not meet.
        raise Refused("no queue with one address for this line")
    return await _look_at(sight, address, queue)


async def _look_at(sight: Sight, address: str, queue: Question) -> Findings:
    arp = Question("/ip/arp/print", ARP, where=(("address", address),))
    lease = Question("/ip/dhcp-server/lease/print", LEASE, where=(("address", address),))
    answers = await sight.ask(arp, lease, queue)
    neighbour = next(iter(answers.rows(arp)), {})
    is_online, notes = await _is_up(sight, address, neighbour, answers.offered(lease) or {})
    used, usage_notes = _used(sight, queue, answers)
    return Findings(
        is_online=is_online,
        ip_address=address,
        usage=used,
        sessions=_sessions(sight, neighbour, used, is_online=is_online),
        notes=(_is_disabled(neighbour, answers.offered(queue) or {}), *notes, *usage_notes),
    )


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _queue_of(user: str, address: str | None) -> tuple[tuple[str, str], ...]:
    """By its target, or by name where it carries the customer's."""
    if address is None:
        return (("name", user),)
    return (("target", f"{address}/{ip_address(address).max_prefixlen}"), ("name", user))


def _target(queue: Row) -> str | None:
    """The one address a queue is for; one for a whole network is nobody's line."""
    host, _, prefix = queue.get("target", "").partition("/")
    address = _address(host)
    is_one = address is not None and prefix in {"", str(ip_address(address).max_prefixlen)}
    return address if is_one else None


async def _is_up(sight: Sight, address: str, neighbour: Row, lease: Row) -> tuple[bool, tuple[str, ...]]:
    if has_answered(neighbour) or lease.get("status") == "bound":
        return True, ()
    arguments = (("address", address), ("count", "2"), ("interval", "200ms"))
    ping = Question("/ping", arguments=arguments)
    answers = await sight.ask(ping)
    if answers.refusal(ping) is not None:
        return False, (PING_NOT_PERMITTED, *_last_seen(lease))
    own = [row for row in answers.rows(ping) if row.get("host", address) == address]
    is_answered = any((counter(row.get("received")) or 0) > 0 for row in own)
    return is_answered, () if is_answered else _last_seen(lease)


def has_answered(neighbour: Row) -> bool:
    """Whether a row of the neighbour table shows somebody who was there lately."""
    if is_true(neighbour.get("disabled")) or is_true(neighbour.get("invalid")):
        return False
    if status := neighbour.get("status"):
        return status in _SEEN
    return bool(neighbour.get("mac-address")) and neighbour.get("complete", "true") == "true"


def _last_seen(lease: Row) -> tuple[str, ...]:
    last_seen = words(lease.get("last-seen"))
    return (f"last seen {last_seen} ago",) if last_seen and last_seen != "never" else ()


def _used(sight: Sight, queue: Question, answers: Answers) -> tuple[Usage, tuple[str, ...]]:
    row = answers.offered(queue)
    used = queue_usage(row.get("bytes")) if row else None
    if used:
        return used, ()
    return NO_USAGE, (USAGE_NOT_VISIBLE,) if sight.wants("usage", "session") else ()


def _is_disabled(neighbour: Row, queue: Row) -> str:
    return DISABLED if is_true(neighbour.get("disabled")) or is_true(queue.get("disabled")) else ""


def _sessions(sight: Sight, neighbour: Row, used: Usage, *, is_online: bool) -> Sessions | None:
    """Nobody logs in: there is at most the present, without an id or a beginning."""
    if not sight.wants("session"):
        return None
    caller = hardware_address(neighbour.get("mac-address"))
    present = ActiveSession(id=None, uptime=None, usage=used, nas_ip=sight.router_ip, caller_id=caller)
    return Sessions(total=0, active=present if is_online else None, total_uptime_s=0, total_usage=used)
