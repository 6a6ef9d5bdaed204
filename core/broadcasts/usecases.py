"""What staff can do about broadcasts: compose, confirm, watch, pause, go on, cancel the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from core.audit.log import record
from core.broadcasts import queries
from core.broadcasts.fanout import post_step
from core.broadcasts.rules import check_body, done_by, filled
from core.broadcasts.tables import broadcasts
from core.broadcasts.types import Audience, AudienceKind, Broadcast, Draft, Named, Reach, State
from core.customers.tables import customers
from core.identity.staff import Permission, StaffMember
from core.messaging.notices import channels_of
from core.platform.clock import local_day
from core.platform.errors import Conflict, Forbidden, Invalid, NotFound
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings

#: How long a text waits to be confirmed.
_DRAFT_LIFETIME = timedelta(days=1)
#: As many are listed, the newest first.
_LISTED = 20
#: Nobody knows what will be true a year from now.
_LONGEST_WAIT = timedelta(days=366)


class Broadcasts:
    """Each method is one use case; all raise `Forbidden("broadcast")` for staff whose role may not."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def named(self, staff: StaffMember, kind: AudienceKind) -> tuple[Named, ...]:
        """The regions, plans or routers an audience can be of."""
        _allow(staff)
        async with self._uow.read() as tx:
            return await queries.named(tx, kind)

    async def reach(self, staff: StaffMember, audience: Audience) -> Reach:
        """How many a text to this audience would reach today. Raises `NotFound("audience")`."""
        _allow(staff)
        async with self._uow.read() as tx:
            if not await queries.exists_in(tx, audience):
                raise NotFound("audience")
            today = local_day(tx.now, self._settings.zone)
        return await queries.reach(self._uow, audience, today, channels_of(self._settings))

    async def compose(
        self,
        staff: StaffMember,
        audience: Audience,
        body: str,
        *,
        request_id: str,
        chat: tuple[str, str] | None = None,
        start_at: datetime | None = None,
    ) -> Draft:
        """Keep a text with its audience for confirmation; a repeated `request_id` gives the first one back.

        Progress is told in `chat`. Raises `Invalid` as `rules.check_body` says, `Invalid("start_in_past")` (or a year away),
        `NotFound("audience")`, `Conflict("nobody_reachable")`.
        """
        body = check_body(body)
        reach = await self.reach(staff, audience)
        if not reach.persons:
            raise Conflict("nobody_reachable")
        channel, address = chat or (None, None)
        async with self._uow.write() as tx:
            if start_at is not None and not tx.now <= start_at <= tx.now + _LONGEST_WAIT:
                raise Invalid("start_in_past")
            await tx.insert_new(
                broadcasts,
                staff_id=staff.id,
                request_id=request_id,
                channel=channel,
                address=address,
                audience=audience.kind,
                audience_id=audience.id,
                body=body,
                state=State.DRAFT,
                expected=reach.persons,
                cursor=0,
                step=0,
                queued=0,
                stopped=0,
                start_at=start_at,
                created_at=tx.now,
            )
            row = await tx.first(select(broadcasts).where(broadcasts.c.request_id == request_id))
            if row is None or row.staff_id != staff.id:
                raise Conflict("request_reused")
            return await self._draft(tx, row, reach)

    async def draft(self, staff: StaffMember, broadcast_id: int) -> Draft:
        """What is about to be confirmed, counted anew. Raises `NotFound("broadcast")`."""
        before = await self.progress(staff, broadcast_id)
        reach = await self.reach(staff, before.audience)
        async with self._uow.read() as tx:
            row = await tx.first(select(broadcasts).where(broadcasts.c.id == broadcast_id))
            if row is None:
                raise NotFound("broadcast")
            return await self._draft(tx, row, reach)

    async def confirm(self, staff: StaffMember, broadcast_id: int, *, count: int) -> Broadcast:
        """Send a draft to as many as were shown; confirming it again changes nothing.

        Raises `NotFound("broadcast")`, `Conflict("broadcast_count")`, `Conflict("broadcast_over")`.
        """
        async with self._uow.write() as tx:
            row = await _own(tx, staff, broadcast_id)
            if count != row.expected:
                raise Conflict("broadcast_count")
            if row.state == State.DRAFT:
                await _move(tx, staff, row, State.RUNNING, "broadcast_confirmed")
                await post_step(tx, row.id, row.step + 1, row.start_at or tx.now)
            elif row.state == State.CANCELLED:
                raise Conflict("broadcast_over")
            return await queries.shown(tx, await queries.held(tx, broadcast_id))

    async def pause(self, staff: StaffMember, broadcast_id: int) -> Broadcast:
        """Queue nobody else for now; what left in the last seconds still arrives. Raises `Conflict("broadcast_over")`."""
        return await self._turn(staff, broadcast_id, State.RUNNING, State.PAUSED, "broadcast_paused")

    async def resume(self, staff: StaffMember, broadcast_id: int) -> Broadcast:
        """Go on where it was paused. Raises `Conflict("broadcast_over")`."""
        return await self._turn(staff, broadcast_id, State.PAUSED, State.RUNNING, "broadcast_resumed")

    async def cancel(self, staff: StaffMember, broadcast_id: int) -> Broadcast:
        """Send it to nobody else, ever; harmless when that is so already. Raises `Conflict("broadcast_over")` once it is done."""
        async with self._uow.write() as tx:
            row = await _own(tx, staff, broadcast_id)
            if row.state == State.DONE:
                raise Conflict("broadcast_over")
            if row.state != State.CANCELLED:
                await _move(tx, staff, row, State.CANCELLED, "broadcast_cancelled")
            return await queries.shown(tx, await queries.held(tx, broadcast_id))

    async def progress(self, staff: StaffMember, broadcast_id: int) -> Broadcast:
        """How far it has got. Raises `NotFound("broadcast")`."""
        _allow(staff)
        async with self._uow.read() as tx:
            row = await tx.first(select(broadcasts).where(broadcasts.c.id == broadcast_id))
            if row is None:
                raise NotFound("broadcast")
            return await queries.shown(tx, row)

    async def listed(self, staff: StaffMember) -> tuple[Broadcast, ...]:
        """The newest broadcasts of everybody."""
        _allow(staff)
        async with self._uow.read() as tx:
            rows = await tx.all(select(broadcasts).order_by(broadcasts.c.id.desc()).limit(_LISTED))
            return tuple([await queries.shown(tx, row) for row in rows])

    async def purge_drafts(self) -> int:
        """Forget what nobody has confirmed within a day; returns how many."""
        async with self._uow.write() as tx:
            stale = (broadcasts.c.state == State.DRAFT, broadcasts.c.created_at < tx.now - _DRAFT_LIFETIME)
            return await tx.execute(broadcasts.delete().where(*stale))

    async def _turn(
        self, staff: StaffMember, broadcast_id: int, before: State, after: State, action: str
    ) -> Broadcast:
        async with self._uow.write() as tx:
            row = await _own(tx, staff, broadcast_id)
            if row.state == before:
                await _move(tx, staff, row, after, action)
                if after is State.RUNNING:
                    await post_step(tx, row.id, row.step + 1, tx.now)
            elif row.state != after:
                raise Conflict("broadcast_over")
            return await queries.shown(tx, await queries.held(tx, broadcast_id))

    async def _draft(self, tx: ReadTx, row: Row[Any], reach: Reach) -> Draft:
        """The sample is for the first who would have it."""
        audience = Audience(AudienceKind(row.audience), row.audience_id)
        everybody = queries.members(audience, local_day(tx.now, self._settings.zone))
        first = await tx.first(everybody.where(customers.c.phone.is_not(None)).limit(1))
        name, service = (first.name, first.service_number) if first else ("Dewi", "28900004")
        start = max(row.start_at or tx.now, tx.now)
        return Draft(
            await queries.shown(tx, row),
            reach,
            filled(row.body, name=name, service=service),
            done_by(start, reach.persons, self._settings),
        )


def _allow(staff: StaffMember) -> None:
    if not staff.may(Permission.BROADCAST):
        raise Forbidden("broadcast")


async def _own(tx: WriteTx, staff: StaffMember, broadcast_id: int) -> Row[Any]:
    """Whoever may broadcast may stop what a colleague has begun."""
    _allow(staff)
    return await queries.held(tx, broadcast_id)


async def _move(tx: WriteTx, staff: StaffMember, row: Row[Any], state: State, action: str) -> None:
    """Every move is a new step, so that a slice queued before finds that it is not meant."""
    values = {
        "state": state,
        "step": row.step + 1,
        "ended_at": tx.now if state is State.CANCELLED else None,
    }
    await tx.execute(broadcasts.update().where(broadcasts.c.id == row.id).values(values))
    details = {"audience": row.audience, "audience_id": row.audience_id, "expected": row.expected}
    await record(tx, actor=staff.actor, action=action, subject=f"broadcast:{row.id}", details=details)
