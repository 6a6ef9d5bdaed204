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
from zoneinfo import ZoneInfo

import orjson
import uvloop

from api.app import create_app
from benchmarks._invoice_servers import Send, _serve
from core.bootstrap import Bell, bootstrap
from core.identity.counters import _LOOK
from core.messaging.ports import Accepted, OutgoingText, SendOutcome
from core.partners.access import _LIVE_KEY
from core.partners.callbacks import _DEFAULTS
from core.partners.inquiry import _HELD_UNPAID, _OWNER, _UNPAID
from core.partners.ledger import _CHANGE
from core.partners.payment import _USED
from core.partners.queries import _BY_REFERENCE, _LOCKED_INQUIRY, _PRODUCT_OF
from core.partners.tables import deposit_entries, partner_inquiries, partner_transactions
from core.platform import prepared
from core.platform.logging import configure
from core.platform.outbox import outbox
from core.platform.prepared import Prepared
from core.services import Services
from core.settings import load
from core.workers import dispatcher

_INQUIRY_COLUMNS = (
    "partner_id", "product_id", "customer_id", "account_number", "customer_name", "bills", "admin",
    "processing_fee", "amount", "month", "is_used", "created_at",
)  # fmt: skip
_TRANSACTION_COLUMNS = (
    "partner_id", "ref_number", "key_id", "inquiry_id", "fingerprint", "state", "response", "buyer_email",
    "public_buyer_id", "accepted_at",
)  # fmt: skip
_ENTRY_COLUMNS = ("partner_id", "transaction", "created_at", "account", "amount")
_JOB_COLUMNS = (
    "topic", "payload", "key", "ordering_key", "priority", "state", "sensitive", "attempts", "due_at",
    "expires_at", "created_at",
)  # fmt: skip
_JAKARTA = ZoneInfo("Asia/Jakarta")
_MONTHS = ("Januari 2026", "Jan 2026")


class Floor:
    """No framework, no SQL layer, no unit of work: what the signatures, the statements and the JSON cost.

    It sends the product's own statements, all of them and no other, in one transaction with the same durability; it
    makes the token's HMAC and that of the counter's name; its answer is the same to the byte but for ids.
    What it leaves out is what the product owes to strangers: it believes every claim but the signature, judges
    nothing that it has read, keeps no limits, knows one secret, one product and one month.
    """

    def __init__(self, database: str, secret: bytes) -> None:
        self._secret = secret
        self._connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("cache_size=-16384", "synchronous=NORMAL", "foreign_keys=ON", "wal_autocheckpoint=0"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._new_inquiry = prepared.inserting_keyed(partner_inquiries, _INQUIRY_COLUMNS)
        self._new_transaction = prepared.inserting_new("sqlite", partner_transactions, _TRANSACTION_COLUMNS)
        self._new_entry = prepared.inserting(deposit_entries, _ENTRY_COLUMNS).on_sqlite.sql
        self._new_job = prepared.inserting_new("sqlite", outbox, _JOB_COLUMNS)

    def _ask(self, statement: Prepared, **params: object) -> Any:
        form = statement.on_sqlite
        return self._connection.execute(form.sql, {**form.constants, **params}).fetchall()

    async def __call__(self, scope: dict[str, Any], receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        claims = self._verified(headers[b"token"])
        answer = self._pay if scope["path"].endswith("/payment") else self._inquire
        now = datetime.now(UTC)
        body = orjson.dumps(answer(headers[b"key"].decode(), claims, now, f"{now:%Y-%m-%d %H:%M:%S.%f}"))
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

    def _admitted(self, key: str, now: str) -> Any:
        bucket = hmac.new(self._secret, key.encode() + b"127.0.0.1", hashlib.sha256).hexdigest()
        assert not self._ask(_LOOK, wanted=f"partner-signature:{bucket}")
        (found,) = self._ask(_LIVE_KEY, presented=key, now=now)
        return found

    def _inquire(self, key: str, claims: dict[str, Any], at: datetime, now: str) -> dict[str, Any]:
        found, account = self._admitted(key, now), claims["accountNumber"]
        self._connection.execute("BEGIN IMMEDIATE")
        (product,) = self._ask(_PRODUCT_OF, partner_id=found[1], code=claims["productCode"], now=now)
        ((customer, name, *_),) = self._ask(_OWNER, typed=account, upper=account)
        bills = self._ask(_UNPAID, customer_id=customer)
        total, stored = sum(bill[3] for bill in bills) + 2500, orjson.dumps(bills).decode()
        values = (found[1], product[0], customer, account, name, stored, 2500, 0, total, None, False, now)
        ((number,),) = self._ask(self._new_inquiry, **dict(zip(_INQUIRY_COLUMNS, values, strict=True)))
        self._connection.execute("COMMIT")
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
                "customerDetails": [
                    {"key": "Nama Pelanggan", "value": name},
                    {
                        "key": "Tanggal & Waktu Pembayaran",
                        "value": f"{at.astimezone(_JAKARTA):%d %b %Y | %H:%M}",
                    },
                    {"key": "Nomor Pelanggan", "value": account},
                ],
                "billDetails": [
                    *(
                        {
                            "billId": str(place),
                            "billInfo": [{"key": "Bulan", "value": _MONTHS[0]}],
                            "isMandatory": True,
                            "key": "Jumlah Tagihan",
                            "value": bill[3],
                        }
                        for place, bill in enumerate(bills, 1)
                    ),
                    {
                        "billId": "0",
                        "billInfo": [],
                        "isMandatory": True,
                        "key": "Biaya Administrasi",
                        "value": 2500,
                    },
                ],
                "productDetails": [{"key": "Periode", "value": _MONTHS[1]}],
                "extraFields": [],
            },
        }

    def _pay(self, key: str, claims: dict[str, Any], _at: datetime, now: str) -> dict[str, Any]:
        found = self._admitted(key, now)
        partner, reference, amount = found[1], claims["refNumber"], claims["amount"]
        self._connection.execute("BEGIN IMMEDIATE")
        (asked,) = self._ask(_LOCKED_INQUIRY, inquiry_id=claims["inquiryId"], partner_id=partner)
        assert not self._ask(_BY_REFERENCE, partner_id=partner, ref_number=reference)
        (product,) = self._ask(_PRODUCT_OF, partner_id=partner, code=claims["productCode"], now=now)
        assert orjson.loads(asked[4])
        self._ask(_HELD_UNPAID, customer_id=asked[1])
        digest = hashlib.sha256(orjson.dumps(claims)).hexdigest()
        values = (partner, reference, found[0], asked[0], digest, "pending", 299, None, None, now)
        ((number,),) = self._ask(
            self._new_transaction, **dict(zip(_TRANSACTION_COLUMNS, values, strict=True))
        )
        self._ask(_USED, inquiry_id=asked[0])
        self._ask(_DEFAULTS, partner_id=partner)
        job = (
            "partner.settle", orjson.dumps({"transaction_id": number}).decode(), f"partner.settle-{number}",
            None, 0, "pending", False, 0, now, None, now,
        )  # fmt: skip
        self._ask(self._new_job, **dict(zip(_JOB_COLUMNS, job, strict=True)))
        entries = [
            dict(zip(_ENTRY_COLUMNS, (partner, f"payment:{number}", now, account, part), strict=True))
            for account, part in (("deposit", amount), ("clearing", -amount))
        ]
        self._connection.executemany(self._new_entry, entries)
        self._ask(_CHANGE, of_partner=partner, change=-amount)
        self._connection.execute("COMMIT")
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
