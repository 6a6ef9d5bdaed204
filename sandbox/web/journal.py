"""What a stand-in received and how it was answered, kept short and without secrets, for the tester's eyes."""

import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from sandbox.web.feed import Feed, News

MAX_ENTRIES = 50
MAX_BODY = 2000


class JournalNews(News, frozen=True, tag="journal"):
    """Something passed, or a fault was chosen."""

    at: datetime


class Entry(Struct, frozen=True):
    """`surface` names the way in or out. `status` 0 means that no answer was seen or given."""

    at: datetime
    surface: str
    status: int
    summary: str
    body: str
    remarks: tuple[str, ...]
    failed: bool


class Journal:
    """The last `MAX_ENTRIES` exchanges; every new one is news for the page."""

    def __init__(self, *, clock: Callable[[], datetime], feed: Feed) -> None:
        self._clock = clock
        self._feed = feed
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)

    def newest_first(self) -> list[Entry]:
        return list(reversed(self._entries))

    def record(
        self,
        surface: str,
        *,
        status: int,
        summary: str,
        body: bytes = b"",
        remarks: Sequence[str] = (),
        failed: bool = False,
    ) -> None:
        text = mask_codes(body[: 2 * MAX_BODY].decode(errors="replace"))[:MAX_BODY]
        now = self._clock()
        self._entries.append(Entry(now, surface, status, summary, text, tuple(remarks), failed))
        self._feed.publish(JournalNews(now))


def mask_codes(text: str) -> str:
    """Hide what looks like a one-time code: six digits on their own."""
    return re.sub(r"\b[0-9]{6}\b", "••••••", text)
