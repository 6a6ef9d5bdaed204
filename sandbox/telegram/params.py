"""Parameters of a call, however they arrive: query, form, JSON, or a form with files."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from quart import request

from sandbox.telegram.errors import bad_request
from sandbox.web.photos import Photo

P = TypeVar("P", bound=Struct)
#: What a field may be that is read as it stands, and never as JSON inside a form.
_PLAIN = (str, int | str)


async def received() -> tuple[dict[str, Any], dict[str, Photo]]:
    """The parameters and files of the request being served."""
    values: dict[str, Any] = dict(request.args)
    if request.is_json:
        values |= _object(await request.get_data(cache=True, as_text=False, parse_form_data=False))
        return values, {}
    form, files = await request.form, await request.files
    values |= dict(form.items())
    return values, {name: _file(each) for name, each in files.items()}


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except msgspec.MsgspecError as problem:
        raise bad_request("can't parse JSON object") from problem


def _file(upload: Any) -> Photo:
    return Photo(upload.read(), upload.mimetype, upload.filename or "file")


def read(values: Mapping[str, Any], kind: type[P]) -> P:
    """The parameters as a method knows them; those it does not know are ignored, as Telegram does."""
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    given = {name: _value(name, values[name], wanted) for name, wanted in known.items() if name in values}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as problem:
        raise bad_request(str(problem)) from problem


def unknown(values: Mapping[str, Any], kind: type[Struct]) -> tuple[str, ...]:
    """Names the method does not know, for a remark."""
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    return tuple(name for name in values if name not in known)


def _value(name: str, value: Any, wanted: Any) -> Any:
    if not isinstance(value, str) or wanted in _PLAIN:
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        if value[:1] in {"{", "["}:
            raise bad_request(f"can't parse {name} JSON object") from None
        return value
