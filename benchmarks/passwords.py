"""How much passwords disturb everybody else: lateness of a ticking task, idle, beside eight hashes, beside eight logins.

Prints one JSON line. Takes about five seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from core.identity.passwords import Passwords
from core.identity.types import NewAccount
from core.identity.usecases import Identity
from core.migrations.moves import upgrade
from core.platform.clock import SystemClock
from core.platform.secrets import Keyring
from core.platform.uow import open_uow
from core.settings import Settings

CUSTOMERS = 8
ROUNDS = 6
TICK_S = 0.001
PASSWORD = "kopi-tubruk-7"


async def lateness_during(work: Callable[[], Awaitable[object]]) -> tuple[list[float], float]:
    """Milliseconds each tick came late while `work` ran, and how many seconds it ran."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            late.append((time.perf_counter() - due) * 1000)

    ticking = asyncio.create_task(tick())
    began = time.perf_counter()
    await work()
    took = time.perf_counter() - began
    ticking.cancel()
    return sorted(late), took


def percentiles(late: list[float]) -> dict[str, float]:
    return {
        "p50": round(late[len(late) // 2], 3),
        "p99": round(late[int(len(late) * 0.99)], 3),
        "max": round(late[-1], 3),
    }


@asynccontextmanager
async def identity_on_a_file(passwords: Passwords) -> AsyncIterator[Identity]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'loket.db'}"
        await upgrade(url)
        uow = open_uow(url, SystemClock())
        yield Identity(uow, Settings(), Keyring(["a benchmark's secret of some length"]), passwords)
        await uow.aclose()


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    emails = [f"customer{number}@example.com" for number in range(CUSTOMERS)]
    async with identity_on_a_file(passwords) as identity:
        for email in emails:
            await identity.register(NewAccount("Siti", email, PASSWORD, "628123456789"), ip=email)

        async def eight_hash() -> None:
            for _ in range(ROUNDS):
                await asyncio.gather(*(passwords.verify(stored, PASSWORD) for _ in emails))

        async def eight_log_in() -> None:
            for _ in range(ROUNDS):
                await asyncio.gather(*(identity.sign_in(email, PASSWORD, ip=email) for email in emails))

        await eight_log_in()  # the first round compiles statements
        idle, _ = await lateness_during(lambda: asyncio.sleep(1))
        hashing, hashing_took = await lateness_during(eight_hash)
        logging_in, logging_in_took = await lateness_during(eight_log_in)
    passwords.close()
    work = CUSTOMERS * ROUNDS
    print(
        json.dumps(
            {
                "benchmark": "passwords",
                "loop_late_ms": {
                    "idle": percentiles(idle),
                    "eight_hash": percentiles(hashing),
                    "eight_log_in": percentiles(logging_in),
                },
                "hashes_per_s": round(work / hashing_took, 1),
                "logins_per_s": round(work / logging_in_took, 1),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
