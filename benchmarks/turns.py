"""Chat turns from the webhook to the committed answer, on SQLite in one process: 200 chats at once, then a lone one.

Beside them the bare database work of a turn: the same reads, and the state and the mark in one transaction, with nothing
around it. Prints one JSON line; takes about fifteen seconds.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import msgspec
from quart import Quart

from bot.web import create_blueprint
from conversations.flows import conversation
from core.bootstrap import bootstrap
from core.migrations.moves import upgrade
from core.platform.logging import configure
from core.settings import load
from core.testing.demo import load_demo

CHATS, SECONDS, LONE = 200, 6.0, 200
SECRET = "benchmark-hook"
#: What the chats say, over and over: lists, choices, small talk, and what nobody understands.
SAID = ("menu", "ada paket apa aja", "1", "makasih", "brp tagihan saya", "28900001", "batal", "zorblax")
GOALS = {"turns_per_s": 150, "p99_ms": 1000, "lone_p99_ms": 60, "ratio_to_floor": 3}


class Hook:
    """Posts as the gateway does, without a socket between."""

    def __init__(self, app: Quart) -> None:
        self._client = app.test_client()

    async def turn(self, chat: int, number: int) -> float:
        """How long the answer took, in seconds."""
        payload = {
            "message": SAID[number % len(SAID)],
            "extra": {"contact_jid": f"62877{chat:08d}@s.whatsapp.net"},
            "metadata": {"requestId": f"{chat}-{number}"},
        }
        begun = time.perf_counter()
        response = await self._client.post(f"/webhooks/whatsapp/wire/{SECRET}", json=payload)
        if response.status_code != 200:
            raise RuntimeError(await response.get_data(as_text=True))
        return time.perf_counter() - begun


async def crowd(hook: Hook) -> tuple[list[float], float]:
    """Turns of all chats at once, and how long they took together."""
    took: list[float] = []
    begun = time.perf_counter()

    async def one(chat: int) -> None:
        number = 0
        while time.perf_counter() - begun < SECONDS:
            took.append(await hook.turn(chat, number))
            number += 1

    await asyncio.gather(*(one(chat) for chat in range(CHATS)))
    return took, time.perf_counter() - begun


def floor(path: Path) -> float:
    """Seconds a turn of bare database work takes: four reads, the state swapped, the answer marked."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=0"):
        connection.execute(f"PRAGMA {pragma}")
    dialogue, reply = (
        json.dumps({"offered": [{"id": "x", "label": "y"}] * 8}),
        json.dumps([{"text": "x" * 400}]),
    )
    begun, rounds = time.perf_counter(), 2000
    for number in range(rounds):
        address = f"62877{number % CHATS:08d}"
        connection.execute(
            "SELECT replies FROM inbound_messages WHERE channel='whatsapp' AND message_id=?", (f"f{number}",)
        ).fetchone()
        row = connection.execute(
            "SELECT * FROM chats WHERE channel='whatsapp' AND address=?", (address,)
        ).fetchone()
        connection.execute(
            "SELECT * FROM chat_links WHERE channel='whatsapp' AND address=?", (address,)
        ).fetchall()
        connection.execute(
            "SELECT * FROM handovers WHERE channel='whatsapp' AND address=? LIMIT 1", (address,)
        ).fetchone()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE chats SET dialogue=?, revision=revision+1 WHERE id=?", (dialogue, row[0]))
        connection.execute(
            "INSERT INTO inbound_messages (channel, message_id, chat_id, replies, received_at)"
            " VALUES ('whatsapp', ?, ?, ?, '2026-01-01 00:00:00.000000')",
            (f"f{number}", row[0], reply),
        )
        connection.execute("COMMIT")
    connection.close()
    return (time.perf_counter() - begun) / rounds


async def main() -> None:
    configure("error", as_json=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loket.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        settings = msgspec.structs.replace(
            load({"LOKET_SECRET_KEY": "a-benchmark-secret-of-thirty-two-letters", "LOKET_DATABASE_URL": url}),
            wa_webhook_secret=SECRET,
        )
        async with bootstrap(settings) as services:
            await load_demo(services)
            app = Quart(__name__)
            app.register_blueprint(create_blueprint(services, conversation(services), settings))
            hook = Hook(app)
            took, wall = await crowd(hook)
            lone = [await hook.turn(CHATS, number) for number in range(LONE)]
        bare = floor(path)
    took.sort()
    lone.sort()
    print(
        json.dumps(
            {
                "benchmark": "turns",
                "chats": CHATS,
                "turns_per_s": round(len(took) / wall),
                "p50_ms": round(statistics.median(took) * 1000),
                "p99_ms": round(took[int(len(took) * 0.99)] * 1000),
                "lone_p50_ms": round(statistics.median(lone) * 1000, 1),
                "lone_p99_ms": round(lone[int(len(lone) * 0.99)] * 1000, 1),
                "floor_ms": round(bare * 1000, 2),
                "ratio_to_floor": round(wall / len(took) / bare, 2),
                "goals": GOALS,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
