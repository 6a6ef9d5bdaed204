"""Wablas: a strict stand-in; it sends to the customer whatever its webhook is answered (whatsapp contract §2.6)."""

import uuid
from typing import Annotated
from urllib.parse import urlencode

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
    same,
)

_DEVICE = "622150000000"


class Message(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    phone: Annotated[str, Meta(pattern=r"^[0-9]{8,15}\Z")]
    message: Annotated[str, Meta(min_length=1, max_length=65536)]
    is_group: bool = False
    flag: str = ""
    priority: bool | str = False


class SendMessages(Struct, frozen=True, forbid_unknown_fields=True):
    data: Annotated[list[Message], Meta(min_length=1, max_length=1)]


class WablasServer:
    """One account with one device; `forms` says whether its webhook calls are forms, as some servers' are."""

    name = "wablas"

    def __init__(self, *, token: str, secret: str, hook_secret: str, forms: bool = True) -> None:
        self._authorization = f"{token}.{secret}" if secret else token
        self._hook_secret, self._forms = hook_secret, forms

    def take(self, call: Call) -> Taken | Answer:
        if not same(call.headers.get("authorization", ""), self._authorization):
            raise _refused(401, "token invalid")
        match call.method, call.path:
            case "GET", "api/device/info":
                return Answer({"status": True, "data": {"status": "connected"}})
            case "POST", "api/v2/send-message":
                return self._send(decoded(call, SendMessages).data[0])
            case _:
                raise _refused(404, "not found")

    def fault(self, mode: FaultMode) -> Refusal:
        if mode is FaultMode.STATUS_FALSE:
            return _refused(200, "your phone is disconnected")
        return _refused(500, "server error")

    def said(self, said: Said) -> Hook:
        return self._hook(
            {
                "id": said.message_id,
                "phone": said.phone,
                "sender": _DEVICE,
                "pushName": said.name,
                "message": said.text,
                "isGroup": "false",
                "isFromMe": "false",
                "messageType": "image" if said.photo else "text",
                "timestamp": str(int(said.at.timestamp())),
                "deviceId": "SB1",
                **({"file": "1.jpg"} if said.photo else {}),
            }
        )

    def told(self, told: Told) -> Hook:
        status = {"failed": "reject"}.get(told.state, told.state)
        return self._hook({"id": told.provider_id, "phone": told.phone, "deviceId": "SB1", "status": status})

    def keep(self, photo_id: str, photo: Photo) -> None:
        """Its pictures are not fetched by the chatbot."""

    def _send(self, sent: Message) -> Taken:
        if sent.is_group:
            raise _refused(200, "group not found")
        provider_id = str(uuid.uuid4())
        told = {"id": provider_id, "phone": sent.phone, "message": sent.message, "status": "pending"}
        answer = {"status": True, "message": "Message is pending", "data": {"quota": 999, "messages": [told]}}
        return Taken(sent.phone, Content(text=sent.message), provider_id, answer)

    def _hook(self, fields: dict[str, str]) -> Hook:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Hook(f"wablas/{self._hook_secret}", headers, urlencode(fields).encode())


def _refused(status: int, why: str) -> Refusal:
    return Refusal(status, {"status": False, "message": why})
