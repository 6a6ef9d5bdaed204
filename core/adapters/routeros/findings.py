"""What a look at a line has found, whatever its mode, and how that becomes a report."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from core.network.types import Connection, ConnectionReport, Line, Sessions, Uptime, Usage

#: What `Connection.notes` may say besides the router's own words.
DISABLED = "disabled"
ISOLATED = "isolated"
LIMIT_REACHED = "limit reached"
USAGE_NOT_VISIBLE = "usage not visible"
NO_USER_MANAGER = "user manager not available"
PING_NOT_PERMITTED = "ping not permitted"

NO_USAGE = Usage(0, 0)


class Findings(Struct, frozen=True, kw_only=True):
    """Facts of one line; what was not asked for has its default."""

    is_online: bool
    ip_address: str | None = None
    uptime: Uptime | None = None
    usage: Usage = NO_USAGE
    sessions: Sessions | None = None
    profile: str | None = None
    notes: tuple[str, ...] = ()


def report(line: Line, sections: frozenset[str], found: Findings) -> ConnectionReport:
    """The asked sections only; our own record of the line comes before the router's (routeros contract §4)."""
    if line.profile is None and found.profile:
        line = msgspec.structs.replace(line, profile=found.profile)
    return ConnectionReport(
        line=line,
        connection=_connection(line, found) if "connection" in sections else None,
        usage=found.usage if "usage" in sections else None,
        sessions=found.sessions if "session" in sections else None,
    )


def _connection(line: Line, found: Findings) -> Connection:
    notes = (ISOLATED, *found.notes) if line.is_isolated else found.notes
    return Connection(
        is_online=found.is_online,
        is_isolated=line.is_isolated,
        ip_address=found.ip_address,
        uptime=found.uptime,
        notes=tuple(note for note in notes if note),
    )


def several(count: int) -> tuple[str, ...]:
    """The note about a line with more than one session at a time."""
    return (f"{count} sessions",) if count > 1 else ()
