"""What can be done about hand-over: ask for a person, take a chat, answer, give it back; and what time does to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select

from core.audit import log as audit
from core.handover import commands, queries
from core.handover.commands import patience, stamped
from core.handover.ports import Route
from core.handover.rules import office_hours
from core.handover.tables import handover_lines, handovers
from core.handover.types import (
    Act,
    Handover,
    HandoverState,
    Over,
    Person,
    Requested,
    Sent,
    Story,
    Take,
    Taken,
    TakenByOther,
)
from core.platform.errors import Invalid, NotFound
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

#: What was said is kept this long after the end; a request nobody took is given up after the shorter time.
RETENTION, GIVEN_UP = timedelta(days=90), timedelta(days=7)
_BATCH = 50


class Handovers:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings
        self._hours = office_hours(settings.office_hours)

    async def request(
        self,
        channel: str,
        address: str,
        *,
        session: str,
        language: str,
        customer_id: int | None,
        text: str,
        request_id: str,
    ) -> Requested:
        """Ask for a person in this chat; asking again, or repeating the request, is the same request.

        Within office hours staff are told at once, otherwise when hours begin.
        """
        async with self._uow.write() as tx:
            asked = {"channel": channel, "address": address}
            opens_at = self._opens_at(tx)
            row = await queries.locked_open(tx, channel, address)
            if row is None:
                await tx.insert_new(
                    handovers,
                    **asked,
                    session=session or None,
                    language=language,
                    customer_id=customer_id,
                    state=HandoverState.QUEUED,
                    request_id="",
                    requested_at=tx.now,
                )
                row = await queries.locked_open(tx, channel, address)
            if row is None:
                raise RuntimeError("a request that was just made is not there")
            if row.request_id != request_id and row.state == HandoverState.QUEUED:
                await self._ask(tx, row, text=text, request_id=request_id, session=session)
        log.info("person_requested", handover_id=row.id, is_open=opens_at is None)
        return Requested(row.id, opens_at, self._hours.today(tx.now, self._settings.zone))

    async def leave_note(self, channel: str, address: str, text: str, *, request_id: str) -> None:
        """Add to an open request what staff should know; without one nothing happens."""
        async with self._uow.write() as tx:
            row = await queries.locked_open(tx, channel, address)
            if row is not None:
                await commands.keep(
                    tx, self._settings, row, text=text, message_key=f"note:{request_id}", author=None
                )

    async def open_of(self, channel: str, address: str) -> Story | None:
        """The open request of a chat with what was said, for its customer."""
        async with self._uow.read() as tx:
            row = await queries.locked_open(tx, channel, address)
            return None if row is None else await queries.story(tx, row.id)

    async def withdraw(self, channel: str, address: str) -> None:
        """The customer needs nobody any more; harmless when nothing is open."""
        async with self._uow.write() as tx:
            row = await queries.locked_open(tx, channel, address)
            if row is not None:
                await commands.close(tx, self._settings, row, by="customer")

    async def open_ones(self) -> tuple[Handover, ...]:
        """Open requests, those that wait longest first."""
        async with self._uow.read() as tx:
            return await queries.open_ones(tx)

    async def story(self, handover_id: int, *, after: int = 0) -> Story:
        """Raises `NotFound("handover")`."""
        async with self._uow.read() as tx:
            found = await queries.story(tx, handover_id, after=after)
        if found is None:
            raise NotFound("handover")
        return found

    async def take(self, handover_id: int, person: Person) -> Take:
        """Make a request the caller's; the first who takes it has it. Raises `NotFound("handover")`."""
        async with self._uow.write() as tx:
            row = await self._locked(tx, handover_id)
            if (refused := await self._taken(tx, row, person)) is not None:
                return refused
            story = await queries.story(tx, handover_id)
        if story is None:
            raise NotFound("handover")
        return Taken(story)

    async def say(self, handover_id: int, person: Person, text: str, *, request_id: str) -> Act:
        """Answer the customer; a request nobody has is the caller's by that. A repeat sends nothing.

        Raises `NotFound("handover")`, `Invalid("empty_message")`.
        """
        if not text.strip():
            raise Invalid("empty_message")
        async with self._uow.write() as tx:
            row = await self._locked(tx, handover_id)
            if (refused := await self._taken(tx, row, person)) is not None:
                return refused
            message_key = f"{person.actor}:{handover_id}:{request_id}"  # the same words may go to two chats
            line_id = await commands.keep(
                tx, self._settings, row, text=text, message_key=message_key, author=person
            )
            if line_id is None:
                known = select(handover_lines.c.id).where(handover_lines.c.message_key == message_key)
                return Sent(await tx.scalar(known) or 0)
            await commands.switch(tx, self._settings, row, Route.HANDOFF)
            await commands.tell_customer(
                tx, row, "handover.answer", key=f"handover-line-{line_id}", text=text[: commands.LONGEST_LINE]
            )
        return Sent(line_id)

    async def close(self, handover_id: int, person: Person) -> Act:
        """End the talk; the customer is told and has the bot again. Raises `NotFound("handover")`."""
        async with self._uow.write() as tx:
            row = await self._locked(tx, handover_id)
            if (refused := self._refused(row, person)) is not None:
                return refused
            await commands.close(tx, self._settings, row, by=person.actor)
            await commands.tell_customer(tx, row, "handover.closed", key=stamped(tx, row, "closed"))
            await audit.record(
                tx, actor=person.actor, action="chat.close", subject=f"handover:{row.id}", details={}
            )
        return Sent(0)

    async def release(self, handover_id: int, person: Person) -> Act:
        """Put it back into the queue for others; the bot answers meanwhile. Raises `NotFound("handover")`."""
        async with self._uow.write() as tx:
            row = await self._locked(tx, handover_id)
            if (refused := self._refused(row, person)) is not None:
                return refused
            await commands.requeue(tx, self._settings, row, Route.HANDOFF_OFF)
            await commands.tell_customer(tx, row, "handover.released", key=stamped(tx, row, "released"))
            await commands.tell_all_staff(
                tx, self._settings, row.id, "handover.waits", key=stamped(tx, row, "free")
            )
        return Sent(0)

    async def tick(self) -> int:
        """Tell whom time has made it due to tell; returns how many requests that concerned."""
        async with self._uow.read() as tx:
            due = select(handovers.c.id).where(handovers.c.due_at <= tx.now).order_by(handovers.c.due_at)
            rows = await tx.all(due.limit(_BATCH))
        for row in rows:
            async with self._uow.write() as tx:
                await self._come_due(tx, row.id)
        return len(rows)

    async def purge(self) -> int:
        """Give up requests nobody took, and forget talks past their retention; returns how many were forgotten."""
        async with self._uow.write() as tx:
            stale = (
                handovers.c.closed_at.is_(None),
                handovers.c.state == HandoverState.QUEUED,
                handovers.c.requested_at < tx.now - GIVEN_UP,
            )
            ended = {"state": HandoverState.CLOSED, "closed_at": tx.now, "closed_by": "system"}
            await tx.execute(handovers.update().where(*stale).values(due_at=None, **ended))
            old = handovers.c.closed_at < tx.now - RETENTION
            gone = select(handovers.c.id).where(old).limit(2000)
            await tx.execute(handover_lines.delete().where(handover_lines.c.handover_id.in_(gone)))
            return await tx.execute(handovers.delete().where(handovers.c.id.in_(gone)))

    def _opens_at(self, tx: WriteTx) -> Any:
        zone = self._settings.zone
        return None if self._hours.is_open(tx.now, zone) else self._hours.next_opening(tx.now, zone)

    async def _ask(self, tx: WriteTx, row: Row[Any], *, text: str, request_id: str, session: str) -> None:
        opens_at = self._opens_at(tx)
        await commands.set_row(
            tx,
            row.id,
            request_id=request_id,
            session=session or row.session,
            state=HandoverState.WAITING if opens_at is None else HandoverState.QUEUED,
            due_at=opens_at or tx.now + patience(self._settings),
        )
        await commands.keep(
            tx, self._settings, row, text=text, message_key=f"asked:{request_id}", author=None
        )
        if opens_at is None:
            asked = await self._locked(tx, row.id)
            await commands.switch(tx, self._settings, asked, Route.HANDOFF)
            await commands.tell_all_staff(
                tx, self._settings, row.id, "handover.waits", key=stamped(tx, row, "asked")
            )

    async def _locked(self, tx: WriteTx, handover_id: int) -> Row[Any]:
        row = await queries.locked(tx, handover_id)
        if row is None:
            raise NotFound("handover")
        return row

    async def _taken(self, tx: WriteTx, row: Row[Any], person: Person) -> TakenByOther | Over | None:
        if (refused := self._refused(row, person, or_nobodys=True)) is not None:
            return refused
        await commands.own(tx, self._settings, row, person)
        if row.owner != person.actor:
            await audit.record(
                tx, actor=person.actor, action="chat.take", subject=f"handover:{row.id}", details={}
            )
        return None

    @staticmethod
    def _refused(row: Row[Any], person: Person, *, or_nobodys: bool = False) -> TakenByOther | Over | None:
        if row.state == HandoverState.CLOSED:
            return Over()
        if row.owner == person.actor or (row.owner is None and or_nobodys):
            return None
        return Over() if row.owner is None else TakenByOther(row.owner_name or "")

    async def _come_due(self, tx: WriteTx, handover_id: int) -> None:
        row = await queries.locked(tx, handover_id)
        if row is None or row.due_at is None or row.due_at > tx.now:
            return
        if row.state == HandoverState.QUEUED:  # office hours begin
            await commands.set_row(tx, row.id, due_at=None)
            await commands.tell_all_staff(
                tx, self._settings, row.id, "handover.waits", key=stamped(tx, row, "opening")
            )
        elif row.state == HandoverState.TAKEN and await self._is_quiet(tx, row):
            await commands.close(tx, self._settings, row, by="system")
            await commands.tell_customer(tx, row, "handover.closed", key=stamped(tx, row, "quiet"))
        else:
            await commands.requeue(tx, self._settings, row, Route.HANDOFF_TIMEOUT)
            await commands.tell_customer(tx, row, "handover.nobody_came", key=stamped(tx, row, "nobody"))
            await commands.tell_all_staff(
                tx, self._settings, row.id, "handover.still_waits", key=stamped(tx, row, "late")
            )

    async def _is_quiet(self, tx: WriteTx, row: Row[Any]) -> bool:
        """Whether the last word was ours."""
        said = handover_lines.c
        last = select(said.author).where(said.handover_id == row.id).order_by(said.id.desc()).limit(1)
        return await tx.scalar(last) is not None
