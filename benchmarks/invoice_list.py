"""`GET /api/invoice` against a raw ASGI floor that does the same work: same token check, same SQL, same answer.

Prints one JSON line. `ratio` is ours divided by the floor in requests per second, the median of paired rounds under one
uvicorn worker each. With `--scale` it is instead ours on many customers divided by ours on few.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import override

from core.identity.tokens import Subject, Tokens
from core.migrations.moves import upgrade
from core.platform.secrets import Keyring

SECRET = "a-benchmark-secret-of-more-than-thirty-two-characters"
CALLERS = 200  # the customers who ask; each has twelve invoices of two lines
CONNECTIONS = 32
ROOT = Path(__file__).parent.parent


class Server(NamedTuple):
    """A server under load: where it listens and which process it is."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Round(NamedTuple):
    """What one burst of load came to."""

    rps: float
    cpu_us: float


def seed(path: Path, customers: int) -> None:
    """A migrated file with that many customers, one in ten of them with a year of invoices."""
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{path}"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        with connection:
            _fill(connection, customers)
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fill(connection: sqlite3.Connection, customers: int) -> None:
    now = "2026-01-01 00:00:00.000000"
    numbers = range(1, customers + 1)
    _insert(
        connection,
        "customers",
        "id, uid, service_number, name, email, phone, image, created_at",
        (
            (
                n,
                f"cst-{n}",
                f"{28000000 + n}",
                f"Customer {n}",
                f"c{n}@example.com",
                f"62812{n:08d}",
                "d.jpg",
                now,
            )
            for n in numbers
        ),
    )
    _insert(
        connection,
        "logins",
        "id, uid, customer_id, role, token_version, is_active, created_at",
        ((n, f"login-{n}", n, "customer", 1, True, now) for n in callers(customers)),
    )
    _insert(
        connection,
        "payment_channels",
        "code, title, prefix, digits_only, is_enabled, position",
        [
            (code, code, code.upper(), False, True, place)
            for place, code in enumerate(("va_bni", "alfamart", "indomaret"))
        ],
    )
    _fill_invoices(connection, numbers[::10], now)


def _fill_invoices(connection: sqlite3.Connection, owners: range, now: str) -> None:
    places = [
        (index * 12 + month, owner, month) for index, owner in enumerate(owners) for month in range(1, 13)
    ]
    _insert(
        connection,
        "invoices",
        "id, number, customer_id, year, month, status, amount, tax, discount, due_on, isolate_on, created_at",
        (
            (
                key,
                f"{key:012d}",
                owner,
                2025,
                month,
                "unpaid",
                330000,
                0,
                0,
                f"2025-{month:02d}-10",
                f"2025-{month:02d}-20",
                now,
            )
            for key, owner, month in places
        ),
    )
    _insert(
        connection,
        "invoice_lines",
        "invoice_id, name, category, price, quantity, discount, total, remark",
        (
            (key, name, category, price, 1, 0, price, "-")
            for key, _, _ in places
            for name, category, price in (("Internet 50 Mbps", "Internet", 300000), ("PPN", "Tax", 30000))
        ),
    )


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: Any) -> None:
    marks = ", ".join("?" for _ in columns.split(","))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our own names


