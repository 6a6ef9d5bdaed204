"""Reports already made: shared while they are being made, and good for a few seconds afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.network.types import ConnectionReport, Line

Sections = frozenset[str]

#: Old reports are swept out when there are more than this.
_MOST_KEPT = 10_000
_FIELDS = {"connection": "connection", "usage": "usage", "session": "sessions"}


class Reports:
    """Remembered by the whole line, customer included: no report can ever be handed to another one."""

    def __init__(self, *, kept_for: timedelta) -> None:
        self._kept_for = kept_for
        self._made: dict[Line, tuple[datetime, Sections, ConnectionReport]] = {}

    def recall(self, line: Line, sections: Sections, now: datetime) -> ConnectionReport | None:
        """A recent report that has at least these sections, cut down to them."""
        made_at, has, report = self._made.get(line, (now, frozenset(), None))
        if report is None or not sections <= has or now - made_at >= self._kept_for:
            return None
        others = {field: None for section, field in _FIELDS.items() if section not in sections}
        return msgspec.structs.replace(report, **others)

    def keep(self, line: Line, sections: Sections, report: ConnectionReport, made_at: datetime) -> None:
        if not self._kept_for:
            return
        if len(self._made) >= _MOST_KEPT:
            self._sweep(made_at)
        self._made[line] = (made_at, sections, report)

    def forget(self, router_id: int, user: str) -> None:
        """What was seen of this user's line is no longer so."""
        outdated = [line for line in self._made if (line.router_id, line.user) == (router_id, user)]
        for line in outdated:
            del self._made[line]

    def _sweep(self, now: datetime) -> None:
        fresh = {line: kept for line, kept in self._made.items() if now - kept[0] < self._kept_for}
        self._made = fresh if len(fresh) < _MOST_KEPT else {}


class Flights:
    """Equal looks under way at the same time are one look.

    It goes on when a caller leaves: breaking it off would cost the router a connection and the next caller his answer.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[Line, Sections], asyncio.Task[ConnectionReport]] = {}

    async def join(
        self, line: Line, sections: Sections, look: Callable[[], Coroutine[Any, Any, ConnectionReport]]
    ) -> ConnectionReport:
        """The outcome of the look under way, or of a new one; its failure is everybody's."""
        key = (line, sections)
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(look())
            task.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Break off every look."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _land(self, key: tuple[Line, Sections], task: asyncio.Task[ConnectionReport]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            # Seen to: all callers may have left before it failed.
            task.exception()
