"""Telegram's own objects, as far as a service counter meets them; absent fields are left out of the JSON."""

from typing import Literal

from msgspec import Struct, field

from sandbox.telegram.keyboards import InlineKeyboardMarkup

ChatType = Literal["private", "group", "supergroup"]


class User(Struct, frozen=True, omit_defaults=True):
    id: int
    is_bot: bool
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    can_join_groups: bool | None = None
    can_read_all_group_messages: bool | None = None
    supports_inline_queries: bool | None = None
    has_main_web_app: bool | None = None


class ChatInfo(Struct, frozen=True, omit_defaults=True):
    id: int
    type: ChatType
    title: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class MessageEntity(Struct, frozen=True, omit_defaults=True):
    """`offset` and `length` count UTF-16 units, as Telegram does."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    custom_emoji_id: str | None = None


class Contact(Struct, frozen=True, omit_defaults=True):
    """`user_id` is present only when the number belongs to a Telegram account the sender's phone knows."""

    phone_number: str
    first_name: str
    last_name: str | None = None
    user_id: int | None = None


class PhotoSize(Struct, frozen=True, omit_defaults=True):
    file_id: str
    file_unique_id: str
    width: int
    height: int
    file_size: int


class Document(Struct, frozen=True, omit_defaults=True):
    file_id: str
    file_unique_id: str
    file_name: str
    mime_type: str
    file_size: int


class ForwardOrigin(Struct, frozen=True, omit_defaults=True):
    """A message that somebody wrote elsewhere first."""

    type: Literal["user"]
    date: int
    sender_user: User


class Message(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`date` and `edit_date` are in whole seconds."""

    message_id: int
    from_: User | None = field(name="from", default=None)
    date: int
    chat: ChatInfo
    forward_origin: ForwardOrigin | None = None
    edit_date: int | None = None
    text: str | None = None
    entities: tuple[MessageEntity, ...] | None = None
    caption: str | None = None
    caption_entities: tuple[MessageEntity, ...] | None = None
    photo: tuple[PhotoSize, ...] | None = None
    document: Document | None = None
    contact: Contact | None = None
    new_chat_members: tuple[User, ...] | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None
    #: Only inline keyboards: a client that is handed any other kind breaks (telegram contract §1).
    reply_markup: InlineKeyboardMarkup | None = None


class CallbackQuery(Struct, frozen=True, omit_defaults=True, kw_only=True):
    id: str
    from_: User = field(name="from")
    message: Message
    chat_instance: str
    data: str


class ChatMember(Struct, frozen=True, omit_defaults=True):
    """`until_date` is what tells `kicked` from a bot that was merely removed; 0 means for ever."""

    status: Literal["member", "kicked", "left"]
    user: User
    until_date: int | None = None


class ChatMemberUpdated(Struct, frozen=True, omit_defaults=True, kw_only=True):
    chat: ChatInfo
    from_: User = field(name="from")
    date: int
    old_chat_member: ChatMember
    new_chat_member: ChatMember


class Update(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One of the optional fields is present, and its name is the update's kind."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: ChatMemberUpdated | None = None

    @property
    def kind(self) -> str:
        kinds = ("message", "edited_message", "callback_query", "my_chat_member")
        return next(kind for kind in kinds if getattr(self, kind) is not None)

    @property
    def chat_id(self) -> int:
        if self.callback_query is not None:
            return self.callback_query.message.chat.id
        found = self.message or self.edited_message or self.my_chat_member
        return found.chat.id if found else 0


class BotCommand(Struct, frozen=True):
    command: str = ""
    description: str = ""


class WebhookInfo(Struct, frozen=True, omit_defaults=True, kw_only=True):
    url: str
    has_custom_certificate: bool
    pending_update_count: int
    max_connections: int | None = None
    allowed_updates: tuple[str, ...] | None = None
    last_error_date: int | None = None
    last_error_message: str | None = None


class File(Struct, frozen=True):
    file_id: str
    file_unique_id: str
    file_size: int
    file_path: str
