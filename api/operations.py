"""What an endpoint promises: the declarations that both answer refusals and write the API document."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable

from msgspec import Struct
from quart import Response

from core.platform.errors import DomainError

View = Callable[[], Awaitable[Response]]


class Access(enum.Enum):
    """What a caller must show."""

    PUBLIC = "none"
    TOKEN = "bearer"  # noqa: S105 - the name of a scheme
    KEY = "key"


class Refusal(Struct, frozen=True):
    """How one expected refusal of the domain is answered. `body` is also its example."""

    error: type[DomainError]
    reason: str
    status: int
    body: Struct

    def answers(self, error: DomainError) -> bool:
        return isinstance(error, self.error) and error.reason == self.reason


class Paper(Struct, frozen=True):
    """Stands for an answer that is a file instead of JSON."""

    media_type: str = "application/pdf"


class Outcome(Struct, frozen=True):
    """An answer for the API document: its status and an example of its body."""

    status: int
    body: Struct


class Operation(Struct, frozen=True, kw_only=True):
    """One endpoint. `answer` is an example of its success; the others are its further ends."""

    summary: str
    answer: Struct
    status: int = 200
    reads: type[Struct] | None = None
    access: Access = Access.PUBLIC
    refuses: tuple[Refusal, ...] = ()  # refusals of the domain, answered from here
    others: tuple[Outcome, ...] = ()  # ends that are answered elsewhere, only described here

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every documented end; the first of a status is its example."""
        refused = (Outcome(refusal.status, refusal.body) for refusal in self.refuses)
        return (Outcome(self.status, self.answer), *refused, *self.others)

    def refusal_of(self, error: DomainError) -> Refusal | None:
        return next((refusal for refusal in self.refuses if refusal.answers(error)), None)


_MARK = "__loket_operation__"


def documented(view: View, operation: Operation) -> View:
    """Attach the promise to the view that keeps it."""
    setattr(view, _MARK, operation)
    return view


def operation_of(view: object) -> Operation | None:
    """The promise of a view, or None when it is no part of the API document (pages, probes)."""
    found = getattr(view, _MARK, None)
    return found if isinstance(found, Operation) else None
