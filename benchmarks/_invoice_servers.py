"""The two servers of `benchmarks.invoice_list`: `ours`, and a `floor` written against the bare ASGI interface."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from itertools import groupby
from typing import Any

import jwt
import orjson
import uvicorn
import uvloop
from sqlalchemy import Select, select
from sqlalchemy.dialects import sqlite

from api.app import create_app
from api.mywifi.render import _MONTHS
from core.billing import queries
from core.billing.tables import invoices, payment_channels
from core.bootstrap import bootstrap
from core.customers.tables import customers
from core.identity.queries import _STANDING
from core.platform.logging import configure
from core.platform.secrets import Keyring
from core.settings import load

Send = Callable[[dict[str, Any]], Awaitable[None]]


def _sql(statement: Select[Any]) -> str:
    """The very text that ours sends, with its constants in place."""
    compiled = statement.compile(
        dialect=sqlite.dialect(paramstyle="named"), compile_kwargs={"literal_binds": False}
    )
    return str(compiled)


class Floor:
    """No framework, no SQL layer, no unit of work: what the work itself costs."""

    def __init__(self, database: str, key: bytes) -> None:
        self._key = key
        self._connection = sqlite3.connect(database, isolation_level=None)
        self._connection.execute("PRAGMA cache_size=-16384")
        person = select(customers.c.id, customers.c.service_number, customers.c.name, customers.c.email)
        self._standing = _STANDING.on_sqlite.sql
        self._person = _sql(person.where(customers.c.id == 0, customers.c.service_number.is_not(None)))
        bills = queries.joined.where(invoices.c.customer_id == 0, invoices.c.status == "unpaid")
        self._bills = _sql(queries.newest_first(bills))
        self._channels = _sql(
            select(payment_channels)
            .where(payment_channels.c.is_enabled)
            .order_by(payment_channels.c.position)
        )

    async def __call__(self, scope: dict[str, Any], receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        token = next(value for name, value in scope["headers"] if name == b"authorization").split()[1]
        body = orjson.dumps(
            self._list(jwt.decode(token, self._key, ["HS256"], audience="mywifi", issuer="loket"))
        )
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _list(self, claims: dict[str, Any]) -> dict[str, Any]:
        ask = self._connection.execute
        who = claims["cst"]
        standing = ask(
            self._standing, {"jti": claims["jti"], "login_id": claims["lid"], "customer_id": who}
        ).fetchone()
        assert standing[0]
        assert standing[1] == claims["ver"]
        assert standing[3] is None
        _, service, name, email = ask(self._person, {"id_1": who}).fetchone()
        rows = ask(self._bills, {"customer_id_1": who, "status_1": "unpaid"}).fetchall()
        codes = {row[0]: f"{row[2]}{service}" for row in ask(self._channels).fetchall()}
        return {
            "status": "success",
            "message": "Data tagihan ditemukan.",
            "customer": {"name": name, "no_services": service, "email": email},
            "data": [_invoice(list(lines), codes) for _, lines in groupby(rows, key=lambda row: row[0])],
        }


def _invoice(lines: list[Any], codes: dict[str, str]) -> dict[str, Any]:
    head = lines[0]
    return {
        "invoice": head[1],
        "month": head[3],
        "year": head[2],
        "status": head[4],
        "due_date": head[8],
        "amount": head[5],
        "tax": head[6],
        "discount": head[7],
        "period": f"{_MONTHS[head[3] - 1]} {head[2]}",
        "payment_codes": codes,
        "details": [
            {"name": line[11], "price": line[13], "qty": line[14], "disc": line[15], "total": line[16]}
            for line in lines
        ],
    }


async def _serve(app: Any, port: int) -> None:
    config = uvicorn.Config(
        app,
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
    )
    await uvicorn.Server(config).serve()


async def _serve_ours(database: str, port: int) -> None:
    settings = load(
        {
            "LOKET_SECRET_KEY": os.environ["LOKET_SECRET_KEY"],
            "LOKET_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
            "LOKET_THROTTLE": "off",
        }
    )
    async with bootstrap(settings) as services:
        await _serve(create_app(services, settings), port)


def main() -> None:
    """Serve until terminated."""
    what, database, port = sys.argv[1:]
    configure("info", as_json=True)
    if what == "ours":
        serving = _serve_ours(database, int(port))
    else:
        key = Keyring([os.environ["LOKET_SECRET_KEY"]]).derived("jwt")[0]
        serving = _serve(Floor(database, key), int(port))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


if __name__ == "__main__":
    main()
