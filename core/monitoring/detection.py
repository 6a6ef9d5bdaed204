"""When lines that went off are an outage, of which place, and when it is over: decisions without database or router.

An outage is a burst: many neighbours gone within minutes of each other. Modems that people switch off come one by one,
and a place where they do never reaches its share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct


class Scope(StrEnum):
    """What neighbours have in common, the widest first."""

    REGION = "region"
    ROUTER = "router"
    ODP = "odp"


class Threshold(Struct, frozen=True):
    """How many lines of a place, and which share of them, must be gone."""

    lines: int
    share: float


#: Lines that went off longer ago than this are not part of a burst, however many they are.
WINDOW = timedelta(minutes=15)
#: A line counts once it has stayed away so long: a router that restarts has its customers back before that.
CONFIRMED_AFTER = timedelta(seconds=90)
#: An outage is over when so many of its lines are back, and have been for so long; until then a relapse is the same one.
RECOVERED_SHARE, RECOVERED_FOR = 0.8, timedelta(minutes=5)

_THRESHOLDS: Mapping[Scope, Threshold] = {
    Scope.REGION: Threshold(5, 0.5),
    Scope.ROUTER: Threshold(5, 0.5),
    Scope.ODP: Threshold(3, 0.6),
}
_WIDEST_FIRST = tuple(Scope)

#: A scope and which one of it: `region:2`, `odp:ODP-BDG-07`.
Place = str


def place(scope: Scope, which: int | str) -> Place:
    return f"{scope}:{which}"


def scope_of(place: Place) -> Scope:
    return Scope(place.partition(":")[0])


class DownLine(Struct, frozen=True):
    """A line that should be online and is not."""

    subscription_id: int
    region_id: int | None
    places: tuple[Place, ...]
    since: datetime


class Census:
    """What one round has seen of lines that should be online. Only what is down is kept line by line."""

    def __init__(self) -> None:
        self.online: Counter[Place] = Counter()
        self.down: dict[int, DownLine] = {}
        self.read_routers: set[int] = set()

    def add_online(self, places: Collection[Place]) -> None:
        self.online.update(places)

    def add_down(self, line: DownLine) -> None:
        self.down[line.subscription_id] = line


class Found(Struct, frozen=True):
    """A new outage: where, since when, which lines, and of how many."""

    place: Place
    since: datetime
    lines: frozenset[int]
    total: int
    region_id: int | None


class Affected(Struct, frozen=True):
    """A line of an open outage, and the router it is seen through."""

    subscription_id: int
    router_id: int | None


class Progress(Struct, frozen=True):
    """How an open outage stands: which lines have joined it, how many are still down, of how many."""

    joined: frozenset[int]
    down: int
    total: int
    is_recovering: bool


def find(census: Census, now: datetime, covered: Collection[Place]) -> list[Found]:
    """New outages beside those at `covered` places, each at the place that explains it best.

    That is the one where the most lines are gone and the fewest are still up: the whole router where all of it is off, the
    box in the street where only that is.
    """
    left = {
        line.subscription_id: line
        for line in census.down.values()
        if line.since > now - WINDOW and not set(line.places) & set(covered)
    }
    found: list[Found] = []
    while (worst := _worst(census, left, now)) is not None:
        found.append(worst)
        left = {key: line for key, line in left.items() if worst.place not in line.places}
    return found


def _worst(census: Census, lines: Mapping[int, DownLine], now: datetime) -> Found | None:
    gone: dict[Place, list[DownLine]] = defaultdict(list)
    for line in lines.values():
        for where in line.places:
            gone[where].append(line)
    outages = [
        (len(here) * share, share, -_WIDEST_FIRST.index(scope_of(where)), where)
        for where, here in gone.items()
        if (share := _share(census, where, here, now)) is not None
    ]
    if not outages:
        return None
    *_, where = max(outages)
    return _outage(census, where, gone[where])


def _share(census: Census, where: Place, gone: Sequence[DownLine], now: datetime) -> float | None:
    """Which share of a place is gone, None when that makes no outage."""
    threshold = _THRESHOLDS[scope_of(where)]
    confirmed = sum(line.since <= now - CONFIRMED_AFTER for line in gone)
    share = confirmed / (len(gone) + census.online[where])
    return share if confirmed >= threshold.lines and share >= threshold.share else None


def _outage(census: Census, where: Place, gone: Sequence[DownLine]) -> Found:
    begins = sorted(line.since for line in gone)
    regions = Counter(line.region_id for line in gone if line.region_id is not None)
    return Found(
        place=where,
        since=begins[len(begins) // 10],  # one that was switched off just before does not date the outage
        lines=frozenset(line.subscription_id for line in gone),
        total=len(gone) + census.online[where],
        region_id=next(iter(dict(regions.most_common(1))), None),
    )


def progress(
    census: Census, where: Place, affected: Sequence[Affected], now: datetime, *, was_recovering: bool
) -> Progress:
    """How an open outage stands. A line whose router was not read is still as it was."""
    known = {line.subscription_id for line in affected}
    back = sum(
        line.subscription_id not in census.down and line.router_id in census.read_routers for line in affected
    )
    joined: frozenset[int] = frozenset()
    if not was_recovering:
        joined = frozenset(
            line.subscription_id
            for line in census.down.values()
            if where in line.places and line.subscription_id not in known and _is_burst(line, now)
        )
    down = len(known) - back + len(joined)
    is_recovering = back >= RECOVERED_SHARE * (len(known) + len(joined))
    return Progress(joined, down, down + census.online[where], is_recovering)


def _is_burst(line: DownLine, now: datetime) -> bool:
    return now - WINDOW < line.since <= now - CONFIRMED_AFTER
