"""The kinds of refusal core can raise; every face maps them to its own envelope (style §6).

DomainError
├── Invalid            the request cannot mean anything
├── Unauthenticated    we do not know who this is
├── Forbidden          known, not allowed
├── NotFound           no such thing for this caller
├── Conflict           true, but not in this state
├── Throttled          too often, come back later
└── Unavailable        somebody else is down
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Base of every expected refusal: a stable `code` and the `facts` a text about it needs."""

    code: ClassVar[str] = "domain_error"

    def __init__(self, code: str | None = None, **facts: str | int) -> None:
        self.reason = code or self.code
        self.facts = facts
        super().__init__(self.reason)


class Invalid(DomainError):
    """The request cannot mean anything; sending it again unchanged will not help."""

    code = "invalid"


class Unauthenticated(DomainError):
    """We do not know who is asking: no credential, or one that is no longer good."""

    code = "unauthenticated"


class Forbidden(DomainError):
    """We know who is asking, and this is not theirs to do."""

    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing for this caller; foreign things look the same as missing ones."""

    code = "not_found"


class Conflict(DomainError):
    """The request is meaningful, but not in the present state of the thing it names."""

    code = "conflict"


class Throttled(DomainError):
    """Asked too often. `retry_after_s` is the wait, in whole seconds, until the next try can succeed."""

    code = "throttled"

    def __init__(self, retry_after_s: int, code: str | None = None) -> None:
        super().__init__(code, retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class Unavailable(DomainError):
    """Something outside Loket (a router, a gateway) does not answer; nothing was changed."""

    code = "unavailable"

    def __init__(self, code: str | None = None, *, retry_after_s: int = 30) -> None:
        super().__init__(code, retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s
