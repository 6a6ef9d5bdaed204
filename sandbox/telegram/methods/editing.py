"""Changing what the bot has sent, and acknowledging taps."""

from typing import Any

import msgspec
from msgspec import Struct

from sandbox.telegram.chats import Chat
from sandbox.telegram.errors import bad_request
from sandbox.telegram.html import utf16
from sandbox.telegram.keyboards import InlineKeyboardMarkup, read_markup
from sandbox.telegram.methods import text as texts
from sandbox.telegram.methods.calls import Call
from sandbox.telegram.news import AnswerNews
from sandbox.telegram.objects import Message, MessageEntity

MAX_ANSWER = 200
#: A bot may delete its own messages this long; it may edit them as long as they exist.
DELETABLE_S = 48 * 3600
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


class EditText(Struct, frozen=True):
    chat_id: int | str = ""
    message_id: int = 0
    text: str = ""
    parse_mode: str = ""
    entities: tuple[MessageEntity, ...] | None = None
    link_preview_options: dict[str, Any] | None = None
    reply_markup: Any = None


class EditMarkup(Struct, frozen=True):
    chat_id: int | str = ""
    message_id: int = 0
    reply_markup: Any = None


class DeleteMessage(Struct, frozen=True):
    chat_id: int | str = ""
    message_id: int = 0


class AnswerQuery(Struct, frozen=True):
    callback_query_id: str = ""
    text: str = ""
    show_alert: bool = False
    url: str = ""
    cache_time: int = 0


async def edit_message_text(call: Call, params: EditText) -> Message:
    chat, message = _own(call, params.chat_id, params.message_id, "edit")
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    text, entities = texts.message_text(
        params.text, params.parse_mode, params.entities, too_long="MESSAGE_TOO_LONG"
    )
    markup = _inline(params.reply_markup, chat)
    return _changed(call, chat, message, text=text, entities=entities or None, reply_markup=markup)


async def edit_message_reply_markup(call: Call, params: EditMarkup) -> Message:
    chat, message = _own(call, params.chat_id, params.message_id, "edit")
    return _changed(call, chat, message, reply_markup=_inline(params.reply_markup, chat))


async def delete_message(call: Call, params: DeleteMessage) -> bool:
    """A bot deletes its own messages, and in a private chat also what the person wrote."""
    chat = call.api.chats.addressed(params.chat_id)
    message = chat.messages.get(params.message_id)
    if message is None:
        raise bad_request("message to delete not found")
    is_own = message.from_ == call.api.user
    if not (is_own or chat.is_private) or call.api.date - message.date > DELETABLE_S:
        raise bad_request("message can't be deleted for everyone")
    call.api.remove(chat, message)
    return True


async def answer_callback_query(call: Call, params: AnswerQuery) -> bool:
    if utf16(params.text) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query = call.api.queries.answer(params.callback_query_id)
    news = AnswerNews(query.chat_id, query.message_id, params.text, params.show_alert)
    call.api.feed.publish(news)
    return True


def _own(call: Call, chat_id: int | str, message_id: int, purpose: str) -> tuple[Chat, Message]:
    chat = call.api.chats.addressed(chat_id)
    chat.check_reachable()
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    if message.from_ != call.api.user:
        raise bad_request(f"message can't be {purpose}ed")
    return chat, message


def _inline(raw: Any, chat: Chat) -> InlineKeyboardMarkup | None:
    markup = read_markup(raw, is_private=chat.is_private)
    if markup is None or isinstance(markup, InlineKeyboardMarkup):
        return markup if markup and any(markup.inline_keyboard) else None
    raise bad_request("inline keyboard expected")


def _changed(call: Call, chat: Chat, message: Message, **content: object) -> Message:
    changed = msgspec.structs.replace(message, **content)
    if changed == message:
        raise bad_request(_NOT_MODIFIED)
    return call.api.show(chat, msgspec.structs.replace(changed, edit_date=call.api.date))
