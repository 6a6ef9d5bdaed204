"""What the open pages are told."""

from datetime import datetime

from sandbox.telegram.chats import ChatState
from sandbox.telegram.objects import Message
from sandbox.web.feed import News


class MessageNews(News, frozen=True, tag="message"):
    """A message was added or changed."""

    chat_id: int
    message: Message


class GoneNews(News, frozen=True, tag="gone"):
    """A message was deleted."""

    chat_id: int
    message_id: int


class StateNews(News, frozen=True, tag="state"):
    chat_id: int
    state: ChatState


class AnswerNews(News, frozen=True, tag="answer"):
    """The bot has acknowledged a tap; `text` is shown for a moment, or until dismissed when it is an `alert`."""

    chat_id: int
    message_id: int
    text: str
    alert: bool


class PeopleNews(News, frozen=True, tag="people"):
    """Somebody was added, or the bot changed its commands."""

    at: datetime
