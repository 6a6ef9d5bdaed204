"""GOWA: a strict stand-in of version 8 (whatsapp contract §2.4)."""

import uuid
from base64 import b64encode
from datetime import UTC, datetime
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


class SendMessage(Struct, frozen=True, forbid_unknown_fields=True):
    phone: Annotated[str, Meta(pattern=r"^[0-9]{5,20}@(s\.whatsapp\.net|lid)\Z")]
    message: Annotated[str, Meta(min_length=1, max_length=65536)]
    reply_message_id: str | None = None


class GowaServer:
    """One server with one device."""

    name = "gowa"

    def __init__(self, *, username: str, password: str, webhook_secret: str, device: str = "") -> None:
        self._basic = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        self._secret, self._device = webhook_secret, device

    def take(self, call: Call) -> Taken | Answer:
        if not same(call.headers.get("authorization", ""), self._basic):
            raise Refusal(401, "Unauthorized")
        if self._device and call.headers.get("x-device-id") != self._device:
            raise _refused(404, "DEVICE_NOT_FOUND", "device not found; create a device first")
        match call.method, call.path:
            case "GET", "app/devices":
                return Answer({"code": "SUCCESS", "message": "Fetch device success", "results": []})
            case "POST", "send/message":
                return self._send(decoded(call, SendMessage))
            case method, path:
                raise _refused(404, "NOT_FOUND", f"Cannot {method} /{path}")

    def fault(self, mode: FaultMode) -> Refusal:
        if mode is FaultMode.STATUS_FALSE:
            return _refused(400, "ERROR", "you are not logged in")
        return _refused(500, "INTERNAL_SERVER_ERROR", "internal server error")

    def said(self, said: Said) -> Hook:
        jid = f"{said.phone}@s.whatsapp.net"
        payload: dict[str, Any] = {
            "id": said.message_id,
            "chat_id": jid,
            "from": jid,
            "from_name": said.name,
            "timestamp": _rfc3339(said.at),
            "is_from_me": False,
            "body": said.text,
        }
        if said.photo is not None:
            payload["image"] = {"media_path": said.photo.filename, "mime_type": said.photo.mimetype}
        return self._hook("message", payload)

    def told(self, told: Told) -> Hook | None:
        if told.state not in {"delivered", "read"}:
            return None
        jid = f"{told.phone}@s.whatsapp.net"
        payload = {"ids": [told.provider_id], "chat_id": jid, "from": jid, "receipt_type": told.state}
        return self._hook("message.ack", payload)

    def keep(self, photo_id: str, photo: Photo) -> None:
        """Its pictures are not fetched by the chatbot."""

    def _send(self, sent: SendMessage) -> Taken:
        provider_id = f"3EB0{uuid.uuid4().hex.upper()[:16]}"
        results = {"message_id": provider_id, "status": f"Message sent to {sent.phone}"}
        answer = {"code": "SUCCESS", "message": "Success", "results": results}
        phone = sent.phone.removesuffix("@s.whatsapp.net")
        return Taken(phone, Content(text=sent.message), provider_id, answer)

    def _hook(self, event: str, payload: dict[str, Any]) -> Hook:
        body = encoded({"event": event, "device_id": self._device or "default", "payload": payload})
        signature = f"sha256={signed(self._secret, body, 'sha256')}"
        return Hook("gowa", {"Content-Type": "application/json", "X-Hub-Signature-256": signature}, body)


def _refused(status: int, code: str, why: str) -> Refusal:
    return Refusal(status, {"status": status, "code": code, "message": why})


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
