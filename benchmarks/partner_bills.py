"""Inquiries and payments of bill partners against a raw ASGI floor that does the same HMAC, SQL and JSON; payments sustained.

Prints one JSON line. `inquiry` and `payment` are ours divided by the floor in requests per second (`ratio`) and in
processor time (`ratio_cpu`, which a busy machine distorts less), the median of paired rounds under one uvicorn worker
each, on SQLite. `sustained` pays at a steady pace with the worker settling beside it in
the same process, ledger and outbox rows included, on SQLite and (where one answers) on PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import statistics
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import func, select

from benchmarks.invoice_list import CONNECTIONS, SECRET, Round, Server, _load, serving
from core.billing.tables import invoices
from core.customers.tables import customers
from core.migrations.moves import upgrade
from core.partners import ledger
from core.partners.keys import NewKey, NewPartner, NewProduct, add_key, add_partner, add_products
from core.partners.tables import partner_inquiries, partner_transactions
from core.partners.types import Environment
from core.platform.clock import SystemClock
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx, open_uow

POSTGRES_URL = os.environ.get("LOKET_TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/postgres")
SERVERS = "benchmarks._bill_servers"
AMOUNT, ADMIN = 330_000, 2500
ASKED = 200
#: Bills for one round: more than the faster server can take.
ROUND = 4000
_BATCH = 500


async def seed(url: str, bills: int) -> None:
    """So many customers with one unpaid bill each, and an inquiry about each that is waiting to be paid."""
    await upgrade(url)
    uow = open_uow(url, SystemClock())
    async with uow.write() as tx:
        partner = await add_partner(
            tx, Keyring([SECRET]), NewPartner(code="bench", name="Bench", callback_secret="bench-callbacks")
        )
        product = NewProduct(
            code="LOKET-INET", name="Internet", description="Internet", biller="Loket", admin_fee=ADMIN
        )
        await add_products(tx, partner, [product])
        key = NewKey(key="bench", secret="bench-secret", environment=Environment.SANDBOX)
        await add_key(tx, Keyring([SECRET]), partner, key)
        await ledger.top_up(tx, partner, 10**12, "bench")
    for start in range(1, bills + 1, _BATCH):
        async with uow.write() as tx:
            await _fill(tx, range(start, min(start + _BATCH, bills + 1)))
    await uow.aclose()


async def _fill(tx: WriteTx, numbers: range) -> None:
    people = [
        {
            "id": n,
            "uid": f"c-{n}",
            "service_number": f"{28_000_000 + n}",
            "name": f"Customer {n}",
            "image": "d.jpg",
            "created_at": tx.now,
        }
        for n in numbers
    ]
    await tx.execute(customers.insert(), people)
    bills = [
        {
            "id": n,
            "number": f"{n:012d}",
            "customer_id": n,
            "year": 2026,
            "month": 1,
            "status": "unpaid",
            "amount": AMOUNT,
            "tax": 0,
            "discount": 0,
            "due_on": date(2026, 1, 10),
            "isolate_on": date(2026, 1, 20),
            "created_at": tx.now,
        }
        for n in numbers
    ]
    await tx.execute(invoices.insert(), bills)
    asked = [
        {
            "id": n,
            "partner_id": 1,
            "product_id": 1,
            "customer_id": n,
            "account_number": f"{28_000_000 + n}",
            "customer_name": f"Customer {n}",
            "bills": [[n, 2026, 1, AMOUNT]],
            "admin": ADMIN,
            "processing_fee": 0,
            "amount": AMOUNT + ADMIN,
            "month": None,
            "is_used": False,
            "created_at": tx.now,
        }
        for n in numbers
    ]
    await tx.execute(partner_inquiries.insert(), asked)


def _headers(claims: dict[str, object]) -> dict[str, str]:
    def segment(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    head, body = b'{"alg":"HS256","typ":"JWT"}', json.dumps({"partnerId": "bench", **claims}).encode()
    signed = f"{segment(head)}.{segment(body)}"
    mac = hmac.new(b"bench-secret", signed.encode(), hashlib.sha256).digest()
    return {"KEY": "bench", "TOKEN": f"{signed}.{segment(mac)}"}


def _bill(n: int) -> dict[str, object]:
    return {"accountNumber": f"{28_000_000 + n}", "productCode": "LOKET-INET"}


def payment_of(n: int) -> dict[str, str]:
    """The signed order for the nth bill."""
    order: dict[str, object] = {"inquiryId": n, "amount": AMOUNT + ADMIN, "refNumber": f"BENCH-{n}"}
    return _headers(_bill(n) | order)


def _request(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **headers}.items()]
    return f"POST /api/v2/bill/{path} HTTP/1.1\r\n{''.join(lines)}Content-Length: 0\r\n\r\n".encode()


def _said(server: Server, path: str, headers: dict[str, str]) -> str:
    """An answer without the numbers that differ."""
    url = f"http://127.0.0.1:{server.port}/api/v2/bill/{path}"
    request = urllib.request.Request(url, b"", headers)
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - our own server
        return re.sub(r'"inquiryId":\d+|\d\d:\d\d"', "", response.read().decode())


def _burst(server: Server, requests: list[bytes], seconds: float) -> Round:
    """One burst of load; each request is sent once where there are enough."""
    began, cpu = time.perf_counter(), server.cpu_s()
    answered = asyncio.run(_load(server.port, requests, seconds))
    assert answered <= len(requests) or len(requests) <= ASKED, "more bills are needed"
    return Round(answered / (time.perf_counter() - began), (server.cpu_s() - cpu) / answered * 1e6)


def _ratio(servers: tuple[Server, Server], requests: list[list[bytes]], seconds: float) -> dict[str, Any]:
    """Paired rounds; every list of requests is one round, for both."""
    pairs: list[tuple[Round, Round]] = []
    for number, asking in enumerate(requests):
        order = (0, 1) if number % 2 else (1, 0)
        bursts = {side: _burst(servers[side], asking, seconds) for side in order}
        pairs.append((bursts[0], bursts[1]))
    return {
        "ratio": round(statistics.median(ours.rps / floor.rps for ours, floor in pairs[1:]), 3),
        "ratio_cpu": round(statistics.median(floor.cpu_us / ours.cpu_us for ours, floor in pairs[1:]), 3),
        "rps": [round(statistics.median(pair[side].rps for pair in pairs[1:])) for side in (0, 1)],
        "cpu_us": [round(statistics.median(pair[side].cpu_us for pair in pairs[1:])) for side in (0, 1)],
    }


def against_floor(folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Ours divided by the floor, each on a copy of one database."""
    bills = ROUND * (rounds + 1) + 1  # the last one for a look at both answers
    asyncio.run(seed(f"sqlite+aiosqlite:///{folder / 'ours.db'}", bills))
    for piece in folder.glob("ours.db*"):
        shutil.copy(piece, folder / piece.name.replace("ours", "floor"))
    inquiries = [_request("check", _headers(_bill(n))) for n in range(1, ASKED + 1)]
    payments = [
        [_request("payment", payment_of(n)) for n in range(start, start + ROUND)]
        for start in range(1, bills, ROUND)
    ]
    with (
        serving("ours", folder / "ours.db", SERVERS) as ours,
        serving("floor", folder / "floor.db", SERVERS) as floor,
    ):
        for asking in ("check", _headers(_bill(bills))), ("payment", payment_of(bills)):
            assert _said(ours, *asking) == _said(floor, *asking), "the two do not answer alike"
        return {
            "inquiry": {**_ratio((ours, floor), [inquiries] * (rounds + 1), seconds), "goal": 0.4},
            "payment": {**_ratio((ours, floor), payments, seconds), "goal": 0.3},
        }


