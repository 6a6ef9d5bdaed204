"""The outermost layer alone: bodies, their patience, and what passes through."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.edge import LARGEST_BODY, Edge, shown_path


class Told:
    """An app that remembers what reached it and answers `ok`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.kinds: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.kinds.append(scope["type"])
        if scope["type"] != "http":
            return
        if scope["method"] == "POST":
            message = await receive()
            assert not message["more_body"], "a body reaches the app in one piece"
            self.bodies.append(message["body"])
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"private")]}
        )
        await send({"type": "http.response.body", "body": b"ok"})


async def _through(
    edge: Edge, messages: list[Any], *headers: tuple[bytes, bytes], method: str = "POST", path: str = "/"
) -> list[Any]:
    sent: list[Any] = []
    waiting = list(messages)

    async def receive() -> Any:
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    await edge(scope, receive, send)
    return sent


def _pieces(*bodies: bytes) -> list[dict[str, Any]]:
    last = len(bodies) - 1
    return [
        {"type": "http.request", "body": body, "more_body": number < last}
        for number, body in enumerate(bodies)
    ]


async def test_pieces_of_a_body_are_put_together() -> None:
    app = Told()
    sent = await _through(Edge(app), _pieces(b"a", b"", b"bc"), (b"transfer-encoding", b"chunked"))
    assert app.bodies == [b"abc"]
    assert sent[0]["status"] == 200


async def test_what_the_app_says_about_caching_stands() -> None:
    sent = await _through(Edge(Told()), [], method="GET")
    assert [value for name, value in sent[0]["headers"] if name == b"cache-control"] == [b"private"]


async def test_a_body_that_grows_too_large_never_reaches_the_app() -> None:
    app = Told()
    pieces = _pieces(*[b"x" * 1024] * 65)
    sent = await _through(Edge(app), pieces, (b"transfer-encoding", b"chunked"))
    assert (sent[0]["status"], app.bodies) == (413, [])


async def test_a_lie_about_the_length_is_noticed() -> None:
    app = Told()
    sent = await _through(Edge(app), _pieces(b"x" * (LARGEST_BODY + 1)), (b"content-length", b"5"))
    assert (sent[0]["status"], app.bodies) == (413, [])


async def test_some_paths_may_bring_more() -> None:
    app = Told()
    edge = Edge(app, larger_bodies={"/sandbox/": 2 * LARGEST_BODY})
    large, length = _pieces(b"x" * (LARGEST_BODY + 1)), (b"content-length", str(LARGEST_BODY + 1).encode())
    assert (await _through(edge, large, length, path="/sandbox/photos"))[0]["status"] == 200
    assert (await _through(edge, large, length, path="/api/x"))[0]["status"] == 413


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/api/invoice", "/api/invoice"),
        ("/p/AizeEmaTx1_KwoTPSw", "/p/…"),
        ("/v/AXg26la5aJrRKS2P7A", "/v/…"),
        ("/f/kuIBAQ/tagihan.pdf", "/f/…"),
        ("/webhooks/whatsapp/wire/secret", "/webhooks/…"),
    ],
)
def test_the_log_shows_no_token_of_a_path(path: str, shown: str) -> None:
    assert shown_path(path) == shown


async def test_a_body_that_never_comes_is_given_up() -> None:
    app = Told()
    sent = await _through(Edge(app, body_patience_s=0.01), [], (b"content-length", b"5"))
    assert (sent[0]["status"], app.bodies) == (408, [])


async def test_who_hangs_up_midway_is_not_answered() -> None:
    app = Told()
    half = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}]
    assert await _through(Edge(app), half, (b"content-length", b"5")) == []
    assert app.bodies == []


async def test_other_protocols_pass_through() -> None:
    app = Told()

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    await Edge(app)({"type": "lifespan"}, nothing, nothing)
    assert app.kinds == ["lifespan"]
