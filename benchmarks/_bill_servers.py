"""The two servers of `benchmarks.partner_bills`: `ours` (with `-work`, its worker too), and a `floor` on the bare ASGI interface."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import uvloop

from api.app import create_app
from benchmarks._invoice_servers import Send, _serve
from core.bootstrap import Bell, bootstrap
from core.messaging.ports import Accepted, OutgoingText, SendOutcome
from core.platform.logging import configure
from core.services import Services
from core.settings import load
from core.workers import dispatcher

_KEY = (
    "SELECT k.*, p.code, p.settles_at_once FROM partner_keys k JOIN partners p ON p.id = k.partner_id"
    " WHERE k.key = ? AND k.is_active AND p.is_active"
)
_TALLY = "SELECT count, locked_until FROM attempt_counters WHERE bucket = ?"
_PRODUCT = "SELECT * FROM partner_products WHERE partner_id = ? AND code = ?"
_MAINTENANCE = "SELECT id FROM partner_maintenance WHERE ends_at > ? AND starts_at <= ? LIMIT 1"
_CUSTOMER = (
    "SELECT c.id, c.name, b.kind FROM customers c LEFT JOIN partner_blocks b ON b.customer_id = c.id"
    " WHERE c.service_number = ?"
)
_SUBSCRIPTIONS = "SELECT status FROM subscriptions WHERE customer_id = ?"
_PARTNER = "SELECT * FROM partners WHERE id = ?"
_UNPAID = (
    "SELECT id, year, month, amount - settled FROM invoices WHERE customer_id = ? AND status = 'unpaid'"
    " ORDER BY year, month, id"
)
_NEW_INQUIRY = (
    "INSERT INTO partner_inquiries (partner_id, product_id, customer_id, account_number, customer_name, bills,"
    " admin, processing_fee, amount, month, is_used, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,0,?) RETURNING id"
)
_REFERENCE = "SELECT * FROM partner_transactions WHERE partner_id = ? AND ref_number = ?"
_INQUIRY = (
    "SELECT i.*, p.* FROM partner_inquiries i JOIN partner_products p ON p.id = i.product_id"
    " WHERE i.id = ? AND i.partner_id = ?"
)
_INVOICES = "SELECT id, amount - settled FROM invoices WHERE id = ? AND status = 'unpaid'"
_NEW_TRANSACTION = (
    "INSERT INTO partner_transactions (partner_id, ref_number, key_id, inquiry_id, fingerprint, state, response,"
    " accepted_at) VALUES (?,?,?,?,?,'pending',299,?) RETURNING id"
)
_HOLD = "UPDATE partners SET balance = balance - ? WHERE id = ? AND balance - ? + credit_limit >= 0"
_ENTRY = (
    'INSERT INTO deposit_entries (partner_id, "transaction", account, amount, created_at) VALUES (?,?,?,?,?)'
)
_USED = "UPDATE partner_inquiries SET is_used = 1 WHERE id = ?"
_ADDRESSES = "SELECT id FROM callback_urls WHERE partner_id = ? AND is_default"
_JOB = (
    "INSERT INTO outbox (topic, payload, key, priority, state, sensitive, attempts, due_at, created_at)"
    " VALUES ('partner.settle', ?, ?, 0, 'pending', 0, 0, ?, ?)"
)


class Floor:
    """No framework, no SQL layer, no unit of work: what the signature, the statements and the JSON cost."""

    def __init__(self, database: str, secret: bytes) -> None:
        self._secret = secret
        self._connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("cache_size=-16384", "synchronous=NORMAL", "foreign_keys=ON", "wal_autocheckpoint=0"):
            self._connection.execute(f"PRAGMA {pragma}")

    async def __call__(self, scope: dict[str, Any], receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        claims = self._verified(headers[b"token"])
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        answer = self._pay if scope["path"].endswith("/payment") else self._inquire
        body = orjson.dumps(answer(headers[b"key"].decode(), claims, now))
        said = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": said})
        await send({"type": "http.response.body", "body": body})

    def _verified(self, token: bytes) -> dict[str, Any]:
        signed, _, signature = token.rpartition(b".")
        mac = hmac.new(self._secret, signed, hashlib.sha256).digest()
        given = base64.urlsafe_b64decode(signature + b"=" * (-len(signature) % 4))
        assert hmac.compare_digest(mac, given)
        body = signed.partition(b".")[2]
        found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
        return found

    def _offer(self, key: str, claims: dict[str, Any], now: str) -> tuple[Any, Any]:
        ask = self._connection.execute
        found = ask(_KEY, (key,)).fetchone()
        assert ask(_TALLY, (key,)).fetchone() is None
        product = ask(_PRODUCT, (found[1], claims["productCode"])).fetchone()
        assert ask(_MAINTENANCE, (now, now)).fetchone() is None
        return found, product

    def _inquire(self, key: str, claims: dict[str, Any], now: str) -> dict[str, Any]:
        ask = self._connection.execute
        ask("BEGIN IMMEDIATE")
        found, product = self._offer(key, claims, now)
        customer, name, _ = ask(_CUSTOMER, (claims["accountNumber"],)).fetchone()
        ask(_SUBSCRIPTIONS, (customer,)).fetchall()
        ask(_PARTNER, (found[1],)).fetchone()
        bills = ask(_UNPAID, (customer,)).fetchall()
        total, account = sum(bill[3] for bill in bills) + 2500, claims["accountNumber"]
        stored = orjson.dumps(bills).decode()
        row = (found[1], product[0], customer, account, name, stored, 2500, 0, total, None, now)
        (number,) = ask(_NEW_INQUIRY, row).fetchone()
        ask("COMMIT")
        return {
            "responseCode": 300,
            "success": True,
            "message": {"ID": "Inkuiri berhasil", "EN": "Inquiry is successful"},
            "data": {
                "inquiryId": number,
                "accountNumber": account,
                "customerName": name,
                "productName": product[3],
                "productCode": product[2],
                "category": product[7],
                "amount": total,
                "totalAdmin": 2500,
                "processingFee": 0,
                "denom": "",
                "validity": "",
                "customerDetails": [{"key": "Nama Pelanggan", "value": name}],
                "billDetails": [{"billId": str(bill[0]), "value": bill[3]} for bill in bills],
                "productDetails": [{"key": "Periode", "value": "Jan 2026"}],
                "extraFields": [],
            },
        }

    def _pay(self, key: str, claims: dict[str, Any], now: str) -> dict[str, Any]:
        ask = self._connection.execute
        ask("BEGIN IMMEDIATE")
        found, product = self._offer(key, claims, now)
        partner, reference = found[1], claims["refNumber"]
        for _ in range(2):
            assert ask(_REFERENCE, (partner, reference)).fetchone() is None
        inquiry = ask(_INQUIRY, (claims["inquiryId"], partner)).fetchone()
        ask(_CUSTOMER, (claims["accountNumber"],)).fetchone()
        ask(_INVOICES, (orjson.loads(inquiry[6])[0][0],)).fetchone()
        print_ = hashlib.sha256(orjson.dumps(claims)).hexdigest()
        row = (partner, reference, found[0], claims["inquiryId"], print_, now)
        (number,) = ask(_NEW_TRANSACTION, row).fetchone()
        amount = claims["amount"]
        ask(_HOLD, (amount, partner, amount))
        ask(_ENTRY, (partner, f"payment:{number}", "deposit", amount, now))
        ask(_ENTRY, (partner, f"payment:{number}", "clearing", -amount, now))
        ask(_USED, (claims["inquiryId"],))
        ask(_ADDRESSES, (partner,)).fetchall()
        ask(_JOB, (orjson.dumps({"transaction_id": number}).decode(), f"partner.settle-{number}", now, now))
        ask("COMMIT")
        return {
            "responseCode": 299,
            "success": True,
            "message": {"ID": "Transaksi sedang dalam proses", "EN": "Your transaction is processing"},
            "data": {
                "refNumber": reference,
                "transactionId": number,
                "accountNumber": claims["accountNumber"],
                "amount": amount,
                "totalAdmin": 2500,
                "processingFee": 0,
                "denom": "",
                "productCode": product[2],
                "productName": product[3],
                "category": product[7],
                "token": "",
                "customerName": "N/A",
                "validity": "",
                "customerDetails": [],
                "billDetails": [],
                "productDetails": [],
                "extraFields": [],
            },
        }


class Mute:
    """A text channel that takes everything at once."""

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        return Accepted(None)

    async def aclose(self) -> None:
        return None


@contextlib.asynccontextmanager
async def _working(services: Services, bell: Bell) -> AsyncIterator[None]:
    drain = dispatcher(services, {"whatsapp": Mute()})
    bell.wake(drain.nudge)
    running = asyncio.create_task(drain.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _serve_ours(database: str, port: int, *, with_worker: bool) -> None:
    settings = load(
        {
            "LOKET_SECRET_KEY": os.environ["LOKET_SECRET_KEY"],
            "LOKET_DATABASE_URL": database if "://" in database else f"sqlite+aiosqlite:///{database}",
            "LOKET_THROTTLE": "off",
        }
    )
    bell = Bell()
    async with bootstrap(settings, bell=bell) as services:
        work = _working(services, bell) if with_worker else contextlib.nullcontext()
        async with work:
            await _serve(create_app(services, settings), port)


def main() -> None:
    """Serve until terminated."""
    what, database, port = sys.argv[1:]
    configure("warning", as_json=True)
    if what.startswith("ours"):
        serving = _serve_ours(database, int(port), with_worker=what == "ours-work")
    else:
        serving = _serve(Floor(database, b"bench-secret"), int(port))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


if __name__ == "__main__":
    main()
