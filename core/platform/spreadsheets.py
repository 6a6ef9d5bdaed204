"""Tables as people save them from a spreadsheet: CSV with a header, commas or semicolons."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple


class SheetRow(NamedTuple):
    """`line` is where the row ends in the file, counted from one; names of columns are in lower case."""

    line: int
    cells: dict[str, str]


class BrokenSheet(Exception):
    """The text cannot be read from `line` on; 0 is the whole, where it lacks a column."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def rows_of(text: str, *columns: str) -> list[SheetRow]:
    """The rows below the header, empty ones left out; raises `BrokenSheet`, also when one of `columns` is missing."""
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        filled = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise BrokenSheet(reader.line_num) from error
    (_, header), *rows = filled or [(0, [])]
    names = [name.strip().lower() for name in header]
    if not set(columns) <= set(names):
        raise BrokenSheet(0)
    return [SheetRow(line, dict(zip(names, row, strict=False))) for line, row in rows]
