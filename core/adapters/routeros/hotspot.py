"""A hotspot line: its active session, and the login's record of the sessions before (contract §4)."""

from __future__ import annotations

from core.adapters.routeros.findings import (
    DISABLED,
    LIMIT_REACHED,
    NO_USAGE,
    USAGE_NOT_VISIBLE,
    Findings,
    several,
)
from core.adapters.routeros.sight import Sight, newest
from core.adapters.routeros.talk import Question, Row
from core.adapters.routeros.values import (
    counter,
    hardware_address,
    is_true,
    queue_usage,
    seconds,
    uptime,
    usage,
)
from core.network.types import ActiveSession, Sessions, Usage

_ACTIVE = (".id", "user", "address", "mac-address", "uptime", "bytes-in", "bytes-out")
_LOGIN = (
    "name",
    "profile",
    "uptime",
    "bytes-in",
    "bytes-out",
    "limit-uptime",
    "limit-bytes-total",
    "disabled",
)


async def look(sight: Sight) -> Findings:
    """One round trip, unless the session's bytes have to be looked for in a queue."""
    active = Question("/ip/hotspot/active/print", _ACTIVE, where=(("user", sight.line.user),))
    login, books = (
        Question("/ip/hotspot/user/print", _LOGIN, where=(("name", sight.line.user),)),
        sight.books(),
    )
    answers = await sight.ask(active, login, books)
    rows, record = answers.rows(active), answers.offered(login) or {}
    session = newest(rows)
    used = await _used(sight, session, record)
    present = _present(sight, session, record, used or NO_USAGE, len(rows))
    sessions, book_notes = await sight.sessions(books, answers, present)
    return Findings(
        is_online=session is not None,
        ip_address=session.get("address") or None if session else None,
        uptime=uptime(session.get("uptime")) if session else None,
        usage=used or NO_USAGE,
        sessions=sessions,
        profile=record.get("profile"),
        notes=(
            *several(len(rows)),
            *(_why_down(record) if session is None else ()),
            *(() if used else (USAGE_NOT_VISIBLE,)),
            *book_notes,
        ),
    )


async def _used(sight: Sight, session: Row | None, record: Row) -> Usage | None:
    """This session's bytes, or when it is over those of all sessions; `bytes-in` came from the customer."""
    if session is None:
        return _counted(record) or NO_USAGE
    return _counted(session) or await _queued(sight)


def _counted(row: Row) -> Usage | None:
    return usage(row.get("bytes-in"), row.get("bytes-out"))


async def _queued(sight: Sight) -> Usage | None:
    queue = Question(
        "/queue/simple/print", ("name", "bytes"), where=(("name", f"<hotspot-{sight.line.user}>"),)
    )
    row = (await sight.ask(queue)).offered(queue)
    return queue_usage(row.get("bytes")) if row else None


def _present(sight: Sight, session: Row | None, record: Row, used: Usage, count: int) -> Sessions:
    """What the router says without its books: the login's finished sessions and the one that is up."""
    before = _counted(record) or NO_USAGE
    finished_s = seconds(record.get("uptime", "")) or 0
    if session is None:
        return Sessions(total=0, active=None, total_uptime_s=finished_s, total_usage=before)
    length = uptime(session.get("uptime"))
    active = ActiveSession(
        id=session.get(".id", ""),
        uptime=length,
        usage=used,
        nas_ip=sight.router_ip,
        caller_id=hardware_address(session.get("mac-address")),
    )
    return Sessions(
        total=count,
        active=active,
        total_uptime_s=finished_s + (length.seconds if length else 0),
        total_usage=Usage(
            before.upload_bytes + used.upload_bytes, before.download_bytes + used.download_bytes
        ),
    )


def _why_down(record: Row) -> tuple[str, ...]:
    return (
        DISABLED if is_true(record.get("disabled")) else "",
        LIMIT_REACHED if _is_used_up(record) else "",
    )


def _is_used_up(record: Row) -> bool:
    """A limit of nothing, or of zero, is none."""
    time_limit = seconds(record.get("limit-uptime", ""))
    byte_limit = counter(record.get("limit-bytes-total"))
    used = _counted(record) or NO_USAGE
    is_out_of_time = bool(time_limit) and (seconds(record.get("uptime", "")) or 0) >= (time_limit or 0)
    is_out_of_bytes = bool(byte_limit) and used.upload_bytes + used.download_bytes >= (byte_limit or 0)
    return is_out_of_time or is_out_of_bytes
