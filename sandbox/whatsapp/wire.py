"""The gateway's message to the chatbot and how the answer is read (whatsapp contract §1.8, §1.9)."""

import hashlib
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.web.photos import Photo

MAX_ANSWER = 4096
OWNER = "sandbox-owner"
ENTITY = "sandbox-device"


class Line(Struct, frozen=True):
    """One line of the conversation so far."""

    role: str
    content: str


class Wire(Struct, frozen=True):
    """One delivery; sent again it keeps its `request_id`, by which the chatbot knows it."""

    request_id: str
    seq: int
    session_id: str
    payload: dict[str, Any]
    photo: Photo | None

    def headers(self) -> dict[str, str]:
        return {
            "X-AI-Request-ID": self.request_id,
            "X-Idempotency-Key": self.request_id,
            "X-AI-Scope": "wa",
            "X-AI-Entity": ENTITY,
            "X-AI-Owner": OWNER,
            "X-AI-Session": self.session_id,
        }

    def body(self) -> bytes:
        return msgspec.json.encode(self.payload)


class WireAnswer(Struct, frozen=True):
    """`text` is what the customer sees; `handoff` says that an empty text is meant."""

    status: int
    text: str
    handoff: bool

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def compose(
    *,
    request_id: str,
    seq: int,
    phone: str,
    session_id: str,
    text: str,
    history: list[Line],
    photo: Photo | None,
) -> Wire:
    said = _said(text, photo)
    payload: dict[str, Any] = {
        "messages": [*history, Line("user", text)],
        "temperature": 0.7,
        "max_tokens": 512,
        **said,
        "body": said,
        "extra": {
            "wire_chatbot": True,
            "contact_id": phone,
            "contact_jid": f"{phone}@s.whatsapp.net",
            "session_id": session_id,
        },
        "metadata": {"ownerId": OWNER, "scope": "wa", "entityId": ENTITY, "requestId": request_id},
    }
    return Wire(request_id, seq, session_id, payload, photo)


def _said(text: str, photo: Photo | None) -> dict[str, Any]:
    if photo is None:
        return {"chatInput": text, "inputType": "text", "attachments": []}
    attachment: dict[str, Any] = {
        "type": "image",
        "mimetype": photo.mimetype,
        "size": len(photo.content),
        "width": photo.width,
        "height": photo.height,
        "sha256": hashlib.sha256(photo.content).hexdigest(),
        "fileField": "file0",
    }
    if text:
        attachment["caption"] = text
    return {"chatInput": text, "inputType": "image", "attachments": [attachment]}


def read_answer(status: int, raw: str) -> WireAnswer:
    """`output`, else `message`, else the raw body; a JSON object that has either key is never shown raw."""
    try:
        answer = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return WireAnswer(status, _trimmed(raw), handoff=False)
    if not isinstance(answer, dict):
        return WireAnswer(status, _trimmed(raw), handoff=False)
    handoff = answer.get("handoff") is True
    texts = [answer[key] for key in ("output", "message") if isinstance(answer.get(key), str)]
    if not texts and not handoff:
        texts = [raw]
    return WireAnswer(status, _trimmed(next(filter(None, texts), "")), handoff)


def _trimmed(text: str) -> str:
    return text.strip()[:MAX_ANSWER]
