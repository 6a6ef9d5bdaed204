"""The two servers of `benchmarks.nux_customers`: `ours`, and a `floor` written against the bare ASGI interface."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import orjson
import uvloop
from sqlalchemy.dialects import sqlite

from api.nuxbill.tokens import Claim, Tokens
from benchmarks._invoice_servers import _serve, _serve_ours
from core.directory import queries
from core.directory.types import Entry, Order
from core.identity.staff_accounts import _ACCOUNT
from core.identity.tables import logins
from core.platform.logging import configure
from core.settings import load

Send = Callable[[dict[str, Any]], Awaitable[None]]
PAGE = 30


class Floor:
    """No framework, no SQL layer, no unit of work: what the work itself costs."""

    def __init__(self, database: str, secret: str) -> None:
        self._tokens, self._zone = Tokens(secret), ZoneInfo("Asia/Jakarta")
        self._connection = sqlite3.connect(database, isolation_level=None)
        self._connection.execute("PRAGMA cache_size=-16384")
        self._page = queries._page(Order.USERNAME, False, True, False, False).on_sqlite  # noqa: FBT003, SLF001 - its shape
        asked = _ACCOUNT.where(logins.c.id == 0)
        self._account = str(asked.compile(dialect=sqlite.dialect(paramstyle="named")))
        self._total = self._connection.execute("SELECT count(*) FROM customer_accounts").fetchone()[0]

    async def __call__(self, scope: dict[str, Any], receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        query = dict(parse_qsl(scope["query_string"].decode()))
        body = orjson.dumps(self._list(query["token"], int(query["p"])))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _list(self, token: str, page: int) -> dict[str, Any]:
        claim = self._tokens.read(token, datetime.now(UTC), legacy_staff=False)
        assert isinstance(claim, Claim)
        assert self._connection.execute(self._account, {"id_1": claim.id}).fetchone() is not None
        bounds = self._page.named({"status": "Active", "limit": PAGE, "offset": (page - 1) * PAGE})
        rows = self._connection.execute(self._page.sql, bounds).fetchall()
        found = [dict(zip(Entry.__struct_fields__, row, strict=True)) for row in rows]
        return {
            "success": True,
            "message": "customers",
            "result": {"d": [self._row(row) for row in found], "paginator": {"total": self._total}},
            "meta": {},
        }

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        """What clients read of a customer, as cheaply as it can be written."""
        at = datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC).astimezone(self._zone)
        return {
            "id": row["id"],
            "username": row["username"],
            "photo": row["photo"],
            "pppoe_username": row["line_username"],
            "pppoe_ip": row["line_address"],
            "fullname": row["name"],
            "address": row["address"],
            "city": row["city"],
            "district": row["district"],
            "state": row["state"],
            "zip": row["zip"],
            "phonenumber": row["phone"],
            "email": row["email"] or "",
            "coordinates": "",
            "account_type": row["kind"],
            "balance": f"{row['balance']}.00",
            "service_type": row["service_type"],
            "auto_renewal": row["auto_renewal"],
            "status": row["status"],
            "created_by": row["created_by"] or 0,
            "created_at": at.strftime("%Y-%m-%d %H:%M:%S"),
            "last_login": None,
        }


def main() -> None:
    """Serve until terminated."""
    what, database, port = sys.argv[1:]
    configure("info", as_json=True)
    if what == "ours":
        serving = _serve_ours(database, int(port))
    else:
        secret = load({"LOKET_SECRET_KEY": os.environ["LOKET_SECRET_KEY"]}).nux_signing_secret
        serving = _serve(Floor(database, secret), int(port))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


if __name__ == "__main__":
    main()
