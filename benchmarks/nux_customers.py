"""`customers/list` of PHPNuxBill's API against a raw ASGI floor: same token check, same SQL, same rows.

Prints one JSON line. `ratio` is ours divided by the floor in requests per second, the median of paired rounds under one
uvicorn worker each. With `--scale` it is instead ours on ten times as many customers divided by ours on these.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sqlite3
import tempfile
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.nuxbill.tokens import Kind, Tokens
from benchmarks.invoice_list import SECRET, Server, _insert, compare, serving
from core.migrations.moves import upgrade
from core.settings import load

_SERVERS = "benchmarks._nux_servers"
_PAGES = 20  # people look at the first ones
_NOW = "2026-01-01 00:00:00.000000"


def seed(path: Path, customers: int) -> None:
    """A migrated file with that many customers, and somebody of the staff to ask for them."""
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{path}"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        with connection:
            _fill(connection, range(1, customers + 1))
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fill(connection: sqlite3.Connection, numbers: range) -> None:
    people = (
        (
            n,
            f"cst-{n}",
            f"{28000000 + n}",
            f"Customer {n}",
            f"c{n}@example.com",
            f"62812{n:08d}",
            "d.jpg",
            _NOW,
        )
        for n in numbers
    )
    _insert(connection, "customers", "id, uid, service_number, name, email, phone, image, created_at", people)
    accounts = (
        (n, f"user{n:07d}", "Active", "Personal", "PPPoE", True, "/user.default.jpg", "", "") for n in numbers
    )
    columns = (
        "customer_id, username, status, kind, service_type, auto_renewal, photo, line_username, line_address"
    )
    _insert(connection, "customer_accounts", columns, accounts)
    login = (1, "login-1", "admin", "Admin", "superadmin", 1, True, _NOW)
    _insert(
        connection, "logins", "id, uid, username, name, role, token_version, is_active, created_at", [login]
    )


def requests() -> list[bytes]:
    """The first pages, one after another."""
    secret = load({"LOKET_SECRET_KEY": SECRET}).nux_signing_secret
    token = Tokens(secret).issue(Kind.STAFF, 1, datetime.now(UTC), valid_from=None)
    return [
        f"GET /system/api.php?r=customers&token={token}&p={page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for page in range(1, _PAGES + 1)
    ]


def _rows(server: Server, request: bytes) -> Any:
    path = request.split()[1].decode()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as response:
        found = json.load(response)
    return found["result"]["d"], found["result"]["paginator"]["total"]


def against_floor(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Ours divided by the floor, on one database."""
    database, asking = folder / "customers.db", requests()
    seed(database, options.customers)
    with serving("ours", database, _SERVERS) as ours, serving("floor", database, _SERVERS) as floor:
        assert _rows(ours, asking[1]) == _rows(floor, asking[1]), "the two do not answer alike"
        found = compare(ours, floor, (asking, asking), options.rounds, options.seconds)
    return {"benchmark": "nux_customers", "customers": options.customers, **found}


def at_scale(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Ours on many customers divided by ours on few."""
    few, many, asking = options.customers, options.customers * 10, requests()
    seed(folder / "few.db", few)
    seed(folder / "many.db", many)
    with (
        serving("ours", folder / "many.db", _SERVERS) as large,
        serving("ours", folder / "few.db", _SERVERS) as small,
    ):
        found = compare(large, small, (asking, asking), options.rounds, options.seconds)
    return {"benchmark": "nux_customers_scale", "customers": [many, few], **found}


def main() -> None:
    """Seed, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", action="store_true", help="ten times as many customers, both ours")
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.8, help="length of one round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loket-bench-") as folder:
        found = (at_scale if options.scale else against_floor)(Path(folder), options)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
