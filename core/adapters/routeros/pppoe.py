"""A PPPoE line: its active session, the counters of its interface, its secret when it is down (contract §4)."""

from __future__ import annotations

from core.adapters.routeros.findings import DISABLED, NO_USAGE, USAGE_NOT_VISIBLE, Findings, several
from core.adapters.routeros.sight import Sight, newest
from core.adapters.routeros.talk import Answers, Question, Row
from core.adapters.routeros.values import hardware_address, is_true, moment, queue_usage, uptime, usage, words
from core.network.types import ActiveSession, Sessions, Usage

_ACTIVE = ("name", "address", "caller-id", "uptime", "session-id")
_SECRET = ("name", "profile", "disabled", "last-logged-out", "last-disconnect-reason")


async def look(sight: Sight) -> Findings:
    """One round trip for a line that is up; a second one to say why a line is down, or where else its bytes are."""
    active, counters, books = _active(sight), _counters(sight), sight.books()
    answers = await sight.ask(active, counters, books)
    rows = answers.rows(active)
    session = newest(rows)
    used, usage_notes = await _used(sight, session, counters, answers)
    sessions, book_notes = await sight.sessions(books, answers, _present(sight, session, used, len(rows)))
    secret = await _secret(sight, session)
    return Findings(
        is_online=session is not None,
        ip_address=session.get("address") or None if session else None,
        uptime=uptime(session.get("uptime")) if session else None,
        usage=used,
        sessions=sessions,
        profile=secret.get("profile") if secret else None,
        notes=(*several(len(rows)), *_why_down(session, secret), *usage_notes, *book_notes),
    )


def _active(sight: Sight) -> Question:
    return Question("/ppp/active/print", _ACTIVE, where=(("name", sight.line.user),))


def _counters(sight: Sight) -> Question | None:
    if not sight.wants("usage", "session"):
        return None
    name = f"<pppoe-{sight.line.user}>"
    return Question("/interface/print", ("name", "rx-byte", "tx-byte"), where=(("name", name),))


async def _used(
    sight: Sight, session: Row | None, counters: Question | None, answers: Answers
) -> tuple[Usage, tuple[str, ...]]:
    """What went through in this session: the router's rx is the customer's upload."""
    if session is None or counters is None:
        return NO_USAGE, ()
    row = answers.offered(counters) or {}
    used = usage(row.get("rx-byte"), row.get("tx-byte")) or await _queued(sight)
    return (used, ()) if used else (NO_USAGE, (USAGE_NOT_VISIBLE,))


async def _queued(sight: Sight) -> Usage | None:
    """Behind a server binding the interface has another name; the dynamic queue of a limited session has not."""
    queue = Question(
        "/queue/simple/print", ("name", "bytes"), where=(("name", f"<pppoe-{sight.line.user}>"),)
    )
    row = (await sight.ask(queue)).offered(queue)
    return queue_usage(row.get("bytes")) if row else None


def _present(sight: Sight, session: Row | None, used: Usage, count: int) -> Sessions:
    """What the router says without its books."""
    if session is None:
        return Sessions(total=0, active=None, total_uptime_s=0, total_usage=NO_USAGE)
    length = uptime(session.get("uptime"))
    active = ActiveSession(
        id=session.get("session-id", ""),
        uptime=length,
        usage=used,
        nas_ip=sight.router_ip,
        caller_id=hardware_address(session.get("caller-id")),
    )
    return Sessions(
        total=count, active=active, total_uptime_s=length.seconds if length else 0, total_usage=used
    )


async def _secret(sight: Sight, session: Row | None) -> Row | None:
    """The router's own record of the customer; one known to RADIUS alone has none, and is no less a customer."""
    is_to_be_explained = session is None and sight.wants("connection")
    if sight.line.profile is not None and not is_to_be_explained:
        return None
    secret = Question("/ppp/secret/print", _SECRET, where=(("name", sight.line.user),))
    return (await sight.ask(secret)).offered(secret)


def _why_down(session: Row | None, secret: Row | None) -> tuple[str, ...]:
    if session is not None or secret is None:
        return ()
    last_seen = moment(secret.get("last-logged-out"))
    reason = words(secret.get("last-disconnect-reason"))
    return (
        DISABLED if is_true(secret.get("disabled")) else "",
        f"last logged out {last_seen}" if last_seen else "",
        f"last disconnect: {reason}" if reason else "",
    )
