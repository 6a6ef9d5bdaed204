"""What the open phone pages are told."""

from datetime import datetime

from typing_extensions import override

from sandbox.web.feed import News
from sandbox.whatsapp.chats import ChatState
from sandbox.whatsapp.messages import Message


class MessageNews(News, frozen=True, tag="message"):
    phone: str
    message: Message

    @property
    @override
    def about(self) -> str:
        return self.phone


class StateNews(News, frozen=True, tag="state"):
    phone: str
    state: ChatState

    @property
    @override
    def about(self) -> str:
        return self.phone


class ContactsNews(News, frozen=True, tag="contacts"):
    at: datetime
