"""What proofs of payment tell their callers."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class ProofState(enum.StrEnum):
    DRAFT = "draft"  # a picture that came before its bill is known
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NEEDLESS = "needless"  # the bill was paid already, by whatever way


class Picture(Struct, frozen=True):
    """What somebody sent, as it is kept: its type is what its first bytes say."""

    content: bytes
    media_type: str


class Proof(Struct, frozen=True):
    """A proof as staff see it; `owed` is what the bill still asks for."""

    id: int
    state: ProofState
    customer: str
    service_number: str
    invoice: str
    year: int
    month: int
    owed: int
    media_type: str
    sent_at: datetime


class Submitted(Struct, frozen=True, tag=True):
    """In the queue of staff."""

    proof_id: int


class SeenBefore(Struct, frozen=True, tag=True):
    """The same picture waits for the same bill already."""

    proof_id: int


class NothingOwed(Struct, frozen=True, tag=True):
    """The bill is paid; nobody needs to look."""


Submission = Submitted | SeenBefore | NothingOwed


class Confirmed(Struct, frozen=True, tag=True):
    """The money is booked, by this tap or by an earlier one of the same person."""

    amount: int


class DecidedBefore(Struct, frozen=True, tag=True):
    """Somebody was first."""

    state: ProofState
    by: str


class Rejected(Struct, frozen=True, tag=True):
    """The customer was told why."""


Decision = Confirmed | Rejected | NothingOwed | DecidedBefore
