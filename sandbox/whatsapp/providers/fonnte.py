"""Fonnte: a strict stand-in, which says HTTP 200 to everything (whatsapp contract §2.5)."""

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

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
    encoded,
    same,
)

_DEVICE = "622150000000"
_FIRST_ID = 80_000_000


class Send(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Numbers may come as strings: a form knows nothing else."""

    target: str
    message: str
    country_code: str | int = "62"
    delay: str | int = ""
    typing: bool | str = False
    inboxid: str | int = ""


class FonnteServer:
    """One account with one device."""

    name = "fonnte"

    def __init__(self, *, token: str, hook_secret: str) -> None:
        self._token, self._hook_secret = token, hook_secret
        self._count = _FIRST_ID

    def take(self, call: Call) -> Taken | Answer:
        if call.method != "POST" or call.path not in {"send", "device"}:
            raise Refusal(404, {"status": False, "reason": "not found"})
        if not same(call.headers.get("authorization", ""), self._token):
            raise _refused("token invalid")
        if call.path == "device":
            return Answer({"status": True, "device": _DEVICE, "device_status": "connect"})
        return self._send(_read(call))

    def fault(self, mode: FaultMode) -> Refusal:
        if mode is FaultMode.STATUS_FALSE:
            return _refused("device disconnected")
        return Refusal(500, "Server Error")

    def said(self, said: Said) -> Hook:
        body: dict[str, Any] = {
            "quick": False,
            "device": _DEVICE,
            "pesan": said.text,
            "pengirim": said.phone,
            "member": "",
            "message": said.text or "non-text message",
            "text": "non-button message",
            "sender": said.phone,
            "name": said.name,
            "location": "",
            "type": "image" if said.photo else "text",
            "isgroup": False,
            "isforwarded": False,
            "inboxid": said.message_id,
            "timestamp": int(said.at.timestamp()),
        }
        if said.photo is not None:
            body |= {"url": "https://media.fonnte.example/1.jpg", "filename": "1", "extension": "jpg"}
        return self._hook(body)

    def told(self, told: Told) -> Hook:
        status = {"failed": "invalid"}.get(told.state, "sent")
        body = {"device": _DEVICE, "id": told.provider_id, "stateid": told.provider_id, "status": status}
        return self._hook(body | ({"state": told.state} if told.state in {"delivered", "read"} else {}))

    def keep(self, photo_id: str, photo: Photo) -> None:
        """Its pictures are not fetched by the chatbot."""

    def _send(self, sent: Send) -> Taken:
        if not re.fullmatch("[0-9]{8,15}", sent.target):
            raise _refused("target invalid")
        if not 0 < len(sent.message.strip()) <= 60_000:
            raise _refused("input invalid")
        self._count += 1
        answer = {
            "detail": "success! message in queue",
            "id": [str(self._count)],
            "process": "pending",
            "requestid": self._count,
            "status": True,
            "target": [sent.target],
        }
        return Taken(sent.target, Content(text=sent.message), str(self._count), answer)

    def _hook(self, body: dict[str, Any]) -> Hook:
        path = f"fonnte/{self._hook_secret}"
        return Hook(path, {"Content-Type": "application/json"}, encoded(body))


def _read(call: Call) -> Send:
    try:
        if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return msgspec.convert(dict(parse_qsl(call.body.decode())), Send, strict=False)
        return msgspec.json.decode(call.body, type=Send)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise _refused("input invalid") from problem


def _refused(why: str) -> Refusal:
    return Refusal(200, {"Status": False, "status": False, "reason": why})
