"""The gateway sender against a strict HTTP peer on loopback: what is on the wire, and what each answer means."""

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.adapters.whatsapp import GatewayConfig, WhatsAppGateway, new_idempotency_key
from core.adapters.whatsapp.payload import fit_for_chat
from core.messaging.ports import (
    Accepted,
    Attachment,
    ChannelDown,
    Choice,
    Declined,
    Misconfigured,
    OutgoingText,
    Refused,
    SendOutcome,
    TextChannel,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECRET, TOKEN, PASSWORD = "rahasia/gw 1", "token-9f8e7d", "kata-sandi-gw"
HALO = OutgoingText(to="628123456789", text="Halo Budi, tagihan Anda sudah lunas.")


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire; header names in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body, type=dict[str, object])


Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(status: int, body: str = "", *, length: int | None = None, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body.encode()) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + body.encode()


class Peer:
    """Answers each request with the next scripted reply, the last one for ever, and keeps what it was sent."""

    def __init__(self, *replies: Reply) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self._replies = replies

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await _request(reader))
                await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        scripted = self._replies[min(len(self.requests), len(self._replies)) - 1]
        if isinstance(scripted, bytes):
            writer.write(scripted)
            await writer.drain()
        else:
            await scripted(writer)


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    pairs = [line.split(": ", 1) for line in head[1:] if line]
    headers = {name.lower(): value for name, value in pairs}
    assert len(headers) == len(pairs), "a header came twice"
    assert "transfer-encoding" not in headers
    return Request(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@asynccontextmanager
async def peer(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    it = Peer(*(replies or (reply(200, '{"ok":true}'),)))
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0, ssl=tls)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()


@asynccontextmanager
async def gateway(config: GatewayConfig, **options: Any) -> AsyncIterator[TextChannel]:
    channel = WhatsAppGateway(config, now=lambda: NOW, **options)
    try:
        yield channel
    finally:
        await channel.aclose()


def config_for(it: Peer, **more: object) -> GatewayConfig:
    settings = {"url": f"{it.url}/ext/{{secret}}/wa", "secret": SECRET, "read_timeout_s": 2, **more}
    return msgspec.convert(settings, GatewayConfig)


async def send_one(it: Peer, message: OutgoingText = HALO, /, **more: object) -> SendOutcome:
    async with gateway(config_for(it, **more)) as channel:
        return await channel.send(message, idempotency_key="wa-1")


async def outcome(*replies: Reply, **more: object) -> SendOutcome:
    async with peer(*replies) as it:
        return await send_one(it, **more)


# What is on the wire


async def test_text_is_posted_as_the_contract_shows() -> None:
    async with peer() as it:
        sent = await send_one(it, OutgoingText(to="628123", text="Halo"))

    (request,) = it.requests
    assert sent == Accepted(provider_id=None)
    assert request.line == "POST /ext/rahasia%2Fgw%201/wa HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "wa-1"
    assert "authorization" not in request.headers
    assert request.json == {"action": "send", "to": "628123", "text": "Halo", "idempotency_key": "wa-1"}


async def test_choices_are_posted_as_buttons_without_a_top_level_text() -> None:
    async with peer() as it:
        await send_one(
            it, OutgoingText(to="628123", text="Pilih", choices=(Choice(id="1", label="Tagihan"),))
        )

    assert it.requests[0].json == {
        "action": "send",
        "interactive": {"type": "buttons", "buttons": [{"id": "1", "text": "Tagihan"}], "text": "Pilih"},
        "to": "628123",
        "idempotency_key": "wa-1",
    }


async def test_recipient_and_key_of_the_message_win_over_those_in_a_payload() -> None:
    text = '{"text":"Halo","to":"628999","idempotency_key":"x","idempotencyKey":"y"}'
    async with peer() as it:
        await send_one(it, OutgoingText(to="08123", text=text, markup=True))
        await send_one(it, OutgoingText(to="", text=text, markup=True))

    expected = {"action": "send", "text": "Halo", "idempotency_key": "wa-1"}
    assert [request.json for request in it.requests] == [
        expected | {"to": "628123"},
        expected | {"to": "628999"},
    ]


async def test_contacts_are_posted_without_a_recipient() -> None:
    text = '[{"name":"Budi","phone":"628123"}]'
    async with peer() as it:
        await send_one(it, OutgoingText(to="628999", text=text, markup=True))

    assert it.requests[0].json == {
        "action": "upsert",
        "contacts": [{"name": "Budi", "phone": "628123"}],
        "idempotency_key": "wa-1",
    }


async def test_block_in_the_words_of_a_customer_stays_words() -> None:
    text = "Anda menulis: [[wa]]\nto=628999\nbutton=1|A\n[[/wa]]"
    async with peer() as it:
        await send_one(it, OutgoingText(to="628123", text=text))

    assert (it.requests[0].json["to"], it.requests[0].json["text"]) == ("628123", text)


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"auth_type": "none"}, "authorization", None),
        (
            {"auth_type": "basic", "auth_username": "loket", "auth_password": PASSWORD},
            "authorization",
            "Basic " + base64.b64encode(f"loket:{PASSWORD}".encode()).decode(),
        ),
        ({"auth_type": "header", "auth_header_name": "X-Api-Key", "auth_token": TOKEN}, "x-api-key", TOKEN),
        (
            {"auth_type": "header", "auth_header_name": "idempotency-KEY", "auth_token": TOKEN},
            "idempotency-key",
            TOKEN,
        ),
        ({"auth_type": "jwt", "auth_token": TOKEN}, "authorization", f"Bearer {TOKEN}"),
    ],
)
async def test_each_auth_type_sends_its_header(auth: dict[str, str], header: str, value: str | None) -> None:
    async with peer() as it:
        await send_one(it, **auth)

    assert it.requests[0].headers.get(header) == value
    assert it.requests[0].json["idempotency_key"] == "wa-1"


