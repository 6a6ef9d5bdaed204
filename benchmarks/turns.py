"""Chat turns from the webhook to the committed answer, on SQLite in one process: 200 chats at once, then a lone one.

The floor is the database work of these very turns: their statements are recorded once, and said again to bare
connections of the driver, on a copy of the file as it was, in the same order and transactions. `ratio_to_floor` is a
turn's CPU time divided by its floor's, `ratio_by_wall` the same by the clock; each the median of three pairs. Nothing
stands between the caller and the application but ASGI itself, and what a server logs is written as it writes it, to
nowhere. Prints one JSON line; takes about fifteen seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from quart import Quart

from benchmarks._tape import Cost, Tape, Watch
from bot.web import create_blueprint
from conversations.flows import conversation
from core.bootstrap import bootstrap
from core.migrations.moves import upgrade
from core.platform.logging import configure
from core.platform.sqlite import SqliteUnitOfWork
from core.settings import Settings, load
from core.testing.demo import load_demo

CHATS, LONE, PAIRS = 200, 200, 3
SECRET = "benchmark-hook"
#: What the chats say: lists, choices, small talk, and what nobody understands.
SAID = ("menu", "ada paket apa aja", "1", "makasih", "brp tagihan saya", "28900001", "batal", "zorblax")
ROUNDS = 2 * len(SAID)
GOALS = {"turns_per_s": 150, "p99_ms": 1000, "lone_p99_ms": 60, "ratio_to_floor": 3}


class Hook:
    """Calls the application as a server does that has read a gateway's request."""

    def __init__(self, app: Quart) -> None:
        self._app: Any = app
        #: What was ever answered: a crowd that is always told the same has not been understood.
        self.answers = set[str]()

    async def turn(self, chat: int, number: int) -> float:
        """How long the answer took, in seconds."""
        payload = {
            "chatInput": SAID[number % len(SAID)],
            "extra": {"contact_jid": f"62877{chat:08d}@s.whatsapp.net"},
            "metadata": {"requestId": f"{chat}-{number}"},
        }
        begun = time.perf_counter()
        status, body = await self._post(f"/webhooks/whatsapp/wire/{SECRET}", msgspec.json.encode(payload))
        took = time.perf_counter() - begun
        if status != 200:
            raise RuntimeError(f"{status}: {body!r}")
        self.answers.add(msgspec.json.decode(body)["output"])
        return took

    async def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        coming = [{"type": "http.request", "body": body, "more_body": False}]
        status, answer = 0, b""

        async def receive() -> dict[str, Any]:
            return coming.pop() if coming else await asyncio.get_running_loop().create_future()

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, answer
            status = message.get("status", status)
            answer += message.get("body", b"")

        await self._app(_scope(path, len(body)), receive, send)
        return status, answer


def _scope(path: str, length: int) -> dict[str, Any]:
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode()),
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }


def settings_of(path: Path) -> Settings:
    url = f"sqlite+aiosqlite:///{path}"
    told = load({"LOKET_SECRET_KEY": "a-benchmark-secret-of-thirty-two-letters", "LOKET_DATABASE_URL": url})
    return msgspec.structs.replace(told, wa_webhook_secret=SECRET)


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[tuple[Hook, SqliteUnitOfWork]]:
    """The webhook on a database file, not yet opened."""
    settings = settings_of(path)
    async with bootstrap(settings) as services:
        assert isinstance(services.uow, SqliteUnitOfWork)
        app = Quart(__name__)
        app.register_blueprint(create_blueprint(services, conversation(services), settings))
        yield Hook(app), services.uow


async def seed(path: Path) -> None:
    """The demo's customers, and every chat once welcomed."""
    await upgrade(settings_of(path).database_url)
    async with bootstrap(settings_of(path)) as services:
        await load_demo(services)
    async with served(path) as (hook, _):
        for chat in range(CHATS + 1):
            await hook.turn(chat, -1)


async def crowd(hook: Hook) -> list[float]:
    """Every chat says everything, as fast as it is answered; all chats at once."""

    async def one(chat: int) -> list[float]:
        return [await hook.turn(chat, number) for number in range(ROUNDS)]

    return [took for each in await asyncio.gather(*map(one, range(CHATS))) for took in each]


async def recorded(path: Path) -> Tape:
    async with served(path) as (hook, uow):
        tape = Tape(uow)
        await crowd(hook)
        assert len(hook.answers) >= len(SAID), "they are not understood"
    return tape


async def measured(path: Path) -> tuple[list[float], list[float], Cost]:
    """How long the crowd's turns took and then a lone chat's, and what the crowd's cost together."""
    async with served(path) as (hook, _):
        gc.collect()
        gc.freeze()  # as `loket serve` does
        with Watch() as watch:
            took = await crowd(hook)
        lone = [await hook.turn(CHATS, number) for number in range(LONE)]
    return sorted(took), sorted(lone), watch.cost


def _kept(path: Path) -> tuple[int, int]:
    """How many turns a file holds, and how long their answers are together."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT count(*), sum(length(replies)) FROM inbound_messages").fetchone()
    return int(found[0]), int(found[1])


async def main() -> None:
    with contextlib.redirect_stderr(Path(os.devnull).open("w")):  # noqa: ASYNC230 - the log stays open
        configure("info", as_json=True)
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start.db"
        await seed(start)
        copies = (Path(shutil.copy(start, start.with_stem(f"copy{number}"))) for number in range(99))
        tape = await recorded(played := next(copies))
        assert _kept(played)[0] == _kept(start)[0] + CHATS * ROUNDS, "turns have failed"
        pairs = []
        for _ in range(PAIRS):
            took, lone, ours = await measured(next(copies))
            floor = tape.replay(bare := next(copies))
            assert _kept(bare) == _kept(played), "the floor has not done the same work"
            pairs.append((ours, floor))
    turns = CHATS * ROUNDS
    print(
        json.dumps(
            {
                "benchmark": "turns",
                "chats": CHATS,
                "turns_per_s": round(turns / statistics.median(ours.wall for ours, _ in pairs)),
                "p50_ms": round(statistics.median(took) * 1000),
                "p99_ms": round(took[int(len(took) * 0.99)] * 1000),
                "lone_p50_ms": round(statistics.median(lone) * 1000, 1),
                "lone_p99_ms": round(lone[int(len(lone) * 0.99)] * 1000, 1),
                "statements_per_turn": round(tape.statements() / turns, 1),
                "cpu_ms": round(statistics.median(ours.cpu for ours, _ in pairs) / turns * 1000, 3),
                "floor_cpu_ms": round(statistics.median(floor.cpu for _, floor in pairs) / turns * 1000, 3),
                "ratio_to_floor": round(statistics.median(ours.cpu / floor.cpu for ours, floor in pairs), 2),
                "ratio_by_wall": round(statistics.median(ours.wall / floor.wall for ours, floor in pairs), 2),
                "goals": GOALS,
            }
        )
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
