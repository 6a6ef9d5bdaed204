"""Files on their way to a chat: who makes them, and the addresses they are lent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from core.adapters.whatsapp import GatewayConfig, WhatsAppGateway
from core.messaging.attachments import LINK_LIFETIME, File, FileLinks, Renderers
from core.messaging.delivery import TextDelivery
from core.messaging.notices import TEXT_TOPIC, send_text
from core.messaging.ports import Attachment, Choice
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from core.platform.signing import Signer
from core.platform.uow import UnitOfWork

BILL = Attachment("document", "tagihan-17.pdf", "greeting", {"invoice": 17, "language": "id"})
URL = "https://loket.example"


async def greeting(args: Mapping[str, int | str]) -> File:
    if args["invoice"] != 17:
        raise NotFound("attachment")
    return File(b"%PDF halo", "application/pdf")


@pytest.fixture
def links(keyring: Keyring) -> FileLinks:
    return FileLinks(keyring, f"{URL}/")


def parts(link: str | None) -> tuple[str, str]:
    assert link is not None
    assert link.startswith(f"{URL}/f/")
    token, name = urlsplit(link).path.removeprefix("/f/").split("/")
    return token, name


async def test_a_file_is_made_by_who_is_registered_for_it() -> None:
    renderers = Renderers({"greeting": greeting})
    assert await renderers.render(BILL) == File(b"%PDF halo", "application/pdf")
    for unknown in (
        Attachment("document", "x.pdf", "nobody"),
        Attachment("document", "x.pdf", "greeting", {"invoice": 1}),
    ):
        with pytest.raises(NotFound, match="attachment"):
            await renderers.render(unknown)


@pytest.mark.parametrize("name", ["", "../x", "a/b.pdf", '"x"', "x\r\ny", ".x", "é.pdf", "x" * 81])
def test_a_file_name_is_plain(name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        Attachment("document", name, "greeting")


def test_a_lent_address_leads_back_to_the_file(links: FileLinks, clock: ManualClock) -> None:
    token, name = parts(links.to(BILL, clock.now()))
    assert links.behind(token, name, clock.now() + LINK_LIFETIME - timedelta(seconds=1)) == BILL
    assert timedelta(days=7) >= LINK_LIFETIME, "whatsapp contract §1.7"


def test_an_address_that_is_old_changed_or_made_elsewhere_leads_nowhere(
    links: FileLinks, clock: ManualClock, keyring: Keyring
) -> None:
    token, name = parts(links.to(BILL, clock.now()))
    other = parts(FileLinks(Keyring(["another master secret of some length"]), URL).to(BILL, clock.now()))
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    elsewhere = [
        other[0],
        Signer(keyring, "pay").sign(b"\x01"),
        "",
        "x",
        "é",
        "=" * 9,
        "A" * 5000,
        token + "A",
    ]
    for wrong in (*changed, *elsewhere):
        with pytest.raises(NotFound):
            links.behind(wrong, name, clock.now())
    for late, called in ((LINK_LIFETIME + timedelta(seconds=1), name), (timedelta(0), "kwitansi.pdf")):
        with pytest.raises(NotFound):
            links.behind(token, called, clock.now() + late)


def test_a_former_master_secret_still_opens_its_links(clock: ManualClock) -> None:
    old, new = "the old master secret, long enough", "the new master secret, long enough"
    token, name = parts(FileLinks(Keyring([old]), URL).to(BILL, clock.now()))
    assert FileLinks(Keyring([new, old]), URL).behind(token, name, clock.now()) == BILL


def test_without_a_public_address_nothing_is_lent(keyring: Keyring, clock: ManualClock) -> None:
    links = FileLinks(keyring, "")
    assert not links.can_be_followed
    assert links.to(BILL, clock.now()) is None


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Where a gateway listens, and what it was sent."""
    bodies: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(json.loads(await request.text()) if request.method == "POST" else dict(request.query))
        return web.json_response({"status": True})

    app = web.Application()
    app.router.add_route("*", "/ext/s/wa", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/ext/s/wa", bodies
    await runner.cleanup()


async def delivered(uow: UnitOfWork, clock: ManualClock, channel: WhatsAppGateway, **more: Any) -> None:
    async with uow.write() as tx:
        await send_text(tx, to="6281200000001", text="Lunas.", key="k", attachment=BILL, **more)
    await Dispatcher(uow, clock, {TEXT_TOPIC: Consumer(TextDelivery({"whatsapp": channel}, uow))}).drain()
    await channel.aclose()


async def test_the_gateway_is_told_where_to_fetch_a_file(
    uow: UnitOfWork, clock: ManualClock, gateway: tuple[str, list[dict[str, Any]]], links: FileLinks
) -> None:
    url, bodies = gateway
    config = GatewayConfig(method="post", url=url, secret="s")
    await delivered(uow, clock, WhatsAppGateway(config, now=clock.now, files=links))
    (body,) = bodies
    assert body["interactive"].pop("headerMedia") == {"type": "document", "url": links.to(BILL, clock.now())}
    assert body["interactive"] == {
        "type": "buttons",
        "text": "Lunas.",
        "headerType": 4,
        "buttons": [{"id": "menu", "text": "Menu"}],
    }


async def test_choices_that_fit_no_buttons_are_numbered_under_a_file(
    uow: UnitOfWork, clock: ManualClock, gateway: tuple[str, list[dict[str, Any]]], links: FileLinks
) -> None:
    url, bodies = gateway
    config = GatewayConfig(method="post", url=url, secret="s")
    choices = [Choice(str(each), f"Pilihan {each}") for each in range(4)]
    await delivered(uow, clock, WhatsAppGateway(config, now=clock.now, files=links), choices=choices)
    (body,) = bodies
    assert body["interactive"]["text"].splitlines() == [
        "Lunas.",
        "",
        *(f"{each + 1}. Pilihan {each}" for each in range(4)),
    ]


async def test_a_gateway_for_text_only_is_given_the_address(
    uow: UnitOfWork, clock: ManualClock, gateway: tuple[str, list[dict[str, Any]]], links: FileLinks
) -> None:
    url, bodies = gateway
    config = GatewayConfig(method="get", get_url=f"{url}?to=[number]&text=[text]")
    await delivered(uow, clock, WhatsAppGateway(config, now=clock.now, files=links))
    assert bodies[0]["text"] == f"Lunas.\n{links.to(BILL, clock.now())}"


async def test_without_a_public_address_the_text_goes_alone(
    uow: UnitOfWork, clock: ManualClock, gateway: tuple[str, list[dict[str, Any]]], keyring: Keyring
) -> None:
    url, bodies = gateway
    config = GatewayConfig(method="post", url=url, secret="s")
    await delivered(uow, clock, WhatsAppGateway(config, now=clock.now, files=FileLinks(keyring, "")))
    assert bodies[0]["text"] == "Lunas."
