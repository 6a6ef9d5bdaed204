"""Pulling plugs over HTTP: `POST /sandbox/network/<box>/unplug` and `/plug`, `GET /sandbox/network` to see them."""

from __future__ import annotations

from quart import Blueprint, Response

from sandbox.routeros.life import Life
from sandbox.web.answers import json
from sandbox.web.pages import protect


def create_blueprint(life: Life) -> Blueprint:
    """The switches of one router's boxes."""
    blueprint = Blueprint("sandbox_network", __name__, url_prefix="/sandbox/network")
    protect(blueprint)

    @blueprint.get("")
    async def show() -> Response:
        return json(
            {
                "boxes": [
                    {"name": box, "lines": list(users), "is_plugged": life.is_plugged(box)}
                    for box, users in life.boxes.items()
                ]
            }
        )

    @blueprint.post("/<box>/unplug")
    async def unplug(box: str) -> Response:
        if box not in life.boxes:
            return json({"error": "no such box"}, 404)
        life.unplug(box)
        return json({"box": box, "is_plugged": False})

    @blueprint.post("/<box>/plug")
    async def plug(box: str) -> Response:
        if box not in life.boxes:
            return json({"error": "no such box"}, 404)
        life.plug(box)
        return json({"box": box, "is_plugged": True})

    return blueprint
