"""Bodies in, bodies out: reads what a request brings in any encoding, writes Structs as JSON (mywifi contract §1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from quart import Response, request

from api.forms import Check, Form, Repeated, fill

#: How many fields a query string or form may have; more is not a form but an attack.
_MOST_FIELDS = 200
_LISTED = re.compile(r"([^\[\]]+)\[[^\]]*\]")
_encode = msgspec.json.Encoder().encode


class Unparsable(Exception):
    """The body is not what its media type says (400)."""


class UnsupportedMedia(Exception):
    """The body is of a kind nobody here reads (415)."""


class Message(Struct, frozen=True):
    """An outcome in one sentence."""

    message: str


async def read(form: type[Form], *, check: Check | None = None) -> Form:
    """The request's form: the query of a GET, the body of anything else.

    Raises `ValidationFailed`, `Unparsable`, `UnsupportedMedia`. The framework's `_method` override on POST needs no
    code: it asks for methods that POST stands for anyway (mywifi contract §2), so it is one more unknown field.
    """
    return await fill(form, await _given(), check)


async def _given() -> Mapping[str, object]:
    if request.method in {"GET", "HEAD"}:
        return _pairs(request.query_string)
    body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    if not body.strip():
        return {}
    match request.mimetype:
        case "application/x-www-form-urlencoded":
            return _pairs(body)
        case "multipart/form-data":
            return await _multipart()
        case kind if kind in {"", "application/json"} or kind.endswith("+json"):
            return _object(body)
        case _:
            raise UnsupportedMedia


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unparsable from error
    if not isinstance(found, dict):
        raise Unparsable
    return found


def _pairs(raw: bytes) -> Mapping[str, object]:
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Unparsable from error
    return _grouped(pairs)


async def _multipart() -> Mapping[str, object]:
    try:
        form = await request.form
    except ValueError as error:
        raise Unparsable from error
    return _grouped(form.items(multi=True))


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, object]:
    """Fields by name; `a[]=1&a[]=2` is a list, as in PHP."""
    found: dict[str, object] = {}
    for name, value in pairs:
        before = found.get(name)
        if listed := _LISTED.fullmatch(name):
            items = found.setdefault(listed[1], [])
            if isinstance(items, list):
                items.append(value)
        elif isinstance(before, Repeated):
            before.append(value)
        else:
            found[name] = Repeated([before, value]) if isinstance(before, str) else value
    return found


def answer(body: Struct, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Encode a Struct, field by field in its order."""
    response = Response(_encode(body), status, content_type="application/json")
    if headers:
        response.headers.update(headers)
    return response
