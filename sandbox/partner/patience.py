"""How an aggregator waits: on the machine's clock, or on one that somebody else moves."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Protocol

from typing_extensions import override


class Patience(Protocol):
    """A clock one can wait by."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def wait(self, seconds: float, until: asyncio.Event | None = None) -> None:
        """Let time pass, or less of it when the event comes first."""
        ...


class RealPatience(Patience):
    """The machine's clock."""

    @override
    def now(self) -> float:
        return time.time()

    @override
    async def wait(self, seconds: float, until: asyncio.Event | None = None) -> None:
        if until is None:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await until.wait()
