"""The shape of a line's state (mywifi contract §5, endpoint 19); a section is null when it was not asked for."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from api.mywifi.bodies import Success


class Duration(Struct, frozen=True):
    """As the router wrote it, in seconds, and for people."""

    raw: str
    seconds: int
    human: str


class ConnectionSection(Struct, frozen=True):
    status: Literal["online", "offline", "isolated"]
    is_online: bool
    ip_address: str | None
    uptime: Duration | None
    notes: tuple[str, ...]


class UsageSection(Struct, frozen=True):
    upload_bytes: int
    download_bytes: int
    total_bytes: int


class CurrentSession(Struct, frozen=True):
    id: str | None
    uptime: Duration | None
    download_bytes: int
    upload_bytes: int
    nas_ip: str | None
    caller_id: str | None


class SessionTotals(Struct, frozen=True):
    uptime_seconds: int
    download_bytes: int
    upload_bytes: int


class SessionSection(Struct, frozen=True):
    total: int
    active: bool
    active_session: CurrentSession | None
    totals: SessionTotals


class RouterName(Struct, frozen=True):
    alias: str


class LineUser(Struct, frozen=True):
    user_mikrotik: str
    user_profile: str | None


class LineState(Struct, frozen=True):
    no_services: str
    name: str
    mode: str
    router: RouterName
    customer: LineUser
    connection: ConnectionSection | None
    usage: UsageSection | None
    session: SessionSection | None


class LineFound(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Status pelanggan berhasil diambil."] = "Status pelanggan berhasil diambil."
    data: LineState
