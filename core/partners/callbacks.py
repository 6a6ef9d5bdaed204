"""Telling partners how a payment ended: signed, retried for two days, re-read when it is sent (bill-partner contract §8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from msgspec import Struct
from sqlalchemy import Row, bindparam, func, select
from typing_extensions import override

from core.partners import bodies, queries
from core.partners.breaker import Breaker
from core.partners.ports import Answered, CallbackSender, OffLimits, Unreachable
from core.partners.tables import (
    callback_attempts,
    callback_deliveries,
    callback_urls,
    partner_keys,
    partner_transactions,
    partners,
)
from core.partners.types import State, Transaction
from core.platform import outbox
from core.platform.errors import Conflict, NotFound
from core.platform.outbox import Done, Job, Later, Outcome, Park, Retry, RetryPolicy
from core.platform.prepared import Prepared
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

CALLBACK_TOPIC = "partner.callback"
#: Connect 3 s, all of it 10 s; the rest is for what the database asks.
DEADLINE_S = 15.0
_MINUTE, _HOUR = 60.0, 3600.0
_ACCEPTED, _GONE, _SERVER_FAULT = 200, 410, 500
_LONGEST_SAID = 1024
_ATTEMPTS_ARE_KEPT = timedelta(days=90)

Answer = Answered | Unreachable | OffLimits


class CallbackSchedule(RetryPolicy, frozen=True):
    """The contract's list of pauses (§8.2), each times a jitter in [0.8, 1.2): eleven tries in about 46 hours."""

    limit: int = 11
    pauses_s: tuple[float, ...] = (
        10,
        30,
        _MINUTE,
        5 * _MINUTE,
        15 * _MINUTE,
        _HOUR,
        3 * _HOUR,
        6 * _HOUR,
        12 * _HOUR,
        24 * _HOUR,
    )

    @override
    def wait(self, attempt: int, chance: float, asked_s: float | None = None) -> timedelta:
        """The pause after try number `attempt`; what the partner asks for changes nothing."""
        pause = self.pauses_s[min(attempt, len(self.pauses_s)) - 1]
        return timedelta(seconds=pause * (0.8 + 0.4 * chance))


async def plan_deliveries(
    tx: WriteTx, partner_id: int, transaction_id: int, asked_for: Sequence[str]
) -> None:
    """Note at acceptance who will hear of the end: the addresses of the payment, else the partner's own."""
    if not asked_for:
        for number, row in enumerate(await tx.rows(_DEFAULTS, partner_id=partner_id), 1):
            await _add(tx, transaction_id, number, row.id)
        return
    for url in dict.fromkeys(asked_for):
        await tx.insert_new(callback_urls, partner_id=partner_id, url=url, is_default=False)
    wanted = callback_urls.c.url.in_(asked_for)
    rows = await tx.all(
        select(callback_urls.c.id)
        .where(callback_urls.c.partner_id == partner_id, wanted)
        .order_by(callback_urls.c.id)
    )
    for number, row in enumerate(rows, 1):
        await _add(tx, transaction_id, number, row.id)


_DEFAULTS = Prepared(
    select(callback_urls.c.id)
    .where(callback_urls.c.partner_id == bindparam("partner_id"), callback_urls.c.is_default)
    .order_by(callback_urls.c.id)
)


async def _add(tx: WriteTx, transaction_id: int, number: int, url_id: int) -> int:
    return await tx.insert(
        callback_deliveries,
        transaction_id=transaction_id,
        number=number,
        url_id=url_id,
        created_at=tx.now,
    )


async def queue_deliveries(tx: WriteTx, transaction_id: int) -> None:
    """The transaction has ended: tell everybody noted for it."""
    for row in await tx.rows(_NOTED, transaction_id=transaction_id):
        await _queue(tx, row.id, _event_id(transaction_id, row.number))


_NOTED = Prepared(
    select(callback_deliveries.c.id, callback_deliveries.c.number).where(
        callback_deliveries.c.transaction_id == bindparam("transaction_id")
    )
)


async def _queue(tx: WriteTx, delivery_id: int, event_id: str) -> None:
    await outbox.post(tx, CALLBACK_TOPIC, {"delivery_id": delivery_id}, key=event_id)


async def resend_final(tx: WriteTx, transaction: Row[Any] | None) -> int:
    """Tell everybody once more of a payment that has ended, as new events; returns how many.

    Raises `NotFound("transaction")` without one, `Conflict("not_final")` while it is under way.
    """
    if transaction is None:
        raise NotFound("transaction")
    if not State(transaction.state).is_final:
        raise Conflict("not_final")
    return await _resend(tx, transaction.id)


async def _resend(tx: WriteTx, transaction_id: int) -> int:
    delivery = callback_deliveries.c
    rows = await tx.all(
        select(delivery.url_id)
        .where(delivery.transaction_id == transaction_id)
        .distinct()
        .order_by(delivery.url_id)
    )
    last = int(
        await tx.scalar(
            select(func.coalesce(func.max(delivery.number), 0)).where(
                delivery.transaction_id == transaction_id
            )
        )
    )
    for number, row in enumerate(rows, last + 1):
        await _queue(
            tx, await _add(tx, transaction_id, number, row.url_id), _event_id(transaction_id, number)
        )
    return len(rows)


