"""What a phone shows: bubbles, buttons and lists, whatever dialect they arrived in."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Choice(Struct, frozen=True):
    """Something to tap. `value` is what a tap says (reply), opens (url), dials (call) or is ignored (share_phone).

    `id` is what the Cloud API hands back with it; the wire gateway passes words only.
    """

    kind: Literal["reply", "url", "call", "share_phone"]
    label: str
    value: str = ""
    description: str = ""
    id: str = ""


class Section(Struct, frozen=True):
    title: str
    choices: tuple[Choice, ...]


class Menu(Struct, frozen=True):
    """A list that opens from one button."""

    button: str
    sections: tuple[Section, ...]
    title: str = ""


class Document(Struct, frozen=True):
    """A file to open; `id` is its name at the phone page's API."""

    id: str
    name: str
    mimetype: str
    size: int


class Content(Struct, frozen=True):
    text: str = ""
    header: str = ""
    footer: str = ""
    photo_id: str = ""
    document: Document | None = None
    buttons: tuple[Choice, ...] = ()
    menu: Menu | None = None


class Notice(StrEnum):
    """What the gateway itself tells the phone's owner; the page words it in the tester's language."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    EMPTY = "empty"
    HANDOFF_ON = "handoff_on"
    HANDOFF_OFF = "handoff_off"
    HANDOFF_TIMEOUT = "handoff_timeout"


class Message(Struct, frozen=True):
    """One bubble. `seq` counts from 1 within its chat and never repeats."""

    seq: int
    at: datetime
    sender: Literal["customer", "business", "gateway"]
    content: Content
    notice: Notice | None = None
