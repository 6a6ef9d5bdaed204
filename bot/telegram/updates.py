"""What an update asks of us, read once at the edge (telegram contract §2)."""

from __future__ import annotations

import re

from msgspec import Struct
from telegram import Message, Update, User
from telegram.constants import ChatType

from core.platform import phones

#: The kinds Telegram is asked for; `my_chat_member` tells of blocking and unblocking.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
#: What can come along with a message, as the engine calls it.
_ATTACHMENTS = {
    "photo": "image",
    "document": "document",
    "voice": "voice",
    "audio": "voice",
    "video": "document",
    "video_note": "document",
    "animation": "document",
    "sticker": "image",
    "location": "document",
}
_COMMAND = re.compile(r"(/\w+)@(\w+)")


class Said(Struct, frozen=True):
    """Words or attachments in a private chat; `payload` is what a deep link brought along with `/start`."""

    chat_id: int
    message_id: int
    text: str
    attachments: tuple[str, ...]
    payload: str
    speaks: str
    file_id: str = ""  # of a picture or paper, the first that came along
    file_size: int = 0


class Tapped(Struct, frozen=True):
    """A tap on a button of ours; `label` is what stood on it."""

    chat_id: int
    message_id: int
    query_id: str
    data: str
    label: str
    speaks: str


class SharedContact(Struct, frozen=True):
    """A contact in a private chat; `phone` is None when it is not proven to be the writer's own."""

    chat_id: int
    phone: str | None
    speaks: str


class InGroup(Struct, frozen=True):
    """Somebody spoke to the bot where others read along."""

    chat_id: int
    speaks: str


class Membership(Struct, frozen=True):
    """Somebody has blocked the bot or let it in again."""

    chat_id: int
    blocked: bool


Received = Said | Tapped | SharedContact | InGroup | Membership


def read(update: Update, *, bot_username: str) -> Received | None:
    """What is to be done; None for what is nobody's wish: edits, which were executed already, and service messages."""
    if update.callback_query is not None:
        return _tapped(update)
    if update.my_chat_member is not None:
        changed = update.my_chat_member
        return Membership(changed.chat.id, changed.new_chat_member.status in {"kicked", "left"})
    message = update.message
    if message is None or message.from_user is None or message.from_user.is_bot:
        return None
    if message.chat.type != ChatType.PRIVATE:
        is_ours = _is_addressed(message, bot_username)
        return InGroup(message.chat.id, _speaks(message.from_user)) if is_ours else None
    return _private(message, message.from_user, bot_username)


def _private(message: Message, writer: User, bot_username: str) -> Said | SharedContact | None:
    speaks = _speaks(writer)
    if message.contact is not None:
        return SharedContact(message.chat.id, _proven_phone(message, writer), speaks)
    attachments = tuple(kind for name, kind in _ATTACHMENTS.items() if getattr(message, name))
    text = message.text or message.caption or ""
    if not text and not attachments:
        return None
    command, _, payload = text.partition(" ")
    if command != "/start":
        payload = ""
    return Said(
        message.chat.id,
        message.message_id,
        "/start" if payload else _addressed(text, bot_username),
        attachments,
        payload.strip(),
        speaks,
        *_file(message),
    )


def _file(message: Message) -> tuple[str, int]:
    """What may be the proof of a payment: the largest size of a photo, or a document."""
    found = message.photo[-1] if message.photo else message.document
    return ("", 0) if found is None else (found.file_id, found.file_size or 0)


def _proven_phone(message: Message, writer: User) -> str | None:
    """Telegram vouches for a number only when it is the writer's own contact and was not passed on."""
    contact = message.contact
    if contact is None or contact.user_id != writer.id or message.forward_origin is not None:
        return None
    return phones.normalise(f"+{contact.phone_number.lstrip('+')}")


def _tapped(update: Update) -> Tapped | None:
    query = update.callback_query
    if query is None or query.message is None or query.data is None:
        return None
    return Tapped(
        query.message.chat.id,
        query.message.message_id,
        query.id,
        query.data,
        _label(query.message, query.data),
        _speaks(query.from_user),
    )


def _label(message: object, data: str) -> str:
    """What stands on the tapped button, where Telegram still shows us the message."""
    markup = message.reply_markup if isinstance(message, Message) else None
    rows = markup.inline_keyboard if markup else ()
    return next((button.text for row in rows for button in row if button.callback_data == data), "")


def _addressed(text: str, bot_username: str) -> str:
    """`/tagihan@our_bot` is `/tagihan`."""
    found = _COMMAND.match(text)
    if found and found[2].casefold() == bot_username.casefold():
        return found[1] + text[found.end() :]
    return text


def _is_addressed(message: Message, bot_username: str) -> bool:
    """Whether somebody in a group speaks to the bot: a command that is nobody else's, its name, an answer to it."""
    text, name = message.text or "", f"@{bot_username}".casefold()
    answered = message.reply_to_message.from_user if message.reply_to_message else None
    if answered is not None and (answered.username or "").casefold() == name[1:]:
        return True
    command = re.match(r"/\w+(@\w+)?", text)
    if command is not None:
        return command[1] is None or command[1].casefold() == name
    return name in text.casefold()


def _speaks(writer: User) -> str:
    return (writer.language_code or "")[:2].lower()
