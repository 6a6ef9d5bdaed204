"""Comparing what a partner says it collected with what we say it brought; nothing here touches the database."""

from __future__ import annotations

import csv
import enum
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from core.partners.days import REVERSED
from core.partners.types import State
from core.platform.errors import Invalid
from core.platform.spreadsheets import BrokenSheet, rows_of

MOST_LINES = 500_000
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.0{1,2})?")
_LONGEST_REFERENCE = 64
#: How partners spell that a payment of theirs stands.
_STANDS = frozenset({"", "SUCCESS", "SUCCESSFUL", "PAID", "SUKSES", "0"})


class Name(NamedTuple):
    """What a line is about: a payment, or one taken back."""

    ref_number: str
    is_reversal: bool


class Theirs(Struct, frozen=True):
    """A line of a partner's statement that it counts as collected, or as given back."""

    name: Name
    amount: int


class Ours(Struct, frozen=True):
    """One of our payments, or one taken back, in whatever state it is."""

    name: Name
    amount: int
    state: State
    transaction_id: int


class Kind(enum.StrEnum):
    """What is wrong: the partner completes `ours_only`, we look into `theirs_only` and `amount_differs` (§10)."""

    OURS_ONLY = "oursOnly"
    THEIRS_ONLY = "theirsOnly"
    AMOUNT_DIFFERS = "amountDiffers"
    UNDECIDED = "undecided"  # theirs stands, ours is still under way


class Difference(Struct, frozen=True, rename="camel"):
    kind: Kind
    ref_number: str
    is_reversal: bool
    our_amount: int | None = None
    their_amount: int | None = None
    transaction_id: int | None = None


class Comparison(Struct, frozen=True, rename="camel"):
    """How many lines agree, with their sum, and every one that does not."""

    matched: int
    matched_amount: int
    differences: tuple[Difference, ...]

    def count(self, kind: Kind) -> int:
        return sum(difference.kind is kind for difference in self.differences)


def compared(ours_of_day: Iterable[Ours], elsewhere: Iterable[Ours], theirs: Iterable[Theirs]) -> Comparison:
    """Line by line, by refNumber. `elsewhere` are payments of other days that the statement names.

    A refNumber that the statement has twice was collected twice: its second line has no payment of ours.
    """
    mine = {each.name: each for each in ours_of_day}
    known = mine | {each.name: each for each in elsewhere}
    seen: set[Name] = set()
    matched, matched_amount = 0, 0
    found: list[Difference] = []
    for line in theirs:
        paid = None if line.name in seen else known.get(line.name)
        seen.add(line.name)
        difference = _difference(paid, line)
        if difference is None:
            matched += 1
            matched_amount += -line.amount if line.name.is_reversal else line.amount
        else:
            found.append(difference)
    found += [
        Difference(Kind.OURS_ONLY, *paid.name, paid.amount, None, paid.transaction_id)
        for paid in mine.values()
        if paid.state is State.SUCCESS and paid.name not in seen
    ]
    return Comparison(matched, matched_amount, tuple(found))


def _difference(paid: Ours | None, line: Theirs) -> Difference | None:
    if paid is None:
        return Difference(Kind.THEIRS_ONLY, *line.name, None, line.amount)
    if paid.state is State.SUCCESS and paid.amount == line.amount:
        return None
    if paid.state is State.SUCCESS:
        kind = Kind.AMOUNT_DIFFERS
    else:
        kind = Kind.THEIRS_ONLY if paid.state is State.FAILED else Kind.UNDECIDED
    return Difference(kind, *line.name, paid.amount, line.amount, paid.transaction_id)


def statement(content: bytes) -> list[Theirs]:
    """Read a statement: JSON (a list, or an object with `lines` or `transactions`) or CSV with a header.

    What counts are `refNumber` and `amount`, and `status` where there is one; our own file of a day can be sent back as
    it is. Raises `Invalid("statement", line=…)` with the number of the first line that cannot be read, 0 for the whole.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("statement", line=0) from error
    rows = _json_rows(text) if text.lstrip()[:1] in {"[", "{"} else _csv_rows(text)
    if len(rows) > MOST_LINES:
        raise Invalid("statement", line=MOST_LINES)
    lines = (_line(row, number) for number, row in enumerate(rows, 1))
    return [line for line in lines if line is not None]


def _json_rows(text: str) -> Sequence[Mapping[str, object]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("statement", line=0) from error
    if isinstance(found, dict):
        found = found.get("lines", found.get("transactions"))
    if not isinstance(found, list):
        raise Invalid("statement", line=0)
    for number, row in enumerate(found, 1):
        if not isinstance(row, dict):
            raise Invalid("statement", line=number)
    return [{str(name).lower(): value for name, value in row.items()} for row in found]


def _csv_rows(text: str) -> Sequence[Mapping[str, object]]:
    try:
        return [row.cells for row in rows_of(text, "refnumber", "amount")]
    except BrokenSheet as broken:
        raise Invalid("statement", line=broken.line) from broken


def _line(row: Mapping[str, object], number: int) -> Theirs | None:
    """None for a trailer and for what the partner itself does not count."""
    ref_number, amount = str(row.get("refnumber") or "").strip(), row.get("amount")
    status = str(row.get("status") or "").strip().upper()
    if not ref_number and str(row.get("date")).strip().upper() == "TOTAL":
        return None
    written = str(amount).strip()
    if isinstance(amount, bool) or not _AMOUNT.fullmatch(written):
        raise Invalid("statement", line=number)
    if not 0 < len(ref_number) <= _LONGEST_REFERENCE:
        raise Invalid("statement", line=number)
    value = int(written.partition(".")[0])
    is_reversal = status == REVERSED or value < 0
    if not is_reversal and status not in _STANDS:
        return None
    return Theirs(Name(ref_number, is_reversal), abs(value))


_HEADER = [field.encode_name for field in msgspec.structs.fields(Difference)]


def as_csv(matched: int, matched_amount: int, differences: Iterable[Difference]) -> bytes:
    """The differences one a line, then a trailer with what agrees."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for difference in differences:
        row = msgspec.to_builtins(difference)
        writer.writerow(["" if row[name] is None else row[name] for name in _HEADER])
    writer.writerow(["matched", matched, "", matched_amount, matched_amount, ""])
    return text.getvalue().encode()
