"""A scan of fifty routers with two thousand sessions each, first with counters, then without, while the API answers.

Prints one JSON line: seconds of each round, the most memory the scanning process ever held, the longest pause of its event loop
(what a request would have waited), and the ratio of a round to fifty bare reads of the same menus with librouteros.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import librouteros

from core.adapters.routeros import RouterOsGateway
from core.migrations.moves import upgrade
from core.monitoring.scanning import Scanning
from core.network.tables import routers
from core.platform.clock import SystemClock
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, open_uow
from core.subscriptions.tables import subscriptions
from core.testing.demo.catalogue import load_catalogue
from core.testing.demo.people import load_customers
from sandbox.routeros import Simulator, crowded, demo_router

ROUTERS, SESSIONS = 50, 2_000
#: Simulators in the other process; several records lead to each, as its answers are the same.
PEERS = 2
_LINES_A_TURN = 1_000


async def serve() -> None:
    """Be the routers, until the parent goes."""
    async with AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(Simulator(crowded(demo_router(), SESSIONS))) for _ in range(PEERS)
        ]
        print(json.dumps([peer.port for peer in peers]), flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def furnished(folder: str, ports: list[int], keyring: Keyring) -> UnitOfWork:
    url = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
    await upgrade(url)
    uow = open_uow(url, SystemClock())
    async with uow.write() as tx:
        await load_catalogue(tx, keyring)
        await load_customers(tx, "-", keyring)
    for number in range(ROUTERS):
        async with uow.write() as tx:
            router_id = await tx.insert(
                routers,
                alias=f"BENCH-{number:02}",
                host="127.0.0.1",
                port=ports[number % PEERS],
                transport="plain",
                username="loket",
                password_sealed=keyring.seal("loket"),
                is_active=True,
            )
            rows = [_line(tx.now, router_id, each) for each in range(SESSIONS)]
            for start in range(0, SESSIONS, _LINES_A_TURN):
                await tx.execute(subscriptions.insert(), rows[start : start + _LINES_A_TURN])
    return uow


def _line(now: object, router_id: int, number: int) -> dict[str, object]:
    return {
        "customer_id": 1,
        "plan_id": 12,
        "router_id": router_id,
        "quantity": 1,
        "price": 0,
        "discount": 0,
        "status": "active",
        "mode": "PPPOE",
        "line_user": f"customer{number:05d}",
        "created_at": now,
    }


async def bare(ports: list[int]) -> float:
    """Seconds for reading the same two menus of fifty routers, one after the other, and doing nothing with it."""
    begun = time.perf_counter()
    for number in range(ROUTERS):
        api = await librouteros.async_connect(
            "127.0.0.1", "loket", "loket", port=ports[number % PEERS], encoding="utf-8"
        )
        for menu, columns in (
            (("ppp", "active"), "name,uptime,session-id"),
            (("interface",), "name,rx-byte,tx-byte"),
        ):
            command = "/" + "/".join(menu) + "/print"
            rows = [row async for row in api(command, **{".proplist": columns})]
            assert len(rows) > SESSIONS
        await api.close()
    return time.perf_counter() - begun


async def longest_pause(stop: asyncio.Event) -> float:
    """How late the event loop ever was for something due in ten milliseconds."""
    longest = 0.0
    while not stop.is_set():
        begun = time.perf_counter()
        await asyncio.sleep(0.01)
        longest = max(longest, time.perf_counter() - begun - 0.01)
    return longest


async def measure(ports: list[int]) -> dict[str, float]:
    keyring = Keyring(["a-benchmark-secret-of-more-than-32-characters"])
    with tempfile.TemporaryDirectory() as folder:
        uow = await furnished(folder, ports, keyring)
        gateway = RouterOsGateway(uow, keyring, SystemClock(), allow_loopback=True)
        stop = asyncio.Event()
        watching = asyncio.create_task(longest_pause(stop))
        spent = []
        for _ in range(2):
            begun = time.perf_counter()
            seen = await Scanning(uow, gateway).run()
            spent.append(time.perf_counter() - begun)
            assert sum(visit.online for visit in seen.visits) >= ROUTERS * SESSIONS
        stop.set()
        pause = await watching
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        await gateway.aclose()
        await uow.aclose()
    return {
        "first_round_s": round(spent[0], 2),
        "next_round_s": round(spent[1], 2),
        "memory_mib": round(held, 1),
        "longest_pause_ms": round(pause * 1000, 1),
        "ratio": round(spent[0] / await bare(ports), 2),
    }


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peers:
        assert peers.stdout is not None
        figures = asyncio.run(measure(json.loads(peers.stdout.readline())))
        assert peers.stdin is not None
        peers.stdin.close()
    print(json.dumps({"benchmark": "router_scan", "routers": ROUTERS, "sessions": SESSIONS, **figures}))


if __name__ == "__main__":
    main()
