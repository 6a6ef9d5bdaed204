"""Leaves a partner's server alone that fails again and again, so that its time-outs do not use up everybody's workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct

FAILURES = 5
SHORTEST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(minutes=15)
#: How long one try is given, before another may find out whether the server is back.
_PROBE = timedelta(seconds=15)


class _Host(Struct):
    failures: int = 0
    rests_until: datetime | None = None


class Breaker:
    """One per process, by host. After five failures in a row a host rests, longer each time; then one try goes first."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    def wait(self, url: str, now: datetime) -> timedelta:
        """How long the host of an address is to be left alone; zero lets this one try go."""
        host = self._hosts.get(_host(url))
        if host is None or host.rests_until is None:
            return timedelta(0)
        if now < host.rests_until:
            return host.rests_until - now
        host.rests_until = now + _PROBE
        return timedelta(0)

    def note(self, url: str, now: datetime, *, is_well: bool) -> None:
        """Learn how a try went; an answer of any kind but a server's fault is a sign of life."""
        if is_well:
            self._hosts.pop(_host(url), None)
            return
        host = self._hosts.setdefault(_host(url), _Host())
        host.failures += 1
        if host.failures >= FAILURES:
            rest = min(SHORTEST_REST * 2 ** min(host.failures - FAILURES, 8), LONGEST_REST)
            host.rests_until = now + rest


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()
