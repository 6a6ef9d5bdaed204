"""Reading and answering JSON for a page."""

from typing import TypeVar

import msgspec
from quart import Response, request

from sandbox.web.errors import RequestError
from sandbox.web.feed import Feed, stream

T = TypeVar("T")


async def decoded(kind: type[T]) -> T:
    """The request's body; a `RequestError` says what is wrong with it."""
    try:
        return msgspec.json.decode(await request.get_data() or b"{}", type=kind)
    except msgspec.MsgspecError as problem:
        raise RequestError(400, str(problem)) from problem


def json(body: object, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(body),
        status,
        headers={"Cache-Control": "no-store"},
        content_type="application/json",
    )


def event_stream(feed: Feed, about: str | None = None) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(
        stream(feed, about), 200, headers=headers, content_type="text/event-stream; charset=utf-8"
    )
    response.timeout = None
    return response
