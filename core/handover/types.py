"""What hand-over tells its callers."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class HandoverState(enum.StrEnum):
    WAITING = "waiting"  # asked for a person within hours; the bot is silent
    TAKEN = "taken"  # somebody answers; the bot is silent
    QUEUED = "queued"  # asked outside hours, or nobody came in time; the bot answers until somebody takes it
    CLOSED = "closed"


#: While a request is in one of these, the bot says nothing.
SILENT = frozenset({HandoverState.WAITING, HandoverState.TAKEN})


class Answering(Struct, frozen=True):
    """A chat in which a person answers. `request_id` is the turn that asked: to that one the bot still replies."""

    id: int
    request_id: str


class Person(Struct, frozen=True):
    """Who answers: an actor such as `staff:3` or `key:2`, and the chat they are told of new messages in, if any."""

    actor: str
    name: str
    channel: str | None = None
    address: str | None = None


class Requested(Struct, frozen=True):
    """A stored request; `opens_at` is when somebody will look at it, None when that is now. `hours` are today's."""

    id: int
    opens_at: datetime | None
    hours: tuple[datetime, datetime]


class Handover(Struct, frozen=True):
    """A request as staff see it. `who` is a name and service number, or a masked address."""

    id: int
    who: str
    customer_id: int | None
    channel: str
    state: HandoverState
    owner: str | None
    owner_name: str | None
    requested_at: datetime
    last_text: str


class Line(Struct, frozen=True):
    """Something that was said; `author` is None for the customer."""

    id: int
    author: str | None
    text: str
    at: datetime


class Story(Struct, frozen=True):
    """A request with what was said, oldest first."""

    handover: Handover
    lines: tuple[Line, ...]


class Taken(Struct, frozen=True, tag=True):
    """It is the caller's now, and was perhaps before."""

    story: Story


class TakenByOther(Struct, frozen=True, tag=True):
    """Somebody else was first."""

    name: str


class Over(Struct, frozen=True, tag=True):
    """The chat is the bot's again: closed, or given back by the customer."""


class Sent(Struct, frozen=True, tag=True):
    """The answer is on its way."""

    line_id: int


Take = Taken | TakenByOther | Over
Act = Sent | TakenByOther | Over