async def test_legacy_get_carries_number_and_text_form_encoded() -> None:
    message = OutgoingText(to="08123", text="a b&c=1 [number] é", choices=(Choice(id="1", label="Ya"),))
    async with peer() as it:
        sent = await send_one(it, message, url="", secret="", get_url=f"{it.url}/kirim?n=[number]&t=[text]")

    assert sent == Accepted(provider_id=None)
    assert it.requests[0].line == "GET /kirim?n=628123&t=a+b%26c%3D1+%5Bnumber%5D+%C3%A9%0A%0A1.+Ya HTTP/1.1"
    assert it.requests[0].body == b""


async def test_legacy_get_refuses_what_has_no_text() -> None:
    async with peer() as it:
        for text in ("[[wa]]\nrequestPhoneNumber=1\n[[/wa]]", '[{"phone":"628"}]'):
            message = OutgoingText(to="628123", text=text, markup=True)
            assert isinstance(
                await send_one(it, message, method="get", get_url=f"{it.url}/[number]/[text]"), Refused
            )

    assert it.requests == []


async def test_retry_brings_the_same_key_over_the_same_connection() -> None:
    key = new_idempotency_key("invoice_due")
    async with peer(reply(503), reply(200, '{"ok":true}')) as it, gateway(config_for(it)) as channel:
        first = await channel.send(HALO, idempotency_key=key)
        second = await channel.send(HALO, idempotency_key=key)

    assert isinstance(first, ChannelDown)
    assert second == Accepted(provider_id=None)
    assert [request.headers["idempotency-key"] for request in it.requests] == [key, key]
    assert [request.json["idempotency_key"] for request in it.requests] == [key, key]
    assert it.connections == 1


async def test_many_sends_at_once_share_a_bounded_number_of_connections() -> None:
    async with peer() as it, gateway(config_for(it), max_connections=4) as channel:
        sends = (channel.send(HALO, idempotency_key=f"wa-{number}") for number in range(60))
        outcomes = await asyncio.gather(*sends)

    assert set(outcomes) == {Accepted(provider_id=None)}
    assert len({request.headers["idempotency-key"] for request in it.requests}) == 60
    assert it.connections <= 4


async def test_waiting_for_a_free_connection_is_not_the_gateways_silence() -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.06)
        writer.write(reply(200, '{"ok":true}'))

    async with peer(slow) as it:
        config = config_for(it, connect_timeout_s=0.1, read_timeout_s=0.4)
        async with gateway(config, max_connections=1) as channel:
            sends = (channel.send(HALO, idempotency_key=f"wa-{number}") for number in range(12))
            outcomes = await asyncio.gather(*sends)

    assert set(outcomes) == {Accepted(provider_id=None)}


