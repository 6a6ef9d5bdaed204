"""New messages from the bot, and the sign that one is coming."""

from typing import Any

from msgspec import Struct

from sandbox.telegram.chats import Chat, Keyboard
from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import InlineKeyboardMarkup, RemoveKeyboard, ReplyKeyboard, read_markup
from sandbox.telegram.methods import text as texts
from sandbox.telegram.methods.calls import Call
from sandbox.telegram.objects import Message, MessageEntity
from sandbox.web.photos import Photo

MAX_UPLOAD = 50 * 1024 * 1024
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


class ReplyParameters(Struct, frozen=True):
    message_id: int
    allow_sending_without_reply: bool = False


class SendMessage(Struct, frozen=True):
    chat_id: int | str = ""
    text: str = ""
    parse_mode: str = ""
    entities: tuple[MessageEntity, ...] | None = None
    link_preview_options: dict[str, Any] | None = None
    disable_notification: bool = False
    protect_content: bool = False
    reply_parameters: ReplyParameters | None = None
    reply_markup: Any = None


class SendFile(Struct, frozen=True):
    """`photo` or `document` is a file of this call (`attach://name` or none), or the id of one known already."""

    chat_id: int | str = ""
    photo: str = ""
    document: str = ""
    caption: str = ""
    parse_mode: str = ""
    disable_notification: bool = False
    protect_content: bool = False
    reply_parameters: ReplyParameters | None = None
    reply_markup: Any = None


class SendChatAction(Struct, frozen=True):
    chat_id: int | str = ""
    action: str = ""


async def send_message(call: Call, params: SendMessage) -> Message:
    chat = _reached(call, params.chat_id, params.reply_parameters)
    text, entities = texts.message_text(params.text, params.parse_mode, params.entities)
    return _show(call, chat, params.reply_markup, text=text, entities=entities or None)


async def send_photo(call: Call, params: SendFile) -> Message:
    chat = _reached(call, params.chat_id, params.reply_parameters)
    caption, entities = texts.caption(params.caption, params.parse_mode)
    sizes = call.api.files.keep_photo(_upload(call, "photo", params.photo))
    return _show(
        call,
        chat,
        params.reply_markup,
        photo=sizes,
        caption=caption or None,
        caption_entities=entities or None,
    )


async def send_document(call: Call, params: SendFile) -> Message:
    chat = _reached(call, params.chat_id, params.reply_parameters)
    caption, entities = texts.caption(params.caption, params.parse_mode)
    upload = _upload(call, "document", params.document)
    document = call.api.files.keep_document(upload.content, upload.mimetype, upload.filename)
    return _show(
        call,
        chat,
        params.reply_markup,
        document=document,
        caption=caption or None,
        caption_entities=entities or None,
    )


async def send_chat_action(call: Call, params: SendChatAction) -> bool:
    chat = _reached(call, params.chat_id, None)
    if params.action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.api.show_typing(chat)
    return True


def _reached(call: Call, chat_id: int | str, reply: ReplyParameters | None) -> Chat:
    chat = call.api.chats.addressed(chat_id)
    chat.check_reachable()
    if reply and reply.message_id not in chat.messages and not reply.allow_sending_without_reply:
        raise bad_request("message to be replied not found")
    return chat


def _upload(call: Call, field: str, named: str) -> Photo:
    attached = call.files.get(named.removeprefix("attach://")) or call.files.get(field)
    if attached is not None:
        return _measured(attached)
    known = call.api.files.find(named)
    if known is None:
        raise bad_request(f"there is no {field} in the request")
    return Photo(known.content, known.mimetype, "file")


def _measured(upload: Photo) -> Photo:
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > MAX_UPLOAD:
        raise bad_request("file is too big")
    return upload


def _show(call: Call, chat: Chat, raw_markup: Any, **content: Any) -> Message:
    markup = read_markup(raw_markup, is_private=chat.is_private)
    match markup:
        case ReplyKeyboard():
            chat.keyboard = Keyboard(markup.rows(), markup.one_time_keyboard, markup.input_field_placeholder)
        case RemoveKeyboard():
            chat.keyboard = None
        case _:
            pass
    message = Message(
        message_id=call.api.next_message_id(),
        from_=call.api.user,
        date=call.api.date,
        chat=chat.info,
        reply_markup=markup if isinstance(markup, InlineKeyboardMarkup) else None,
        **content,
    )
    return call.api.show(chat, message)
