"""The webhook over a real socket: answers, repeats, refusals, and many messages at once."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from quart import Quart
from sqlalchemy import func, select

from bot.web import create_blueprint
from conversations.engine.lanes import Lanes
from conversations.engine.runtime import Conversation
from conversations.flows import FLOWS
from core.bootstrap import bootstrap
from core.messaging.tables import chats, inbound_messages
from core.platform.i18n import text
from core.platform.outbox import outbox
from core.proofs.tables import proof_pictures
from core.services import Services
from tests.conversations.stage import JOHN, SITI, STRANGER, morning, settings_for

SECRET = "a-webhook-secret-nobody-guesses"
PATH = f"/webhooks/whatsapp/wire/{SECRET}"


class Gateway:
    """The gateway's side of the wire, as the contract describes it."""

    def __init__(self, client: httpx.AsyncClient, services: Services) -> None:
        self.client, self.services = client, services

    async def post(self, phone: str, said: str, *, request_id: str = "", **body: Any) -> httpx.Response:
        request_id = request_id or uuid.uuid4().hex
        payload = _payload(phone, said, request_id, **body)
        return await self.client.post(PATH, json=payload, headers=_headers(request_id))

    async def say(self, phone: str, said: str, **more: Any) -> str:
        response = await self.post(phone, said, **more)
        answer = response.json()
        assert response.status_code == 200
        assert answer == dict.fromkeys(("output", "message", "text"), answer["output"])
        assert answer["output"].strip()
        return str(answer["output"])

    async def count(self, table: Any) -> int:
        async with self.services.uow.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(table)))


def _payload(phone: str, said: str, request_id: str, **body: Any) -> dict[str, Any]:
    inner = {"chatInput": said, "inputType": "text", "attachments": [], **body}
    jid = phone if "@" in phone else f"{phone}@s.whatsapp.net"
    return {
        "messages": [{"role": "user", "content": said}],
        **inner,
        "body": inner,
        "extra": {"wire_chatbot": True, "contact_id": phone, "contact_jid": jid, "session_id": f"s-{phone}"},
        "metadata": {"ownerId": "o", "scope": "wa", "entityId": "e", "requestId": request_id},
    }


def _headers(request_id: str) -> dict[str, str]:
    return {"X-AI-Request-ID": request_id, "X-Idempotency-Key": request_id, "X-AI-Scope": "wa"}


@asynccontextmanager
async def _listening(app: Quart) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@asynccontextmanager
async def _gateway(url: str, *, secret: str = SECRET, lanes: Lanes | None = None) -> AsyncIterator[Gateway]:
    settings = settings_for(url, LOKET_WA_WEBHOOK_SECRET=secret)
    async with bootstrap(settings, clock=morning()) as services:
        app = Quart(__name__, static_folder=None)
        talk = Conversation(services, FLOWS, lanes=lanes)
        app.register_blueprint(create_blueprint(services, talk, settings))
        async with _listening(app) as base, httpx.AsyncClient(base_url=base, timeout=30) as client:
            yield Gateway(client, services)


@pytest.fixture
async def gateway(demo_url: str) -> AsyncIterator[Gateway]:
    async with _gateway(demo_url) as opened:
        yield opened


async def test_a_customer_reads_the_bill(gateway: Gateway) -> None:
    assert "total Rp627.500" in await gateway.say(JOHN, "cek tagihan")
    assert "INV-2401-001" in await gateway.say(JOHN, "2")


async def test_a_password_is_reset_over_the_wire(gateway: Gateway) -> None:
    await gateway.say(STRANGER, "lupa password")
    await gateway.say(STRANGER, "28900004")
    async with gateway.services.uow.read() as tx:
        sent = await tx.scalar(select(outbox.c.payload).order_by(outbox.c.id.desc()))
    code = "".join(c for c in sent["text"].splitlines()[0] if c.isdigit())
    assert "Cocok" in await gateway.say(STRANGER, code)
    assert "sudah diganti" in await gateway.say(STRANGER, "kopi-senja-7")
    await gateway.services.identity.sign_in("28900004", "kopi-senja-7", ip="127.0.0.1")


