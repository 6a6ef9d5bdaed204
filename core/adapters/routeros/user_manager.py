"""Sessions from the User Manager's books, which are elsewhere in version 7 than before, or nowhere (contract §3, §4)."""

from __future__ import annotations

from collections.abc import Sequence

from core.adapters.routeros.talk import Answers, Question, Row, Talk
from core.adapters.routeros.values import counter, hardware_address, is_true, seconds, uptime
from core.network.types import ActiveSession, Sessions, Usage

_NEW, _OLD, _NOWHERE = "/user-manager", "/tool/user-manager", ""
_COLUMNS = ("user", "acct-session-id", "calling-station-id", "active", "uptime", "download", "upload")
_NAS = {_NEW: "nas-ip-address", _OLD: "host-ip"}


def question(talk: Talk, user: str) -> Question | None:
    """What to ask for a user's sessions; None when this router has no User Manager.

    Books go back years, so they are never read without naming the user.
    """
    menu = talk.user_manager
    if menu is None:
        menu = _OLD if 0 < talk.release < 7 else _NEW
    return _about(menu, user) if menu else None


def _about(menu: str, user: str) -> Question:
    return Question(f"{menu}/session/print", (*_COLUMNS, _NAS[menu]), where=(("user", user),))


async def rows_of(talk: Talk, asked: Question | None, answers: Answers, user: str) -> list[Row] | None:
    """The user's rows, after a second try at the other version's menu; None when there are no books to look in.

    Where the books are is remembered as long as the connection lives: after a restart the router may have changed.
    """
    if asked is None:
        return None
    if _is_missing(answers.refusal(asked)) and talk.user_manager is None:
        asked = _about(_OLD if asked.command.startswith(_NEW) else _NEW, user)
        answers = await talk.ask(asked)
    if _is_missing(answers.refusal(asked)):
        talk.user_manager = _NOWHERE
        return None
    talk.user_manager = asked.command.removesuffix("/session/print")
    return None if answers.refusal(asked) is not None else answers.rows(asked)


def _is_missing(refusal: str | None) -> bool:
    return refusal is not None and "no such command" in refusal


def sessions(rows: Sequence[Row], present: ActiveSession | None) -> Sessions:
    """The books' totals; `present` is what the router itself says of the session that is up.

    Accounting lags: a session the router has ended is not active, and one it has begun may not be booked yet.
    """
    booked = min((row for row in rows if is_true(row.get("active"))), key=_length, default=None)
    return Sessions(
        total=len(rows),
        active=_filled(booked, present) if booked and present else present,
        total_uptime_s=sum(map(_length, rows)),
        total_usage=Usage(
            sum(counter(row.get("upload")) or 0 for row in rows),
            sum(counter(row.get("download")) or 0 for row in rows),
        ),
    )


def _filled(row: Row, present: ActiveSession) -> ActiveSession:
    """The booked session, filled up where the books say nothing. They count from the customer's side already."""
    upload, download = counter(row.get("upload")), counter(row.get("download"))
    return ActiveSession(
        id=row.get("acct-session-id") or present.id,
        uptime=uptime(row.get("uptime")) or present.uptime,
        usage=present.usage if upload is None or download is None else Usage(upload, download),
        nas_ip=row.get(_NAS[_NEW]) or row.get(_NAS[_OLD]) or present.nas_ip,
        caller_id=hardware_address(row.get("calling-station-id")) or present.caller_id,
    )


def _length(row: Row) -> int:
    return seconds(row.get("uptime", "")) or 0
