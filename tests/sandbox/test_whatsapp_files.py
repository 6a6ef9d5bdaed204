"""The gateway fetches the file of a message, keeps it for the phone, and refuses what WhatsApp would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.sandbox.whatsapp_stage import JOHN, Stage, staged

PNG = b"\x89PNG a picture"


class Shelf:
    """Where files are fetched from, and how often each was."""

    def __init__(self) -> None:
        self.url, self.fetched = "", list[str]()

    async def lend(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.fetched.append(name)
        match name:
            case "tagihan.pdf":
                headers = {"Content-Disposition": 'inline; filename="tagihan-17.pdf"'}
                return web.Response(body=b"%PDF halo", content_type="application/pdf", headers=headers)
            case "qris.png":
                return web.Response(body=PNG, content_type="image/png")
            case "large.pdf":
                return web.Response(body=b"x" * (16 * 1024 * 1024 + 1), content_type="application/pdf")
            case "page.html":
                return web.Response(body=b"<p>", content_type="text/html")
            case "empty.pdf":
                return web.Response(body=b"", content_type="application/pdf")
            case "moved.pdf":
                raise web.HTTPFound("/files/tagihan.pdf")
            case _:
                raise web.HTTPNotFound


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    made = Shelf()
    app = web.Application()
    app.router.add_get("/files/{name}", made.lend)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/files"
    yield made
    await runner.cleanup()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


def with_file(url: str, kind: str = "document", **more: Any) -> dict[str, Any]:
    buttons = [{"id": "menu", "text": "Menu"}]
    media = {"type": kind, "url": url}
    return {"to": JOHN, "interactive": {"type": "buttons", "buttons": buttons, "headerMedia": media, **more}}


async def test_a_document_is_fetched_once_and_kept_for_the_phone(stage: Stage, shelf: Shelf) -> None:
    for _ in range(2):
        sent = await stage.wa(with_file(f"{shelf.url}/tagihan.pdf", text="Ini tagihannya.", headerType=4))
        assert sent.status_code == 200, sent.text
    (message,) = (await stage.chat())["messages"]
    assert shelf.fetched == ["tagihan.pdf"]
    document = message["content"]["document"]
    assert (document["name"], document["mimetype"], document["size"]) == (
        "tagihan-17.pdf",
        "application/pdf",
        9,
    )
    assert (await stage.http.get(f"phone/api/files/{document['id']}")).content == b"%PDF halo"


async def test_a_picture_is_shown(stage: Stage, shelf: Shelf) -> None:
    await stage.wa(with_file(f"{shelf.url}/qris.png", "image"))
    (message,) = (await stage.chat())["messages"]
    kept = await stage.http.get(f"phone/api/files/{message['content']['photo_id']}")
    assert (kept.content, kept.headers["content-type"]) == (PNG, "image/png")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("large.pdf", "16 MB"),
        ("page.html", "text/html"),
        ("qris.pdf", "404"),
        ("moved.pdf", "302"),
        ("empty.pdf", "empty"),
    ],
)
async def test_what_whatsapp_would_not_show_is_refused(
    stage: Stage, shelf: Shelf, name: str, why: str
) -> None:
    refused = await stage.wa(with_file(f"{shelf.url}/{name}"))
    assert refused.status_code == 400
    assert why in refused.json()["message"]
    assert (await stage.chat())["messages"] == []


async def test_an_address_where_nobody_listens_is_refused(stage: Stage) -> None:
    refused = await stage.wa(with_file("http://127.0.0.1:1/tagihan.pdf"))
    assert (refused.status_code, "cannot be fetched" in refused.text) == (400, True)


async def test_a_header_type_must_fit_its_media(stage: Stage, shelf: Shelf) -> None:
    refused = await stage.wa(with_file(f"{shelf.url}/tagihan.pdf", headerType=2))
    assert (refused.status_code, "do not agree" in refused.text) == (400, True)
