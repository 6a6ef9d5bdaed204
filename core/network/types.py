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


class Isolation(Struct, frozen=True):
    """How this installation closes lines: by a profile, where the router has one of that name, and by an address list."""

    profile: str = "EXPIRED"
    address_list: str = "isolir"


class DesiredLine(Struct, frozen=True):
    """What a router shall make of a line. The secret stays sealed until it is sent."""

    kind: LineKind
    isolation: Isolation = Isolation()
    profile: str | None = None
    #: What a profile of the plan's own must limit to; None leaves profiles as they are.
    rate_limit: str | None = None
    address_pool: str | None = None
    secret_sealed: str | None = None
    #: Whether the router has not been given this secret yet.
    is_secret_new: bool = False
    #: Whether an earlier try may have got halfway: then a session may be left that began under the old rules.
    was_tried: bool = False


class Applied(Struct, frozen=True):
    """The router has confirmed it; `changes` says what had to be done, and is empty where nothing had."""

    changes: tuple[str, ...] = ()


class OutOfReach(Struct, frozen=True):
    """The router could not be asked, or not to the end; it may be later."""

    reason: str
    retry_after_s: int | None = None


class Declined(Struct, frozen=True):
    """The router, or our record of the line, does not allow it; when `is_final`, until somebody changes that."""

    reason: str
    is_final: bool


Switched = Applied | OutOfReach | Declined


class Login(Struct, frozen=True):
    """What a router has written down about one user."""

    profile: str
    is_disabled: bool


class Book(Struct, frozen=True):
    """All users of one kind on a router, and the rate limits of the profiles there are."""

    logins: dict[str, Login]
    rate_limits: dict[str, str]


class Survey(Struct, frozen=True):
    """What one read of a router has shown. None is what it would not show, which says nothing about any line."""

    ppp: Book | None
    hotspot: Book | None
    isolated: frozenset[str] | None


class Reading(StrEnum):
    """How a round of reconciliation went with one router."""

    READ = "read"
    UNSEEN = "unseen"
    DOUBTFUL = "doubtful"  # so much is missing that it may be the wrong router, or one that was reset


class ConnectionReport(Struct, frozen=True):
    """A section is None when it was not asked for."""

    line: Line
    connection: Connection | None
    usage: Usage | None
    sessions: Sessions | None
