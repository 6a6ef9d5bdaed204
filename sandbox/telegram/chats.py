"""The chats between people and the bot, bounded in number and length."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import Struct

from sandbox.telegram.errors import bad_request, forbidden, migrated
from sandbox.telegram.keyboards import KeyboardButton
from sandbox.telegram.objects import ChatInfo, Message, User

MAX_CHATS = 200
MAX_MESSAGES = 500
TYPING = timedelta(seconds=5)


class Keyboard(Struct, frozen=True):
    """The keyboard that stands in place of the phone's own."""

    rows: tuple[tuple[KeyboardButton, ...], ...]
    one_time: bool
    placeholder: str


class ChatState(Struct, frozen=True):
    """What the phone shows besides messages; `taken_id` is the last message the bot has taken."""

    started: bool
    blocked: bool
    taken_id: int
    typing_until: datetime | None
    keyboard: Keyboard | None


@dataclass
class Chat:
    info: ChatInfo
    members: dict[int, User] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    started: bool = False
    blocked: bool = False
    taken_id: int = 0
    received: int = 0
    typing_until: datetime | None = None
    keyboard: Keyboard | None = None
    migrated_to: int | None = None

    @property
    def id(self) -> int:
        return self.info.id

    @property
    def is_private(self) -> bool:
        return self.info.type == "private"

    def keep(self, message: Message) -> None:
        """Add a message or replace the one with its id; the oldest give way."""
        self.messages[message.message_id] = message
        while len(self.messages) > MAX_MESSAGES:
            del self.messages[next(iter(self.messages))]

    def last(self) -> Message | None:
        return next(reversed(self.messages.values()), None)

    def state(self) -> ChatState:
        return ChatState(self.started, self.blocked, self.taken_id, self.typing_until, self.keyboard)

    def check_reachable(self) -> None:
        """Raise what Telegram answers when the bot may not write here."""
        if self.migrated_to is not None:
            raise migrated(self.migrated_to)
        if not self.started:
            raise forbidden("bot can't initiate conversation with a user")
        if self.blocked:
            raise forbidden("bot was blocked by the user" if self.is_private else _kicked(self.info.type))


def _kicked(kind: str) -> str:
    return f"bot was kicked from the {kind} chat"


class Chats:
    """Chats by id, the least recently used first; beyond `MAX_CHATS` the first is forgotten."""

    def __init__(self) -> None:
        self._chats: dict[int, Chat] = {}

    def __iter__(self) -> Iterator[Chat]:
        return iter(self._chats.values())

    def find(self, chat_id: int) -> Chat | None:
        return self._chats.get(chat_id)

    def keep(self, chat: Chat) -> Chat:
        """Keep this chat from now on and mark it as used."""
        self._chats.pop(chat.id, None)
        self._chats[chat.id] = chat
        while len(self._chats) > MAX_CHATS:
            del self._chats[next(iter(self._chats))]
        return chat

    def addressed(self, chat_id: int | str) -> Chat:
        """The chat of a call's `chat_id`; raises Telegram's refusal when the bot has never seen it."""
        try:
            chat = self._chats.get(int(chat_id)) if chat_id else None
        except ValueError:
            chat = None
        if chat_id == "":
            raise bad_request("chat_id is empty")
        if chat is None:
            raise bad_request("chat not found")
        return chat
