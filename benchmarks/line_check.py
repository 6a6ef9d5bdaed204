"""A line check through the gateway beside one bare librouteros call, both on warm connections to the same router.

Prints one JSON line: `ratio` is the median time of a whole report (three questions, one round trip) divided by that of one
bare call; `connection_only` the same for the connection section alone. The router has 10,000 sessions and a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import librouteros
from librouteros.query import Key

from core.adapters.routeros import Limits, RouterOsGateway
from core.migrations.moves import upgrade
from core.network.tables import routers
from core.network.types import Line
from core.network.usecases import SECTIONS
from core.platform.clock import SystemClock
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, open_uow
from sandbox.routeros import Simulator, crowded, demo_router

SESSIONS = 10_000
WARM_UP, CALLS = 100, 1_500
AT_ONCE = 200
#: Reports are made anew for every check; the router's own record is not read again for each.
UNREMEMBERED = Limits(kept_for=timedelta(0), record_kept_for=timedelta(seconds=10))

Check = Callable[[int], Awaitable[object]]


async def serve() -> None:
    """Be the router, until the parent goes."""
    async with Simulator(crowded(demo_router(), SESSIONS)) as simulator:
        print(simulator.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def took_ms(check: Check, number: int) -> float:
    begun = time.perf_counter()
    await check(number)
    return (time.perf_counter() - begun) * 1000


def line_of(number: int) -> Line:
    name = f"customer{number:05d}"
    return Line(f"SN{number}", name, "PPPOE", 1, "RT-01", name, "REG50M", is_isolated=False)


async def bare(port: int) -> Check:
    """What anybody would write: one connection, one question, rows as librouteros gives them."""
    api = await librouteros.async_connect("127.0.0.1", "loket", "loket", port=port, encoding="utf-8")
    name, columns = Key("name"), [Key(column) for column in ("name", "address", "caller-id", "uptime")]

    async def check(number: int) -> object:
        query = api.path("ppp", "active").select(*columns).where(name == f"customer{number:05d}")
        rows = [row async for row in query]
        assert len(rows) == 1
        return rows

    return check


def ours(gateway: RouterOsGateway, sections: frozenset[str]) -> Check:
    async def check(number: int) -> object:
        report = await gateway.look(line_of(number), sections)
        assert report.connection is not None
        assert report.connection.is_online
        return report

    return check


async def recorded(folder: str, port: int, keyring: Keyring) -> UnitOfWork:
    url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
    await upgrade(url)
    uow = open_uow(url, SystemClock())
    async with uow.write() as tx:
        await tx.insert(
            routers,
            id=1,
            alias="RT-01",
            host="127.0.0.1",
            port=port,
            transport="plain",
            username="loket",
            password_sealed=keyring.seal("loket"),
            is_active=True,
        )
    return uow


async def measure(port: int) -> dict[str, float]:
    keyring = Keyring(["a-benchmark-secret-of-more-than-32-characters"])
    with tempfile.TemporaryDirectory() as folder:
        uow = await recorded(folder, port, keyring)
        gateway = RouterOsGateway(uow, keyring, SystemClock(), limits=UNREMEMBERED, allow_loopback=True)
        checks = {
            "bare": await bare(port),
            "whole": ours(gateway, SECTIONS),
            "connection": ours(gateway, frozenset({"connection"})),
        }
        spent: dict[str, list[float]] = {name: [] for name in checks}
        for number in range(WARM_UP + CALLS):  # in turns, so that what else the machine does hits all alike
            for name, check in checks.items():
                spent[name].append(await took_ms(check, number))
        middle = {name: statistics.median(times[WARM_UP:]) for name, times in spent.items()}
        begun = time.perf_counter()
        await asyncio.gather(*(checks["whole"](number) for number in range(AT_ONCE)))
        crowd_ms = (time.perf_counter() - begun) * 1000
        await gateway.aclose()
        await uow.aclose()
    return {
        "ratio": round(middle["whole"] / middle["bare"], 2),
        "connection_only": round(middle["connection"] / middle["bare"], 2),
        "bare_ms": round(middle["bare"], 3),
        "whole_ms": round(middle["whole"], 3),
        "two_hundred_at_once_ms": round(crowd_ms, 1),
    }


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as router:
        assert router.stdout is not None
        figures = asyncio.run(measure(int(router.stdout.readline())))
        assert router.stdin is not None
        router.stdin.close()
    print(json.dumps({"benchmark": "line_check", "sessions": SESSIONS, **figures}))


if __name__ == "__main__":
    main()
