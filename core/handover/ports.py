"""What hand-over asks of a gateway that has a bot of its own switch."""

from __future__ import annotations

import enum
from typing import Protocol

from msgspec import Struct

from core.messaging.ports import SendOutcome


class Route(enum.StrEnum):
    """What the gateway is told of a chat (whatsapp contract §1.10)."""

    HANDOFF = "handoff"
    HANDOFF_OFF = "handoff_off"
    HANDOFF_TIMEOUT = "handoff_timeout"


class Switch(Struct, frozen=True):
    """A chat by its address and the gateway's session, and what becomes of it; `timeout_s` is for how long."""

    to: str
    session: str
    route: Route
    timeout_s: int


class HandoffGateway(Protocol):
    """Tells a gateway who answers a chat."""

    async def switch(self, wish: Switch, *, idempotency_key: str) -> SendOutcome:
        """Tell it once; a retry brings the same key."""
        ...

    async def aclose(self) -> None: ...
