"""The gateway's own "wire" messages, read tolerantly, and the answer it takes (whatsapp contract §1.8, §1.9)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

from msgspec import Struct

from bot.inbound import Incoming
from conversations.engine.incoming import Fetch
from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.reading import Malformed, child, clean, is_address, read_object, sender_of
from core.messaging.received import Sender
from core.platform.errors import Invalid
from core.platform.ids import new_uuid
from core.proofs.rules import LARGEST_PICTURE

CHANNEL = "whatsapp"

#: Attachments beyond these are not looked at; nobody sends more in one message.
_MOST_ATTACHMENTS = 10
_ID_HEADERS = ("x-ai-request-id", "x-idempotency-key")
_SESSION_NAMES = ("session_id", "sessionId", "sessionid")
_LONGEST_SESSION = 128


class Group(Struct, frozen=True):
    """A message to a group, a broadcast list or a newsletter: not ours to answer."""


def read(
    raw: bytes | str,
    headers: Mapping[str, str],
    *,
    received_at: datetime,
    files: Mapping[str, bytes] | None = None,
) -> Incoming | Group:
    """Read a wire payload, wherever a gateway's version puts its facts; raises `Malformed`.

    `files` are the parts that came beside it, by the names that its attachments call them.
    """
    payload = read_object(raw)
    sender = _sender(payload)
    if isinstance(sender, Group):
        return sender
    attachments = list(_attachments(payload))
    return Incoming(
        channel=CHANNEL,
        message_id=_message_id(payload, headers),
        chat_address=sender.address,
        phone=sender.phone,
        text=_said(payload, attachments),
        attachments=tuple(_kind(attachment) for attachment in attachments),
        fetch=_fetch(attachments, files or {}),
        answered_in_text=True,
        session=_session(payload, headers),
        received_at=received_at,
    )


def spoken(text: str) -> dict[str, str]:
    """The answer the gateway sends to the chat; it must not be empty."""
    return {"output": text, "message": text, "text": text}


def silence() -> dict[str, str | bool]:
    """The answer that makes the gateway send nothing."""
    return {**spoken(""), "handoff": True}


def _sender(payload: JsonObject) -> Sender | Group:
    extra = child(payload, "extra")
    for name in ("contact_jid", "contact_id"):
        said = clean(extra.get(name))
        if known := sender_of(said):
            return known
        if is_address(said):
            return Group()
    raise Malformed("extra.contact_jid is missing or unreadable")


def _message_id(payload: JsonObject, headers: Mapping[str, str]) -> str:
    """The id that stays the same when the gateway repeats itself; without one nothing can be recognised as a repeat."""
    sent = {name.lower(): value for name, value in headers.items()}
    named = (*(sent.get(name) for name in _ID_HEADERS), child(payload, "metadata").get("requestId"))
    return next((found for each in named if (found := clean(each))), None) or new_uuid()


def _fetch(attachments: list[JsonObject], files: Mapping[str, bytes]) -> Fetch | None:
    """The first attachment whose bytes came along and may be a picture or a paper."""
    for attachment in attachments:
        if _kind(attachment) == "voice":
            continue
        if (content := files.get(clean(attachment.get("fileField")))) is not None:
            return partial(_carried, content)
        if encoded := clean(attachment.get("base64")):
            return partial(_decoded, encoded)
    return None


async def _carried(content: bytes) -> bytes:
    return content


async def _decoded(encoded: str) -> bytes:
    if len(encoded) > LARGEST_PICTURE * 4 // 3 + 4:
        raise Invalid("picture_large")
    try:
        return b64decode(encoded.partition("base64,")[2] or encoded, validate=True)
    except ValueError as problem:
        raise Invalid("no_picture") from problem


def _session(payload: JsonObject, headers: Mapping[str, str]) -> str:
    """The gateway's name for the chat, wherever its version puts it; one that cannot be kept counts as none."""
    places = (child(payload, "extra").get("session_id"), *(payload.get(name) for name in _SESSION_NAMES))
    header = {name.lower(): value for name, value in headers.items()}.get("x-ai-session")
    named = next((found for each in (*places, header) if (found := clean(each))), "")
    return named if len(named) <= _LONGEST_SESSION else ""


def _said(payload: JsonObject, attachments: list[JsonObject]) -> str:
    """What was typed: the message itself, else a caption."""
    captions = (attachment.get("caption") for attachment in attachments)
    sources = (child(payload, "body").get("chatInput"), payload.get("chatInput"), *captions)
    return next((text for each in sources if (text := clean(each))), "")


def _attachments(payload: JsonObject) -> Iterator[JsonObject]:
    listed = child(payload, "body").get("attachments") or payload.get("attachments")
    if isinstance(listed, list):
        yield from (each for each in listed[:_MOST_ATTACHMENTS] if isinstance(each, dict))


def _kind(attachment: JsonObject) -> str:
    kind = clean(attachment.get("type")).lower()
    return (
        "voice"
        if kind in {"voice", "audio", "ptt"}
        else "document"
        if kind in {"pdf", "document"}
        else "image"
    )
