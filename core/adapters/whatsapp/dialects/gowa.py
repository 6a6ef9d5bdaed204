"""go-whatsapp-web-multidevice, GOWA for short (whatsapp contract §2.4)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

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

_STATES: Mapping[str, DeliveryState] = {
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
}
_MEDIA: Mapping[str, str] = {
    "image": "image",
    "sticker": "image",
    "audio": "voice",
    "video": "document",
    "document": "document",
    "location": "document",
    "contact": "document",
}
#: What GOWA signs with when nobody has chosen a secret.
_PUBLISHED_SECRET = "secret"  # noqa: S105 - the one we refuse


class GowaConfig(Struct, frozen=True):
    url: str
    username: str
    password: str
    webhook_secret: str
    device: str = ""


class Gowa(TextDialect):
    """Signs its calls with HMAC-SHA256; from version 8 one server has many devices."""

    name = "gowa"
    signed = True

    def __init__(self, config: GowaConfig) -> None:
        self._config, self.url = config, config.url.rstrip("/")
        pair = b64encode(f"{config.username}:{config.password}".encode(errors="replace")).decode()
        self._headers = {"Authorization": f"Basic {pair}"}
        if config.device:
            self._headers["X-Device-Id"] = config.device
        self.secrets = (config.password, config.webhook_secret, pair)

    def problems(self) -> list[str]:
        config = self._config
        found = address_problems("LOKET_GOWA_URL", config.url)
        found += missing(
            LOKET_GOWA_USERNAME=config.username,
            LOKET_GOWA_PASSWORD=config.password,
            LOKET_GOWA_WEBHOOK_SECRET=config.webhook_secret,
        )
        if ":" in config.username:
            found.append("LOKET_GOWA_USERNAME: must not hold a colon")
        if config.webhook_secret.strip().lower() == _PUBLISHED_SECRET:
            found.append(
                "LOKET_GOWA_WEBHOOK_SECRET: the gateway's default is known to everybody; choose your own"
            )
        return found + unsendable(("LOKET_GOWA_DEVICE", config.device))

    @override
    def request(self, to: str, text: str) -> WireRequest:
        phone = to if "@" in to else f"{to}@s.whatsapp.net"
        return json_post(f"{self.url}/send/message", self._headers, {"phone": phone, "message": text})

    @override
    def status_request(self) -> WireRequest:
        return WireRequest(method="GET", url=f"{self.url}/app/devices", headers=self._headers)

    @override
    def is_genuine(self, call: HookCall) -> bool:
        secret = self._config.webhook_secret
        return is_signed(call, "x-hub-signature-256", secret, "sha256", prefix="sha256=")

    def read(self, call: HookCall) -> Batch:
        event = read_object(call.body)
        device = clean(event.get("device_id"))
        if self._config.device and device not in {"", self._config.device}:
            return Batch()
        match event.get("event"):
            case "message":
                found = _message(child(event, "payload"))
            case "message.ack":
                return Batch(receipts=tuple(_receipts(child(event, "payload"))))
            case None:  # before version 8 the message stood at the top
                found = _message(event)
            case _:
                return Batch()
        return Batch(messages=(found,) if found else ())


def _message(payload: JsonObject) -> Received | None:
    inner = child(payload, "message")
    chat = payload.get("chat_id") or payload.get("from")
    # "628…:12@s.whatsapp.net in 1203…@g.us" is how older versions name a group.
    writer = clean(payload.get("from"))
    message_id = named(payload.get("id")) or named(inner.get("id"))
    sender = number_first(writer, chat, payload.get("from_lid"))
    is_ours = is_true(payload.get("is_from_me")) or is_true(payload.get("from_me"))
    if is_ours or " in " in writer or not is_private(chat) or not (sender and message_id):
        return None
    media = tuple(_media(payload))
    text = first_said(
        (payload.get("body"), inner.get("text"), *(child(payload, name).get("caption") for name in _MEDIA))
    )
    if not (text or media):
        return None
    return Received(
        message_id=message_id, sender=sender, text=text, media=media, sent_at=moment(payload.get("timestamp"))
    )


def _media(payload: JsonObject) -> list[Media]:
    return [
        Media(kind, mimetype=clean(child(payload, name).get("mime_type")))
        for name, kind in _MEDIA.items()
        if payload.get(name)
    ]


def _receipts(payload: JsonObject) -> list[Receipt]:
    state, ids = _STATES.get(clean(payload.get("receipt_type"))), payload.get("ids")
    if state is None or not isinstance(ids, list):
        return []
    return [Receipt(provider_id=message_id, state=state) for each in ids if (message_id := named(each))]
