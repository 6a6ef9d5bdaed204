"""What can go wrong with a router, on demand: each fault strikes the commands it was set for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.routeros.wire import Request


@dataclass(frozen=True)
class Hang:
    """Answer nothing until `Faults.release` is called; then answer as if nothing had been."""


@dataclass(frozen=True)
class Slow:
    """Answer late."""

    delay_s: float


@dataclass(frozen=True)
class Drip:
    """Answer byte by byte, with a pause after each."""

    pause_s: float


@dataclass(frozen=True)
class HalfWord:
    """Break off in the middle of the answer, and either close or fall silent."""

    closes: bool = True


@dataclass(frozen=True)
class Refuses:
    """Answer with a trap."""

    message: str = "failure: something went wrong"
    category: int | None = None


@dataclass(frozen=True)
class Dies:
    """Answer with `!fatal` and close."""

    message: str = "out of memory"


@dataclass(frozen=True)
class Closes:
    """Close without a word."""


@dataclass(frozen=True)
class Reboots:
    """Restart: every connection and every session is gone, ids are new."""


@dataclass(frozen=True)
class Lies:
    """Answer something else than what was asked: the request is rewritten before it is answered."""

    rewrite: Callable[[Request], Request]


@dataclass(frozen=True)
class Babbles:
    """Send these bytes in place of the answer."""

    noise: bytes


@dataclass(frozen=True)
class Held:
    """A `Hang` that has struck: what is answered once `released` is set."""

    released: asyncio.Event


Fault = Hang | Slow | Drip | HalfWord | Refuses | Dies | Closes | Reboots | Lies | Babbles
Struck = Held | Slow | Drip | HalfWord | Refuses | Dies | Closes | Reboots | Lies | Babbles


@dataclass
class _Planned:
    fault: Fault
    command: str
    times: int | None


@dataclass
class Faults:
    """The faults that lie ahead, oldest first."""

    _plan: list[_Planned] = field(default_factory=list)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, fault: Fault, command: str = "/", *, times: int | None = None) -> None:
        """Strike commands beginning with `command` (`/login` included), so many times or for good."""
        self._plan.append(_Planned(fault, command, times))

    def clear(self) -> None:
        """From now on all is well; what hangs already goes on hanging until it is released."""
        self._plan.clear()

    def release(self) -> None:
        """Let every answer go that is being held back."""
        self._released.set()
        self._released = asyncio.Event()

    def take(self, command: str) -> Struck | None:
        """The fault that strikes this command, if any; one of a limited number is used up."""
        for planned in self._plan:
            if command.startswith(planned.command):
                self._use_up(planned)
                return Held(self._released) if isinstance(planned.fault, Hang) else planned.fault
        return None

    def _use_up(self, planned: _Planned) -> None:
        if planned.times is None:
            return
        planned.times -= 1
        if planned.times <= 0:
            self._plan.remove(planned)
