"""A received message as every channel brings it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct

#: Longer texts are cut: no question is that long, and nobody reads on.
LONGEST_TEXT = 4000


Fetch = Callable[[], Awaitable[bytes]]


class Incoming(Struct, frozen=True, kw_only=True):
    """One message from one chat.

    `chat_address` is the channel's own name for the chat: for WhatsApp E.164 digits when it is a number, else the
    opaque `…@lid`. `phone` is set only where the channel vouches for it. `attachments` are the kinds of what came along.
    `language` is that of the writer's app (ISO 639-1), where the channel tells: a hint for the first answer.
    """

    channel: str
    message_id: str
    chat_address: str
    phone: str | None = None
    text: str = ""
    choice_id: str | None = None
    attachments: tuple[str, ...] = ()
    #: Brings the first attachment that may be a picture or a paper, when somebody wants to see it; raises `Unavailable`
    #: when it cannot be had, `Invalid("picture_large")` when it is too large to try.
    fetch: Fetch | None = None
    language: str = ""
    #: The channel takes the answer as one text; a file goes after it, through the outbox.
    answered_in_text: bool = False
    #: The channel fetches files from our public address; without one it brings none.
    fetches_files: bool = False
    #: The gateway's own name for the chat, where it has one: what it wants to hear to hand the chat over.
    session: str = ""
    received_at: datetime

    @property
    def key(self) -> str:
        """The message's name within its channel, bounded, and different for every chat whatever a gateway numbers."""
        chat = hashlib.sha256(self.chat_address.encode()).hexdigest()[:12]
        own = self.message_id
        if len(own) > 64 or not own.isascii():
            own = hashlib.sha256(own.encode()).hexdigest()
        return f"{own}.{chat}"

    @property
    def plain_text(self) -> str:
        """The text without the characters no person types."""
        return "".join(c for c in self.text[:LONGEST_TEXT] if c.isprintable() or c in "\n\t").strip()
