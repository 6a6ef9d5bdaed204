"""What a call brings: query and body in PHP's ways of writing them (phpnuxbill-1 contract §1.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from msgspec import Struct
from quart import Request
from werkzeug.datastructures import FileStorage

#: More fields are not a form but an attack; the largest real one is the settings page.
_MOST_FIELDS = 1000
_INDEXED = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]")

Value = str | list[str] | dict[str, str]


class Malformed(Exception):
    """The body is not what its media type says."""


class Given(Struct, frozen=True):
    """One source of parameters: `a=1`, `a[]=1`, `a[key]=1`."""

    values: Mapping[str, Value] = {}

    def text(self, name: str) -> str | None:
        """A scalar, without the blanks around it; None when there is none."""
        value = self.values.get(name)
        return value.strip() if isinstance(value, str) else None

    def texts(self, name: str) -> list[str]:
        """The items of an array, raw and in order."""
        value = self.values.get(name)
        if isinstance(value, dict):
            return list(value.values())
        return value if isinstance(value, list) else []

    def pairs(self, name: str) -> dict[str, str]:
        """An array by its keys; a list counts from 0, as PHP does."""
        value = self.values.get(name)
        if isinstance(value, list):
            return {str(position): item for position, item in enumerate(value)}
        return value if isinstance(value, dict) else {}


class Body(Struct, frozen=True):
    """The body of a POST."""

    given: Given = Given()
    files: Mapping[str, FileStorage] = {}
    raw: bytes = b""


def query(request: Request) -> Given:
    """Raises `Malformed`."""
    return _parsed(request.query_string)


async def body(request: Request) -> Body:
    """A form, a multipart form or a JSON object; anything else is kept raw. Raises `Malformed`."""
    raw = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    match request.mimetype:
        case "multipart/form-data":
            return await _multipart(request)
        case kind if kind == "application/json" or kind.endswith("+json"):
            return Body(_object(raw), raw=raw)
        case "application/x-www-form-urlencoded":
            return Body(_parsed(raw), raw=raw)
        case _:
            return Body(raw=raw)


def _parsed(raw: bytes) -> Given:
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Malformed from error
    return _grouped(pairs)


async def _multipart(request: Request) -> Body:
    try:
        form, files = await request.form, await request.files
    except ValueError as error:
        raise Malformed from error
    return Body(_grouped(form.items(multi=True)), dict(files.items()))


def _grouped(pairs: Iterable[tuple[str, str]]) -> Given:
    found: dict[str, Value] = {}
    for name, value in pairs:
        indexed = _INDEXED.fullmatch(name)
        if indexed is None:
            found[name] = value  # of two, PHP keeps the last
        elif indexed[2]:
            _mapping(found, indexed[1])[indexed[2]] = value
        else:
            _listing(found, indexed[1], value)
    return Given(found)


def _mapping(found: dict[str, Value], name: str) -> dict[str, str]:
    before = found.get(name)
    if not isinstance(before, dict):
        before = {str(at): item for at, item in enumerate(before)} if isinstance(before, list) else {}
        found[name] = before
    return before


def _listing(found: dict[str, Value], name: str, value: str) -> None:
    before = found.get(name)
    if isinstance(before, dict):
        before[str(len(before))] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        found[name] = [value]


def _object(raw: bytes) -> Given:
    if not raw.strip():
        return Given()
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(found, dict) or len(found) > _MOST_FIELDS:
        raise Malformed
    return Given({name: _plain(value) for name, value in found.items() if value is not None})


def _plain(value: object) -> Value:
    match value:
        case list():
            return [_scalar(item) for item in value]
        case dict():
            return {str(key): _scalar(item) for key, item in value.items()}
        case _:
            return _scalar(value)


def _scalar(value: object) -> str:
    """As a form would carry it: PHP turns true into 1 and false into nothing."""
    match value:
        case bool():
            return "1" if value else ""
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value)
