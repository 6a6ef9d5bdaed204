"""The API document (OpenAPI 3.1), derived from the routes, forms and answers that serve it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct
from quart import Quart

from api.forms import Field, fields_of
from api.operations import Access, Operation, Outcome, Paper, operation_of

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_BODY_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
_SECURITY: dict[Access, list[Json]] = {
    Access.PUBLIC: [],
    Access.TOKEN: [{"token": []}],
    Access.KEY: [{"key": []}],
}
_DESCRIPTION = """\
The interface of the MyWifi apps and payment pages.

JSON in and out; forms are read too. Integers may come as strings of digits, strings are trimmed, an empty value counts
as none, unknown fields are ignored. Times are those of the business's zone, money is whole rupiah.
Every answer carries `X-Request-Id`: quote it when you ask for help.
"""


class Endpoint(NamedTuple):
    """One method of one path, and the operation behind it; `is_alternate` when the contract names another first."""

    path: str
    method: str
    name: str
    operation: Operation
    description: str
    is_alternate: bool


def document(app: Quart) -> Json:
    """The whole document for the routes an app has now."""
    endpoints = list(_endpoints(app))
    paths: dict[str, Json] = defaultdict(dict)
    for endpoint in endpoints:
        paths[endpoint.path][endpoint.method] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "MyWifi REST API", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(_tag(each.path) for each in endpoints)],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "key": {"type": "apiKey", "in": "header", "name": "X-MYWIFI-KEY"},
            },
            "schemas": _schemas([endpoint.operation for endpoint in endpoints]),
        },
    }


def _endpoints(app: Quart) -> Iterator[Endpoint]:
    """Routes with a promise, in order of registration; a view's first rule is its primary one."""
    seen: set[str] = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = operation_of(view)
        if operation is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Endpoint(
                path=rule.rule,
                method=method.lower(),
                name=view.__name__,
                operation=operation,
                description=(view.__doc__ or "").strip(),
                is_alternate=rule.endpoint in seen,
            )
            seen.add(rule.endpoint)


def _tag(path: str) -> str:
    """The resource; the old host said `bill` where the document says `billing`."""
    resource = path.split("/")[2]
    return "billing" if resource == "bill" else resource


def _operation(endpoint: Endpoint) -> Json:
    operation = endpoint.operation
    described: Json = {
        "operationId": _operation_id(endpoint),
        "tags": [_tag(endpoint.path)],
        "summary": operation.summary,
        "description": endpoint.description,
        "security": _SECURITY[operation.access],
        "responses": dict(_responses(operation.outcomes)),
    }
    if endpoint.is_alternate:
        described["x-alternate"] = endpoint.name
    if operation.reads is not None and endpoint.method == "get":
        described["parameters"] = [_parameter(field) for field in fields_of(operation.reads)]
    elif operation.reads is not None:
        described["requestBody"] = _request_body(operation.reads)
    return described


def _operation_id(endpoint: Endpoint) -> str:
    """The view's name; an alternate adds what tells it apart."""
    if not endpoint.is_alternate:
        return endpoint.name
    return f"{endpoint.name}_{endpoint.method}_{endpoint.path.strip('/').split('/')[1].replace('-', '_')}"


def _responses(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, Json]]:
    """By status: every shape an answer may have, and an example of each outcome."""
    by_status: dict[int, list[Struct]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.body not in by_status[outcome.status]:
            by_status[outcome.status].append(outcome.body)
    content: Json
    for status, bodies in sorted(by_status.items()):
        if files := [body.media_type for body in bodies if isinstance(body, Paper)]:
            content = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in files}
            yield str(status), {"description": HTTPStatus(status).phrase, "content": content}
            continue
        shapes = [_ref(name) for name in dict.fromkeys(type(body).__name__ for body in bodies)]
        content = {"schema": shapes[0] if len(shapes) == 1 else {"anyOf": shapes}}
        content["examples"] = {
            f"example{number}": {"value": _plain(body)} for number, body in enumerate(bodies, 1)
        }
        yield (
            str(status),
            {"description": HTTPStatus(status).phrase, "content": {"application/json": content}},
        )


def _parameter(field: Field) -> Json:
    described: Json = {"name": field.name, "in": "query", "schema": field.rule.schema()}
    if field.is_required:
        described["required"] = True
    if field.rule.takes_many:
        described |= {"style": "form", "explode": False}
    return described


def _request_body(form: type[Struct]) -> Json:
    content = {"schema": _ref(form.__name__)}
    is_required = any(field.is_required for field in fields_of(form))
    return {"required": is_required, "content": dict.fromkeys(_BODY_TYPES, content)}


def _schemas(operations: Iterable[Operation]) -> Json:
    forms = {operation.reads for operation in operations if operation.reads is not None}
    answers = {type(outcome.body) for operation in operations for outcome in operation.outcomes} - {Paper}
    schemas = {form.__name__: _form_schema(form) for form in forms}
    ordered = sorted(answers, key=lambda kind: kind.__name__)
    _, shapes = msgspec.json.schema_components(ordered, ref_template=_REF)
    always = _always_sent(ordered)
    schemas |= {name: _answer_schema(name, shape, always) for name, shape in shapes.items()}
    return dict(sorted(schemas.items()))


def _form_schema(form: type[Struct]) -> Json:
    properties: Json = {}
    for field in fields_of(form):
        properties[field.name] = field.rule.schema()
        if field.is_confirmed:
            properties[f"{field.name}_confirmation"] = field.rule.schema()
    required = [field.name for field in fields_of(form) if field.is_required]
    required += [f"{field.name}_confirmation" for field in fields_of(form) if field.is_confirmed]
    return {
        "type": "object",
        "description": (form.__doc__ or "").strip(),
        "properties": properties,
        "required": list(dict.fromkeys(required)),
    }


def _always_sent(kinds: Iterable[type[Struct]]) -> dict[str, list[str]]:
    """Fields that no answer leaves out, by the name of its Struct: all but those that may be unset."""
    found: dict[str, list[str]] = {}
    waiting: list[Any] = list(kinds)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, Struct) and kind.__name__ not in found:
            each = msgspec.structs.fields(kind)
            found[kind.__name__] = [field.encode_name for field in each if field.default is not UNSET]
            waiting += [field.type for field in each]
        else:
            waiting += getattr(kind, "__args__", ())
    return found


def _answer_schema(name: str, shape: Json, always: dict[str, list[str]]) -> Json:
    """What msgspec says of a Struct, as an answer: constants are not defaults, and null is not absence."""
    properties = {
        key: {k: v for k, v in each.items() if k != "default"} for key, each in shape["properties"].items()
    }
    return {**shape, "properties": properties, "required": always[name]}


def _ref(name: str) -> Json:
    return {"$ref": _REF.format(name=name)}


def _plain(body: Struct) -> Any:
    return msgspec.json.decode(msgspec.json.encode(body))
