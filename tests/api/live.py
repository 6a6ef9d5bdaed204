"""A real uvicorn in a thread of its own, for what has to go over a socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn
from typing_extensions import override

from api.app import create_app
from core.bootstrap import bootstrap
from core.settings import Settings


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, listening: threading.Event) -> None:
        super().__init__(config)
        self._listening = listening

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """The port where the app of these settings listens on loopback."""
    listening = threading.Event()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        async with bootstrap(settings) as services:
            config = uvicorn.Config(
                create_app(services, settings),
                port=0,
                log_level="critical",
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
            )
            servers.append(_Server(config, listening))
            await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert listening.wait(20), "the server did not start"
        yield int(servers[0].servers[0].sockets[0].getsockname()[1])
    finally:
        servers[0].should_exit = True
        thread.join(20)