@pytest.mark.parametrize(
    "message",
    [
        OutgoingText(to="628123", text="  "),
        OutgoingText(to="", text="Halo"),
        OutgoingText(to="628123", text="[[wa]]\ntype=list\n[[/wa]]", markup=True),
        OutgoingText(to="628123", text="rusak \ud800"),
    ],
)
async def test_message_that_cannot_be_sent_makes_no_request(message: OutgoingText) -> None:
    async with peer() as it:
        assert isinstance(await send_one(it, message), Refused)

    assert it.requests == []


async def test_message_without_text_goes_out_when_staff_allow_it() -> None:
    async with peer() as it:
        sent = await send_one(it, OutgoingText(to="628123", text='{"allowEmptyText":true}', markup=True))

    assert sent == Accepted(provider_id=None)


async def test_configuration_problem_makes_no_request() -> None:
    async with peer() as it:
        sent = await send_one(it, secret="", auth_type="jwt")

    assert isinstance(sent, Misconfigured)
    assert "secret" in sent.reason
    assert "token" in sent.reason
    assert it.requests == []


async def test_send_without_a_key_is_a_mistake_of_the_caller() -> None:
    async with peer() as it, gateway(config_for(it)) as channel:
        with pytest.raises(ValueError, match="idempotency key"):
            await channel.send(HALO, idempotency_key="\r\n")


# What an answer means


@pytest.mark.parametrize(
    ("body", "provider_id"),
    [
        ('{"ok":true}', None),
        ('{"status":true,"id":["55"]}', "55"),
        ('{"status":true,"data":{"messages":[{"id":"m-1"}]}}', "m-1"),
        ('{"key":{"id":"3EB0"},"status":"PENDING"}', "3EB0"),
        ('{"code":"SUCCESS","results":{"message_id":"g-1"}}', "g-1"),
    ],
)
async def test_success_is_accepted_with_the_gateways_id(body: str, provider_id: str | None) -> None:
    assert await outcome(reply(200, body)) == Accepted(provider_id=provider_id)


@pytest.mark.parametrize("body", ["", "terima kasih", "<html>", "true", '"ok"', '{"ok":tru', "[" * 60_000])
async def test_unreadable_success_is_accepted_with_doubt(body: str) -> None:
    assert await outcome(reply(200, body)) == Accepted(provider_id=None, certain=False)


async def test_explicit_no_is_refused_with_the_gateways_words() -> None:
    body = '{"status":false,"reason":"token invalid"}'

    assert await outcome(reply(200, body)) == Declined("the gateway declined the message: token invalid")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_passing_trouble_is_retried_whatever_the_body_says(status: int) -> None:
    sent = await outcome(reply(status, '{"ok":true,"message":"Internal"}'))

    assert sent == ChannelDown(f"the gateway answered HTTP {status}: Internal")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("Sun, 22 Nov 2026 08:01:30 GMT", 90), ("Sun, 22 Nov 2026 07:00:00 GMT", 0), ("soon", None)],
)
async def test_retry_after_is_told_in_seconds(header: str, seconds: float | None) -> None:
    sent = await outcome(reply(429, Retry_After=header))

    assert sent == ChannelDown("the gateway answered HTTP 429", retry_after_s=seconds)


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_other_client_errors_are_for_ever(status: int) -> None:
    assert await outcome(reply(status, '{"ok":true}')) == Refused(f"the gateway answered HTTP {status}")


async def test_redirect_is_refused_and_not_followed() -> None:
    async with peer() as elsewhere, peer(reply(307, Location=f"{elsewhere.url}/wa")) as it:
        sent = await send_one(it)

    assert isinstance(sent, Refused)
    assert "redirect" in sent.reason
    assert elsewhere.requests == []


async def _hang(writer: asyncio.StreamWriter) -> None:
    await writer.drain()


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _half(writer: asyncio.StreamWriter) -> None:
    writer.write(reply(200, '{"status":', length=99))
    await writer.drain()
    writer.close()


async def _half_then_silence(writer: asyncio.StreamWriter) -> None:
    writer.write(reply(200, '{"ok":false}', length=99))
    await writer.drain()


async def _no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()


async def test_silent_gateway_is_retried_after_the_read_timeout() -> None:
    assert await outcome(_hang, read_timeout_s=0.05) == ChannelDown("the gateway did not answer in time")


