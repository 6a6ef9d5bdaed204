"""Reading what gateways call us with: tolerant of versions, strict about who wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from core.adapters.whatsapp.json_values import JsonObject
from core.messaging.received import Sender, SenderKind

_PHONE_SERVERS = frozenset({"s.whatsapp.net", "c.us"})
_JID = re.compile(r"(?P<user>[A-Za-z0-9._+-]{1,40})(?::\d{1,4})?@(?P<server>[a-z0-9.]{1,20})")
_PHONE = re.compile(r"\+?([1-9]\d{6,14})")
_LONGEST_ID = 256
#: Seconds of a year beyond which a number is milliseconds.
_MILLISECONDS_FROM = 10_000_000_000


class Malformed(Exception):
    """The call is none of this dialect; the text says what is missing, for whoever set the gateway up."""


def read_object(raw: bytes | str) -> JsonObject:
    """Decode a JSON object; raises `Malformed`."""
    try:
        payload = json.loads(raw)  # unlike stricter readers it takes half an emoji, which `clean` leaves out
    except (ValueError, RecursionError) as problem:
        raise Malformed("the payload is not JSON") from problem
    if not isinstance(payload, dict):
        raise Malformed("the payload is not a JSON object")
    return payload


def clean(value: object) -> str:
    """A string that every store takes; anything else is empty."""
    return value.encode(errors="ignore").decode().strip() if isinstance(value, str) else ""


def child(payload: JsonObject, *names: str) -> JsonObject:
    """The object at the end of a path; an empty one when there is none."""
    found: object = payload
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def first_said(values: Iterable[object]) -> str:
    """The first that is a text with something in it."""
    return next((text for each in values if (text := clean(each))), "")


def named(value: object) -> str:
    """An id as a gateway writes it, a string or a number, short enough to be one."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else clean(value)
    return text if len(text) <= _LONGEST_ID else ""


def sender_of(address: object) -> Sender | None:
    """Who an address is; None for a group, a list, a newsletter, a status, or nothing readable.

    A number goes by its digits; an `@lid` is an identity without a number and keeps its name.
    """
    said = clean(address)
    if phone := _PHONE.fullmatch(said):
        return Sender(phone[1], SenderKind.NUMBER)
    jid = _JID.fullmatch(said)
    if jid is None:
        return None
    if jid["server"] == "lid":
        return Sender(f"{jid['user']}@lid", SenderKind.LID)
    phone = _PHONE.fullmatch(jid["user"])
    if jid["server"] in _PHONE_SERVERS and phone:
        return Sender(phone[1], SenderKind.NUMBER)
    return None


def is_address(said: str) -> bool:
    """Whether this names a chat of any kind."""
    return _JID.fullmatch(said) is not None


def number_first(*addresses: object) -> Sender | None:
    """Who wrote, by a number if one of the addresses is one: an `@lid` is often sent together with it."""
    known = [sender for each in addresses if (sender := sender_of(each))]
    numbers = [sender for sender in known if sender.kind is SenderKind.NUMBER]
    return next(iter((*numbers, *known)), None)


def is_private(address: object) -> bool:
    """Whether an address is that of one person."""
    return sender_of(address) is not None


def moment(value: object) -> datetime | None:
    """A time as gateways write it: seconds or milliseconds, as a number or a string, or ISO 8601."""
    text = named(value)
    try:
        if text.isdecimal():
            number = int(text)
            return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def is_true(value: object) -> bool:
    """A yes, as JSON or as a form writes it."""
    return value is True or (
        isinstance(value, str | int) and str(value).strip().lower() in {"1", "true", "yes"}
    )
