"""Turning a broadcast into messages, a slice at a time: each slice is one transaction that also queues the next one.

A slice holds no more than its sender's pace allows for the next seconds, so that a pause, a cancellation and a customer's
STOP count almost at once, and memory does not grow with the audience.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from core.broadcasts import queries
from core.broadcasts.rules import QUARTERS, filled, gaps, next_opening, quarter
from core.broadcasts.tables import broadcast_recipients, broadcasts, sender_paces
from core.broadcasts.types import Audience, AudienceKind, State
from core.customers.tables import customers
from core.messaging import recipients
from core.messaging.consent import stopped_for_all
from core.messaging.delivery import TextDelivery
from core.messaging.kinds import Category
from core.messaging.notices import channels_of, send_text
from core.messaging.recipients import Recipient
from core.platform import i18n, outbox
from core.platform.clock import local_day
from core.platform.outbox import Done, Job, Outcome, Priority
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

STEP_TOPIC, TEXT_TOPIC = "broadcast.step", "broadcast.text"
#: Customers looked at in one transaction, and how far ahead of the clock their messages may be.
_SLICE, _AHEAD = 500, timedelta(seconds=10)


async def post_step(tx: WriteTx, broadcast_id: int, step: int, at: datetime) -> None:
    """Queue the slice that goes on from here."""
    await outbox.post(
        tx,
        STEP_TOPIC,
        {"broadcast_id": broadcast_id, "step": step},
        key=f"broadcast-{broadcast_id}-step-{step}",
        priority=Priority.BULK,
        delay=max(at - tx.now, timedelta(0)),
    )


class BroadcastSteps:
    """The consumer of slices; one that is repeated, or comes after a pause, finds another step and does nothing."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def __call__(self, job: Job) -> Outcome:
        async with self._uow.write() as tx:
            row = await queries.held(tx, int(job.payload["broadcast_id"]))
            if row.state == State.RUNNING and row.step == int(job.payload["step"]):
                await _Slice(tx, self._settings, row).run()
        return Done()


class BroadcastTexts:
    """The consumer of a broadcast's messages: as any text, but for what was said since it was queued."""

    def __init__(self, uow: UnitOfWork, texts: TextDelivery) -> None:
        self._uow, self._texts = uow, texts

    async def __call__(self, job: Job) -> Outcome:
        async with self._uow.read() as tx:
            state = await tx.scalar(
                select(broadcasts.c.state)
                .join(broadcast_recipients, broadcast_recipients.c.broadcast_id == broadcasts.c.id)
                .where(broadcast_recipients.c.job_key == job.key)
            )
            stopped = await stopped_for_all(tx, [job.payload["extras"]["customer_id"]])
        if state == State.CANCELLED:
            return Done(detail="cancelled before it was sent")
        if Category.INFO in stopped:
            return Done(detail="stopped by the customer before it was sent")
        return await self._texts(job)


