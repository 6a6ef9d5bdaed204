"""Everything kept about one router while the process lives: its few connections and how it has behaved."""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from librouteros.exceptions import ConnectionClosed
from msgspec import Struct

from core.adapters.routeros.access import Access
from core.adapters.routeros.breaker import Breaker
from core.adapters.routeros.dialling import Dialler
from core.adapters.routeros.errors import Refused, Unreachable
from core.adapters.routeros.talk import Talk
from core.platform.clock import Clock

T = TypeVar("T")
Work = Callable[[Talk], Awaitable[T]]


class Limits(Struct, frozen=True):
    """How patient and how modest the adapter is with each router."""

    #: From the question to the answer, waiting for a free connection included.
    deadline_s: float = 5.0
    #: The same for changing a line, which takes a few round trips, and for reading everything about all lines.
    switching_s: float = 10.0
    survey_s: float = 30.0
    #: The same for reading who is online, which is done every minute.
    scan_s: float = 15.0
    #: Connections to one router at the same time.
    connections: int = 2
    #: An unused connection is closed after this long.
    idle_s: float = 60.0
    #: A report answers the same question again for this long.
    kept_for: timedelta = timedelta(seconds=10)
    #: A router's record is read again after this long.
    record_kept_for: timedelta = timedelta(seconds=10)
    #: Consecutive failures after which a router is left alone, and for how long.
    rests_after: int = 3
    rests_for: timedelta = timedelta(seconds=15)


class Link:
    """Lends out conversations with one router, and takes back only those that are certainly in step."""

    def __init__(self, access: Access, dialler: Dialler, clock: Clock, limits: Limits) -> None:
        self.access = access
        self._dialler, self._limits = dialler, limits
        self._breaker = Breaker(clock, after=limits.rests_after, rest=limits.rests_for)
        self._slots = asyncio.Semaphore(limits.connections)
        self._idle: dict[Talk, TimerHandle] = {}
        self._is_closed = False

    async def run(self, work: Work[T], *, until: float) -> T:
        """Do `work` in a conversation nobody else uses, finished by `until` in the event loop's time.

        `work` may be done twice, so it only asks, or compares before it writes: a connection found dead is replaced once. Raises `RouterTrouble` or one of
        `BROKEN`, `TimeoutError` among them.
        """
        self._breaker.check()
        try:
            async with asyncio.timeout_at(until):
                await self._slots.acquire()
        except TimeoutError as error:
            # Nobody has asked the router yet, so this says nothing about it.
            raise Unreachable("all connections busy") from error
        try:
            with self._breaker.attempt():
                async with asyncio.timeout_at(until):
                    return await self._converse(work)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Cut what is idle; conversations under way end with their work."""
        self._is_closed = True
        for talk in list(self._idle):
            self._retire(talk)

    async def _converse(self, work: Work[T]) -> T:
        while (talk := self._take_idle()) is not None:
            try:
                return await self._in(talk, work)
            except (ConnectionError, EOFError, ConnectionClosed):
                # It died while it lay idle, perhaps in a reboot; that says nothing about now.
                continue
        return await self._in(await self._dialler.dial(self.access), work)

    async def _in(self, talk: Talk, work: Work[T]) -> T:
        try:
            result = await work(talk)
        except Refused:
            self._keep(talk)
            raise
        except BaseException:
            # Part of an answer may still be on its way: the next customer must not get it (routeros contract §2).
            talk.drop()
            raise
        self._keep(talk)
        return result

    def _keep(self, talk: Talk) -> None:
        if self._is_closed:
            talk.drop()
            return
        loop = asyncio.get_running_loop()
        self._idle[talk] = loop.call_later(self._limits.idle_s, self._retire, talk)

    def _take_idle(self) -> Talk | None:
        """The connection used last; dead ones are cleared away."""
        while self._idle:
            talk, timer = self._idle.popitem()
            timer.cancel()
            if talk.is_alive:
                return talk
            talk.drop()
        return None

    def _retire(self, talk: Talk) -> None:
        self._idle.pop(talk).cancel()
        talk.drop()