async def test_a_multipart_message_is_answered_by_its_caption(gateway: Gateway) -> None:
    attachment = {
        "type": "image",
        "mimetype": "image/png",
        "size": 4,
        "fileField": "file0",
        "caption": "cek tagihan",
    }
    payload = _payload(JOHN, "cek tagihan", "m-1", inputType="image", attachments=[attachment])
    response = await gateway.client.post(
        PATH,
        data={"payload": json.dumps(payload), "sessionid": "s"},
        files={"file0": ("bukti.png", b"\x89PNG" * 300_000, "image/png")},
        headers=_headers("m-1"),
    )
    assert response.status_code == 200
    first, *rest = response.json()["output"].splitlines()
    assert first == text("engine.attachment_ignored", "id")
    assert "Rp627.500" in rest[0]


async def test_an_attachment_without_a_picture_in_it_gets_a_kind_answer(gateway: Gateway) -> None:
    for encoded, key in (
        ("AAAA", "error.no_picture"),
        ("%%%", "error.no_picture"),
        ("", "engine.attachment_alone"),
    ):
        broken = [{"type": "image", "base64": encoded}]
        answer = await gateway.say(JOHN, "", inputType="image", attachments=broken)
        assert answer == text(key, "id")


async def test_a_repeated_delivery_gets_the_same_answer_and_has_no_second_effect(gateway: Gateway) -> None:
    await gateway.say(STRANGER, "lupa password")
    first = await gateway.post(STRANGER, "28900004", request_id="again")
    codes = await gateway.count(outbox)
    for _ in range(3):
        repeated = await gateway.post(STRANGER, "28900004", request_id="again")
        assert repeated.content == first.content
    assert await gateway.count(outbox) == codes
    assert await gateway.count(inbound_messages) == 2


async def test_repeats_at_the_same_moment_have_one_effect(gateway: Gateway) -> None:
    await gateway.say(STRANGER, "lupa password")
    before = await gateway.count(outbox)
    answers = await asyncio.gather(*(gateway.say(STRANGER, "28900004", request_id="twin") for _ in range(12)))
    assert len(set(answers)) == 1
    assert await gateway.count(outbox) == before + 1


@pytest.mark.parametrize("secret", ["wrong", SECRET[:-1], SECRET + "x", "%F0%9F%98%80", "x" * 3000])
async def test_a_wrong_secret_finds_nothing(gateway: Gateway, secret: str) -> None:
    response = await gateway.client.post(
        f"/webhooks/whatsapp/wire/{secret}", json=_payload(JOHN, "halo", "r")
    )
    assert (response.status_code, response.json()) == (404, {"message": "Not Found."})
    assert await gateway.count(chats) == 0


async def test_without_a_secret_the_webhook_is_closed(demo_url: str) -> None:
    async with _gateway(demo_url, secret="") as closed:
        for path in ("/webhooks/whatsapp/wire/", "/webhooks/whatsapp/wire/x"):
            assert (await closed.client.post(path, json=_payload(JOHN, "halo", "r"))).status_code == 404


async def test_a_lid_is_a_stranger(gateway: Gateway) -> None:
    assert "belum terhubung" in await gateway.say(f"{JOHN}@lid", "cek tagihan")


async def test_a_group_is_met_with_silence(gateway: Gateway) -> None:
    response = await gateway.post("120363041234567890@g.us", "cek tagihan")
    assert (response.status_code, response.json()["handoff"], response.json()["output"]) == (200, True, "")
    assert await gateway.count(chats) == 0