class _Slice:
    """One transaction's share of a broadcast."""

    def __init__(self, tx: WriteTx, settings: Settings, row: Row[Any]) -> None:
        self._tx, self._settings, self._row = tx, settings, row
        self._cursor, self._queued, self._stopped = row.cursor, 0, 0
        self._gaps: Mapping[str, timedelta] = gaps(settings)
        self._free: dict[str, datetime] = {}
        self._again_at = tx.now

    async def run(self) -> None:
        opening = next_opening(max(self._tx.now, self._row.start_at or self._tx.now), self._settings)
        if opening > self._tx.now:
            await self._save(State.RUNNING, again_at=opening)
            return
        await self._look_at_paces()
        is_over = await self._queue()
        await self._save_paces()
        await self._save(State.DONE if is_over else State.RUNNING, again_at=self._again_at)

    async def _queue(self) -> bool:
        """Queue as much as fits; True when nobody is left."""
        audience = Audience(AudienceKind(self._row.audience), self._row.audience_id)
        today = local_day(self._tx.now, self._settings.zone)
        left = queries.members(audience, today).where(customers.c.id > self._row.cursor)
        rows = await self._tx.all(left.limit(_SLICE))
        for member in rows:
            if not await self._take(member):
                return False
            self._cursor = member.id
        return len(rows) < _SLICE

    async def _take(self, member: Row[Any]) -> bool:
        """Queue one service's message, unless its person has had it; False when the sender must rest first."""
        reader = await recipients.recipient(self._tx, member.id, channels=channels_of(self._settings))
        address = reader.addresses[0] if reader and reader.addresses else None
        if reader is None or address is None:
            return True
        at = max(self._tx.now, self._free.get(address.channel, self._tx.now))
        if at > self._tx.now + _AHEAD:
            self._again_at = at - _AHEAD / 2
            return False
        person = member.phone or f"{address.channel}:{address.to}"
        key = f"broadcast-{self._row.id}-{member.id}"
        known = {"broadcast_id": self._row.id, "person": person}
        if not await self._tx.insert_new(broadcast_recipients, customer_id=member.id, job_key=key, **known):
            return True
        if member.is_stopped:
            await self._note_stopped(member.id, key)
            return True
        await send_text(
            self._tx,
            to=address.to,
            text=self._text(reader, address.language),
            key=key,
            topic=TEXT_TOPIC,
            channel=address.channel,
            customer_id=member.id,
            priority=Priority.BULK,
            delay=at - self._tx.now,
        )
        self._free[address.channel] = at + self._gaps[address.channel]
        self._queued += 1
        return True

    async def _note_stopped(self, customer_id: int, key: str) -> None:
        note = {"customer_id": customer_id, "broadcast_id": self._row.id}
        reason = f"stopped by the customer: {Category.INFO}"
        await outbox.note_stopped(self._tx, TEXT_TOPIC, note, key=key, reason=reason)
        self._stopped += 1

    def _text(self, reader: Recipient, language: i18n.Language | None) -> str:
        said = filled(self._row.body, name=reader.name, service=reader.service)
        spoken = language or reader.language or self._settings.language
        return f"{said}\n\n{i18n.text('broadcast.footer', spoken)}"

    async def _look_at_paces(self) -> None:
        """Lock the senders, in one order for everybody, so that two broadcasts share their pace."""
        for channel in sorted(self._gaps):
            await self._tx.insert_new(sender_paces, channel=channel, free_at=self._tx.now)
        held = select(sender_paces).order_by(sender_paces.c.channel).with_for_update()
        self._free = {row.channel: row.free_at for row in await self._tx.all(held)}

    async def _save_paces(self) -> None:
        for channel, free_at in self._free.items():
            here = sender_paces.c.channel == channel
            await self._tx.execute(sender_paces.update().where(here).values(free_at=free_at))

    async def _save(self, state: State, *, again_at: datetime) -> None:
        row, queued = self._row, self._row.queued + self._queued
        values = {
            "state": state,
            "cursor": self._cursor,
            "step": row.step + 1,
            "queued": queued,
            "stopped": row.stopped + self._stopped,
            "ended_at": self._tx.now if state is State.DONE else None,
        }
        await self._tx.execute(broadcasts.update().where(broadcasts.c.id == row.id).values(values))
        if state is State.DONE:
            await self._tell(QUARTERS, queued)
            return
        reached = quarter(queued, row.expected)
        if reached > quarter(row.queued, row.expected):
            await self._tell(reached, queued)
        await post_step(self._tx, row.id, row.step + 1, again_at)

    async def _tell(self, reached: int, queued: int) -> None:
        """Say in the chat it was composed in how far it has got."""
        row, language = self._row, self._settings.language
        if row.address is None:
            return
        is_over = reached == QUARTERS
        said = i18n.text(
            "broadcast.progress_done" if is_over else "broadcast.progress",
            language,
            number=row.id,
            queued=queued,
            expected=row.expected,
            percent=reached * 100 // QUARTERS,
        )
        key = f"broadcast-{row.id}-told-{reached}"
        await send_text(self._tx, to=row.address, text=said, key=key, channel=row.channel)
