"""Loket as an operator runs it: real processes, real ports, a database file of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import structlog
from msgspec import Struct
from typer.testing import CliRunner

from cli.main import app

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Run(Struct, frozen=True):
    """What a finished command left behind."""

    status: int
    out: str
    err: str


class Installation:
    """One installation: its settings, and the processes started with them."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("LOKET_")
        } | {
            "PYTHONPATH": str(ROOT),
            "LOKET_PORT": str(self.port),
            "LOKET_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'loket.db'}",
            **settings,
        }

    async def process(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cli.main",
            *arguments,
            cwd=self.folder,
            env=self.environ | more,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, typed: str = "", **more: str) -> Run:
        """Run a command to its end, with `typed` on its standard input."""
        process = await self.process(*arguments, **more)
        async with asyncio.timeout(60):
            out, err = await process.communicate(typed.encode())
        return Run(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def running(self, *arguments: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Keep a server running while the block runs; it is up once `/healthz` says so."""
        process = await self.process(*arguments, **more)
        try:
            await self._until_ready(process)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while process.returncode is None:
                try:
                    if (await client.get(f"{self.url}/healthz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        out, err = await process.communicate()
        pytest.fail(f"it ended before it was ready:\n{out.decode()}\n{err.decode()}")


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask a process outside this one again and again, half a minute at most."""
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - no event crosses the border of a process
            await asyncio.sleep(0.05)


async def stopped(process: asyncio.subprocess.Process, number: int = signal.SIGTERM) -> Run:
    """Send a signal and wait for the end, ten seconds at most."""
    process.send_signal(number)
    async with asyncio.timeout(10):
        out, err = await process.communicate()
    return Run(process.returncode or 0, out.decode(), err.decode())


DEMO: Mapping[str, str] = {"LOKET_DEMO": "1", "LOKET_SANDBOX": "1", "LOKET_LOG_FORMAT": "json"}


@pytest.fixture
def demo(tmp_path: Path) -> Installation:
    """What `make run` starts."""
    return Installation(tmp_path, **DEMO)


class Gateway:
    """A WhatsApp gateway that answers as told and remembers the keys and bodies it was sent."""

    def __init__(self) -> None:
        self.port = free_port()
        self.status = 200
        self.keys: list[str] = []
        self.bodies: list[str] = []
        self.arrived = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, answer it, hang up."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        self.keys.append(fields.get("idempotency-key", ""))
        self.bodies.append(body.decode())
        self.arrived.set()
        writer.write(
            f"HTTP/1.1 {self.status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode()
        )
        await writer.drain()
        writer.close()

    async def next_key(self) -> str:
        """The key of the next request to arrive."""
        self.arrived.clear()
        async with asyncio.timeout(60):
            await self.arrived.wait()
        return self.keys[-1]


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    it = Gateway()
    server = await asyncio.start_server(it.answer, "127.0.0.1", it.port)
    yield it
    server.close()
    await server.wait_closed()


Typed = Callable[..., Run]


@pytest.fixture
def typed(demo: Installation) -> Iterator[Typed]:
    """Types commands in this process: so many would take long in processes of their own."""
    configured = structlog.get_config()

    def run(*arguments: str, answer: str = "") -> Run:
        outcome = CliRunner().invoke(app, arguments, input=answer, env=demo.environ)
        return Run(outcome.exit_code, outcome.stdout, outcome.stderr)

    yield run
    structlog.configure(**configured)
