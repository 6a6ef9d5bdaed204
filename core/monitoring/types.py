"""What a scan sees, and what is kept of it. A router that cannot be read says nothing about its lines (design §3.7)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Scanned(StrEnum):
    """How one scan of one router went."""

    READ = "read"
    UNSEEN = "unseen"


class SessionSeen(Struct, frozen=True):
    """A session that is up: what tells it from the one before, and what it has counted where that was asked.

    `key` is the router's own name of the session and may be empty. Counters are the customer's upload and download.
    """

    key: str = ""
    uptime_s: int | None = None
    upload: int | None = None
    download: int | None = None


#: Users of one kind who are online; those not named are offline. None is a menu the router would not show.
Online = dict[str, SessionSeen] | None


class Snapshot(Struct, frozen=True):
    """Everything one read of a router has shown.

    `static` holds each address of which the router could tell: None is one that does not answer, and an address that is
    missing is one nobody knows of.
    """

    ppp: Online
    hotspot: Online
    static: dict[str, SessionSeen | None]


class Wanted(Struct, frozen=True):
    """What a scan asks of a router. `static` are the addresses of its static lines."""

    has_ppp: bool
    has_hotspot: bool
    static: tuple[str, ...]
    with_counters: bool


class Up(Struct, frozen=True):
    session: SessionSeen


class Down(Struct, frozen=True):
    pass


class Unknown(Struct, frozen=True):
    """The router has said nothing about this line."""


Sight = Up | Down | Unknown


class Sighting(Struct, frozen=True):
    """How a line stands, and what has gathered since its last sample.

    `upload` and `download` are the session's counters at that sample, None where they are not known.
    """

    is_online: bool
    since: datetime
    key: str
    sampled_at: datetime
    upload: int | None = None
    download: int | None = None
    online_s: int = 0
    drops: int = 0


class Sample(Struct, frozen=True):
    """A stretch of a line's history: for how long it was watched, and what was seen in that time."""

    starts_at: datetime
    seen_s: int
    online_s: int
    drops: int
    upload: int
    download: int


class IncidentKind(StrEnum):
    """What is wrong: lines of a place are off, one router is out of sight, or we see nearly nothing ourselves."""

    OUTAGE = "outage"
    UNSEEN = "unseen"
    BLIND = "blind"


class Outage(Struct, frozen=True):
    """An open outage as a customer hears of it: `down` of `total` lines around, since when.

    `takes_line` tells whether the last scan saw the customer's own line down, too; `was_told`, whether they have complained.
    """

    id: int
    takes_line: bool
    was_told: bool
    area: str
    down: int
    total: int
    since: datetime


class Incident(Struct, frozen=True):
    """What staff see of it."""

    id: int
    kind: IncidentKind
    label: str
    started_at: datetime
    closed_at: datetime | None
    down: int
    total: int
    worst: int
    complaints: int
