"""One look at one line: whom it is about, what is wanted, and the conversation it happens in."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from core.adapters.routeros import user_manager
from core.adapters.routeros.findings import NO_USER_MANAGER
from core.adapters.routeros.talk import Answers, Question, Row, Talk
from core.adapters.routeros.values import seconds
from core.network.types import Line, Sessions


class Sight(Struct, frozen=True):
    """Handed to the modes; `router_ip` is None when the router is known by a name."""

    talk: Talk
    line: Line
    sections: frozenset[str]
    router_ip: str | None

    def wants(self, *sections: str) -> bool:
        return not self.sections.isdisjoint(sections)

    async def ask(self, *questions: Question | None) -> Answers:
        """Ask together; None is a question that need not be asked."""
        return await self.talk.ask(*(question for question in questions if question is not None))

    def books(self) -> Question | None:
        """What to ask the User Manager, if sessions are wanted and there is one."""
        return user_manager.question(self.talk, self.line.user) if self.wants("session") else None

    async def sessions(
        self, books: Question | None, answers: Answers, without: Sessions
    ) -> tuple[Sessions | None, tuple[str, ...]]:
        """Sessions by the books, or `without` them; with the note that they are missing."""
        if not self.wants("session"):
            return None, ()
        rows = await user_manager.rows_of(self.talk, books, answers, self.line.user)
        if rows:
            return user_manager.sessions(rows, without.active), ()
        return without, (NO_USER_MANAGER,) if rows is None else ()


def newest(rows: Sequence[Row]) -> Row | None:
    """Of several sessions under one name the one begun last; an unreadable uptime counts as old."""
    return min(rows, key=_age, default=None)


def _age(row: Row) -> float:
    length = seconds(row.get("uptime", ""))
    return float("inf") if length is None else length
