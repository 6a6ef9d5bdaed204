"""What routers write, read as numbers: durations, counters, dates, hardware addresses (routeros contract §3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from core.network.types import Uptime, Usage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Some exports write an uptime as the moment it is after the epoch.
_SINCE_EPOCH = "%Y-%m-%d %H:%M:%S"
_DATE = re.compile(r"([a-z]{3})/(\d{2})/(\d{4}) (\d{2}:\d{2}:\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOTHING = frozenset({"", "never", "none"})
_DURATION = re.compile(
    r"(?:(\d+)w)?\s*(?:(\d+)d)?\s*"
    r"(?:(\d+):(\d+):(\d+)|(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:\d+ms)?(?:\d+us)?(?:\d+ns)?)"
)
#: Seconds of each group above.
_WORTH = (604_800, 86_400, 3_600, 60, 1, 3_600, 60, 1)
#: Counters have 64 bits; a larger number is no counter.
_LARGEST = 2**64 - 1
#: No line has been up for a century; a clock has gone wrong.
_LONGEST_S = 100 * 366 * 86_400


def seconds(text: str) -> int | None:
    """`1d2h3m4s`, `1w2d03:04:05`, `00:05:12`, bare seconds or a moment after the epoch; None for anything else."""
    raw = text.strip()
    if raw in _NOTHING:
        return None
    if raw.isascii() and raw.isdigit():
        return _plausible(int(raw))
    if found := _DURATION.fullmatch(raw):
        groups = zip(found.groups(default="0"), _WORTH, strict=True)
        return _plausible(sum(int(count) * worth for count, worth in groups))
    try:
        return _plausible(
            int((datetime.strptime(raw, _SINCE_EPOCH).replace(tzinfo=UTC) - _EPOCH).total_seconds())
        )
    except ValueError:
        return None


def _plausible(length_s: int) -> int | None:
    return length_s if 0 <= length_s <= _LONGEST_S else None


def uptime(text: str | None) -> Uptime | None:
    """The duration with its text untouched; None when there is none to be read."""
    length = seconds(text or "")
    return None if length is None else Uptime(text or "", length)


def counter(text: str | None) -> int | None:
    """A byte counter; None when the router has written none or nonsense."""
    if not text or not (text.isascii() and text.isdigit()):
        return None
    value = int(text)
    return value if value <= _LARGEST else None


def usage(upload: str | None, download: str | None) -> Usage | None:
    """Both counters, or None: half an answer is not shown as a whole one."""
    sent, received = counter(upload), counter(download)
    return None if sent is None or received is None else Usage(sent, received)


def queue_usage(pair: str | None) -> Usage | None:
    """A queue's `bytes`, which are the target's upload/download."""
    upload, _, download = (pair or "").partition("/")
    return usage(upload, download)


def moment(text: str | None) -> str | None:
    """A router's local time as `2023-05-01 20:52:13`; None for never, which is written as 1970."""
    raw = (text or "").strip().lower()
    if found := _DATE.fullmatch(raw):
        month, day, year, clock = found.groups()
        raw = f"{year}-{_MONTHS.index(month) + 1:02}-{day} {clock}" if month in _MONTHS else ""
    try:
        when = datetime.strptime(raw, _SINCE_EPOCH).replace(tzinfo=UTC)
    except ValueError:
        return None
    return raw if when.year > _EPOCH.year else None


def is_true(text: str | None) -> bool:
    """Flags are printed as true and false, and configured as yes and no."""
    return text in {"true", "yes"}


def hardware_address(text: str | None) -> str | None:
    """In lower case, as the MyWifi document shows it."""
    return text.lower() if text else None


def words(text: str | None, longest: int = 100) -> str:
    """Text of the router that is shown to people: printable and not too long."""
    return "".join(letter for letter in text or "" if letter.isprintable())[:longest].strip()
