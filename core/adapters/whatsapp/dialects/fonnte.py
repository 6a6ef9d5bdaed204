"""Fonnte (whatsapp contract §2.5): an HTTP 200 whose `status` says whether it worked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from typing_extensions import override

from core.adapters.whatsapp.answer import Answer
from core.adapters.whatsapp.dialects.dialect import HookCall, Quote, Verdict
from core.adapters.whatsapp.dialects.texts import (
    TextDialect,
    address_problems,
    json_post,
    missing,
    unsendable,
)
from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.reading import (
    clean,
    first_said,
    is_true,
    moment,
    named,
    read_object,
    sender_of,
)
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import Declined, Misconfigured, Refused
from core.messaging.received import Batch, DeliveryState, Media, Receipt, Received

_STATES: Mapping[str, DeliveryState] = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "invalid": DeliveryState.FAILED,
    "expired": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
}
#: What stands for an attachment's lack of words.
_NO_WORDS = {"non-text message", "non-button message"}
_OF_TOKEN = re.compile(r"token|device (?:not found|expired)", re.IGNORECASE)
_OF_TARGET = re.compile(r"target|number invalid|invalid number", re.IGNORECASE)


class FonnteConfig(Struct, frozen=True):
    url: str
    token: str


class Fonnte(TextDialect):
    """Signs nothing: the webhook's address carries our secret."""

    name = "fonnte"

    def __init__(self, config: FonnteConfig) -> None:
        self._config, self.url = config, config.url.rstrip("/")
        self.secrets = (config.token,)

    def problems(self) -> list[str]:
        return [
            *address_problems("LOKET_FONNTE_URL", self._config.url),
            *missing(LOKET_FONNTE_TOKEN=self._config.token),
            *unsendable(("LOKET_FONNTE_TOKEN", self._config.token)),
        ]

    @override
    def request(self, to: str, text: str) -> WireRequest | Refused:
        if not to.isdecimal():  # a comma or a bar in `target` would reach somebody else
            return Refused("this gateway reaches phone numbers only")
        return json_post(
            f"{self.url}/send", {"Authorization": self._config.token}, {"target": to, "message": text}
        )

    @override
    def status_request(self) -> WireRequest:
        headers = {"Authorization": self._config.token}
        return WireRequest(method="POST", url=f"{self.url}/device", headers=headers)

    @override
    def outcome(self, answer: Answer, *, now: datetime, quoted: Quote) -> Verdict:
        verdict = super().outcome(answer, now=now, quoted=quoted)
        if not isinstance(verdict, Declined):
            return verdict
        if _OF_TOKEN.search(verdict.reason):
            return Misconfigured(verdict.reason)
        return Refused(verdict.reason) if _OF_TARGET.search(verdict.reason) else verdict

    def read(self, call: HookCall) -> Batch:
        event = read_object(call.body)
        if "sender" in event or "pengirim" in event:
            found = _message(event)
            return Batch(messages=(found,) if found else ())
        receipt = _receipt(event)
        return Batch(receipts=(receipt,) if receipt else ())


def _message(event: JsonObject) -> Received | None:
    writer = first_said((event.get("sender"), event.get("pengirim")))
    sender = sender_of(writer)
    if sender is None or is_true(event.get("isgroup")) or writer == clean(event.get("device")):
        return None
    text = first_said((event.get("message"), event.get("pesan"), event.get("text")))
    url = clean(event.get("url"))
    media = (Media(_kind(clean(event.get("extension"))), reference=url),) if url else ()
    if text.lower() in _NO_WORDS:
        text, media = "", media or (Media("image"),)
    if not (text or media):
        return None
    message_id = named(event.get("inboxid")) or named(event.get("id")) or _made_up_id(event)
    return Received(
        message_id=message_id, sender=sender, text=text, media=media, sent_at=moment(event.get("timestamp"))
    )


def _made_up_id(event: JsonObject) -> str:
    """The same for a repeat, which brings the same time along."""
    said = "\n".join(str(event.get(name)) for name in ("device", "sender", "timestamp", "message", "url"))
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()[:40]


def _kind(extension: str) -> str:
    if extension.lower() in {"ogg", "mp3", "opus", "m4a"}:
        return "voice"
    return "image" if extension.lower() in {"jpg", "jpeg", "png", "webp", "gif", ""} else "document"


def _receipt(event: JsonObject) -> Receipt | None:
    message_id = named(event.get("id")) or named(event.get("stateid"))
    known = (_STATES.get(clean(event.get(name)).lower()) for name in ("state", "status"))
    state = next((each for each in known if each), None)
    return Receipt(provider_id=message_id, state=state) if message_id and state else None
