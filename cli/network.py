"""`loket network …`: routers beside what is wanted of their lines, where lines join the fibre, and what is wrong."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from cli.desk import OPERATOR
from core.bootstrap import bootstrap
from core.monitoring.types import Incident, IncidentKind
from core.network.reconciling import Reconciliation, Round
from core.platform.errors import NotFound
from core.settings import Settings
from core.subscriptions.places import MOST_BYTES, MOST_PLACED, Fault, Placement, Problem, placements_in

_FAULTS = {
    Fault.UNREADABLE: "this is no CSV with the columns service_number and odp, in UTF-8",
    Fault.TOO_LARGE: f"at most {MOST_PLACED} lines and {MOST_BYTES // 1024**2} MiB at a time",
    Fault.NUMBER: "a service number has 1 to 32 characters",
    Fault.ODP: "the name of an ODP has 1 to 64 characters",
    Fault.TWICE: "stands in another ODP further up",
    Fault.UNKNOWN: "there is no such service number",
    Fault.NO_LINE: "has no line yet",
}
_KINDS = {
    IncidentKind.OUTAGE: "outage",
    IncidentKind.UNSEEN: "router unseen",
    IncidentKind.BLIND: "all unseen",
}


async def reconcile(settings: Settings, *, is_dry: bool) -> None:
    """One round over all routers, a row of the table for each."""
    async with bootstrap(settings) as services:
        reconciliation = Reconciliation(services.uow, services.lines, settings)
        rounds = await reconciliation.run(is_dry=is_dry)
    if not rounds:
        print("No router has a line of ours yet.")
        return
    to_do = "TO MEND" if is_dry else "MENDED"
    print(
        f"{'ROUTER':<20} {'READING':<9} {'LINES':>6} {'RIGHT':>6} {to_do:>8} {'WAITING':>8} {'STUCK':>6}  DETAIL"
    )
    for each in rounds:
        print(_row(each))


def _row(each: Round) -> str:
    counts = f"{each.lines:>6} {each.as_wanted:>6} {each.mended:>8} {each.waiting:>8} {each.stuck:>6}"
    return f"{each.router_alias:<20} {each.reading:<9} {counts}  {each.detail or ''}".rstrip()


async def place(settings: Settings, service: str, odp: str) -> None:
    """One customer's lines."""
    await _place(settings, [Placement(service.strip(), odp)])


async def place_all(settings: Settings, file: Path) -> None:
    """Everything a CSV says, or nothing and a list of what is wrong with it."""
    wanted, problems = placements_in(await asyncio.to_thread(_beginning, file))
    if problems:
        _refuse(problems)
    await _place(settings, wanted)


async def show_place(settings: Settings, service: str) -> None:
    """The ODP of each line of a customer."""
    async with bootstrap(settings) as services:
        try:
            boxes = await services.subscriptions.boxes_of(service)
        except NotFound:
            _refuse([Problem(Fault.UNKNOWN, service_number=service)])
    for box in boxes:
        print(f"{service}: {box or 'no ODP said yet'}")
    if not boxes:
        print(f"{service}: {_FAULTS[Fault.NO_LINE]}")


async def incidents(settings: Settings, *, only_open: bool) -> None:
    """A row for each, newest first, in the business's time."""
    async with bootstrap(settings) as services:
        found = await services.monitoring.incidents(only_open=only_open)
    if not found:
        print("Nothing is wrong." if only_open else "Nothing has gone wrong yet.")
        return
    print(
        f"{'KIND':<13} {'PLACE':<24} {'SINCE':<16} {'UNTIL':<16} {'DOWN':>6} {'WORST':>6} {'LINES':>6} COMPLAINTS"
    )
    for each in found:
        print(_incident(each, settings))


async def _place(settings: Settings, wanted: list[Placement]) -> None:
    async with bootstrap(settings) as services:
        placed = await services.subscriptions.place(wanted, actor=OPERATOR)
    if placed.problems:
        _refuse(placed.problems)
    print(f"{placed.lines} lines, {placed.changed} of them were elsewhere before.")


def _beginning(file: Path) -> bytes:
    """No more of a file than shows that it is too large."""
    with file.open("rb") as content:
        return content.read(MOST_BYTES + 1)


def _refuse(problems: Sequence[Problem]) -> NoReturn:
    for each in problems:
        where = f"line {each.line}: " if each.line else ""
        number = f"{each.service_number}: " if each.service_number else ""
        print(f"{where}{number}{_FAULTS[each.fault]}", file=sys.stderr)
    print("Nothing was changed.", file=sys.stderr)
    raise SystemExit(1)


def _incident(each: Incident, settings: Settings) -> str:
    until = _time(each.closed_at, settings) if each.closed_at else "still"
    return (
        f"{_KINDS[each.kind]:<13} {each.label:<24} {_time(each.started_at, settings):<16} {until:<16}"
        f" {each.down:>6} {each.worst:>6} {each.total:>6} {each.complaints:>10}"
    )


def _time(moment: datetime, settings: Settings) -> str:
    return f"{moment.astimezone(settings.zone):%Y-%m-%d %H:%M}"
