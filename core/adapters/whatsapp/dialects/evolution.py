"""Evolution API, version 1 and 2 (whatsapp contract §2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from msgspec import Struct
from typing_extensions import override

from core.adapters.whatsapp.dialects.dialect import HookCall
from core.adapters.whatsapp.dialects.texts import (
    TextDialect,
    address_problems,
    json_post,
    missing,
    unsendable,
)
from core.adapters.whatsapp.json_values import JsonObject, objects
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
    "ERROR": DeliveryState.FAILED,
    "SERVER_ACK": DeliveryState.SENT,
    "DELIVERY_ACK": DeliveryState.DELIVERED,
    "READ": DeliveryState.READ,
    "PLAYED": DeliveryState.READ,
}
_MEDIA: Mapping[str, str] = {
    "imageMessage": "image",
    "stickerMessage": "image",
    "audioMessage": "voice",
    "videoMessage": "document",
    "documentMessage": "document",
    "locationMessage": "document",
    "contactMessage": "document",
}


class EvolutionConfig(Struct, frozen=True):
    url: str
    key: str
    instance: str
    version: Literal["1", "2"] = "2"


class Evolution(TextDialect):
    """Signs nothing: the webhook's address carries our secret. Its buttons do not reach every phone, so none are sent."""

    name = "evolution"

    def __init__(self, config: EvolutionConfig) -> None:
        self._config, self.url = config, config.url.rstrip("/")
        self.secrets = (config.key,)

    def problems(self) -> list[str]:
        config = self._config
        return [
            *address_problems("LOKET_EVOLUTION_URL", config.url),
            *missing(LOKET_EVOLUTION_KEY=config.key, LOKET_EVOLUTION_INSTANCE=config.instance),
            *unsendable(("LOKET_EVOLUTION_KEY", config.key)),
        ]

    @override
    def request(self, to: str, text: str) -> WireRequest:
        said: JsonObject = {"text": text} if self._config.version == "2" else {"textMessage": {"text": text}}
        instance = quote(self._config.instance, safe="")
        url = f"{self.url}/message/sendText/{instance}"
        return json_post(url, {"apikey": self._config.key}, {"number": to, **said})

    @override
    def status_request(self) -> WireRequest:
        url = f"{self.url}/instance/connectionState/{quote(self._config.instance, safe='')}"
        return WireRequest(method="GET", url=url, headers={"apikey": self._config.key})

    def read(self, call: HookCall) -> Batch:
        event = read_object(call.body)
        if clean(event.get("instance")) not in {"", self._config.instance}:
            return Batch()
        name = clean(event.get("event")).lower().replace("_", ".").replace("-", ".")
        data = event.get("data")
        parts = objects(data) if isinstance(data, list) else [child(event, "data")]
        if name == "messages.upsert":
            return Batch(messages=tuple(found for part in parts if (found := _message(part))))
        if name == "messages.update":
            return Batch(receipts=tuple(told for part in parts if (told := _receipt(part))))
        return Batch()


def _message(data: JsonObject) -> Received | None:
    key, said = child(data, "key"), _unwrapped(child(data, "message"))
    message_id = named(key.get("id"))
    sender = number_first(key.get("remoteJidAlt"), key.get("remoteJid"))
    if (
        is_true(key.get("fromMe"))
        or not is_private(key.get("remoteJid"))
        or not (sender and message_id and said)
    ):
        return None
    return Received(
        message_id=message_id,
        sender=sender,
        text=_text(said),
        choice_id=_choice(said),
        media=_media(said),
        sent_at=moment(data.get("messageTimestamp")),
    )


def _unwrapped(message: JsonObject) -> JsonObject:
    """Disappearing and once-only messages hold the real one inside."""
    for wrapper in ("ephemeralMessage", "viewOnceMessage", "viewOnceMessageV2", "documentWithCaptionMessage"):
        message = child(message, wrapper, "message") or message
    return message


def _text(said: JsonObject) -> str:
    captions = (child(said, name).get("caption") for name in _MEDIA)
    return first_said(
        (
            said.get("conversation"),
            child(said, "extendedTextMessage").get("text"),
            child(said, "buttonsResponseMessage").get("selectedDisplayText"),
            child(said, "templateButtonReplyMessage").get("selectedDisplayText"),
            child(said, "listResponseMessage").get("title"),
            *captions,
        )
    )


def _choice(said: JsonObject) -> str | None:
    ids = (
        child(said, "buttonsResponseMessage").get("selectedButtonId"),
        child(said, "templateButtonReplyMessage").get("selectedId"),
        child(said, "listResponseMessage", "singleSelectReply").get("selectedRowId"),
    )
    return first_said(ids) or None


def _media(said: JsonObject) -> tuple[Media, ...]:
    return tuple(
        Media(kind, mimetype=clean(child(said, name).get("mimetype")))
        for name, kind in _MEDIA.items()
        if name in said
    )


def _receipt(data: JsonObject) -> Receipt | None:
    message_id = named(child(data, "key").get("id")) or named(data.get("keyId"))
    status = clean(data.get("status")) or clean(child(data, "update").get("status"))
    state = _STATES.get(status.upper())
    return Receipt(provider_id=message_id, state=state) if message_id and state else None
