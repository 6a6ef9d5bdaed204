"""A look at a line in MyWifi's words (mywifi contract §5, endpoint 19)."""

from __future__ import annotations

from api.mywifi import line_bodies as bodies
from core.network.types import ActiveSession, Connection, ConnectionReport, Sessions, Uptime, Usage

_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def line(report: ConnectionReport) -> bodies.LineState:
    where = report.line
    return bodies.LineState(
        no_services=where.service_number,
        name=where.customer_name,
        mode=where.mode,
        router=bodies.RouterName(where.router_alias),
        customer=bodies.LineUser(where.user, where.profile),
        connection=None if report.connection is None else _connection(report.connection),
        usage=None if report.usage is None else _usage(report.usage),
        session=None if report.sessions is None else _sessions(report.sessions),
    )


def _connection(seen: Connection) -> bodies.ConnectionSection:
    return bodies.ConnectionSection(
        status="isolated" if seen.is_isolated else "online" if seen.is_online else "offline",
        is_online=seen.is_online,
        ip_address=seen.ip_address,
        uptime=_duration(seen.uptime),
        notes=seen.notes,
    )


def _usage(usage: Usage) -> bodies.UsageSection:
    total = usage.upload_bytes + usage.download_bytes
    return bodies.UsageSection(usage.upload_bytes, usage.download_bytes, total)


def _sessions(sessions: Sessions) -> bodies.SessionSection:
    used = sessions.total_usage
    return bodies.SessionSection(
        total=sessions.total,
        active=sessions.active is not None,
        active_session=None if sessions.active is None else _session(sessions.active),
        totals=bodies.SessionTotals(sessions.total_uptime_s, used.download_bytes, used.upload_bytes),
    )


def _session(session: ActiveSession) -> bodies.CurrentSession:
    return bodies.CurrentSession(
        id=session.id,
        uptime=_duration(session.uptime),
        download_bytes=session.usage.download_bytes,
        upload_bytes=session.usage.upload_bytes,
        nas_ip=session.nas_ip,
        caller_id=session.caller_id,
    )


def _duration(uptime: Uptime | None) -> bodies.Duration | None:
    return None if uptime is None else bodies.Duration(uptime.raw, uptime.seconds, human(uptime.seconds))


def human(seconds: int) -> str:
    """`93784` is `1d 2h 3m 4s`; units that are zero are left out."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
