"""What the identity tests' fixtures hand out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

#: Stores a customer with a login; returns the customer's id.
AddCustomer = Callable[..., Awaitable[int]]
#: Reads the code in the newest message.
SentCode = Callable[[], Awaitable[str]]


def other_than(code: str) -> str:
    """A well-formed code that is wrong."""
    return f"{(int(code) + 1) % 1_000_000:06d}"
