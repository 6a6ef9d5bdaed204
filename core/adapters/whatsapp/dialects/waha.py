"""WAHA, a WhatsApp Web session behind HTTP (whatsapp contract §2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct
from typing_extensions import override

from core.adapters.whatsapp.dialects.dialect import HookCall, is_signed
from core.adapters.whatsapp.dialects.texts import (
    TextDialect,
    address_problems,
    json_post,
    missing,
    unsendable,
)
from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.reading import (
    child,
    clean,
    first_said,
    is_private,
    is_true,
    moment,
    named,
    number_first,
    read_object,
)
from core.adapters.whatsapp.request import WireRequest
from core.messaging.received import Batch, DeliveryState, Media, Receipt, Received

_ACKS: Mapping[object, DeliveryState] = {
    -1: DeliveryState.FAILED,
    1: DeliveryState.SENT,
    2: DeliveryState.DELIVERED,
    3: DeliveryState.READ,
    4: DeliveryState.READ,
}


class WahaConfig(Struct, frozen=True):
    url: str
    key: str
    session: str
    hmac_key: str


class Waha(TextDialect):
    """Signs its calls with HMAC-SHA512; `message.any`, which echoes our own texts, is not listened to."""

    name = "waha"
    signed = True

    def __init__(self, config: WahaConfig) -> None:
        self._config, self.url = config, config.url.rstrip("/")
        self.secrets = (config.key, config.hmac_key)

    def problems(self) -> list[str]:
        config = self._config
        return [
            *address_problems("LOKET_WAHA_URL", config.url),
            *missing(
                LOKET_WAHA_KEY=config.key,
                LOKET_WAHA_SESSION=config.session,
                LOKET_WAHA_HMAC_KEY=config.hmac_key,
            ),
            *unsendable(("LOKET_WAHA_KEY", config.key)),
        ]

    @override
    def request(self, to: str, text: str) -> WireRequest:
        chat = to if "@" in to else f"{to}@c.us"
        body: JsonObject = {"session": self._config.session, "chatId": chat, "text": text}
        return json_post(f"{self.url}/api/sendText", {"X-Api-Key": self._config.key}, body)

    @override
    def is_genuine(self, call: HookCall) -> bool:
        if call.headers.get("x-webhook-hmac-algorithm", "sha512").lower() != "sha512":
            return False
        return is_signed(call, "x-webhook-hmac", self._config.hmac_key, "sha512")

    def read(self, call: HookCall) -> Batch:
        event = read_object(call.body)
        payload = child(event, "payload")
        if clean(event.get("session")) not in {"", self._config.session}:
            return Batch()
        match event.get("event"):
            case "message":
                return Batch(messages=tuple(_messages(payload)))
            case "message.ack":
                return Batch(receipts=tuple(_receipts(payload)))
            case _:
                return Batch()

    @override
    def status_request(self) -> WireRequest:
        url = f"{self.url}/api/sessions/{quote(self._config.session, safe='')}"
        return WireRequest(method="GET", url=url, headers={"X-Api-Key": self._config.key})


def _messages(payload: JsonObject) -> list[Received]:
    sender = number_first(payload.get("from"), child(payload, "_data", "key").get("remoteJidAlt"))
    message_id = _id(payload.get("id"))
    if is_true(payload.get("fromMe")) or not is_private(payload.get("from")) or not (sender and message_id):
        return []
    return [
        Received(
            message_id=message_id,
            sender=sender,
            text=clean(payload.get("body")),
            media=_media(payload),
            sent_at=moment(payload.get("timestamp")),
        )
    ]


def _media(payload: JsonObject) -> tuple[Media, ...]:
    media = child(payload, "media")
    if not (media or is_true(payload.get("hasMedia"))):
        return ()
    mimetype = clean(media.get("mimetype"))
    return (Media(kind_of(mimetype), reference=clean(media.get("url")), mimetype=mimetype),)


def kind_of(mimetype: str) -> str:
    """What something is called by the engine; a picture unless its type says otherwise."""
    major = mimetype.partition("/")[0].lower()
    return {"audio": "voice", "video": "document", "application": "document", "text": "document"}.get(
        major, "image"
    )


def _receipts(payload: JsonObject) -> list[Receipt]:
    message_id, state = _id(payload.get("id")), _ACKS.get(payload.get("ack"))
    return [Receipt(provider_id=message_id, state=state)] if message_id and state else []


def _id(value: object) -> str:
    """Some engines write the id as an object."""
    if isinstance(value, dict):
        return first_said((value.get("_serialized"), value.get("id")))
    return named(value)
