"""Telling partners how a payment ended: signed, retried for two days, re-read when it is sent (bill-partner contract §8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, func, select
from typing_extensions import override

from core.partners import bodies, queries
from core.partners.ports import Answered, CallbackSender, OffLimits, Unreachable
from core.partners.tables import (
    callback_deliveries,
    callback_urls,
    partner_keys,
    partner_transactions,
    partners,
)
from core.partners.types import Transaction
from core.platform import outbox
from core.platform.outbox import Done, Job, Outcome, Park, Retry, RetryPolicy
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

CALLBACK_TOPIC = "partner.callback"
#: Connect 3 s, all of it 10 s; the rest is for what the database asks.
DEADLINE_S = 15.0
_MINUTE, _HOUR = 60.0, 3600.0
_ACCEPTED, _GONE = 200, 410


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
    for url in dict.fromkeys(asked_for):
        await tx.insert_new(callback_urls, partner_id=partner_id, url=url, is_default=False)
    wanted = callback_urls.c.url.in_(asked_for) if asked_for else callback_urls.c.is_default
    rows = await tx.all(
        select(callback_urls.c.id)
        .where(callback_urls.c.partner_id == partner_id, wanted)
        .order_by(callback_urls.c.id)
    )
    for number, row in enumerate(rows, 1):
        await _add(tx, transaction_id, number, row.id)


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
    delivery = callback_deliveries.c
    rows = await tx.all(select(delivery.id, delivery.number).where(delivery.transaction_id == transaction_id))
    for row in rows:
        await _queue(tx, row.id, _event_id(transaction_id, row.number))


async def _queue(tx: WriteTx, delivery_id: int, event_id: str) -> None:
    await outbox.post(tx, CALLBACK_TOPIC, {"delivery_id": delivery_id}, key=event_id)


async def resend(tx: WriteTx, transaction_id: int) -> int:
    """Tell everybody once more, as new events; returns how many."""
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

    async def __call__(self, job: Job) -> Outcome:
        async with self._uow.read() as tx:
            row = await tx.first(_delivery(int(job.payload["delivery_id"])))
            transaction = None if row is None else await queries.by_id(tx, row.transaction_id)
            now = tx.now
        if row is None or transaction is None:
            return Park("the transaction is gone")
        if row.disabled_at is not None:
            return Park("the address was disabled: it answered 410")
        body = self._body(queries.as_transaction(transaction))
        answer = await self._sender.send(row.url, self._headers(row, job.key, now, body), body)
        return await self._outcome(row, answer)

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

    async def _outcome(self, row: Row[Any], answer: Answered | Unreachable | OffLimits) -> Outcome:
        match answer:
            case Answered(status, excerpt) if status == _ACCEPTED:
                return Done(detail=f"HTTP {status} {excerpt}".strip())
            case Answered(status) if status == _GONE:
                await self._disable(row)
                return Park("HTTP 410: the address was disabled")
            case Answered(status, excerpt):
                return Retry(f"HTTP {status} {excerpt}".strip())
            case Unreachable(reason):
                return Retry(reason)
            case OffLimits(reason):
                log.error("callback_off_limits", url_id=row.url_id, partner_id=row.partner_id)
                return Park(reason)

    async def _disable(self, row: Row[Any]) -> None:
        async with self._uow.write() as tx:
            url = callback_urls.update().where(callback_urls.c.id == row.url_id)
            await tx.execute(url.values(disabled_at=tx.now))
        log.error("callback_url_disabled", url_id=row.url_id, partner_id=row.partner_id)


def _delivery(delivery_id: int) -> Any:
    return (
        select(
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
