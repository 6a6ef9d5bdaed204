"""A line's history in words: what the card shows, for channels without pictures and people who cannot see them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.monitoring.diagnosis import Diagnosis, Period, Stretch
from core.platform.clock import local_day
from core.platform.i18n import DataSize, Day, Message, TimeOfDay, message

_TITLES = {Period.DAY: "line_history.day", Period.WEEK: "line_history.week"}
#: Less than this much unwatched is not worth a word.
_UNWATCHED_S = 1800


def title(found: Diagnosis) -> Message:
    return message(_TITLES[found.period], number=found.service_number)


def lines(found: Diagnosis, zone: ZoneInfo) -> list[Message]:
    """The facts, at most five lines; a line without any history says so."""
    if not found.seen_s:
        return [message("line_history.nothing", number=found.service_number)]
    told = [title(found), online(found), used(found)]
    if busiest := _busiest(found):
        told.append(
            message(
                "line_history.busiest",
                day=Day(local_day(busiest.starts_at, zone)),
                time=TimeOfDay(busiest.starts_at, zone),
                rate=f"{mbps(busiest.download + busiest.upload, busiest.seen_s):.0f}",
            )
        )
    unwatched_s = (found.ends - found.begins).total_seconds() - found.seen_s
    if unwatched_s >= _UNWATCHED_S:
        told.append(message("line_history.unwatched", hours=max(1, round(unwatched_s / 3600))))
    return told


def online(found: Diagnosis) -> Message:
    """How much of the time, and how often it dropped."""
    if found.drops:
        return message("line_history.online", percent=found.online_percent, count=found.drops)
    return message("line_history.steady", percent=found.online_percent)


def used(found: Diagnosis) -> Message:
    return message("line_history.used", download=DataSize(found.download), upload=DataSize(found.upload))


def mbps(octets: int, seconds: int) -> float:
    """The mean rate."""
    return octets * 8 / seconds / 1_000_000 if seconds else 0.0


def _busiest(found: Diagnosis) -> Stretch | None:
    most = max(found.stretches, key=lambda each: each.download + each.upload)
    return most if mbps(most.download + most.upload, most.seen_s) >= 1 else None


def outage(down: int, total: int, since_s: int, now: datetime, zone: ZoneInfo) -> Message:
    """That the line is off together with its neighbours; `since_s` is in seconds since the epoch."""
    since = datetime.fromtimestamp(since_s, UTC)
    day, time = local_day(since, zone), TimeOfDay(since, zone)
    if day == local_day(now, zone):
        return message("outage.known", down=down, total=total, time=time)
    return message("outage.known_since", down=down, total=total, day=Day(day), time=time)
