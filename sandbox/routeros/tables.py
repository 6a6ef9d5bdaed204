"""One menu of a router as a table: rows with ids, found by query, changed by command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from sandbox.routeros.queries import matches, sole_equality
from sandbox.routeros.rows import Row

_RATE = re.compile(r"(\d+)([kMG])")
_THOUSANDS = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_BOOLEANS = {"yes": "true", "no": "false"}


class Trap(Exception):
    """The router's refusal of one command; the connection goes on (routeros contract §1)."""

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.message, self.category = message, category


class Table:
    """Rows in the order they were made.

    `key` is the column people name rows by; queries for it are answered from an index, since real menus hold 10,000 rows.
    `unique` names the columns that no two rows may share, `writable` those a client may set.
    """

    def __init__(
        self,
        rows: Iterable[Row] = (),
        *,
        key: str = "name",
        writable: str = "",
        unique: str = "",
        can_remove: bool = False,
        first_id: int = 1,
    ) -> None:
        self.key, self._unique = key, unique.split()
        self.writable = frozenset(writable.split())
        self.can_remove = can_remove or bool(self.writable)
        self._ids = count(first_id)
        self._rows: dict[str, Row] = {}
        self._index: dict[str, list[Row]] = {}
        for row in rows:
            self.append(row)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def append(self, row: Row) -> str:
        """Put in a row the router itself has made; returns its id."""
        identifier = f"*{next(self._ids):X}"
        stored = {".id": identifier, **row}
        self._rows[identifier] = stored
        self._index.setdefault(stored.get(self.key, ""), []).append(stored)
        return identifier

    def select(self, queries: Sequence[str]) -> list[Row]:
        wanted = sole_equality(queries)
        if wanted is not None and wanted[0] == self.key:
            return list(self._index.get(wanted[1], ()))
        return [row for row in self if matches(row, queries)]

    def named(self, references: str) -> list[Row]:
        """Rows by their ids or names, comma separated."""
        return [self._named(reference) for reference in references.split(",")]

    def add(self, values: Mapping[str, str], template: Row) -> str:
        row = template | self._accepted(values)
        self._refuse_twin(row)
        return self.append(row)

    def change(self, row: Row, values: Mapping[str, str]) -> None:
        accepted = self._accepted(values)
        self._refuse_twin(row | accepted)
        self._index[row.get(self.key, "")].remove(row)
        row.update(accepted)
        self._index.setdefault(row.get(self.key, ""), []).append(row)

    def drop(self, row: Row) -> None:
        del self._rows[row[".id"]]
        self._index[row.get(self.key, "")].remove(row)

    def renumber(self) -> None:
        """Give every row a new id, as a restart does."""
        rows = [{name: value for name, value in row.items() if name != ".id"} for row in self]
        self._rows.clear()
        self._index.clear()
        for row in rows:
            self.append(row)

    def _named(self, reference: str) -> Row:
        if reference in self._rows:
            return self._rows[reference]
        if found := self._index.get(reference):
            return found[0]
        raise Trap("no such item", 0)

    def _refuse_twin(self, row: Row) -> None:
        if not self._unique:
            return
        for other in self._index.get(row.get(self.key, ""), ()):
            if other[".id"] != row.get(".id") and all(other[name] == row[name] for name in self._unique):
                raise Trap("failure: already have such entry")

    def _accepted(self, values: Mapping[str, str]) -> Row:
        for name in values:
            if name not in self.writable:
                raise Trap(f"unknown parameter {name}")
        return {name: _normal(name, value) for name, value in values.items()}


def _normal(name: str, value: str) -> str:
    """How the router prints what was written: flags as true and false, rates in bits."""
    if name == "disabled":
        return _BOOLEANS.get(value, value)
    if name == "address" and ":" in value and "/" not in value:
        return f"{value}/128"
    if name in {"max-limit", "limit-at"}:
        return _RATE.sub(lambda rate: str(int(rate[1]) * _THOUSANDS[rate[2]]), value)
    return value