async def _paced(port: int, pace: int, seconds: float) -> list[float]:
    """Pay at a steady pace, whatever the answers take; returns how long each took that was accepted."""
    took: list[float] = []

    async def pay(session: aiohttp.ClientSession, n: int) -> None:
        began = time.perf_counter()
        url = f"http://127.0.0.1:{port}/api/v2/bill/payment"
        async with session.post(url, headers=payment_of(n)) as response:
            said = await response.json()
        if said["responseCode"] == 299:
            took.append(time.perf_counter() - began)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS * 4)) as session:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for n in range(1, round(pace * seconds) + 1):
                await asyncio.sleep(max(0.0, began + n / pace - time.perf_counter()))
                group.create_task(pay(session, n))
    return sorted(took)


async def _settled(uow: UnitOfWork) -> float:
    """How long after the last answer the last payment was settled, with the books checked."""
    began = time.perf_counter()
    done = select(func.count()).where(partner_transactions.c.state == "success")
    async with uow.read() as tx:
        wanted = await tx.scalar(select(func.count()).select_from(partner_transactions))
    while time.perf_counter() < began + 30:
        async with uow.read() as tx:
            if await tx.scalar(done) == wanted:
                break
        await asyncio.sleep(0.05)
    async with uow.read() as tx:
        assert await tx.scalar(done) == wanted, "not everything was settled"
        assert await ledger.faults(tx) == ()
        paid = select(func.count()).where(invoices.c.status == "paid")
        assert await tx.scalar(paid) == wanted
    return time.perf_counter() - began


def sustained(url: str, pace: int, seconds: float) -> dict[str, Any]:
    """Payments at a pace, settled beside it by the same process."""
    asyncio.run(seed(url, round(pace * seconds)))
    with serving("ours-work", url, SERVERS) as server:
        took = asyncio.run(_paced(server.port, pace, seconds))

        async def rest() -> float:
            uow = open_uow(url, SystemClock())
            try:
                return await _settled(uow)
            finally:
                await uow.aclose()

        lag = asyncio.run(rest())
    return {
        "per_s": pace,
        "failed": round(pace * seconds) - len(took),
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
        "settled_after_s": round(lag, 2),
        "goal_p99_ms": 1000,
    }


@contextmanager
def _postgres() -> Iterator[str | None]:
    """A database of its own, or nothing where no server answers."""
    name = f"loket_bench_{uuid.uuid4().hex[:8]}"

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(POSTGRES_URL, timeout=2)
        await connection.execute(statement)
        await connection.close()

    try:
        asyncio.run(run(f"CREATE DATABASE {name}"))
    except (OSError, asyncpg.PostgresError, TimeoutError):
        yield None
        return
    try:
        yield f"{POSTGRES_URL.rsplit('/', 1)[0]}/{name}".replace("postgresql://", "postgresql+asyncpg://")
    finally:
        asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))


def main() -> None:
    """Seed, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="length of one round")
    parser.add_argument("--sustained", type=float, default=4.0, help="seconds at a steady pace, 0 for none")
    options = parser.parse_args()
    found: dict[str, Any] = {"benchmark": "partner_bills"}
    with tempfile.TemporaryDirectory(prefix="loket-bench-") as folder, _postgres() as postgres:
        if options.rounds:
            found |= against_floor(Path(folder), options.rounds, options.seconds)
        if options.sustained:
            url = f"sqlite+aiosqlite:///{Path(folder) / 'paced.db'}"
            found["sqlite"] = sustained(url, 50, options.sustained)
            if postgres is not None:
                found["postgres"] = sustained(postgres, 200, options.sustained)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