def callers(customers: int) -> list[int]:
    """Customers with invoices, spread over the whole table."""
    step = max(10, customers // CALLERS // 10 * 10)
    return list(range(1, customers + 1, step))[:CALLERS]


def tokens(customers: int) -> list[str]:
    """A token for each caller, as a login would hand it out now."""
    issuer = Tokens(Keyring([SECRET]))
    now = datetime.now(UTC)
    return [issuer.issue(Subject(f"login-{n}", n, n, 1), now) for n in callers(customers)]


@contextlib.contextmanager
def serving(
    what: str, database: Path | str, servers: str = "benchmarks._invoice_servers"
) -> Iterator[Server]:
    """One uvicorn worker in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", servers, what, str(database), str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "LOKET_SECRET_KEY": SECRET})
    try:
        _wait_for(port)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    def __init__(self, requests: list[bytes], start: int) -> None:
        self.answered = self.failed = 0
        self._requests, self._next = requests, start
        self._missing: int | None = None
        self._head = b""

    @override
    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._next = (self._next + 1) % len(self._requests)
        self._transport.write(self._requests[self._next])

    @override
    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = b""
            self.failed += not head.startswith(b"HTTP/1.1 200")
            self._missing = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        self._missing -= len(data)
        if self._missing <= 0:
            self._missing = None
            self.answered += 1
            self._ask()


async def _load(port: int, requests: list[bytes], seconds: float) -> int:
    loop = asyncio.get_running_loop()
    clients = []
    for number in range(CONNECTIONS):
        start = number * len(requests) // CONNECTIONS
        _, client = await loop.create_connection(lambda s=start: Client(requests, s), "127.0.0.1", port)  # type: ignore[misc]
        clients.append(client)
    await asyncio.sleep(seconds)
    for client in clients:
        client._transport.abort()  # noqa: SLF001 - the load ends here
    assert not sum(client.failed for client in clients), "an answer was not 200"
    return sum(client.answered for client in clients)


def requests(callers_tokens: list[str]) -> list[bytes]:
    """What each caller asks."""
    return [
        f"GET /api/invoice HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        for token in callers_tokens
    ]


def measure(server: Server, asking: list[bytes], seconds: float) -> Round:
    """Load one server for a while."""
    began, cpu = time.perf_counter(), server.cpu_s()
    answered = asyncio.run(_load(server.port, asking, seconds))
    return Round(answered / (time.perf_counter() - began), (server.cpu_s() - cpu) / answered * 1e6)


def _pair(
    servers: tuple[Server, Server],
    asking: tuple[list[bytes], list[bytes]],
    seconds: float,
    *,
    ours_first: bool,
) -> tuple[Round, Round]:
    """One round of each, in either order."""
    if ours_first:
        mine = measure(servers[0], asking[0], seconds)
        return mine, measure(servers[1], asking[1], seconds)
    theirs = measure(servers[1], asking[1], seconds)
    return measure(servers[0], asking[0], seconds), theirs


def compare(
    ours: Server, floor: Server, asking: tuple[list[bytes], list[bytes]], rounds: int, seconds: float
) -> dict[str, Any]:
    """Interleaved rounds; what the machine does meanwhile hits both."""
    for server, wanted in zip((ours, floor), asking, strict=True):
        measure(server, wanted, 1.0)
    pairs = [_pair((ours, floor), asking, seconds, ours_first=number % 2 == 0) for number in range(rounds)]
    return {
        "ratio": round(statistics.median(a.rps / b.rps for a, b in pairs), 3),
        "ratio_cpu": round(statistics.median(b.cpu_us / a.cpu_us for a, b in pairs), 3),
        "rps": [round(statistics.median(each[side].rps for each in pairs)) for side in (0, 1)],
        "cpu_us": [round(statistics.median(each[side].cpu_us for each in pairs)) for side in (0, 1)],
        "ratios": [round(a.rps / b.rps, 3) for a, b in pairs],
    }


def _answer(server: Server, token: str) -> Any:
    url = f"http://127.0.0.1:{server.port}/api/invoice"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - our own server
        return json.load(response)


def against_floor(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Ours divided by the floor, on one database."""
    database = folder / "invoices.db"
    seed(database, options.customers)
    asking = tokens(options.customers)
    with serving("ours", database) as ours, serving("floor", database) as floor:
        assert _answer(ours, asking[0]) == _answer(floor, asking[0]), "the two do not answer alike"
        found = compare(ours, floor, (requests(asking),) * 2, options.rounds, options.seconds)
    return {"benchmark": "invoice_list", "customers": options.customers, **found}


def at_scale(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Ours on many customers divided by ours on few."""
    few, many = 10_000, options.customers
    seed(folder / "few.db", few)
    seed(folder / "many.db", many)
    with serving("ours", folder / "many.db") as large, serving("ours", folder / "few.db") as small:
        asking = (requests(tokens(many)), requests(tokens(few)))
        found = compare(large, small, asking, options.rounds, options.seconds)
    return {"benchmark": "invoice_list_scale", "customers": [many, few], **found}


def main() -> None:
    """Seed, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", action="store_true", help="many customers against few, both ours")
    parser.add_argument("--customers", type=int, default=0, help="default 100000, or 1000000 with --scale")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.8, help="length of one round")
    options = parser.parse_args()
    options.customers = options.customers or (1_000_000 if options.scale else 100_000)
    with tempfile.TemporaryDirectory(prefix="loket-bench-") as folder:
        found = (at_scale if options.scale else against_floor)(Path(folder), options)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
