"""The lines behind a router with what was last seen of them, and the writing down of what is seen now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, bindparam, select

from core.customers.tables import customers
from core.monitoring import detection, rules
from core.monitoring.detection import Scope
from core.monitoring.tables import line_samples, line_sightings
from core.monitoring.types import Sample, Sighting, Snapshot, Unknown
from core.platform.uow import ReadTx, WriteTx
from core.subscriptions.tables import subscriptions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
STEP_MINUTES = rules.STEP // _MINUTE


class WatchedLine(Struct, frozen=True):
    """A line to be looked for. `is_expected` tells whether it should be online at all: paid for, and not closed."""

    subscription_id: int
    customer_id: int
    router_id: int
    region_id: int | None
    odp: str | None
    mode: str
    user: str
    is_expected: bool
    before: Sighting | None


class Seen(Struct, frozen=True):
    """A line and how it stands now; `sample` where a stretch has ended with it."""

    line: WatchedLine
    now: Sighting
    sample: Sample | None


_state = line_sightings.c
_watched = (
    select(
        subscriptions.c.id,
        subscriptions.c.customer_id,
        subscriptions.c.router_id,
        subscriptions.c.odp,
        subscriptions.c.mode,
        subscriptions.c.line_user,
        subscriptions.c.status,
        subscriptions.c.isolated_at,
        customers.c.region_id,
        *(column for column in _state if column is not _state.subscription_id),
    )
    .join(customers, customers.c.id == subscriptions.c.customer_id)
    .outerjoin(line_sightings, _state.subscription_id == subscriptions.c.id)
    .where(subscriptions.c.line_user.is_not(None), subscriptions.c.mode.is_not(None))
    .order_by(subscriptions.c.id)
)

_changed = ("is_online", "since", "session_key", "sampled_at", "upload", "download", "online_s", "drops")
_update = (
    line_sightings.update()
    .where(_state.subscription_id == bindparam("of_line"))
    .values({name: bindparam(f"new_{name}") for name in _changed})
)


async def lines_behind(tx: ReadTx, router_id: int, *, after: int, limit: int) -> list[WatchedLine]:
    """The next so many lines of a router, in order of their ids."""
    of_router = (subscriptions.c.router_id == router_id, subscriptions.c.id > after)
    return [_as_line(row) for row in await tx.all(_watched.where(*of_router).limit(limit))]


async def line_of(tx: ReadTx, customer_id: int) -> WatchedLine | None:
    """A customer's first line, if it is one that is watched."""
    own = (subscriptions.c.customer_id == customer_id, subscriptions.c.router_id.is_not(None))
    row = await tx.first(_watched.where(*own).limit(1))
    return _as_line(row) if row else None


def places_of(line: WatchedLine) -> tuple[detection.Place, ...]:
    """Everything a line can be out of order with."""
    shared = ((Scope.REGION, line.region_id), (Scope.ROUTER, line.router_id), (Scope.ODP, line.odp))
    return tuple(detection.place(scope, which) for scope, which in shared if which is not None)


def look_through(
    lines: Sequence[WatchedLine], snapshot: Snapshot, now: datetime, last_read: datetime, *, is_sampling: bool
) -> Iterator[Seen]:
    """What a snapshot says about each line; lines of which it says nothing are left out."""
    slot = rules.slot_of(now)
    for line in lines:
        sight = rules.sight_of(line.mode, line.user, snapshot)
        if isinstance(sight, Unknown):
            continue
        if line.before is None:
            yield Seen(line, rules.first_sighting(sight, now), None)
            continue
        state = rules.follow(line.before, sight, now, last_read)
        if is_sampling and rules.slot_of(state.sampled_at) < slot:
            sample, state = rules.sampled(state, sight, now)
            yield Seen(line, state, sample)
        else:
            yield Seen(line, state, None)


async def write_down(tx: WriteTx, seen: Sequence[Seen]) -> None:
    """Keep what is new: states that have changed, samples that are complete. A repeat changes nothing."""
    new = [each for each in seen if each.line.before is None]
    if new:
        await tx.insert_all_new(line_sightings, [_values(each) for each in new], _state.subscription_id)
    changed = [each for each in seen if each.line.before is not None and each.now != each.line.before]
    if changed:
        await tx.execute(_update, [_update_of(each) for each in changed])
    samples = [
        sample_row(each.line.subscription_id, each.sample, STEP_MINUTES) for each in seen if each.sample
    ]
    if samples:
        await tx.insert_all_new(line_samples, samples, line_samples.c.subscription_id)


def sample_row(subscription_id: int, sample: Sample, step: int) -> dict[str, int]:
    """A stretch of `step` minutes as it is stored."""
    return {
        "subscription_id": subscription_id,
        "step": step,
        "starts": to_minutes(sample.starts_at),
        "seen_s": sample.seen_s,
        "online_s": sample.online_s,
        "drops": sample.drops,
        "upload": sample.upload,
        "download": sample.download,
    }


def to_minutes(moment: datetime) -> int:
    """Whole minutes since 1970."""
    return (moment - _EPOCH) // _MINUTE


def from_minutes(minutes: int) -> datetime:
    return _EPOCH + minutes * _MINUTE


def _values(seen: Seen) -> dict[str, Any]:
    return {"subscription_id": seen.line.subscription_id, **_state_values(seen.now)}


def _update_of(seen: Seen) -> dict[str, Any]:
    named = {f"new_{name}": value for name, value in _state_values(seen.now).items()}
    return {"of_line": seen.line.subscription_id, **named}


def _state_values(state: Sighting) -> dict[str, Any]:
    return {
        "is_online": state.is_online,
        "since": state.since,
        "session_key": state.key,
        "sampled_at": state.sampled_at,
        "upload": state.upload,
        "download": state.download,
        "online_s": state.online_s,
        "drops": state.drops,
    }


def _as_line(row: Row[Any]) -> WatchedLine:
    return WatchedLine(
        subscription_id=row.id,
        customer_id=row.customer_id,
        router_id=row.router_id,
        region_id=row.region_id,
        odp=row.odp or None,
        mode=row.mode,
        user=row.line_user,
        is_expected=row.isolated_at is None and row.status in {"active", "free"},
        before=_as_sighting(row) if row.since is not None else None,
    )


def _as_sighting(row: Row[Any]) -> Sighting:
    return Sighting(
        is_online=row.is_online,
        since=row.since,
        key=row.session_key,
        sampled_at=row.sampled_at,
        upload=row.upload,
        download=row.download,
        online_s=row.online_s,
        drops=row.drops,
    )
