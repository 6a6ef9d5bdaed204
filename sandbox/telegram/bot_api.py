"""One bot at Telegram: what it is, whom it talks to, and everything that waits for either side."""

import asyncio
import hmac
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from sandbox.telegram.chats import TYPING, Chat, Chats
from sandbox.telegram.commands import Commands
from sandbox.telegram.faults import Faults
from sandbox.telegram.files import Files
from sandbox.telegram.news import GoneNews, MessageNews, PeopleNews, StateNews
from sandbox.telegram.objects import Message, Update, User
from sandbox.telegram.people import People, Person
from sandbox.telegram.queries import Queries
from sandbox.telegram.updates import Updates
from sandbox.telegram.webhook import Pusher
from sandbox.web.feed import Feed
from sandbox.web.journal import Journal

#: Ids go on rising over restarts as long as fewer than one a second is used, so that none is mistaken for an old one.
_EPOCH = 1_700_000_000


class BotApi:
    """One Bot API server with one bot.

    `close` must be called when the server is asked to stop, not after it has stopped: servers wait for long polls and
    open event streams.
    """

    def __init__(
        self,
        *,
        token: str,
        clock: Callable[[], datetime],
        people: Sequence[Person] = (),
        username: str = "loket_sandbox_bot",
        name: str = "Loket",
        faults: Faults | None = None,
        retry_delays_s: Sequence[float] = (0.5, 2.0, 5.0),
    ) -> None:
        self._token = token
        self._clock = clock
        self._last_message_id = int(clock().timestamp()) - _EPOCH
        self.user = _bot(token, name, username)
        self.faults = faults or Faults()
        self.feed = Feed()
        self.journal = Journal(clock=clock, feed=self.feed)
        self.people, self.chats, self.files = People(people), Chats(), Files()
        self.commands, self.queries = Commands(), Queries(clock=clock)
        self.updates = Updates(first_id=self._last_message_id, on_taken=self._note_taken)
        self.pusher = Pusher(self.updates, self.journal, clock=clock, retry_delays_s=retry_delays_s)
        self.closed = asyncio.Event()
        #: New with every start, so that a page knows when its memory of the chats is void.
        self.run_id = uuid.uuid4().hex

    @property
    def now(self) -> datetime:
        return self._clock()

    @property
    def date(self) -> int:
        """The present in whole seconds, as Telegram writes it."""
        return int(self._clock().timestamp())

    def knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())

    def next_message_id(self) -> int:
        self._last_message_id += 1
        return self._last_message_id

    def show(self, chat: Chat, message: Message) -> Message:
        """Put a new or changed message before everybody who looks at this chat."""
        if message.message_id not in chat.messages and message.from_ == self.user:
            chat.received += 1
            chat.typing_until = None
        chat.keep(message)
        self.feed.publish(MessageNews(chat.id, message))
        self.tell_state(chat)
        return message

    def remove(self, chat: Chat, message: Message) -> None:
        del chat.messages[message.message_id]
        self.feed.publish(GoneNews(chat.id, message.message_id))

    def show_typing(self, chat: Chat) -> None:
        chat.typing_until = self.now + TYPING
        self.tell_state(chat)

    def tell_state(self, chat: Chat) -> None:
        self.feed.publish(StateNews(chat.id, chat.state()))

    def tell_people(self) -> None:
        self.feed.publish(PeopleNews(self.now))

    async def close(self) -> None:
        """End long polls, event streams, held answers and deliveries under way; calling it again does no harm."""
        self.closed.set()
        self.feed.close()
        await self.pusher.close()

    def _note_taken(self, update: Update) -> None:
        chat = self.chats.find(update.chat_id)
        message = update.message or update.edited_message
        if chat is not None and message is not None:
            chat.taken_id = max(chat.taken_id, message.message_id)
            self.tell_state(chat)


def _bot(token: str, name: str, username: str) -> User:
    """A bot's id is the first part of its token."""
    return User(int(token.partition(":")[0]), is_bot=True, first_name=name, username=username)
