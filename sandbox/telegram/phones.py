"""What people do with their phones: start, write, tap, share, block; each becomes an update for the bot."""

import re
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.chats import Chat, ChatState
from sandbox.telegram.html import utf16
from sandbox.telegram.keyboards import InlineButton
from sandbox.telegram.objects import (
    BotCommand,
    CallbackQuery,
    ChatInfo,
    ChatMember,
    ChatMemberUpdated,
    Contact,
    ForwardOrigin,
    Message,
    MessageEntity,
    Update,
)
from sandbox.telegram.people import Person
from sandbox.web.errors import RequestError
from sandbox.web.photos import Photo

#: What may follow `?start=` in a deep link (telegram contract §2).
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_COMMAND = re.compile(r"/[A-Za-z0-9_]{1,32}(?:@\w+)?(?!\S)")


class Shared(Struct, frozen=True):
    """A contact as a phone shares it: the person's own by default, or somebody else's, or one forwarded from another chat."""

    phone: str = ""
    name: str = ""
    forwarded: bool = False


class Line(Struct, frozen=True):
    """A person in the list of phones; `received` counts messages from the bot, for the unread badge."""

    id: int
    phone: str
    name: str
    note: str
    received: int
    last: Message | None
    state: ChatState
    commands: tuple[BotCommand, ...]


class Phones:
    """Everybody's phone, with the private chat on it."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    def lines(self) -> list[Line]:
        return [self._line(person) for person in self._api.people]

    def person(self, user_id: int) -> Person:
        person = self._api.people.find(user_id)
        if person is None:
            raise RequestError(404, "nobody here has this id")
        return person

    def add(self, person: Person) -> Line:
        added = self._api.people.add(person)
        self._api.tell_people()
        return self._line(added)

    def chat(self, person: Person) -> Chat:
        """The person's chat with the bot, or an empty one that is not kept."""
        user = person.user
        info = ChatInfo(user.id, "private", first_name=user.first_name, last_name=user.last_name)
        return self._api.chats.find(person.id) or Chat(info, members={user.id: user})

    def start(self, person: Person, payload: str = "") -> Message:
        """Press Start, perhaps behind a deep link; somebody who had blocked the bot lets it in again."""
        if payload and not _PAYLOAD.match(payload):
            raise RequestError(400, "a payload is 1 to 64 of A-Z a-z 0-9 _ -")
        if self.chat(person).blocked:
            self.unblock(person)
        return self.say(person, f"/start {payload}".strip())

    def say(self, person: Person, text: str) -> Message:
        if not text.strip():
            raise RequestError(400, "type a text")
        return self._send(person, text=text, entities=commands_in(text))

    def send_photo(self, person: Person, caption: str, photo: Photo) -> Message:
        return self._send(person, caption=caption or None, photo=self._api.files.keep_photo(photo))

    def share(self, person: Person, shared: Shared) -> Message:
        """Share a contact; Telegram names its owner only where the number belongs to somebody it knows."""
        owner = self._api.people.with_phone(shared.phone) if shared.phone else person
        name = shared.name or (owner.name if owner else shared.phone)
        first, _, last = name.partition(" ")
        contact = Contact(shared.phone or person.phone, first, last or None, owner.id if owner else None)
        origin = ForwardOrigin("user", self._api.date, person.user) if shared.forwarded else None
        return self._send(person, contact=contact, forward_origin=origin)

    def edit(self, person: Person, message_id: int, text: str) -> Message:
        chat = self._open(person)
        message = self._message(chat, message_id)
        if message.from_ != person.user or message.text is None:
            raise RequestError(409, "only the person's own texts can be changed")
        changed = msgspec.structs.replace(
            message, text=text, entities=commands_in(text), edit_date=self._api.date
        )
        self._api.show(chat, changed)
        self._post(edited_message=changed)
        return changed

    def tap(self, person: Person, message_id: int, data: str) -> str:
        """Tap an inline button; the id of the query that the bot is to answer."""
        chat = self._open(person)
        message = self._message(chat, message_id)
        if not any(button.callback_data == data for button in buttons_of(message)):
            raise RequestError(409, "this button is no longer there")
        query = self._api.queries.open(chat.id, message_id)
        self._post(
            callback_query=CallbackQuery(
                id=query.id,
                from_=person.user,
                message=message,
                chat_instance=str(chat.id * 31 % 10**17),
                data=data,
            )
        )
        return query.id

    def block(self, person: Person) -> None:
        self._change_membership(person, blocked=True)

    def unblock(self, person: Person) -> None:
        self._change_membership(person, blocked=False)

    def repeat_last(self, person: Person) -> int:
        """Hand the bot the last update once more under the same id."""
        update = self._api.updates.repeat_last(person.id)
        if update is None:
            raise RequestError(409, "this phone has not sent anything yet")
        return update.update_id

    def _open(self, person: Person) -> Chat:
        chat = self.chat(person)
        if chat.blocked:
            raise RequestError(409, "unblock the bot first")
        chat.started = True
        return self._api.chats.keep(chat)

    def _send(self, person: Person, **content: Any) -> Message:
        chat = self._open(person)
        if chat.keyboard is not None and chat.keyboard.one_time:
            chat.keyboard = None
        message = Message(
            message_id=self._api.next_message_id(),
            from_=person.user,
            date=self._api.date,
            chat=chat.info,
            **content,
        )
        self._api.show(chat, message)
        self._post(message=message)
        return message

    def _change_membership(self, person: Person, *, blocked: bool) -> None:
        chat = self.chat(person)
        if chat.blocked == blocked:
            return
        chat.blocked = blocked
        self._api.chats.keep(chat)
        member = ChatMember("member", self._api.user)
        kicked = ChatMember("kicked", self._api.user, until_date=0)
        self._post(
            my_chat_member=ChatMemberUpdated(
                chat=chat.info,
                from_=person.user,
                date=self._api.date,
                old_chat_member=member if blocked else kicked,
                new_chat_member=kicked if blocked else member,
            )
        )
        self._api.tell_state(chat)

    def _post(self, **what: Any) -> None:
        self._api.updates.post(Update(update_id=self._api.updates.next_id(), **what))

    def _message(self, chat: Chat, message_id: int) -> Message:
        message = chat.messages.get(message_id)
        if message is None:
            raise RequestError(404, "this message is no longer there")
        return message

    def _line(self, person: Person) -> Line:
        chat = self.chat(person)
        return Line(
            person.id,
            person.phone,
            person.name,
            person.note,
            chat.received,
            chat.last(),
            chat.state(),
            self._api.commands.shown(person.id, person.language_code),
        )


def commands_in(text: str) -> tuple[MessageEntity, ...] | None:
    """Commands, which Telegram marks wherever they stand."""
    found = tuple(
        MessageEntity("bot_command", utf16(text[: match.start()]), len(match[0]))
        for match in _COMMAND.finditer(text)
        if match.start() == 0 or text[match.start() - 1].isspace()
    )
    return found or None


def buttons_of(message: Message) -> list[InlineButton]:
    if message.reply_markup is None:
        return []
    return [button for row in message.reply_markup.inline_keyboard for button in row]
