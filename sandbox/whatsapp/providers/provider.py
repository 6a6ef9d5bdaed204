"""What a provider's stand-in is: it judges calls and composes its own calls back; the phones are not its business."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from sandbox.web.photos import Photo
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.messages import Content

State = Literal["sent", "delivered", "read", "failed"]
T = TypeVar("T")


class Call(Struct, frozen=True):
    """A request below the provider's address; header names in lower case, `open` tells who wrote within 24 hours."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    now: datetime
    written_at: Mapping[str, datetime]


class Refusal(Exception):
    """What the provider answers when it does not do as it is asked."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


class Taken(Struct, frozen=True):
    """A message for a phone; `key` is what the sender gave along to have back with receipts, `file_url` a file of it."""

    phone: str
    content: Content
    provider_id: str
    answer: object
    status: int = 200
    key: str = ""
    file_url: str = ""
    file_kind: Literal["image", "document"] = "document"


class Answer(Struct, frozen=True):
    """An answer that shows nothing on any phone."""

    body: object
    status: int = 200


class File(Struct, frozen=True):
    """An answer of bytes."""

    content: bytes
    mimetype: str


class Said(Struct, frozen=True):
    """What a customer sent. `choice_kind` tells a button from a row where `choice_id` is set."""

    message_id: str
    phone: str
    name: str
    text: str
    at: datetime
    choice_id: str = ""
    choice_kind: Literal["button", "row", ""] = ""
    description: str = ""
    photo: Photo | None = None
    photo_id: str = ""


class Told(Struct, frozen=True):
    """What became of a message of the business."""

    provider_id: str
    phone: str
    state: State
    at: datetime
    key: str = ""


class Hook(Struct, frozen=True):
    """A call back, below the address of the chatbot's webhooks."""

    path: str
    headers: dict[str, str]
    body: bytes


class Provider(Protocol):
    """One provider with one number of the business."""

    @property
    def name(self) -> str: ...

    def take(self, call: Call) -> Taken | Answer | File:
        """Do as asked; raises `Refusal`."""
        ...

    def fault(self, mode: FaultMode) -> Refusal:
        """How this provider words a fault in which nothing is taken."""
        ...

    def said(self, said: Said) -> Hook:
        """How a customer's message is told."""
        ...

    def told(self, told: Told) -> Hook | None:
        """How a receipt is told; None when this provider tells nothing of that state."""
        ...

    def keep(self, photo_id: str, photo: Photo) -> None:
        """Hold a customer's picture ready to be fetched."""
        ...


def decoded(call: Call, kind: type[T], refuse: type[Refusal] = Refusal) -> T:
    """The JSON body; raises `Refusal` 400 with what is wrong."""
    if call.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise refuse(415, {"message": "send application/json"})
    try:
        return msgspec.json.decode(call.body, type=kind)
    except msgspec.MsgspecError as problem:
        raise refuse(400, {"message": str(problem)}) from problem


def same(presented: str, secret: str) -> bool:
    return hmac.compare_digest(presented.encode(), secret.encode())


def signed(secret: str, body: bytes, algorithm: str) -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def encoded(body: Mapping[str, Any]) -> bytes:
    """JSON with everything beyond ASCII escaped, as Meta and others write it: whoever re-serialises is found out."""
    text = msgspec.json.encode(body).decode()
    return "".join(letter if letter.isascii() else _escaped(letter) for letter in text).encode()


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
