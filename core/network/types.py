"""What a look at a line gives back: three states, because "I cannot see" is never "you are offline" (design §3.7)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Transport(StrEnum):
    """How a router's API is reached; `TLS_UNVERIFIED` encrypts without knowing to whom."""

    PLAIN = "plain"
    TLS = "tls"
    TLS_UNVERIFIED = "tls_unverified"


class LineKind(StrEnum):
    """What a line shall be: usable, closed, or gone from its router."""

    OPEN = "open"
    ISOLATED = "isolated"
    ABSENT = "absent"


class LineNews(StrEnum):
    """What a customer is told when the router has followed."""

    ISOLATED = "isolated"
    REOPENED = "reopened"


class Uptime(Struct, frozen=True):
    """A duration as the router wrote it (`1d2h3m4s`) and in seconds."""

    raw: str
    seconds: int


class Connection(Struct, frozen=True):
    is_online: bool
    is_isolated: bool
    ip_address: str | None
    uptime: Uptime | None
    notes: tuple[str, ...] = ()


class Usage(Struct, frozen=True):
    """Bytes as the customer counts them: the router's rx is the customer's upload."""

    upload_bytes: int
    download_bytes: int


class ActiveSession(Struct, frozen=True):
    """The session that is up; a static line's has neither an id nor a beginning."""

    id: str | None
    uptime: Uptime | None
    usage: Usage
    nas_ip: str | None
    caller_id: str | None


class Sessions(Struct, frozen=True):
    total: int
    active: ActiveSession | None
    total_uptime_s: int
    total_usage: Usage


class Line(Struct, frozen=True):
    """Where a customer's line ends: what is asked of the router about it."""

    service_number: str
    customer_name: str
    mode: str
    router_id: int
    router_alias: str
    user: str
    profile: str | None
    is_isolated: bool


class ConnectionReport(Struct, frozen=True):
    """A section is None when it was not asked for."""

    line: Line
    connection: Connection | None
    usage: Usage | None
    sessions: Sessions | None
