"""Simulated days of a provider's lines with outages of every kind in them, replayed minute by minute through detection.

Used by the test with bounds and by `benchmarks/outage_detection.py`, which prints precision and recall.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from core.monitoring import detection
from core.monitoring.detection import Affected, Census, DownLine, Scope, place

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
#: An outage found this late still counts as found.
IN_TIME = timedelta(minutes=10)


class SimulatedLine(Struct):
    """A line and when its modem is off for reasons of the house: [begin, end) in minutes."""

    id: int
    region: int
    router: int
    odp: str
    off: list[tuple[int, int]]

    @property
    def places(self) -> tuple[str, ...]:
        return (
            place(Scope.REGION, self.region),
            place(Scope.ROUTER, self.router),
            place(Scope.ODP, self.odp),
        )


class Truth(Struct, frozen=True):
    """An outage that was made: its lines and when, in minutes."""

    lines: frozenset[int]
    begins: int
    ends: int


class Raised(Struct):
    place: str
    lines: set[int]
    begins: int
    ends: int | None = None
    recovering_since: datetime | None = None


class Score(Struct, frozen=True):
    """How detection did. Precision: alarms that were true. Recall: outages that were found in time."""

    outages: int
    alarms: int
    true_alarms: int
    found: int
    median_delay_min: float
    lines_precision: float
    lines_recall: float

    @property
    def precision(self) -> float:
        return self.true_alarms / self.alarms if self.alarms else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.outages if self.outages else 1.0


def network(chance: random.Random, *, routers: int = 6, odps: int = 8) -> list[SimulatedLine]:
    """Routers of two regions each or none of their own, boxes of four to sixteen lines."""
    lines: list[SimulatedLine] = []
    for router in range(1, routers + 1):
        for box in range(odps):
            region = (router + box % 2) // 2 + 1
            for _ in range(chance.randint(4, 16)):
                lines.append(SimulatedLine(len(lines) + 1, region, router, f"ODP-{router:02}-{box:02}", []))
    return lines


def lived(chance: random.Random, lines: list[SimulatedLine], minutes: int) -> None:
    """Houses: one in twelve switches off at night, modems restart, some lines flap, one in thirty is off for good."""
    for line in lines:
        dice = chance.random()
        if dice < 1 / 30:
            line.off.append((0, minutes))
        elif dice < 1 / 30 + 1 / 12:
            night = chance.gauss(22.5 * 60, 40)
            line.off.append((int(night), int(night + chance.gauss(7 * 60, 40))))
        elif dice < 1 / 30 + 1 / 12 + 1 / 20:  # a bad cable
            at = chance.randrange(minutes)
            for _ in range(12):
                line.off.append((at, at + chance.randint(1, 6)))
                at += chance.randint(7, 40)
        for _ in range(chance.randint(0, 2)):
            at = chance.randrange(minutes)
            line.off.append((at, at + chance.randint(1, 20)))


def break_things(chance: random.Random, lines: list[SimulatedLine], minutes: int) -> list[Truth]:
    """Outages of boxes, routers and regions: hard ones, ones that take minutes to spread, ones with a relapse.

    And what is none: a router that restarts, with everybody back within the minute and a half.
    """
    made: list[Truth] = []
    kinds = ["odp"] * 6 + ["router", "router", "region", "restart", "restart"]
    chance.shuffle(kinds)
    every = minutes // (len(kinds) + 1)
    for number, kind in enumerate(kinds):
        begins = 30 + number * every + chance.randint(0, every // 4)
        victim = chance.choice(lines)
        column = "router" if kind == "restart" else kind
        hit = [each for each in lines if getattr(each, column) == getattr(victim, column)]
        if kind == "restart":
            for line in hit:
                line.off.append((begins, begins + 1))
            continue
        ends = begins + chance.randint(25, every // 2)
        spread, taken = chance.choice([1, 1, 6]), []
        for line in hit:
            if chance.random() < 0.06:  # on a battery, or fed from elsewhere
                continue
            taken.append(line.id)
            line.off.append((begins + chance.randrange(spread), ends + chance.randint(0, 4)))
        if len(taken) >= 3:
            made.append(Truth(frozenset(taken), begins, ends))
    return made


def replay(lines: list[SimulatedLine], minutes: int) -> list[Raised]:
    """Detection as it is run in production, a round every minute."""
    off_since: dict[int, int] = {}
    raised: list[Raised] = []
    switches = _switches(lines, minutes)
    for minute in range(minutes):
        for line_id, is_off in switches.get(minute, ()):
            if is_off:
                off_since[line_id] = minute
            else:
                off_since.pop(line_id, None)
        _round(lines, off_since, raised, minute)
    return raised


def _switches(lines: list[SimulatedLine], minutes: int) -> dict[int, list[tuple[int, bool]]]:
    found: dict[int, list[tuple[int, bool]]] = {}
    for line in lines:
        was_off = False
        off = {minute for begin, end in line.off for minute in range(max(0, begin), min(end, minutes))}
        for minute in sorted(off | {each + 1 for each in off}):
            if (is_off := minute in off) != was_off:
                found.setdefault(minute, []).append((line.id, is_off))
                was_off = is_off
    return found


def _round(lines: list[SimulatedLine], off_since: dict[int, int], raised: list[Raised], minute: int) -> None:
    now, census = START + minute * MINUTE, Census()
    for line in lines:
        census.read_routers.add(line.router)
        if line.id in off_since:
            since = START + off_since[line.id] * MINUTE
            census.add_down(DownLine(line.id, line.region, line.places, since))
        else:
            census.add_online(line.places)
    routers = {line.id: line.router for line in lines}
    standing = [each for each in raised if each.ends is None]
    for each in standing:
        affected = [Affected(line, routers[line]) for line in each.lines]
        stands = detection.progress(
            census, each.place, affected, now, was_recovering=each.recovering_since is not None
        )
        each.lines |= stands.joined
        each.recovering_since = (each.recovering_since or now) if stands.is_recovering else None
        if each.recovering_since is not None and now - each.recovering_since >= detection.RECOVERED_FOR:
            each.ends = minute
    new = detection.find(census, now, [each.place for each in standing])
    raised.extend(Raised(found.place, set(found.lines), minute) for found in new)


def score(truths: list[Truth], raised: list[Raised]) -> Score:
    """An alarm is true when most of its lines are those of an outage going on, and finds it when they are half of its."""
    delays, true_alarms, right, told = [], 0, 0, 0
    for alarm in raised:
        real = set().union(*(truth.lines for truth in truths if _is_during(alarm, truth)), set())
        right, told = right + len(alarm.lines & real), told + len(alarm.lines)
        true_alarms += len(alarm.lines & real) >= len(alarm.lines) / 2
    caught = 0
    for truth in truths:
        during = [alarm for alarm in raised if _is_during(alarm, truth)]
        lines = truth.lines & set().union(*(alarm.lines for alarm in during), set())
        caught += len(lines)
        if len(lines) >= len(truth.lines) / 2:
            delays.append(min(alarm.begins for alarm in during) - truth.begins)
    in_time = [delay for delay in delays if delay * MINUTE <= IN_TIME]
    return Score(
        outages=len(truths),
        alarms=len(raised),
        true_alarms=true_alarms,
        found=len(in_time),
        median_delay_min=sorted(delays)[len(delays) // 2] if delays else 0,
        lines_precision=right / told if told else 1.0,
        lines_recall=caught / sum(len(truth.lines) for truth in truths) if truths else 1.0,
    )


def _is_during(alarm: Raised, truth: Truth) -> bool:
    return truth.begins <= alarm.begins < truth.ends + 5


def days(seeds: Iterator[int] | range, minutes: int = 36 * 60) -> Score:
    """Several simulated days, scored together."""
    scores = []
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 - a simulation must repeat itself
        lines = network(chance)
        lived(chance, lines, minutes)
        scores.append(score(break_things(chance, lines, minutes), replay(lines, minutes)))
    totals = {
        name: sum(getattr(each, name) for each in scores)
        for name in ("outages", "alarms", "true_alarms", "found")
    }
    means = {
        name: sum(getattr(each, name) for each in scores) / len(scores)
        for name in ("median_delay_min", "lines_precision", "lines_recall")
    }
    return msgspec.convert({**totals, **means}, Score)
