"""Wablas (whatsapp contract §2.6); whatever our webhook answers it would send to the customer, so that is nothing."""

from __future__ import annotations

from collections.abc import Mapping

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
from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.reading import clean, first_said, is_true, moment, named, read_object, sender_of
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import Refused
from core.messaging.received import Batch, DeliveryState, Media, Receipt, Received

_STATES: Mapping[str, DeliveryState] = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "cancel": DeliveryState.FAILED,
    "reject": DeliveryState.FAILED,
}
_KINDS: Mapping[str, str] = {"audio": "voice", "ptt": "voice", "document": "document", "video": "document"}


class WablasConfig(Struct, frozen=True):
    url: str
    token: str
    secret: str = ""


class Wablas(TextDialect):
    """Signs nothing: the webhook's address carries our secret. Older accounts have a token and no secret key."""

    name = "wablas"

    def __init__(self, config: WablasConfig) -> None:
        self._config, self.url = config, config.url.rstrip("/")
        self._authorization = ".".join(part for part in (config.token, config.secret) if part)
        self.secrets = (config.token, config.secret)

    def problems(self) -> list[str]:
        return [
            *address_problems("LOKET_WABLAS_URL", self._config.url),
            *missing(LOKET_WABLAS_TOKEN=self._config.token),
            *unsendable(
                ("LOKET_WABLAS_TOKEN", self._config.token), ("LOKET_WABLAS_SECRET", self._config.secret)
            ),
        ]

    @override
    def request(self, to: str, text: str) -> WireRequest | Refused:
        if not to.isdecimal():
            return Refused("this gateway reaches phone numbers only")
        body: JsonObject = {"data": [{"phone": to, "message": text, "isGroup": False}]}
        url = f"{self.url}/api/v2/send-message"
        return json_post(url, {"Authorization": self._authorization}, body)

    @override
    def status_request(self) -> WireRequest:
        headers = {"Authorization": self._authorization}
        return WireRequest(method="GET", url=f"{self.url}/api/device/info", headers=headers)

    def read(self, call: HookCall) -> Batch:
        event = read_object(call.body)
        if "message" not in event and "status" in event:
            receipt = _receipt(event)
            return Batch(receipts=(receipt,) if receipt else ())
        found = _message(event)
        return Batch(messages=(found,) if found else ())


def _message(event: JsonObject) -> Received | None:
    sender, message_id = sender_of(event.get("phone")), named(event.get("id"))
    if is_true(event.get("isGroup")) or is_true(event.get("isFromMe")) or not (sender and message_id):
        return None
    text, media = clean(event.get("message")), _media(event)
    if not (text or media):
        return None
    return Received(
        message_id=message_id, sender=sender, text=text, media=media, sent_at=moment(event.get("timestamp"))
    )


def _media(event: JsonObject) -> tuple[Media, ...]:
    kind, url = clean(event.get("messageType")).lower(), first_said((event.get("url"), event.get("file")))
    if not url and kind in {"", "text"}:
        return ()
    return (Media(_KINDS.get(kind, "image"), reference=url),)


def _receipt(event: JsonObject) -> Receipt | None:
    message_id, state = named(event.get("id")), _STATES.get(clean(event.get("status")).lower())
    return Receipt(provider_id=message_id, state=state) if message_id and state else None
