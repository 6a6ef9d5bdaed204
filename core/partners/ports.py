"""What the partner slice asks of the outside world: to carry a callback to its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct


class Answered(Struct, frozen=True, tag=True):
    """The partner's server answered; `excerpt` is the beginning of what it said."""

    status: int
    excerpt: str


class Unreachable(Struct, frozen=True, tag=True):
    """Nobody answered in time; `reason` names no address."""

    reason: str


class OffLimits(Struct, frozen=True, tag=True):
    """The address leads where callbacks must not go; nothing was sent."""

    reason: str


class CallbackSender(Protocol):
    """Carries one signed body to one address, without redirects, in ten seconds at most."""

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answered | Unreachable | OffLimits: ...
