"""One number at Meta: what it accepts, hands out, and tells the app's webhook."""

import base64
import hashlib
import re
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from sandbox.web.photos import Photo
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.providers.cloud.bodies import Message
from sandbox.whatsapp.providers.cloud.checks import Approved, check
from sandbox.whatsapp.providers.cloud.errors import graph_error, invalid
from sandbox.whatsapp.providers.cloud.shown import content_of, file_of
from sandbox.whatsapp.providers.provider import (
    Answer,
    Call,
    File,
    Hook,
    Refusal,
    Said,
    Taken,
    Told,
    encoded,
    same,
    signed,
)

WINDOW = timedelta(hours=24)
MAX_PHOTOS = 20
#: What any installation may send: the general notice, and one-time codes with the button that copies them.
TEMPLATES = {
    "loket_notice": Approved("{{1}}"),
    "loket_code": Approved("{{1}} adalah kode Anda.", copies_code=True),
}


class CloudApi:
    """`base_url` is where this API itself is reached, for the addresses of media."""

    name = "cloud"

    def __init__(
        self,
        *,
        token: str,
        app_secret: str,
        number_id: str,
        base_url: str = "",
        templates: Mapping[str, Approved] = TEMPLATES,
    ) -> None:
        self._token, self._app_secret, self._number_id = token, app_secret, number_id
        self._base_url, self._templates = base_url, dict(templates)
        self._photos: dict[str, Photo] = {}

    def take(self, call: Call) -> Taken | Answer | File:
        if not same(call.headers.get("authorization", ""), f"Bearer {self._token}"):
            raise graph_error(401, 190, "Invalid OAuth access token - Cannot parse access token")
        if call.path.startswith("lookaside/"):
            return self._file(call.path.removeprefix("lookaside/"))
        match call.method, call.path.split("/"):
            case "POST", [version, self._number_id, "messages"] if _is_version(version):
                return self._message(call)
            case "GET", [version, self._number_id] if _is_version(version):
                return Answer({"id": self._number_id})
            case "GET", [version, media_id] if _is_version(version) and media_id in self._photos:
                return Answer(self._media(media_id))
            case _:
                details = f"Unsupported {call.method.lower()} request. Object does not exist"
                raise graph_error(400, 100, details)

    def fault(self, mode: FaultMode) -> Refusal:
        if mode is FaultMode.STATUS_FALSE:
            return graph_error(400, 131016, "Service unavailable", "The service is overloaded")
        return graph_error(500, 1, "An unknown error occurred")

    def throttled(self) -> Refusal:
        """What too many messages a second are answered with."""
        return graph_error(
            400, 130429, "Rate limit hit", "Message failed to send because of throughput limits"
        )

    def said(self, said: Said) -> Hook:
        message = {
            "from": said.phone,
            "id": said.message_id,
            "timestamp": str(int(said.at.timestamp())),
            **_content(said),
        }
        contact = {"profile": {"name": said.name or said.phone}, "wa_id": said.phone}
        return self._hook({"contacts": [contact], "messages": [message]})

    def told(self, told: Told) -> Hook:
        status: dict[str, Any] = {
            "id": told.provider_id,
            "status": told.state,
            "timestamp": str(int(told.at.timestamp())),
            "recipient_id": told.phone,
        }
        if told.key:
            status["biz_opaque_callback_data"] = told.key
        if told.state == "failed":
            status["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
        return self._hook({"statuses": [status]})

    def keep(self, photo_id: str, photo: Photo) -> None:
        self._photos[photo_id] = photo
        while len(self._photos) > MAX_PHOTOS:
            del self._photos[next(iter(self._photos))]

    def _message(self, call: Call) -> Taken | Answer:
        try:
            message = msgspec.json.decode(call.body, type=Message)
        except msgspec.MsgspecError as problem:
            raise invalid(str(problem)) from problem
        if message.status == "read":
            return Answer({"success": True})
        phone = message.to.lstrip("+") or message.recipient
        written_at = call.written_at.get(phone)
        within = written_at is not None and call.now - written_at < WINDOW
        check(message, within_window=within, approved=self._templates)
        provider_id = f"wamid.{base64.b64encode(uuid.uuid4().bytes).decode().rstrip('=')}"
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": phone, "wa_id": phone}],
            "messages": [{"id": provider_id}],
        }
        content = content_of(message, self._templates)
        file = file_of(message)
        return Taken(
            phone,
            content,
            provider_id,
            answer,
            key=message.biz_opaque_callback_data,
            file_url=file.link if file else "",
            file_kind="document" if file and file.filename else "image",
        )

    def _media(self, media_id: str) -> dict[str, Any]:
        photo = self._photos[media_id]
        return {
            "messaging_product": "whatsapp",
            "url": f"{self._base_url}/lookaside/{media_id}",
            "mime_type": photo.mimetype,
            "sha256": hashlib.sha256(photo.content).hexdigest(),
            "file_size": len(photo.content),
            "id": media_id,
        }

    def _file(self, media_id: str) -> File:
        photo = self._photos.get(media_id)
        if photo is None:
            raise Refusal(404, "Not Found")
        return File(photo.content, photo.mimetype)

    def _hook(self, value: dict[str, Any]) -> Hook:
        metadata = {"display_phone_number": "622150000000", "phone_number_id": self._number_id}
        change = {
            "field": "messages",
            "value": {"messaging_product": "whatsapp", "metadata": metadata, **value},
        }
        entry = {"id": "sandbox-business-account", "changes": [change]}
        body = encoded({"object": "whatsapp_business_account", "entry": [entry]})
        signature = f"sha256={signed(self._app_secret, body, 'sha256')}"
        return Hook("cloud", {"Content-Type": "application/json", "X-Hub-Signature-256": signature}, body)


def _is_version(part: str) -> bool:
    return re.fullmatch(r"v\d{1,3}\.\d", part) is not None


def _content(said: Said) -> dict[str, Any]:
    if said.photo is not None:
        image = {
            "id": said.photo_id,
            "mime_type": said.photo.mimetype,
            "sha256": base64.b64encode(hashlib.sha256(said.photo.content).digest()).decode(),
        }
        return {"type": "image", "image": image | ({"caption": said.text} if said.text else {})}
    reply: dict[str, Any] = {"id": said.choice_id, "title": said.text}
    match said.choice_kind:
        case "button":
            return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
        case "row":
            row = reply | ({"description": said.description} if said.description else {})
            return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}
        case "":
            return {"type": "text", "text": {"body": said.text}}
