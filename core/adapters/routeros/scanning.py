"""Who is online behind a router, with what they have used, in one round trip; a second one only to ping the silent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from core.adapters.routeros.sight import newest
from core.adapters.routeros.static import ARP, LEASE, has_answered
from core.adapters.routeros.talk import Answers, Question, Row, Talk
from core.adapters.routeros.values import counter, queue_usage, seconds, usage
from core.monitoring.types import Online, SessionSeen, Snapshot, Wanted
from core.network.rules import static_address

_PPP = Question("/ppp/active/print", ("name", "uptime", "session-id"))
_INTERFACES = Question("/interface/print", ("name", "rx-byte", "tx-byte"))
_VISITORS = Question("/ip/hotspot/active/print", (".id", "user", "uptime", "bytes-in", "bytes-out"))
_NEIGHBOURS = Question("/ip/arp/print", ARP)
_LEASES = Question("/ip/dhcp-server/lease/print", LEASE)
_QUEUES = Question("/queue/simple/print", ("name", "target", "bytes"))

#: Static lines that are pinged in one scan; of the others nothing is known this time.
_MOST_PINGS = 50
_SECOND_SESSION = re.compile(r"(.+)-\d+")


async def scan(talk: Talk, wanted: Wanted) -> Snapshot:
    """A menu that is refused, such as the hotspot's where there is none, is None: it says nothing about any line."""
    answers = await talk.ask(*_questions(wanted))
    return Snapshot(
        ppp=_ppp(answers, wanted) if wanted.has_ppp else None,
        hotspot=_hotspot(answers) if wanted.has_hotspot else None,
        static=await _static(talk, answers, wanted) if wanted.static else {},
    )


def _questions(wanted: Wanted) -> list[Question]:
    static = bool(wanted.static)
    asked = {
        _PPP: wanted.has_ppp,
        _INTERFACES: wanted.has_ppp and wanted.with_counters,
        _VISITORS: wanted.has_hotspot,
        _NEIGHBOURS: static,
        _LEASES: static,
        _QUEUES: static and wanted.with_counters,
    }
    return [question for question, is_asked in asked.items() if is_asked]


def _ppp(answers: Answers, wanted: Wanted) -> Online:
    if answers.refusal(_PPP) is not None:
        return None
    rows = answers.rows(_PPP)
    counted = _interfaces(answers, rows) if wanted.with_counters else {}
    return {
        name: _session(row.get("session-id", ""), row, counted.get(name))
        for name, row in _by_name(rows, "name").items()
    }


def _interfaces(answers: Answers, sessions: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """Each user's counters by the name of the dynamic interface; the router's rx is the customer's upload.

    The second session of `ann` and the first of `ann-1` are named alike: where that could be, nobody is given either.
    """
    if answers.refusal(_INTERFACES) is not None:
        return {}
    found = {row.get("name", ""): row for row in answers.rows(_INTERFACES)}
    often = Counter(row.get("name", "") for row in sessions)
    return {
        name: (row.get("rx-byte", ""), row.get("tx-byte", ""))
        for name in often
        if (row := found.get(f"<pppoe-{name}>")) is not None and not _may_be_anothers(name, often, found)
    }


def _may_be_anothers(name: str, often: Counter[str], found: dict[str, Row]) -> bool:
    numbered = _SECOND_SESSION.fullmatch(name)
    if numbered is None or numbered[1] not in often:
        return False
    return often[numbered[1]] > 1 or f"<pppoe-{numbered[1]}>" not in found


def _hotspot(answers: Answers) -> Online:
    if answers.refusal(_VISITORS) is not None:
        return None
    return {
        name: _session(row.get(".id", ""), row, (row.get("bytes-in", ""), row.get("bytes-out", "")))
        for name, row in _by_name(answers.rows(_VISITORS), "user").items()
    }


def _by_name(rows: Sequence[Row], column: str) -> dict[str, Row]:
    """One row for each name: of several sessions the one begun last."""
    several: dict[str, list[Row]] = {}
    for row in rows:
        if name := row.get(column, ""):
            several.setdefault(name, []).append(row)
    return {name: shown for name, own in several.items() if (shown := newest(own)) is not None}


def _session(key: str, row: Row, counters: tuple[str, str] | None) -> SessionSeen:
    used = usage(*counters) if counters else None
    return SessionSeen(
        key=key[:64],
        uptime_s=seconds(row.get("uptime", "")),
        upload=used.upload_bytes if used else None,
        download=used.download_bytes if used else None,
    )


async def _static(talk: Talk, answers: Answers, wanted: Wanted) -> dict[str, SessionSeen | None]:
    if answers.refusal(_NEIGHBOURS) is not None:
        return {}
    neighbours = {row.get("address", ""): row for row in answers.rows(_NEIGHBOURS)}
    leased = set() if answers.refusal(_LEASES) is not None else _bound(answers.rows(_LEASES))
    queues = _queues(answers) if wanted.with_counters else {}
    written = {user: str(address) for user in wanted.static if (address := static_address(user))}
    up = {
        user: has_answered(neighbours.get(address, {})) or address in leased
        for user, address in written.items()
    }
    silent = {user: written[user] for user in up if not up[user]}
    pinged = await _pinged(talk, dict(list(silent.items())[:_MOST_PINGS]))
    seen = {user: True for user, is_up in up.items() if is_up} | pinged
    return {user: _counted(queues.get(written[user])) if is_up else None for user, is_up in seen.items()}


def _bound(leases: Sequence[Row]) -> set[str]:
    return {row.get("address", "") for row in leases if row.get("status") == "bound"}


def _queues(answers: Answers) -> dict[str, Row]:
    if answers.refusal(_QUEUES) is not None:
        return {}
    return {
        str(address): row
        for row in answers.rows(_QUEUES)
        if (address := static_address(row.get("target", "")))
    }


def _counted(queue: Row | None) -> SessionSeen:
    used = queue_usage(queue.get("bytes")) if queue else None
    return SessionSeen(upload=used.upload_bytes, download=used.download_bytes) if used else SessionSeen()


async def _pinged(talk: Talk, silent: dict[str, str]) -> dict[str, bool]:
    """Whether each answers a ping; those the router would not ping are left out."""
    if not silent:
        return {}
    pings = {
        user: Question("/ping", arguments=(("address", address), ("count", "1")))
        for user, address in silent.items()
    }
    answers = await talk.ask(*dict.fromkeys(pings.values()))
    return {
        user: _has_received(answers.rows(ping), silent[user])
        for user, ping in pings.items()
        if answers.refusal(ping) is None
    }


def _has_received(rows: Sequence[Row], address: str) -> bool:
    own = (row for row in rows if row.get("host", address) == address)
    return any((counter(row.get("received")) or 0) > 0 for row in own)