GARBAGE = (
    (b"", "application/json"),
    (b"halo", "text/plain"),
    (b"[1]", "application/json"),
    (b"{}", "application/json"),
    (b"[" * 50_000, "application/json"),
    (b"\x00\xff" * 50, "application/octet-stream"),
    (b"payload=1", "application/x-www-form-urlencoded"),
    (b"--x--", "multipart/form-data; boundary=x"),
    (b"--x", "multipart/form-data"),
    (
        b'--x\r\nContent-Disposition: form-data; name="payload"\r\n\r\nnot json\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
)


async def test_garbage_is_refused_with_a_reason(gateway: Gateway) -> None:
    for content, content_type in GARBAGE:
        response = await gateway.client.post(PATH, content=content, headers={"Content-Type": content_type})
        assert (response.status_code, content) == (400, content)
        assert response.json()["message"]


async def test_too_large_a_message_is_refused(gateway: Gateway) -> None:
    response = await gateway.client.post(PATH, content=b'"' + b"x" * 17_000_000 + b'"')
    assert (response.status_code, response.json()) == (413, {"message": "The message is too large."})


@pytest.mark.parametrize(
    "said",
    [
        "x" * 200_000,
        "\u202e\u0000\u200b",
        "\U0001f4a9" * 500,
        "a\u0301" * 5000,
        "'; DROP TABLE chats; --",
        "{code}",
    ],
)
async def test_odd_texts_are_answered(gateway: Gateway, said: str) -> None:
    outside = await gateway.say(JOHN, said)
    await gateway.say(JOHN, "lupa password")
    inside = await gateway.say(JOHN, said)
    assert outside.strip()
    assert inside.strip()


async def test_fifty_messages_of_one_chat_at_once_lose_nothing(gateway: Gateway) -> None:
    await gateway.say(SITI, "cek tagihan")
    answers = await asyncio.gather(*(gateway.say(SITI, "makasih") for _ in range(50)))
    assert len(answers) == 50
    assert await gateway.count(inbound_messages) == 51
    async with gateway.services.uow.read() as tx:
        assert await tx.scalar(select(chats.c.revision)) == 51
    assert "28900002" in await gateway.say(SITI, "2")


async def test_twenty_chats_at_once_get_their_own_answers(gateway: Gateway) -> None:
    async def reset(number: int) -> str:
        chat = f"62813{number:08}"
        await gateway.say(chat, "menu" if number % 2 else "english")
        return await gateway.say(chat, "batal")

    answers = await asyncio.gather(*(reset(number) for number in range(20)))
    assert answers == [text("engine.nothing_open", "id" if number % 2 else "en") for number in range(20)]


async def test_a_flood_is_told_to_come_back(demo_url: str) -> None:
    async with _gateway(demo_url, lanes=Lanes(most_waiting=0)) as flooded:
        response = await flooded.post(JOHN, "halo")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "5")
    assert response.json() == {"message": "Too Many Attempts."}


async def test_a_photo_in_either_form_is_the_proof_of_a_payment(gateway: Gateway) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(64)
    part = {"type": "image", "mimetype": "image/png", "size": len(png), "fileField": "file0"}
    payload = _payload(JOHN, "", "m-2", inputType="image", attachments=[part])
    response = await gateway.client.post(
        PATH,
        data={"payload": json.dumps(payload), "sessionid": "s"},
        files={"file0": ("bukti.png", png, "image/png")},
        headers=_headers("m-2"),
    )
    assert "tagihan yang mana" in response.json()["output"]
    assert "bukti bayar 1" in await gateway.say(JOHN, "2")
    inline = [{"type": "image", "base64": base64.b64encode(png + b"2").decode()}]
    await gateway.say(JOHN, "", inputType="image", attachments=inline)
    assert "bukti bayar 2" in await gateway.say(JOHN, "2")
    async with gateway.services.uow.read() as tx:
        kept = await tx.all(select(proof_pictures.c.content).order_by(proof_pictures.c.proof_id))
    assert [bytes(row.content) for row in kept] == [png, png + b"2"]
