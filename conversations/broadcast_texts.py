"""How a broadcast is spoken of: whom it is for, when it goes out, how far it has got."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from conversations.parsing import plain, word_set
from core.broadcasts.types import AudienceKind, Broadcast, Draft, Named, State
from core.platform.clock import local_day
from core.platform.i18n import Day, Message, TimeOfDay, message

#: How each audience is called in a list.
LABELS: Mapping[AudienceKind, str] = {
    AudienceKind.ALL: "broadcast.all",
    AudienceKind.REGION: "broadcast.region",
    AudienceKind.PLAN: "broadcast.plan",
    AudienceKind.ROUTER: "broadcast.router",
    AudienceKind.DUE: "broadcast.due",
    AudienceKind.OVERDUE: "broadcast.overdue",
}
_STATES: Mapping[State, str] = {
    State.DRAFT: "broadcast.is_draft",
    State.RUNNING: "broadcast.is_running",
    State.PAUSED: "broadcast.is_paused",
    State.DONE: "broadcast.is_done",
    State.CANCELLED: "broadcast.is_cancelled",
}
_WORDS: Mapping[AudienceKind, frozenset[str]] = {
    AudienceKind.ALL: word_set("semua all everybody everyone pelanggan"),
    AudienceKind.REGION: word_set("wilayah region area daerah"),
    AudienceKind.PLAN: word_set("paket plan package"),
    AudienceKind.ROUTER: word_set("router mikrotik"),
    AudienceKind.OVERDUE: word_set("lewat nunggak menunggak overdue tunggakan"),
    AudienceKind.DUE: word_set("jatuh tagihan due unpaid belum"),
}
_CLOCK = re.compile(r"(?P<hour>\d{1,2})[.:](?P<minute>\d{2})")
_DATE = re.compile(r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})")
_TOMORROW = word_set("besok bsk tomorrow")
_COUNT = re.compile(r"(?:kirim|send)?\s*(\d[\d.,]{0,12})", re.IGNORECASE)


def kind_named(text: str) -> tuple[AudienceKind, str] | None:
    """The audience a text begins with, and what is said after it: `wilayah bandung`."""
    first, _, rest = plain(text).strip().partition(" ")
    found = next((kind for kind, words in _WORDS.items() if first in words), None)
    return None if found is None else (found, rest.strip())


def one_named(text: str, listed: Sequence[Named]) -> Named | None:
    """The one whose name a text is, or is the only one to hold."""
    wanted = plain(text).strip()
    exact = [each for each in listed if plain(each.name).strip() == wanted]
    near = exact or [each for each in listed if wanted and wanted in plain(each.name)]
    return near[0] if len(near) == 1 else None


def parse_count(text: str) -> int | None:
    """`1162`, `1.162` or `kirim 1162`."""
    found = _COUNT.fullmatch(text.strip())
    return int(re.sub(r"[.,]", "", found[1])) if found else None


def parse_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """`20.00`, `besok 08.00` or `25/12 09.00` at the business; a time of day that has passed is tomorrow's."""
    clock, named = _CLOCK.search(text), _DATE.search(_CLOCK.sub(" ", text))
    if clock is None or int(clock["hour"]) > 23 or int(clock["minute"]) > 59:
        return None
    today = local_day(now, zone)
    day = _day(today, int(named["day"]), int(named["month"])) if named else today
    if day is None:
        return None
    at = datetime(day.year, day.month, day.day, int(clock["hour"]), int(clock["minute"]), tzinfo=zone)
    is_tomorrow = bool(_TOMORROW & set(plain(text).split()))
    if named is None and (is_tomorrow or at <= now):
        at += timedelta(days=1)
    return at


def _day(today: date, day: int, month: int) -> date | None:
    """This year's, or when that is over next year's; None for a day no year has."""
    try:
        found = date(today.year, month, day)
        return found if found >= today else date(today.year + 1, month, day)
    except ValueError:
        return None


def confirmation(draft: Draft, now: datetime, zone: ZoneInfo) -> list[Message]:
    """How it reads, how many get it, when the last of them has it."""
    sent = draft.broadcast
    first = [message("broadcast.sample", text=draft.sample)]
    if sent.start_at is not None:
        first.append(message("broadcast.starts", **_when(sent.start_at, zone)))
    key = (
        "broadcast.finishes"
        if local_day(now, zone) == local_day(draft.done_by, zone)
        else "broadcast.finishes_on"
    )
    return [*first, message(key, count=sent.expected, **_when(draft.done_by, zone))]


def standing(sent: Broadcast, zone: ZoneInfo) -> list[Message]:
    """How far it has got, and what became of what was sent."""
    lines = [message(_STATES[sent.state], number=sent.id, queued=sent.queued, expected=sent.expected)]
    if sent.state is State.RUNNING and sent.start_at is not None and not sent.queued:
        lines.append(message("broadcast.starts", **_when(sent.start_at, zone)))
    if sent.failed:
        lines.append(message("broadcast.failed", failed=sent.failed))
    if sent.stopped:
        lines.append(message("broadcast.left_out", stopped=sent.stopped))
    return lines


def _when(moment: datetime, zone: ZoneInfo) -> dict[str, Day | TimeOfDay]:
    return {"day": Day(local_day(moment, zone)), "time": TimeOfDay(moment, zone)}
