"""Evolution API: a strict stand-in of version 1 or 2 (whatsapp contract §2.3)."""

import uuid
from typing import Annotated, Any, Literal

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
)

_STATES = {"failed": "ERROR", "sent": "SERVER_ACK", "delivered": "DELIVERY_ACK", "read": "READ"}
_Number = Annotated[str, Meta(pattern=r"^([0-9]{6,15}|[0-9]{5,20}@lid)\Z")]
_Text = Annotated[str, Meta(min_length=1, max_length=65536)]


class _SendText2(Struct, frozen=True, forbid_unknown_fields=True):
    number: _Number
    text: _Text
    delay: int = 0


class _TextMessage(Struct, frozen=True, forbid_unknown_fields=True):
    text: _Text


class _SendText1(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    number: _Number
    text_message: _TextMessage


class EvolutionServer:
    """One server with one instance."""

    name = "evolution"

    def __init__(
        self, *, key: str, instance: str, hook_secret: str, version: Literal["1", "2"] = "2"
    ) -> None:
        self._key, self._instance, self._version = key, instance, version
        self._hook_secret = hook_secret

    def take(self, call: Call) -> Taken | Answer:
        if not same(call.headers.get("apikey", ""), self._key):
            raise _refused(401, "Unauthorized")
        match call.method, call.path.split("/"):
            case "GET", ["instance", "connectionState", instance] if instance == self._instance:
                return Answer({"instance": {"instanceName": instance, "state": "open"}})
            case "POST", ["message", "sendText", instance] if instance == self._instance:
                return self._send(call)
            case _, ["message", "sendText", instance]:
                raise _refused(404, f'The "{instance}" instance does not exist')
            case _:
                raise _refused(404, "Cannot find the path")

    def fault(self, mode: FaultMode) -> Refusal:
        if mode is FaultMode.STATUS_FALSE:
            return _refused(400, "Connection Closed")
        return _refused(500, "Internal Server Error")

    def said(self, said: Said) -> Hook:
        message: dict[str, Any] = {"conversation": said.text}
        if said.photo is not None:
            message = {"imageMessage": {"mimetype": said.photo.mimetype, "caption": said.text}}
        data = {
            "key": {"remoteJid": f"{said.phone}@s.whatsapp.net", "fromMe": False, "id": said.message_id},
            "pushName": said.name,
            "message": message,
            "messageType": next(iter(message)),
            "messageTimestamp": int(said.at.timestamp()),
        }
        return self._hook("messages.upsert", data)

    def told(self, told: Told) -> Hook:
        jid = f"{told.phone}@s.whatsapp.net"
        data = {"keyId": told.provider_id, "remoteJid": jid, "fromMe": True, "status": _STATES[told.state]}
        return self._hook("messages.update", data)

    def keep(self, photo_id: str, photo: Photo) -> None:
        """Its pictures are not fetched by the chatbot."""

    def _send(self, call: Call) -> Taken:
        if self._version == "2":
            body = decoded(call, _SendText2)
            number, text = body.number, body.text
        else:
            old = decoded(call, _SendText1)
            number, text = old.number, old.text_message.text
        provider_id = f"3EB0{uuid.uuid4().hex.upper()[:18]}"
        key = {"remoteJid": f"{number}@s.whatsapp.net", "fromMe": True, "id": provider_id}
        answer = {"key": key, "message": {"conversation": text}, "status": "PENDING"}
        return Taken(number, Content(text=text), provider_id, answer, 201)

    def _hook(self, event: str, data: dict[str, Any]) -> Hook:
        body = {"event": event, "instance": self._instance, "data": data, "apikey": "instance-token"}
        return Hook(
            f"evolution/{self._hook_secret}/{event.replace('.', '-')}",
            {"Content-Type": "application/json"},
            encoded(body),
        )


def _refused(status: int, why: str) -> Refusal:
    return Refusal(status, {"status": status, "error": "Bad Request", "response": {"message": [why]}})
