"""All phones together: who has one, what it shows, and the news when that changes."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from sandbox.web.errors import RequestError
from sandbox.web.feed import Feed
from sandbox.whatsapp.chats import Chat, Chats, ChatState
from sandbox.whatsapp.contacts import Contact, ContactBook
from sandbox.whatsapp.media import Media
from sandbox.whatsapp.messages import Content, Message, Notice
from sandbox.whatsapp.news import ContactsNews, MessageNews, StateNews


class PhoneSummary(Struct, frozen=True):
    """A line in the list of phones; `received` counts messages from the business, for the unread badge."""

    phone: str
    name: str
    note: str
    received: int
    last: Message | None
    state: ChatState


class Phones:
    def __init__(
        self, contacts: Sequence[Contact], *, secret: str, clock: Callable[[], datetime], feed: Feed
    ) -> None:
        self._clock = clock
        self._feed = feed
        self.contacts = ContactBook(contacts)
        self.chats = Chats(secret=secret)
        self.media = Media()

    @property
    def now(self) -> datetime:
        return self._clock()

    def numbers(self) -> Iterator[str]:
        """Every phone that can be picked up: the address book, then those who only ever chatted."""
        yield from (contact.phone for contact in self.contacts)
        yield from (chat.phone for chat in self.chats if chat.phone not in self.contacts)

    def summaries(self) -> list[PhoneSummary]:
        return [self._summary(phone) for phone in self.numbers()]

    def state(self, chat: Chat) -> ChatState:
        return chat.state(self.now)

    def post(
        self,
        chat: Chat,
        sender: Literal["customer", "business", "gateway"],
        content: Content,
        notice: Notice | None = None,
    ) -> Message:
        """Add a bubble and tell the open pages."""
        message = chat.add(sender, content, at=self.now, notice=notice)
        self._feed.publish(MessageNews(chat.phone, message))
        return message

    def tell_state(self, chat: Chat) -> None:
        self._feed.publish(StateNews(chat.phone, self.state(chat)))

    def add_contact(self, contact: Contact) -> None:
        self.contacts.add(contact)
        self._feed.publish(ContactsNews(self.now))

    def remove_contact(self, phone: str) -> None:
        self.contacts.remove(phone)
        self._feed.publish(ContactsNews(self.now))

    def owner_of(self, session_id: str) -> str:
        """The phone behind a session id; a `RequestError` when there is none."""
        for phone in self.numbers():
            if self.chats.session_id(phone) == session_id:
                return phone
        raise RequestError(404, "no chat has this session_id")

    def _summary(self, phone: str) -> PhoneSummary:
        contact = self.contacts.find(phone) or Contact(phone, "", "")
        chat = self.chats.peek(phone)
        last = chat.messages[-1] if chat.messages else None
        return PhoneSummary(phone, contact.name, contact.note, chat.received, last, self.state(chat))
