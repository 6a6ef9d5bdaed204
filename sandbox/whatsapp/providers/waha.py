"""WAHA: a strict stand-in (whatsapp contract §2.2)."""

import uuid
from typing import Annotated, Any

from msgspec import Meta, Struct

from sandbox.web.photos import Photo
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.messages import Content
from sandbox.whatsapp.providers.provider import (
    Answer,
    Call,
    Hook,
    Refusal,
    Said,
    Taken,
    Told,
    decoded,
    encoded,
    same,
    signed,
)

_ACKS = {"failed": -1, "sent": 1, "delivered": 2, "read": 3}
_US = "622150000000@c.us"


class SendText(Struct, frozen=True, forbid_unknown_fields=True, rename={"chat_id": "chatId"}):
    session: str
    chat_id: Annotated[str, Meta(pattern=r"^[0-9]{5,20}@(c\.us|lid)\Z")]
    text: Annotated[str, Meta(min_length=1, max_length=65536)]
    reply_to: str | None = None


class WahaServer:
    """One server with one session."""

    name = "waha"

    def __init__(self, *, key: str, hmac_key: str, session: str = "default") -> None:
        self._key, self._hmac_key, self._session = key, hmac_key, session

    def take(self, call: Call) -> Taken | Answer:
        if not same(call.headers.get("x-api-key", ""), self._key):
            raise Refusal(401, {"message": "Unauthorized", "statusCode": 401})
        match call.method, call.path:
            case "GET", path if path == f"api/sessions/{self._session}":
                return Answer({"name": self._session, "status": "WORKING", "engine": {"engine": "NOWEB"}})
            case "POST", "api/sendText":
                return self._send(decoded(call, SendText))
            case method, path:
                raise Refusal(404, {"message": f"Cannot {method} /{path}", "statusCode": 404})

    def fault(self, mode: FaultMode) -> Refusal:
        if mode is FaultMode.STATUS_FALSE:
            wrong = {"error": "Session status is not as expected. Try again later", "status": "SCAN_QR_CODE"}
            return Refusal(422, wrong)
        return Refusal(500, {"statusCode": 500, "message": "Internal server error"})

    def said(self, said: Said) -> Hook:
        payload: dict[str, Any] = {
            "id": f"false_{said.phone}@c.us_{said.message_id}",
            "timestamp": int(said.at.timestamp()),
            "from": f"{said.phone}@c.us",
            "fromMe": False,
            "to": _US,
            "body": said.text,
            "hasMedia": said.photo is not None,
        }
        if said.photo is not None:
            payload["media"] = {"url": "", "mimetype": said.photo.mimetype, "filename": said.photo.filename}
        return self._hook("message", payload, int(said.at.timestamp() * 1000))

    def told(self, told: Told) -> Hook:
        ack = _ACKS[told.state]
        payload = {
            "id": told.provider_id,
            "from": _US,
            "to": f"{told.phone}@c.us",
            "fromMe": True,
            "ack": ack,
        }
        return self._hook("message.ack", payload, int(told.at.timestamp() * 1000))

    def keep(self, photo_id: str, photo: Photo) -> None:
        """Its pictures are not fetched by the chatbot."""

    def _send(self, sent: SendText) -> Taken:
        if sent.session != self._session:
            raise Refusal(422, {"error": f'Session "{sent.session}" does not exist', "statusCode": 422})
        provider_id = f"true_{sent.chat_id}_{uuid.uuid4().hex.upper()[:20]}"
        phone = sent.chat_id.removesuffix("@c.us")
        answer = {
            "id": provider_id,
            "from": _US,
            "to": sent.chat_id,
            "fromMe": True,
            "body": sent.text,
            "ack": 0,
        }
        return Taken(phone, Content(text=sent.text), provider_id, answer, 201)

    def _hook(self, event: str, payload: dict[str, Any], at_ms: int) -> Hook:
        body = encoded(
            {
                "id": f"evt_{uuid.uuid4().hex}",
                "timestamp": at_ms,
                "event": event,
                "session": self._session,
                "engine": "NOWEB",
                "me": {"id": _US, "pushName": "Loket"},
                "payload": payload,
            }
        )
        headers = {
            "Content-Type": "application/json",
            "X-Webhook-Hmac": signed(self._hmac_key, body, "sha512"),
            "X-Webhook-Hmac-Algorithm": "sha512",
            "X-Webhook-Request-Id": uuid.uuid4().hex,
            "X-Webhook-Timestamp": str(at_ms),
        }
        return Hook("waha", headers, body)
