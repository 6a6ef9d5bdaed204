"""The chats of all phones, bounded in number and length."""

import asyncio
import hmac
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from msgspec import Struct

from sandbox.whatsapp.messages import Choice, Content, Message, Notice
from sandbox.whatsapp.providers.provider import Hook, Provider, Taken
from sandbox.whatsapp.wire import Wire

MAX_CHATS = 200
MAX_MESSAGES = 500


class Handoff(Struct, frozen=True):
    """A person answers until `until`."""

    until: datetime
    reason: str = ""


class ChatState(Struct, frozen=True):
    """Everything the phone shows besides bubbles; `taken_seq` is the last customer message the webhook took."""

    waiting: bool
    taken_seq: int
    handoff_until: datetime | None


@dataclass
class Chat:
    phone: str
    session_id: str
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES))
    last_seq: int = 0
    received: int = 0
    taken_seq: int = 0
    waiting: int = 0
    handoff: Handoff | None = None
    last_delivery: Wire | Hook | None = None
    #: When the customer last wrote, which opens the 24 hours in which a business may answer freely.
    written_at: datetime | None = None
    #: Messages of the business that the customer has not read yet, and who carried them.
    unread: list[tuple[Provider, Taken]] = field(default_factory=list)
    #: One delivery at a time, so that answers keep the order of the questions.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(
        self,
        sender: Literal["customer", "business", "gateway"],
        content: Content,
        *,
        at: datetime,
        notice: Notice | None = None,
    ) -> Message:
        self.last_seq += 1
        self.received += sender == "business"
        if sender == "customer":
            self.written_at = at
        message = Message(self.last_seq, at, sender, content, notice)
        self.messages.append(message)
        return message

    def offered(self, choice_id: str) -> tuple[Choice, Literal["button", "row"]] | None:
        """Something the business has put up to be tapped, by its id, and what it is; old messages still count."""
        for message in reversed(self.messages):
            for button in message.content.buttons:
                if choice_id and button.id == choice_id:
                    return button, "button"
            for section in message.content.menu.sections if message.content.menu else ():
                for row in section.choices:
                    if choice_id and row.id == choice_id:
                        return row, "row"
        return None

    def after(self, seq: int) -> list[Message]:
        return [message for message in self.messages if message.seq > seq]

    def state(self, now: datetime) -> ChatState:
        handoff = self.handoff
        until = handoff.until if handoff and handoff.until > now else None
        return ChatState(waiting=self.waiting > 0, taken_seq=self.taken_seq, handoff_until=until)


class Chats:
    """Chats by phone, the least recently used first; beyond `MAX_CHATS` the first quiet one is forgotten."""

    def __init__(self, *, secret: str) -> None:
        self._secret = secret.encode()
        self._chats: dict[str, Chat] = {}

    def __iter__(self) -> Iterator[Chat]:
        return iter(self._chats.values())

    def peek(self, phone: str) -> Chat:
        """The chat of this phone, or an empty one that is not kept."""
        return self._chats.get(phone) or Chat(phone, self.session_id(phone))

    def open(self, phone: str) -> Chat:
        """The chat of this phone, kept from now on and marked as used."""
        chat = self.peek(phone)
        self._chats.pop(phone, None)
        self._chats[phone] = chat
        self._forget_one_beyond_the_limit()
        return chat

    def written_at(self) -> dict[str, datetime]:
        """When each customer last wrote."""
        return {chat.phone: chat.written_at for chat in self if chat.written_at is not None}

    def session_id(self, phone: str) -> str:
        """The same after a restart, so that a session id Loket has stored still finds its chat."""
        return "s-" + hmac.digest(self._secret, phone.encode(), "sha256").hex()[:24]

    def _forget_one_beyond_the_limit(self) -> None:
        if len(self._chats) > MAX_CHATS:
            quiet = (phone for phone, chat in self._chats.items() if not chat.waiting)
            del self._chats[next(quiet)]
