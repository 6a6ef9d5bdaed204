"""The pinned internals of Quart that `api.lean` leans on; when one of these breaks, so does the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any, cast

import httpx
import pytest
from quart import Quart, Response, request

from api.lean import LeanConnection


@pytest.fixture
def app() -> Quart:
    lean = Quart(__name__, static_folder=None)
    lean.asgi_http_class = LeanConnection
    lean.config["RESPONSE_TIMEOUT"] = None

    @lean.route("/echo", methods=["GET", "POST"])
    async def echo() -> Response:
        body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
        facts = f"{request.method} {request.path} {request.args.get('a')} {request.headers.get('X-Thing')} "
        return Response(facts.encode() + body, 201, headers={"X-Other": "ünï"}, content_type="text/plain")

    @lean.get("/form")
    async def form() -> str:
        return "plain text"

    @lean.get("/broken")
    async def broken() -> str:
        raise ValueError("boom")

    return lean


async def _ask(app: Quart, method: str, path: str, **what: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lean.test") as client:
        return await client.request(method, path, **what)


def test_quart_is_the_version_this_was_written_for() -> None:
    assert version("quart").startswith("0.22.")


async def test_request_and_answer_pass_unchanged(app: Quart) -> None:
    answer = await _ask(app, "POST", "/echo?a=b%20c", content=b"body", headers={"x-thing": "t"})
    assert (answer.status_code, answer.text) == (201, "POST /echo b c t body")
    assert answer.headers["x-other"] == "ünï"
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_head_has_headers_only(app: Quart) -> None:
    answer = await _ask(app, "HEAD", "/form")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "10"


async def test_bugs_become_500(app: Quart) -> None:
    assert (await _ask(app, "GET", "/broken")).status_code == 500
    assert (await _ask(app, "GET", "/nope")).status_code == 404


async def test_a_stream_ends_when_nobody_listens(app: Quart) -> None:
    ended = asyncio.Event()

    async def ticks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    @app.get("/ticks")
    async def show_ticks() -> Response:
        return Response(ticks(), content_type="text/event-stream")

    sent: list[Any] = []
    heard = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) > 3:
            heard.set()

    async def receive() -> Any:
        await heard.wait()
        return {"type": "http.disconnect"}

    scope: Any = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/ticks",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "root_path": "",
    }
    await asyncio.wait_for(app(scope, receive, send), 5)
    await asyncio.wait_for(ended.wait(), 5)
    assert [message["type"] for message in sent[:2]] == ["http.response.start", "http.response.body"]


async def test_a_bug_in_a_stream_is_not_swallowed(app: Quart) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"tick\n"
        raise ValueError("boom")

    @app.get("/breaks")
    async def show() -> Response:
        return Response(breaks(), content_type="text/event-stream")

    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://lean.test") as client:
        with pytest.raises(ValueError, match="boom"):
            await client.get("/breaks")
