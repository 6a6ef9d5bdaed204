"""What is written from the declarations: the API document (OpenAPI 3.1), and how each action compares with the original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from quart import Blueprint, Response

from api.nuxbill.actions import STAFF, Action, Controller, Likeness, Param, Who
from core.identity.types import Role

Json = dict[str, Any]

_DESCRIPTION = """\
The dialect of PHPNuxBill's `system/api.php`. Each action is served as a path and as `?r=<route>`.

Parameters are read from the query, a form, a multipart form or a JSON object. HTTP is 200 for whatever the business
refuses: read `success`, and show `message`. A token goes into `token`, or into `Authorization: Bearer`.
"""
_ENVELOPE: Json = {
    "type": "object",
    "required": ["success", "message", "result", "meta"],
    "properties": {
        "success": {"type": "boolean"},
        "message": {"type": "string"},
        "result": {"type": "object"},
        "meta": {"type": "object"},
    },
}


def document(controllers: Mapping[str, Controller]) -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "PHPNuxBill API", "version": "2026.01.31", "description": _DESCRIPTION},
        "servers": [{"url": "/system/api.php"}],
        "tags": [{"name": name} for name in sorted(controllers)],
        "paths": {f"/{_template(action)}": _path(action) for action in actions(controllers)},
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "query", "name": "token"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "schemas": {"Envelope": _ENVELOPE},
        },
    }


def blueprint(controllers: Mapping[str, Controller]) -> Blueprint:
    """`/system/openapi.json`, made at its first reading."""
    routes = Blueprint("nuxbill_document", __name__, url_prefix="/system")

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document(controllers))

    @routes.get("/openapi.json")
    async def show_document() -> Response:
        return Response(encoded(), content_type="application/json", headers={"Cache-Control": "no-cache"})

    return routes


def comparison(controllers: Mapping[str, Controller]) -> Iterator[str]:
    """Every action with who may call it and how it compares with the original, as lines of Markdown."""
    declared = {action.route: action for action in actions(controllers)}
    yield f"{len(declared)} actions are served."
    yield from ("", "| Action | Who | Compared with the original |", "|---|---|---|")
    for route in sorted(declared):
        action = declared[route]
        compared = action.likeness if not action.because else f"{action.likeness}: {action.because}"
        yield f"| `{route}` | {_who(action)} | {compared} |"
    waiting = sorted(route for route in documented() if not is_served(route, controllers))
    if waiting:
        yield from ("", f"Documented and not served yet ({len(waiting)}):", "")
        yield ", ".join(f"`{route}`" for route in waiting) + "."


def documented() -> tuple[str, ...]:
    """The routes that the original's own document lists."""
    return tuple(resources.files("api.nuxbill").joinpath("documented_routes.txt").read_text().split())


def is_served(route: str, controllers: Mapping[str, Controller]) -> bool:
    """Whether an action of its own answers a route; a bare controller may leave that to its fallback."""
    first, _, second = route.partition("/")
    if first not in controllers:
        return False
    asked = second.partition("/")[0]
    return asked in controllers[first].actions or (not asked and controllers[first].fallback is not None)


def actions(controllers: Mapping[str, Controller]) -> Iterator[Action]:
    """Every action, by controller."""
    for name in sorted(controllers):
        yield from controllers[name].actions.values()


def _template(action: Action) -> str:
    return action.route.replace("<", "{").replace(">", "}")


def _who(action: Action) -> str:
    if action.who is not Who.STAFF:
        return action.who
    return (
        "staff"
        if action.roles == STAFF
        else ", ".join(role.label for role in STAFF_ORDER if role in action.roles)
    )


STAFF_ORDER = tuple(role for role in Role if role in STAFF)


def _path(action: Action) -> Json:
    return {method.lower(): _operation(action, method) for method in sorted(action.methods)}


def _operation(action: Action, method: str) -> Json:
    name = action.route.replace("<", "").replace(">", "").replace("/", "_").replace("-", "_")
    described: Json = {
        "operationId": f"{method.lower()}_{name}",
        "tags": [action.controller],
        "summary": action.summary,
        "security": [] if action.who is Who.PUBLIC else [{"token": []}, {"bearer": []}],
        "parameters": list(_in_path(action)),
        "responses": {"200": _answer(action)},
        "x-roles": [role.label for role in STAFF_ORDER if role in action.roles]
        if action.who is Who.STAFF
        else [],
    }
    if method == "GET":
        described["parameters"] += [_in_query(param) for param in action.takes]
    elif action.takes:
        described["requestBody"] = _body(action.takes)
    return described


def _in_path(action: Action) -> Iterator[Json]:
    template = _template(action)
    for segment in template.split("/"):
        if segment.startswith("{"):
            yield {"name": segment[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(param: Param) -> Json:
    return {"name": param.name, "in": "query", "description": param.about, "schema": _schema(param)}


def _body(takes: Iterable[Param]) -> Json:
    takes = tuple(takes)
    schema = {
        "type": "object",
        "properties": {param.name: _schema(param) | {"description": param.about} for param in takes},
        "required": [param.name for param in takes if param.required],
    }
    has_file = any(param.is_file for param in takes)
    kinds = (
        ("multipart/form-data",) if has_file else ("application/x-www-form-urlencoded", "application/json")
    )
    return {"content": {kind: {"schema": schema} for kind in kinds}}


def _schema(param: Param) -> Json:
    if param.is_file:
        return {"type": "string", "contentMediaType": "application/octet-stream"}
    if param.name.endswith("[]"):
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "string"}


def _answer(action: Action) -> Json:
    gives = f"`result`: {action.gives}." if action.gives else "The envelope."
    compared = action.because if action.likeness is not Likeness.EXACT else ""
    schema = {"$ref": "#/components/schemas/Envelope"}
    return {
        "description": " ".join(filter(None, (gives, compared))),
        "content": {"application/json": {"schema": schema}},
    }
