"""What broadcasts' use cases take and give back."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class AudienceKind(enum.StrEnum):
    """Whom a broadcast is for; `DUE` has an unpaid bill, `OVERDUE` one past its day."""

    ALL = "all"
    REGION = "region"
    PLAN = "plan"
    ROUTER = "router"
    DUE = "due"
    OVERDUE = "overdue"


#: Audiences that are one of a list.
LISTED = frozenset({AudienceKind.REGION, AudienceKind.PLAN, AudienceKind.ROUTER})


class Audience(Struct, frozen=True):
    kind: AudienceKind
    id: int | None = None


class Named(Struct, frozen=True):
    """A region, plan or router to choose."""

    id: int
    name: str


class State(enum.StrEnum):
    DRAFT = "draft"
    RUNNING = "running"  # or waiting for its time
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class Reach(Struct, frozen=True):
    """How far a text would get: services in the audience, persons it reaches, and services it does not reach."""

    services: int
    persons: int
    stopped: int
    unreachable: int


class Broadcast(Struct, frozen=True):
    """A broadcast as staff see it. `queued` have been handed over; `sent` of them the channels have taken."""

    id: int
    audience: Audience
    body: str
    state: State
    expected: int
    queued: int
    sent: int
    failed: int
    stopped: int
    start_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class Draft(Struct, frozen=True):
    """What is confirmed: how it reads for one of its readers, and when the last of them would have it."""

    broadcast: Broadcast
    reach: Reach
    sample: str
    done_by: datetime
