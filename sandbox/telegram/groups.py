"""Groups the bot is in: what it is told there, and a group's move to a supergroup under a new id."""

import re
from typing import Any

from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.chats import Chat
from sandbox.telegram.objects import ChatInfo, ChatMember, ChatMemberUpdated, Message, Update
from sandbox.telegram.people import Person
from sandbox.telegram.phones import Phones, commands_in
from sandbox.web.errors import RequestError

_FIRST_GROUP = -4_000_000_000
_FIRST_SUPERGROUP = -1_002_000_000_000


class Groups:
    """Group chats by their ids, which are negative."""

    def __init__(self, api: BotApi, phones: Phones) -> None:
        self._api, self._phones = api, phones

    def create(self, title: str, creator: Person) -> Chat:
        """A group with the bot in it; its members are known to the bot, who may not write to them for that."""
        info = ChatInfo(_FIRST_GROUP - self._api.next_message_id(), "group", title=title)
        chat = Chat(info, members={creator.id: creator.user}, started=True)
        self._api.chats.keep(chat)
        self._api.chats.keep(self._phones.chat(creator))
        self._tell_of_joining(chat, creator)
        return chat

    def say(self, chat_id: int, person: Person, text: str, reply_to: int | None = None) -> Message:
        """Write into a group; a bot in privacy mode hears commands and replies to itself, nothing else."""
        chat = self._group(chat_id)
        message = self._message(chat, person, text=text, entities=commands_in(text))
        answered = chat.messages.get(reply_to) if reply_to is not None else None
        self._api.show(chat, message)
        if self._is_for_bot(text) or (answered is not None and answered.from_ == self._api.user):
            self._post(message=message)
        return message

    def upgrade(self, chat_id: int) -> Chat:
        """Turn a group into a supergroup; the old id answers with the new one from now on."""
        old = self._group(chat_id)
        info = ChatInfo(_FIRST_SUPERGROUP - self._api.next_message_id(), "supergroup", title=old.info.title)
        new = self._api.chats.keep(Chat(info, members=old.members, started=True))
        old.migrated_to = new.id
        for chat, moved in (
            (old, {"migrate_to_chat_id": new.id}),
            (new, {"migrate_from_chat_id": old.id}),
        ):
            message = self._message(chat, None, **moved)
            self._api.show(chat, message)
            self._post(message=message)
        return new

    def messages(self, chat_id: int) -> list[Message]:
        chat = self._api.chats.find(chat_id)
        return list(chat.messages.values()) if chat else []

    def _group(self, chat_id: int) -> Chat:
        chat = self._api.chats.find(chat_id)
        if chat is None or chat.is_private or chat.migrated_to is not None:
            raise RequestError(404, "there is no such group")
        return chat

    def _is_for_bot(self, text: str) -> bool:
        named = re.match(r"/\w+(?:@(\w+))?", text)
        return named is not None and named[1] in {None, self._api.user.username}

    def _tell_of_joining(self, chat: Chat, creator: Person) -> None:
        self._post(
            my_chat_member=ChatMemberUpdated(
                chat=chat.info,
                from_=creator.user,
                date=self._api.date,
                old_chat_member=ChatMember("left", self._api.user),
                new_chat_member=ChatMember("member", self._api.user),
            )
        )
        joined = self._message(chat, creator, new_chat_members=(self._api.user,))
        self._api.show(chat, joined)
        self._post(message=joined)

    def _message(self, chat: Chat, person: Person | None, **content: Any) -> Message:
        return Message(
            message_id=self._api.next_message_id(),
            from_=person.user if person else None,
            date=self._api.date,
            chat=chat.info,
            **content,
        )

    def _post(self, **what: Any) -> None:
        self._api.updates.post(Update(update_id=self._api.updates.next_id(), **what))
