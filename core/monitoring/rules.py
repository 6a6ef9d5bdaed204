"""From one sight of a line to the next: when it dropped, how long it was up, what went over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from core.monitoring.types import Down, Sample, SessionSeen, Sight, Sighting, Snapshot, Unknown, Up

STEP = timedelta(minutes=5)
#: Since when a line is down that nobody has ever seen up: it is no part of what happens now.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

#: Two reads of one moment may differ by so much: uptimes are whole seconds, and reading takes time.
_SLACK = timedelta(seconds=5)
#: Where counters may begin anew: some queues and old drivers count in 32 bits.
_WRAPS = (2**32, 2**64)
#: A counter this near its end has wrapped when it is found small; any other has been reset.
_NEAR_END = 0.75
#: Bytes a second; no line of an access network carries more.
_FASTEST = 12_500_000_000


def sight_of(mode: str | None, user: str, snapshot: Snapshot) -> Sight:
    """What a snapshot says about one line."""
    if mode == "STATIC":
        if user not in snapshot.static:
            return Unknown()
        answering = snapshot.static[user]
        return Down() if answering is None else Up(answering)
    online = snapshot.hotspot if mode == "HOTSPOT" else snapshot.ppp
    if online is None or not user or mode is None:
        return Unknown()
    session = online.get(user)
    return Down() if session is None else Up(session)


def slot_of(moment: datetime) -> datetime:
    """When the five minutes begin that a moment is in."""
    return moment - (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % STEP


def first_sighting(sight: Up | Down, now: datetime) -> Sighting:
    """A line nobody has looked at before: what it has counted until now belongs to no sample."""
    if isinstance(sight, Down):
        return Sighting(is_online=False, since=LONG_AGO, key="", sampled_at=now)
    seen = sight.session
    began = _began(seen, now) or now
    return Sighting(
        is_online=True, since=began, key=seen.key, sampled_at=now, upload=seen.upload, download=seen.download
    )


def follow(before: Sighting, sight: Up | Down, now: datetime, last_read: datetime) -> Sighting:
    """How the line stands now; equal to `before` when nothing has happened.

    `last_read` is when its router was read before: a session begun since then is a new one, and the old one has dropped.
    """
    match sight:
        case Down():
            return _dropped(before, now) if before.is_online else before
        case Up(session):
            if not before.is_online:
                return _came_up(before, session, now)
            if _is_new(before, session, now, last_read):
                return _reconnected(before, session, now)
            if session.key != before.key:  # another of several sessions under this name is shown
                return msgspec.structs.replace(before, key=session.key, upload=None, download=None)
            return before


def _dropped(before: Sighting, now: datetime) -> Sighting:
    return Sighting(
        is_online=False,
        since=now,
        key="",
        sampled_at=before.sampled_at,
        online_s=before.online_s + _online_since_sample(before, now),
        drops=before.drops + 1,
    )


def _came_up(before: Sighting, session: SessionSeen, now: datetime) -> Sighting:
    began = max(_began(session, now) or now, before.since)
    return msgspec.structs.replace(before, is_online=True, since=began, key=session.key, upload=0, download=0)


def _reconnected(before: Sighting, session: SessionSeen, now: datetime) -> Sighting:
    began = max(_began(session, now) or now, before.since)
    return Sighting(
        is_online=True,
        since=began,
        key=session.key,
        sampled_at=before.sampled_at,
        upload=0,
        download=0,
        online_s=before.online_s + _online_since_sample(before, began),
        drops=before.drops + 1,
    )


def _is_new(before: Sighting, session: SessionSeen, now: datetime, last_read: datetime) -> bool:
    """By the session's age, which needs no clock of the router's; its key decides where the two moments are close."""
    began = _began(session, now)
    if began is None:
        return session.key != before.key
    margin = -_SLACK if session.key != before.key else _SLACK
    return began > last_read + margin


def _began(session: SessionSeen, now: datetime) -> datetime | None:
    return None if session.uptime_s is None else now - timedelta(seconds=session.uptime_s)


def _online_since_sample(line: Sighting, until: datetime) -> int:
    if not line.is_online:
        return 0
    return max(0, round((until - max(line.since, line.sampled_at)).total_seconds()))


def sampled(line: Sighting, sight: Up | Down, now: datetime) -> tuple[Sample, Sighting]:
    """Close the stretch since the last sample; it is written down under the five minutes before `now`'s.

    After a gap no more than five minutes count as watched: nobody looked in the others. Bytes are those of the counters.
    """
    elapsed_s = round((now - line.sampled_at).total_seconds())
    step_s = int(STEP.total_seconds())
    seen_s = elapsed_s if elapsed_s < 2 * step_s else step_s
    session = sight.session if isinstance(sight, Up) else SessionSeen()
    upload, download = _traffic(line, session, elapsed_s)
    sample = Sample(
        starts_at=slot_of(now) - STEP,
        seen_s=seen_s,
        online_s=min(seen_s, line.online_s + _online_since_sample(line, now)),
        drops=line.drops,
        upload=upload,
        download=download,
    )
    rest = msgspec.structs.replace(
        line, sampled_at=now, upload=session.upload, download=session.download, online_s=0, drops=0
    )
    return sample, rest


def _traffic(line: Sighting, session: SessionSeen, elapsed_s: int) -> tuple[int, int]:
    most = max(1, elapsed_s) * _FASTEST
    return _grown(line.upload, session.upload, most), _grown(line.download, session.download, most)


def _grown(before: int | None, now: int | None, most: int) -> int:
    """By how much a counter grew; nothing where either end is not known, or what it says cannot be."""
    if before is None or now is None:
        return 0
    if now >= before:
        grown = now - before
    else:
        end = next(end for end in _WRAPS if before < end)
        grown = now + end - before if before > end * _NEAR_END else now
    return grown if grown <= most else 0
