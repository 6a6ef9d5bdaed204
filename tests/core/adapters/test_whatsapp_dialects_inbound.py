"""What each dialect brings: verified over the raw bytes, read tolerantly, nothing that is not a person's message to us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.whatsapp.dialects.dialect import Dialect, HookCall
from core.adapters.whatsapp.reading import Malformed
from core.messaging.received import DeliveryState, Media, Receipt, Received, SenderKind
from tests.core.adapters.dialects import (
    ALL,
    CLOUD,
    EVOLUTION,
    FONNTE,
    GOWA,
    GROUP,
    JOHN,
    SAYS,
    WABLAS,
    WAHA,
    called,
    cloud_call,
    cloud_message,
    evolution_message,
    fonnte_message,
    gowa_message,
    wablas_message,
    waha_message,
)

SIGNED = [dialect for dialect in ALL if dialect.signed]
every = pytest.mark.parametrize("dialect", ALL, ids=lambda each: each.name)
signed = pytest.mark.parametrize("dialect", SIGNED, ids=lambda each: each.name)


def messages(dialect: Dialect, body: Any) -> tuple[Received, ...]:
    return dialect.read(called(dialect, body)).messages


def only(dialect: Dialect, body: Any) -> Received:
    found = messages(dialect, body)
    assert len(found) == 1
    return found[0]


def receipts(dialect: Dialect, body: Any) -> tuple[Receipt, ...]:
    return dialect.read(called(dialect, body)).receipts


@every
def test_a_text_is_read(dialect: Dialect) -> None:
    call = called(dialect, SAYS[dialect.name]())
    assert dialect.is_genuine(call)
    found = only(dialect, SAYS[dialect.name]())
    assert (found.text, found.choice_id, found.media) == ("cek tagihan", None, ())
    assert (found.sender.address, found.sender.kind, found.sender.phone) == (JOHN, SenderKind.NUMBER, JOHN)
    assert found.sent_at == datetime(2025, 11, 22, 4, 0, tzinfo=UTC)
    assert found.message_id


@signed
def test_a_forged_call_is_recognised(dialect: Dialect) -> None:
    body = SAYS[dialect.name]()
    genuine = called(dialect, body)
    assert not dialect.is_genuine(called(dialect, body, secret="another-secret"))
    assert not dialect.is_genuine(HookCall({}, genuine.body))
    assert not dialect.is_genuine(HookCall(genuine.headers, genuine.body + b" "))
    assert not dialect.is_genuine(HookCall(dict.fromkeys(genuine.headers, "\u00e9"), genuine.body))


@signed
def test_the_signature_is_over_the_bytes_and_not_over_what_they_mean(dialect: Dialect) -> None:
    escaped = msgspec.json.encode(SAYS[dialect.name]()).replace(
        b"cek tagihan", b"cek \\u00e9 \\/ \\ud83d\\ude00"
    )
    call = called(dialect, escaped)
    assert dialect.is_genuine(call)
    assert dialect.read(call).messages[0].text == "cek \u00e9 / \U0001f600"


def test_an_empty_secret_verifies_nothing() -> None:
    nobody = type(WAHA)(msgspec.structs.replace(WAHA._config, hmac_key=""))
    assert not nobody.is_genuine(called(WAHA, waha_message(), secret=""))


def test_a_weaker_algorithm_is_not_accepted() -> None:
    call = called(WAHA, waha_message())
    assert not WAHA.is_genuine(HookCall({**call.headers, "x-webhook-hmac-algorithm": "md5"}, call.body))


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (WAHA, waha_message(fromMe=True)),
        (WAHA, waha_message(**{"from": GROUP, "participant": f"{JOHN}@c.us"})),
        (WAHA, waha_message(**{"from": "status@broadcast"})),
        (WAHA, waha_message(**{"from": "120363@newsletter"})),
        (WAHA, waha_message() | {"event": "message.any"}),
        (WAHA, waha_message() | {"event": "session.status"}),
        (WAHA, waha_message() | {"session": "another"}),
        (EVOLUTION, evolution_message({"fromMe": True})),
        (EVOLUTION, evolution_message({"remoteJid": GROUP, "participant": f"{JOHN}@s.whatsapp.net"})),
        (EVOLUTION, evolution_message({"remoteJid": "status@broadcast"})),
        (EVOLUTION, evolution_message() | {"event": "presence.update"}),
        (EVOLUTION, evolution_message() | {"instance": "another"}),
        (GOWA, gowa_message(is_from_me=True)),
        (GOWA, gowa_message(chat_id=GROUP)),
        (GOWA, gowa_message(**{"from": f"{JOHN}:12@s.whatsapp.net in {GROUP}"})),
        (GOWA, gowa_message() | {"event": "message.reaction"}),
        (GOWA, gowa_message() | {"device_id": "another"}),
        (FONNTE, fonnte_message(sender=GROUP, member=JOHN)),
        (FONNTE, fonnte_message(isgroup="true")),
        (FONNTE, fonnte_message(sender="622150000")),
        (WABLAS, wablas_message(isGroup=True)),
        (WABLAS, wablas_message(isGroup="1")),
        (WABLAS, wablas_message(isFromMe="true")),
        (CLOUD, cloud_message(type="reaction", reaction={"emoji": "x"})),
        (CLOUD, cloud_message(type="system", system={"type": "user_changed_number", "wa_id": "62899"})),
        (CLOUD, cloud_message(group_id="g-1")),
        (
            CLOUD,
            cloud_call({"metadata": {"phone_number_id": "999"}, "messages": [{"from": JOHN, "id": "x"}]}),
        ),
    ],
)
def test_what_is_not_a_persons_message_to_us_is_left_out(dialect: Dialect, body: Any) -> None:
    assert messages(dialect, body) == ()


@pytest.mark.parametrize("kind", ["user_changed_number", "customer_changed_number"])
def test_a_number_that_was_given_up_is_told(kind: str) -> None:
    body = cloud_message(type="system", system={"type": kind, "wa_id": "62899"})
    batch = CLOUD.read(called(CLOUD, body))
    assert (batch.messages, batch.left) == ((), (JOHN,))


@pytest.mark.parametrize(("code", "holds"), [(131048, True), (368, True), (131049, False), ("131048", False)])
def test_a_status_says_whether_campaigns_must_stop(code: object, *, holds: bool) -> None:
    status = {"id": "wamid.9", "status": "failed", "errors": [{"code": code, "title": "held"}]}
    (receipt,) = CLOUD.read(called(CLOUD, cloud_call({"statuses": [status]}))).receipts
    assert receipt.holds_campaigns is holds


def test_one_call_of_meta_holds_many_messages_and_statuses() -> None:
    def said(number: int) -> dict[str, Any]:
        return {"from": JOHN, "id": f"wamid.{number}", "type": "text", "text": {"body": str(number)}}

    status = {"id": "wamid.9", "status": "delivered", "recipient_id": JOHN, "biz_opaque_callback_data": "k-1"}
    batch = CLOUD.read(
        called(
            CLOUD,
            cloud_call({"messages": [said(1), said(2)]}, {"messages": [said(3)]}, {"statuses": [status]}),
        )
    )
    assert [each.text for each in batch.messages] == ["1", "2", "3"]
    assert batch.receipts == (Receipt(provider_id="wamid.9", state=DeliveryState.DELIVERED, key="k-1"),)


@pytest.mark.parametrize(
    ("changes", "choice", "text"),
    [
        (
            {
                "type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"id": "b", "title": "Ya"}},
            },
            "b",
            "Ya",
        ),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "list_reply",
                    "list_reply": {"id": "r", "title": "Januari", "description": "d"},
                },
            },
            "r",
            "Januari",
        ),
        ({"type": "button", "button": {"payload": "flow:pay", "text": "Bayar"}}, "flow:pay", "Bayar"),
    ],
)
def test_a_tap_at_meta_brings_its_id_and_its_title(changes: dict[str, Any], choice: str, text: str) -> None:
    found = only(CLOUD, cloud_message(**changes))
    assert (found.choice_id, found.text) == (choice, text)


def test_a_tap_at_evolution_brings_its_id_and_its_title() -> None:
    said = {"listResponseMessage": {"title": "Bayar", "singleSelectReply": {"selectedRowId": "flow:pay"}}}
    found = only(EVOLUTION, evolution_message(None, **said))
    assert (found.choice_id, found.text) == ("flow:pay", "Bayar")


@pytest.mark.parametrize(
    ("dialect", "body", "kind"),
    [
        (
            CLOUD,
            cloud_message(type="image", image={"id": "m1", "mime_type": "image/jpeg", "caption": "bukti"}),
            "image",
        ),
        (CLOUD, cloud_message(type="audio", audio={"id": "m1"}), "voice"),
        (CLOUD, cloud_message(type="unsupported", errors=[{"code": 131051}]), "document"),
        (WAHA, waha_message(hasMedia=True, media={"url": "https://w/f", "mimetype": "audio/ogg"}), "voice"),
        (WAHA, waha_message(hasMedia=True), "image"),
        (
            EVOLUTION,
            evolution_message(None, imageMessage={"caption": "bukti", "mimetype": "image/jpeg"}),
            "image",
        ),
        (
            EVOLUTION,
            evolution_message(None, viewOnceMessage={"message": {"imageMessage": {"caption": "bukti"}}}),
            "image",
        ),
        (GOWA, gowa_message(body="", image={"media_path": "x.jpg", "mime_type": "image/jpeg"}), "image"),
        (FONNTE, fonnte_message(message="non-text message", url="https://f/x.ogg", extension="ogg"), "voice"),
        (FONNTE, fonnte_message(message="non-text message"), "image"),
        (WABLAS, wablas_message(message="", messageType="image", file="x.jpg"), "image"),
    ],
)
def test_attachments_are_read_by_kind(dialect: Dialect, body: Any, kind: str) -> None:
    found = only(dialect, body)
    assert [media.kind for media in found.media] == [kind]
    assert found.text in {"", "bukti", "cek tagihan"}


def test_a_picture_at_meta_can_be_fetched_by_its_id() -> None:
    image = {"id": "123", "mime_type": "image/jpeg", "sha256": "abc="}
    assert only(CLOUD, cloud_message(type="image", image=image)).media == (
        Media("image", "123", "image/jpeg", "abc="),
    )


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (WAHA, waha_message(**{"from": "77@lid"})),
        (EVOLUTION, evolution_message({"remoteJid": "77@lid"})),
        (GOWA, gowa_message(**{"from": "77@lid", "chat_id": "77@lid"})),
    ],
)
def test_a_lid_is_an_identity_and_no_number(dialect: Dialect, body: Any) -> None:
    sender = only(dialect, body).sender
    assert (sender.address, sender.kind, sender.phone) == ("77@lid", SenderKind.LID, None)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (EVOLUTION, evolution_message({"remoteJid": "77@lid", "remoteJidAlt": f"{JOHN}@s.whatsapp.net"})),
        (GOWA, gowa_message(**{"from": f"{JOHN}@s.whatsapp.net", "from_lid": "77@lid", "chat_id": "77@lid"})),
        (
            WAHA,
            waha_message(**{"from": "77@lid", "_data": {"key": {"remoteJidAlt": f"{JOHN}@s.whatsapp.net"}}}),
        ),
    ],
)
def test_a_number_beside_a_lid_is_used(dialect: Dialect, body: Any) -> None:
    assert only(dialect, body).sender.phone == JOHN


def test_who_hides_the_number_from_a_business_is_known_by_a_scoped_id() -> None:
    sender = only(CLOUD, cloud_message(**{"from": "", "from_user_id": "ID.1234"})).sender
    assert (sender.address, sender.kind, sender.phone) == ("ID.1234@bsuid", SenderKind.SCOPED, None)


def test_a_repeat_at_fonnte_without_an_id_keeps_the_one_we_made_up() -> None:
    first, again = (only(FONNTE, fonnte_message(inboxid=None)) for _ in range(2))
    later = only(FONNTE, fonnte_message(inboxid=None, timestamp=1763784001))
    assert first.message_id == again.message_id != later.message_id


def test_older_gowa_servers_and_evolution_lists_are_read() -> None:
    flat = {"chat_id": JOHN, "from": f"{JOHN}@s.whatsapp.net", "message": {"id": "G9", "text": "halo"}}
    assert only(GOWA, flat).text == "halo"
    event = evolution_message()
    assert only(EVOLUTION, event | {"event": "MESSAGES_UPSERT", "data": [event["data"]]}).message_id == "E1"


@pytest.mark.parametrize(
    ("dialect", "body", "told"),
    [
        (WAHA, {"event": "message.ack", "payload": {"id": "true_1", "ack": 2}}, DeliveryState.DELIVERED),
        (
            WAHA,
            {"event": "message.ack", "payload": {"id": {"_serialized": "true_1"}, "ack": -1}},
            DeliveryState.FAILED,
        ),
        (WAHA, {"event": "message.ack", "payload": {"id": "true_1", "ack": 0}}, None),
        (
            EVOLUTION,
            {"event": "messages.update", "data": {"key": {"id": "true_1"}, "status": "DELIVERY_ACK"}},
            DeliveryState.DELIVERED,
        ),
        (
            EVOLUTION,
            {"event": "messages.update", "data": {"keyId": "true_1", "status": "READ"}},
            DeliveryState.READ,
        ),
        (
            GOWA,
            {"event": "message.ack", "payload": {"ids": ["true_1"], "receipt_type": "read"}},
            DeliveryState.READ,
        ),
        (
            FONNTE,
            {"device": "62", "id": "true_1", "status": "sent", "state": "delivered"},
            DeliveryState.DELIVERED,
        ),
        (FONNTE, {"device": "62", "id": "true_1", "status": "expired"}, DeliveryState.FAILED),
        (FONNTE, {"device": "62", "id": "true_1", "status": "processing"}, None),
        (WABLAS, {"id": "true_1", "phone": JOHN, "status": "read", "deviceId": "d"}, DeliveryState.READ),
    ],
)
def test_receipts_are_read(dialect: Dialect, body: Any, told: DeliveryState | None) -> None:
    found = receipts(dialect, body)
    assert found == (() if told is None else (Receipt(provider_id="true_1", state=told),))


def test_a_failure_at_meta_says_why() -> None:
    error = {"code": 131026, "title": "Message undeliverable", "error_data": {"details": "…"}}
    status = {"id": "w", "status": "failed", "errors": [error]}
    assert receipts(CLOUD, cloud_call({"statuses": [status]}))[0].error == "131026 Message undeliverable"


@every
@pytest.mark.parametrize("raw", [b"", b"halo", b"[1]", b"\xff\x00", b"[" * 50_000, b'{"a":' * 5000])
def test_what_is_no_json_object_is_malformed(dialect: Dialect, raw: bytes) -> None:
    with pytest.raises(Malformed):
        dialect.read(called(dialect, raw))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([JOHN, GROUP, "1@lid"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "payload",
                    "data",
                    "key",
                    "id",
                    "from",
                    "message",
                    "entry",
                    "changes",
                    "value",
                    "messages",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@every
@given(odd=_JSON)
def test_odd_shapes_are_read_or_refused_and_nothing_else(dialect: Dialect, odd: Any) -> None:
    whole = SAYS[dialect.name]()
    for body in (odd, {**whole, "payload": odd, "data": odd, "entry": odd, "message": odd}):
        try:
            dialect.read(called(dialect, body))
        except Malformed:
            continue