def _event_id(transaction_id: int, number: int) -> str:
    return f"evt_{transaction_id}_{number}"


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """One `v1` signature of the Standard Webhooks form (§8.3)."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class CallbackDelivery:
    """The consumer of `partner.callback`. The event keeps its id over all tries; order is not promised."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring, sender: CallbackSender) -> None:
        self._uow, self._settings, self._keyring, self._sender = uow, settings, keyring, sender
        self._breaker = Breaker()

    async def __call__(self, job: Job) -> Outcome:
        async with self._uow.read() as tx:
            row = await tx.first(_delivery(int(job.payload["delivery_id"])))
            transaction = None if row is None else await queries.by_id(tx, row.transaction_id)
            now = tx.now
        if row is None or transaction is None:
            return Park("the transaction is gone")
        if row.disabled_at is not None:
            return Park("the address was disabled: it answered 410")
        if rest := self._breaker.wait(row.url, now):
            return Later("the partner's server is left alone for a while: it failed again and again", rest)
        body = self._body(queries.as_transaction(transaction))
        began = time.monotonic()
        answer = await self._sender.send(row.url, self._headers(row, job.key, now, body), body)
        self._breaker.note(row.url, now, is_well=_is_well(answer))
        await self._record(row, answer, now, latency_ms=round((time.monotonic() - began) * 1000))
        return self._outcome(row, answer)

    def _body(self, transaction: Transaction) -> bytes:
        return bodies.encoded(bodies.of_transaction(transaction, self._settings.zone))

    def _headers(self, row: Row[Any], event_id: str, now: datetime, body: bytes) -> Mapping[str, str]:
        timestamp = int(now.timestamp())
        sealed = (row.callback_secret_sealed, row.callback_secret_before_sealed)
        opened = [self._keyring.unseal(each) for each in sealed if each is not None]
        return {
            "Content-Type": "application/json",
            "KEY": row.key,
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(
                signature(secret, event_id, timestamp, body) for secret in opened if secret is not None
            ),
        }

    async def _record(self, row: Row[Any], answer: Answer, started_at: datetime, *, latency_ms: int) -> None:
        """Remember the try; an address that says it is gone for good is called no more."""
        status = answer.status if isinstance(answer, Answered) else None
        said = answer.excerpt if isinstance(answer, Answered) else answer.reason
        async with self._uow.write() as tx:
            await tx.insert(
                callback_attempts,
                delivery_id=row.delivery_id,
                started_at=started_at,
                latency_ms=latency_ms,
                status=status,
                said=said.replace("\0", "")[:_LONGEST_SAID],
            )
            if status == _GONE:
                url = callback_urls.update().where(callback_urls.c.id == row.url_id)
                await tx.execute(url.values(disabled_at=tx.now))

    def _outcome(self, row: Row[Any], answer: Answer) -> Outcome:
        match answer:
            case Answered(status, excerpt) if status == _ACCEPTED:
                return Done(detail=f"HTTP {status} {excerpt}".strip())
            case Answered(status) if status == _GONE:
                log.error("callback_url_disabled", url_id=row.url_id, partner_id=row.partner_id)
                return Park("HTTP 410: the address was disabled")
            case Answered(status, excerpt):
                return Retry(f"HTTP {status} {excerpt}".strip())
            case Unreachable(reason):
                return Retry(reason)
            case OffLimits(reason):
                log.error("callback_off_limits", url_id=row.url_id, partner_id=row.partner_id)
                return Park(reason)


def _is_well(answer: Answer) -> bool:
    match answer:
        case Answered(status):
            return status < _SERVER_FAULT
        case Unreachable():
            return False
        case OffLimits():
            return True


async def purge_attempts(tx: WriteTx, *, batch: int = 2000) -> int:
    """Forget old tries, a batch at a time; returns how many."""
    attempt = callback_attempts.c
    old = select(attempt.id).where(attempt.started_at < tx.now - _ATTEMPTS_ARE_KEPT).limit(batch)
    return await tx.execute(callback_attempts.delete().where(attempt.id.in_(old)))


class Told(Struct, frozen=True, rename="camel"):
    """One try to tell a partner how a payment ended; without a `status` nobody answered."""

    event_id: str
    url: str
    at: datetime
    latency_ms: int
    status: int | None
    said: str


async def told(tx: ReadTx, transaction_id: int, zone: ZoneInfo, *, most: int = 100) -> tuple[Told, ...]:
    """What was tried to tell of a payment, newest first."""
    attempt, delivery = callback_attempts.c, callback_deliveries.c
    rows = await tx.all(
        select(
            delivery.number,
            callback_urls.c.url,
            attempt.started_at,
            attempt.latency_ms,
            attempt.status,
            attempt.said,
        )
        .join(callback_deliveries, delivery.id == attempt.delivery_id)
        .join(callback_urls, callback_urls.c.id == delivery.url_id)
        .where(delivery.transaction_id == transaction_id)
        .order_by(attempt.id.desc())
        .limit(most)
    )
    return tuple(
        Told(
            _event_id(transaction_id, row.number),
            row.url,
            row.started_at.astimezone(zone),
            row.latency_ms,
            row.status,
            row.said,
        )
        for row in rows
    )


def _delivery(delivery_id: int) -> Any:
    return (
        select(
            callback_deliveries.c.id.label("delivery_id"),
            callback_deliveries.c.transaction_id,
            callback_urls.c.id.label("url_id"),
            callback_urls.c.url,
            callback_urls.c.disabled_at,
            partners.c.id.label("partner_id"),
            partners.c.callback_secret_sealed,
            partners.c.callback_secret_before_sealed,
            partner_keys.c.key,
        )
        .join(callback_urls, callback_urls.c.id == callback_deliveries.c.url_id)
        .join(partners, partners.c.id == callback_urls.c.partner_id)
        .join(partner_transactions, partner_transactions.c.id == callback_deliveries.c.transaction_id)
        .join(partner_keys, partner_keys.c.id == partner_transactions.c.key_id)
        .where(callback_deliveries.c.id == delivery_id)
    )
