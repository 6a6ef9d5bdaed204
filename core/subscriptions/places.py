"""Which box in the street (ODP) a line joins the fibre in, as operators say: neighbours of a box fall and rise together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, bindparam, select

from core.audit.log import record
from core.customers.tables import customers
from core.platform.errors import NotFound
from core.platform.spreadsheets import BrokenSheet, rows_of
from core.platform.uow import ReadTx, WriteTx
from core.subscriptions.tables import subscriptions

MOST_PLACED = 10_000
MOST_BYTES = 2 * 1024 * 1024
_LONGEST_NUMBER, _LONGEST_ODP = 32, 64
_NUMBERS_A_QUERY = 500


class Fault(StrEnum):
    """Why a line cannot be placed, or a file not be read."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    NUMBER = "number"
    ODP = "odp"
    TWICE = "twice"  # in two boxes
    UNKNOWN = "unknown"
    NO_LINE = "no_line"


class Placement(Struct, frozen=True):
    """A line and its box as they were said; `line` is where in a file."""

    service_number: str
    odp: str
    line: int = 0


class Problem(Struct, frozen=True):
    fault: Fault
    line: int = 0
    service_number: str = ""


class Placed(Struct, frozen=True):
    """What came of it: nothing was changed where there are `problems`. `changed` counts lines that were elsewhere before."""

    lines: int = 0
    changed: int = 0
    problems: tuple[Problem, ...] = ()


_lines = (
    select(customers.c.service_number, subscriptions.c.id, subscriptions.c.odp)
    .join_from(customers, subscriptions, subscriptions.c.customer_id == customers.c.id, isouter=True)
    .where(customers.c.service_number.in_(bindparam("numbers", expanding=True)))
    .order_by(subscriptions.c.id)
)
_move = (
    subscriptions.update().where(subscriptions.c.id == bindparam("of_line")).values(odp=bindparam("new_odp"))
)


def placements_in(content: bytes) -> tuple[list[Placement], tuple[Problem, ...]]:
    """What a CSV of `service_number,odp` says; a file that cannot be read is one problem."""
    if len(content) > MOST_BYTES:
        return [], (Problem(Fault.TOO_LARGE),)
    try:
        rows = rows_of(content.decode("utf-8-sig"), "service_number", "odp")
    except UnicodeDecodeError:
        return [], (Problem(Fault.UNREADABLE),)
    except BrokenSheet as broken:
        return [], (Problem(Fault.UNREADABLE, broken.line),)
    told = [
        Placement(row.cells["service_number"].strip(), row.cells.get("odp", ""), row.line) for row in rows
    ]
    return told, ()


def spelled(odp: str) -> str:
    """One spelling of each box: spelled otherwise, neighbours would be strangers."""
    return " ".join(odp.split()).upper()


async def place(tx: WriteTx, wanted: Sequence[Placement], *, actor: str) -> Placed:
    """Put all lines of each service number into its box, or none where anything is wrong; a repeat changes nothing."""
    if len(wanted) > MOST_PLACED:
        return Placed(problems=(Problem(Fault.TOO_LARGE),))
    known = await _known(tx, wanted)
    if problems := tuple(_problems(wanted, known)):
        return Placed(problems=problems)
    boxes = {each.service_number: spelled(each.odp) for each in wanted}
    moves = [
        {"of_line": row.id, "new_odp": odp}
        for number, odp in boxes.items()
        for row in known[number]
        if row.odp != odp
    ]
    if moves:
        await tx.execute(_move, sorted(moves, key=lambda move: move["of_line"]))
    for move in moves:
        subject, details = f"subscription:{move['of_line']}", {"odp": move["new_odp"]}
        await record(tx, actor=actor, action="line_placed", subject=subject, details=details)
    return Placed(sum(len(known[number]) for number in boxes), len(moves))


async def boxes_of(tx: ReadTx, service_number: str) -> list[str]:
    """The box of each line of a service number, empty where none was said; raises `NotFound("customer")`."""
    rows = await tx.all(_lines, {"numbers": [service_number]})
    if not rows:
        raise NotFound("customer")
    return [row.odp or "" for row in rows if row.id is not None]


async def _known(tx: ReadTx, wanted: Sequence[Placement]) -> dict[str, list[Row[Any]]]:
    """The lines of each service number there is; a customer without any has an empty list."""
    numbers = sorted({each.service_number for each in wanted if _is_number(each.service_number)})
    known: dict[str, list[Row[Any]]] = {}
    for start in range(0, len(numbers), _NUMBERS_A_QUERY):
        for row in await tx.all(_lines, {"numbers": numbers[start : start + _NUMBERS_A_QUERY]}):
            lines = known.setdefault(row.service_number, [])
            if row.id is not None:
                lines.append(row)
    return known


def _problems(wanted: Sequence[Placement], known: dict[str, list[Row[Any]]]) -> Iterator[Problem]:
    boxes: dict[str, str] = {}
    for each in wanted:
        odp = spelled(each.odp)
        if fault := _fault(each.service_number, odp, known):
            yield Problem(fault, each.line, each.service_number[:_LONGEST_NUMBER])
        elif boxes.setdefault(each.service_number, odp) != odp:
            yield Problem(Fault.TWICE, each.line, each.service_number)


def _fault(number: str, odp: str, known: dict[str, list[Row[Any]]]) -> Fault | None:
    if not _is_number(number):
        return Fault.NUMBER
    if not (0 < len(odp) <= _LONGEST_ODP and odp.isprintable()):
        return Fault.ODP
    if number not in known:
        return Fault.UNKNOWN
    return None if known[number] else Fault.NO_LINE


def _is_number(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NUMBER and text.isprintable()