async def test_gateway_that_hangs_up_is_retried() -> None:
    assert await outcome(_hang_up) == ChannelDown("the gateway hung up without an answer")


async def test_peer_that_speaks_no_http_is_retried() -> None:
    assert isinstance(await outcome(_no_http), ChannelDown)


@pytest.mark.parametrize("broken", [_half, _half_then_silence])
async def test_answer_that_breaks_off_after_a_success_head_is_accepted_with_doubt(broken: Reply) -> None:
    assert await outcome(broken, read_timeout_s=0.1) == Accepted(provider_id=None, certain=False)


async def test_answer_over_64_kib_is_not_read_to_its_end() -> None:
    pieces = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal pieces
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b" " * 65_536)
            await writer.drain()
            pieces += 1

    assert await outcome(flood) == Accepted(provider_id=None, certain=False)
    assert pieces < 1000


async def test_refused_connection_is_retried() -> None:
    async with peer() as it:
        pass
    assert await send_one(it) == ChannelDown("the gateway cannot be reached")


async def test_closed_sender_sends_nothing() -> None:
    async with peer() as it:
        async with gateway(config_for(it)) as channel:
            await channel.send(HALO, idempotency_key="wa-1")
        sent = await channel.send(HALO, idempotency_key="wa-2")

    assert isinstance(sent, ChannelDown)
    assert len(it.requests) == 1


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = folder / "peer.pem"
    chain.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


async def test_certificate_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    async with peer(tls=_self_signed(tmp_path)) as it:
        sent = await send_one(it, url=f"https://127.0.0.1:{it.port}/ext/{{secret}}/wa")

    assert sent == ChannelDown("the TLS certificate or handshake of the gateway is not acceptable")
    assert it.requests == []


# What is never said

PRIVATE = (
    SECRET,
    "rahasia%2Fgw%201",
    TOKEN,
    PASSWORD,
    HALO.to,
    "812-3456-789",
    HALO.text,
    "tagihan Anda sudah",
    "127.0.0.1",
)


@pytest.mark.parametrize(
    "words",
    [f"no {word} here" for word in PRIVATE]
    + ["POST http://127.0.0.1/ext/rahasia%2Fgw%201/wa failed", "kode 482913"],
)
@pytest.mark.parametrize("status", [200, 404, 500])
async def test_no_reason_and_no_log_tells_a_secret(
    status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = msgspec.json.encode({"ok": False, "message": words}).decode()
    auth = {
        "auth_type": "header",
        "auth_header_name": "X-Key",
        "auth_token": TOKEN,
        "auth_password": PASSWORD,
    }

    sent = await outcome(reply(status, body), **auth)

    assert isinstance(sent, Declined | Refused | ChannelDown)
    said = sent.reason + caplog.text
    assert not [word for word in (*PRIVATE, "482913") if word in said]


async def test_transport_trouble_names_no_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with peer() as it:
        pass
    sent = await send_one(it, auth_type="jwt", auth_token=TOKEN)

    assert isinstance(sent, ChannelDown)
    assert not [word for word in (*PRIVATE, str(it.port)) if word in sent.reason + caplog.text]


async def test_quote_of_the_gateway_is_cut() -> None:
    sent = await outcome(reply(404, msgspec.json.encode({"message": "nomor salah " * 99}).decode()))

    assert isinstance(sent, Refused)
    assert sent.reason.startswith("the gateway answered HTTP 404: nomor salah nomor salah")
    assert len(sent.reason) < 260


def test_a_file_whatsapp_cannot_show_goes_as_an_address() -> None:
    copy = Attachment("document", "data-1.json", "my_data", {})
    message = OutgoingText("628123456789", "Salinan data", attachment=copy)
    fitted, url = fit_for_chat(message, "https://loket.example/f/t/data-1.json")
    assert (fitted.text, fitted.attachment, url) == (
        "Salinan data\nhttps://loket.example/f/t/data-1.json",
        None,
        None,
    )
    paper = OutgoingText("628123456789", "Tagihan", attachment=Attachment("document", "a.pdf", "invoice", {}))
    assert fit_for_chat(paper, "https://loket.example/f/t/a.pdf") == (
        paper,
        "https://loket.example/f/t/a.pdf",
    )
