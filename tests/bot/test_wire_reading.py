"""Wire messages are read wherever a gateway puts its facts, and refused when there is nobody to answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.inbound import Incoming
from bot.whatsapp import wire
from core.adapters.whatsapp.reading import Malformed

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
JOHN = "628123456789"


def _payload(**changes: Any) -> dict[str, Any]:
    said = {"chatInput": "cek tagihan", "inputType": "text", "attachments": []}
    whole = {
        "messages": [{"role": "user", "content": "cek tagihan"}],
        **said,
        "body": said,
        "extra": {
            "wire_chatbot": True,
            "contact_id": JOHN,
            "contact_jid": f"{JOHN}@s.whatsapp.net",
            "session_id": "s-1",
        },
        "metadata": {"ownerId": "o", "scope": "wa", "entityId": "e", "requestId": "req-1"},
    }
    return whole | changes


def _read(payload: Any, headers: dict[str, str] | None = None) -> Incoming:
    message = wire.read(json.dumps(payload), headers or {}, received_at=NOW)
    assert isinstance(message, Incoming)
    return message


def test_a_usual_message_is_read() -> None:
    assert _read(_payload()) == Incoming(
        channel="whatsapp",
        message_id="req-1",
        chat_address=JOHN,
        phone=JOHN,
        text="cek tagihan",
        answered_in_text=True,
        session="s-1",
        received_at=NOW,
    )


@pytest.mark.parametrize(
    ("extra", "address", "phone"),
    [
        ({"contact_jid": f"{JOHN}@c.us"}, JOHN, JOHN),
        ({"contact_jid": f"{JOHN}:12@s.whatsapp.net"}, JOHN, JOHN),
        ({"contact_id": JOHN}, JOHN, JOHN),
        ({"contact_jid": f"+{JOHN}"}, JOHN, JOHN),
        ({"contact_jid": "98765@lid", "contact_id": JOHN}, "98765@lid", None),
        ({"contact_jid": f"{JOHN}@lid"}, f"{JOHN}@lid", None),
    ],
)
def test_a_sender_is_a_number_or_an_identity(extra: dict[str, str], address: str, phone: str | None) -> None:
    message = _read(_payload(extra=extra))
    assert (message.chat_address, message.phone) == (address, phone)


@pytest.mark.parametrize(
    "jid", ["120363041234567890@g.us", "status@broadcast", "1203630@newsletter", "budi@s.whatsapp.net"]
)
def test_groups_and_lists_are_left_alone(jid: str) -> None:
    payload = json.dumps(_payload(extra={"contact_jid": jid}))
    assert wire.read(payload, {}, received_at=NOW) == wire.Group()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-AI-Request-ID": "a", "X-Idempotency-Key": "b"}, "a"),
        ({"x-idempotency-key": "b"}, "b"),
        ({"X-AI-Request-ID": "  "}, "req-1"),
        ({}, "req-1"),
    ],
)
def test_the_request_id_is_found_where_it_is(headers: dict[str, str], expected: str) -> None:
    assert _read(_payload(), headers).message_id == expected


def test_a_message_without_any_id_gets_its_own() -> None:
    bare = _payload(metadata=None)
    assert _read(bare).message_id != _read(bare).message_id


@pytest.mark.parametrize(
    ("changes", "text", "kinds"),
    [
        ({"body": {"chatInput": "dari body"}, "chatInput": "dari luar"}, "dari body", ()),
        ({"body": None}, "cek tagihan", ()),
        ({"body": {}, "chatInput": ""}, "", ()),
        ({"body": {"chatInput": 7}, "chatInput": None}, "", ()),
        (
            {
                "body": {"chatInput": "", "attachments": [{"type": "image", "caption": "bukti"}]},
                "chatInput": "",
            },
            "bukti",
            ("image",),
        ),
        (
            {
                "body": {"attachments": [{"type": "voice"}, {"type": "pdf"}, "junk", {"type": 5}]},
                "chatInput": "",
            },
            "",
            ("voice", "document", "image"),
        ),
        ({"body": {"attachments": "many"}, "attachments": {"0": 1}}, "cek tagihan", ()),
    ],
)
def test_text_and_attachments_are_found(changes: dict[str, Any], text: str, kinds: tuple[str, ...]) -> None:
    message = _read(_payload(**changes))
    assert (message.text, message.attachments) == (text, kinds)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"halo",
        b"[]",
        b"null",
        b"{}",
        b'{"extra": []}',
        b'{"extra": {"contact_jid": 628}}',
        b'{"extra": {"contact_jid": "a b@s.whatsapp.net"}}',
        b'{"extra": {"contact_jid": ""}}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"extra": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    ],
)
def test_what_is_no_wire_message_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        wire.read(raw, {}, received_at=NOW)


def test_half_a_character_is_left_out() -> None:
    raw = json.dumps(_payload(body={"chatInput": "ha\ud800lo"}, metadata={"requestId": "r\udfff1"}))
    message = wire.read(raw.encode(), {}, received_at=NOW)
    assert isinstance(message, Incoming)
    assert (message.text, message.message_id) == ("halo", "r1")


def test_an_answer_says_the_same_in_all_its_fields() -> None:
    assert wire.spoken("Halo") == {"output": "Halo", "message": "Halo", "text": "Halo"}
    assert wire.silence() == {"output": "", "message": "", "text": "", "handoff": True}
