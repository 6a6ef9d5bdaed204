"""The gateway's own "wire" messages, read tolerantly, and the answer it takes (whatsapp contract §1.8, §1.9)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from bot.inbound import Incoming
from core.platform.ids import new_uuid

CHANNEL = "whatsapp"

#: Attachments beyond these are not looked at; nobody sends more in one message.
_MOST_ATTACHMENTS = 10
_ID_HEADERS = ("x-ai-request-id", "x-idempotency-key")
_PHONE_SERVERS = frozenset({"s.whatsapp.net", "c.us"})
_JID = re.compile(r"(?P<user>[A-Za-z0-9._+-]{1,40})(?::\d{1,4})?@(?P<server>[a-z0-9.]{1,20})")
_PHONE = re.compile(r"\+?([1-9]\d{6,14})")


class Malformed(Exception):
    """The request is no wire message; the text says what is missing, for whoever set the gateway up."""


class Group(Struct, frozen=True):
    """A message to a group, a broadcast list or a newsletter: not ours to answer."""


class _Sender(Struct, frozen=True):
    address: str
    phone: str | None


def read(raw: bytes | str, headers: Mapping[str, str], *, received_at: datetime) -> Incoming | Group:
    """Read a wire payload, wherever a gateway's version puts its facts; raises `Malformed`."""
    payload = _decoded(raw)
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
        answered_in_text=True,
        received_at=received_at,
    )


def spoken(text: str) -> dict[str, str]:
    """The answer the gateway sends to the chat; it must not be empty."""
    return {"output": text, "message": text, "text": text}


def silence() -> dict[str, str | bool]:
    """The answer that makes the gateway send nothing."""
    return {**spoken(""), "handoff": True}


def _decoded(raw: bytes | str) -> dict[str, Any]:
    try:
        payload = json.loads(raw)  # unlike stricter readers it takes half an emoji, which `_clean` leaves out
    except (ValueError, RecursionError) as problem:
        raise Malformed("the payload is not JSON") from problem
    if not isinstance(payload, dict):
        raise Malformed("the payload is not a JSON object")
    return payload


def _sender(payload: dict[str, Any]) -> _Sender | Group:
    """A number's chat goes by its digits; an `@lid` is an identity without a number and keeps its name."""
    extra = _object(payload, "extra")
    for name in ("contact_jid", "contact_id"):
        said = _clean(extra.get(name))
        if jid := _JID.fullmatch(said):
            return _of_jid(jid["user"], jid["server"])
        if phone := _PHONE.fullmatch(said):
            return _Sender(phone[1], phone[1])
    raise Malformed("extra.contact_jid is missing or unreadable")


def _of_jid(user: str, server: str) -> _Sender | Group:
    if server == "lid":
        return _Sender(f"{user}@lid", None)
    phone = _PHONE.fullmatch(user)
    if server in _PHONE_SERVERS and phone:
        return _Sender(phone[1], phone[1])
    return Group()


def _message_id(payload: dict[str, Any], headers: Mapping[str, str]) -> str:
    """The id that stays the same when the gateway repeats itself; without one nothing can be recognised as a repeat."""
    sent = {name.lower(): value for name, value in headers.items()}
    named = (*(sent.get(name) for name in _ID_HEADERS), _object(payload, "metadata").get("requestId"))
    return next((found for each in named if (found := _clean(each))), new_uuid())


def _said(payload: dict[str, Any], attachments: list[dict[str, Any]]) -> str:
    """What was typed: the message itself, else a caption."""
    captions = (attachment.get("caption") for attachment in attachments)
    sources = (_object(payload, "body").get("chatInput"), payload.get("chatInput"), *captions)
    return next((text for each in sources if (text := _clean(each))), "")


def _attachments(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = _object(payload, "body").get("attachments") or payload.get("attachments")
    if isinstance(listed, list):
        yield from (each for each in listed[:_MOST_ATTACHMENTS] if isinstance(each, dict))


def _kind(attachment: dict[str, Any]) -> str:
    kind = _clean(attachment.get("type")).lower()
    return (
        "voice"
        if kind in {"voice", "audio", "ptt"}
        else "document"
        if kind in {"pdf", "document"}
        else "image"
    )


def _object(payload: dict[str, Any], name: str) -> dict[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _clean(value: object) -> str:
    """A string that every store takes; anything else is empty."""
    return value.encode(errors="ignore").decode().strip() if isinstance(value, str) else ""
