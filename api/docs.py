"""The API document, and pages that show it without loading anything from elsewhere."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec
from quart import Blueprint, Quart, Response

from api.openapi import document
from api.operations import View

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGES = {
    "": ("docs.html", "text/html; charset=utf-8"),
    "/docs.css": ("docs.css", "text/css; charset=utf-8"),
    "/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
}


def blueprint(app: Quart) -> Blueprint:
    """`/api/openapi.json` and `/api/docs`; the document is made at its first reading, when all routes are there."""
    routes = Blueprint("docs", __name__, url_prefix="/api")

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(document(app))

    @routes.get("/openapi.json")
    async def show_document() -> Response:
        return Response(encoded(), content_type="application/json", headers={"Cache-Control": "no-cache"})

    for path, (name, content_type) in _PAGES.items():
        routes.add_url_rule(f"/docs{path}", f"show_{name.replace('.', '_')}", _file(name, content_type))
    return routes


def _file(name: str, content_type: str) -> View:
    content = resources.files("api").joinpath(f"pages/{name}").read_bytes()
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}

    async def show() -> Response:
        return Response(content, content_type=content_type, headers=headers)

    return show
