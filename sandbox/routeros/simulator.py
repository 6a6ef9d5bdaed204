"""A router on a TCP port: starts, stops, refuses, reboots, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections import deque
from types import TracebackType
from typing import Self

from sandbox.routeros.faults import Faults
from sandbox.routeros.session import Premises, Session
from sandbox.routeros.state import State
from sandbox.routeros.wire import Request
from sandbox.routeros.world import Router


class Simulator:
    """Speaks the RouterOS API for one described router; start as many as there are routers to stand in for.

    `tls` turns the port into an `api-ssl` one. `port` is the one asked for, or after `start` the free one that was found;
    it stays the same over `stop` and `start`.
    """

    def __init__(
        self,
        router: Router,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port, self.tls = host, port, tls
        self.faults = Faults()
        self._premises = Premises(State(router), self.faults, self.reboot)
        self._server: asyncio.Server | None = None
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._alone = asyncio.Event()
        self._alone.set()
        #: The most clients that were ever connected at the same time, and how many there have been.
        self.most_connections = self.all_connections = 0

    @property
    def state(self) -> State:
        return self._premises.state

    @property
    def connections(self) -> int:
        return len(self._sessions)

    @property
    def requests(self) -> deque[Request]:
        """The last commands received, logins included, oldest first."""
        return self._premises.journal.requests

    def asked(self, command: str) -> int:
        """How often this command has come since the simulator was made."""
        return self._premises.journal.count(command)

    async def until_asked(self, command: str, times: int = 1) -> None:
        await self._premises.journal.holds(command, times)

    def mix_answers(self) -> None:
        """From now on commands run at the same time are answered row by row in turn."""
        self._premises.mixes_answers = True

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._welcome, self.host, self.port, ssl=self.tls, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections and end the open ones."""
        if self._server is not None:
            self._server.close()
        self._cut_all()
        await self.alone()

    async def alone(self) -> None:
        """Wait until no client is connected."""
        await self._alone.wait()

    def reboot(self) -> None:
        """Every connection and session ends, ids are new; clients may come back at once."""
        self._premises.state.reboot()
        self._cut_all()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _welcome(self, reader: StreamReader, writer: StreamWriter) -> None:
        session = Session(self._premises, reader, writer)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this callback as a task
        self._sessions[session] = task
        self._alone.clear()
        self.all_connections += 1
        self.most_connections = max(self.most_connections, len(self._sessions))
        try:
            await session.serve()
        finally:
            del self._sessions[session]
            if not self._sessions:
                self._alone.set()

    def _cut_all(self) -> None:
        for session in list(self._sessions):
            session.cut()
