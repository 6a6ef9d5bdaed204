"""Keyboards under messages and in place of the phone's own, with the limits Telegram puts on them."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from sandbox.telegram.errors import bad_request

MAX_BUTTONS = 100
MAX_CALLBACK_BYTES = 64
MAX_PLACEHOLDER = 64
_INLINE_URLS = ("http", "https", "tg")


class InlineButton(Struct, frozen=True, omit_defaults=True):
    """Exactly one of the optional fields says what a tap does; the stand-in's phone knows these three."""

    text: str = ""
    url: str | None = None
    callback_data: str | None = None
    copy_text: dict[str, str] | None = None


class InlineKeyboardMarkup(Struct, frozen=True):
    inline_keyboard: tuple[tuple[InlineButton, ...], ...]


class KeyboardButton(Struct, frozen=True, omit_defaults=True):
    text: str = ""
    request_contact: bool = False
    request_location: bool = False


class ReplyKeyboard(Struct, frozen=True):
    """A keyboard instead of the phone's own; taps say their text."""

    keyboard: tuple[tuple[KeyboardButton | str, ...], ...]
    is_persistent: bool = False
    resize_keyboard: bool = False
    one_time_keyboard: bool = False
    input_field_placeholder: str = ""
    selective: bool = False

    def rows(self) -> tuple[tuple[KeyboardButton, ...], ...]:
        return tuple(
            tuple(KeyboardButton(text=each) if isinstance(each, str) else each for each in row)
            for row in self.keyboard
        )


class RemoveKeyboard(Struct, frozen=True):
    remove_keyboard: bool
    selective: bool = False


class ForceReply(Struct, frozen=True):
    force_reply: bool
    input_field_placeholder: str = ""
    selective: bool = False


Markup = InlineKeyboardMarkup | ReplyKeyboard | RemoveKeyboard | ForceReply
_KINDS: dict[str, tuple[type[Markup], str]] = {
    "inline_keyboard": (InlineKeyboardMarkup, "inline keyboard markup"),
    "keyboard": (ReplyKeyboard, "reply keyboard markup"),
    "remove_keyboard": (RemoveKeyboard, "reply keyboard remove"),
    "force_reply": (ForceReply, "force reply"),
}


def read_markup(raw: Any, *, is_private: bool) -> Markup | None:
    """The markup of a call, checked; raises `ApiError` in Telegram's words."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    for key, (kind, name) in _KINDS.items():
        if key in raw:
            return _checked(_converted(raw, kind, name), is_private=is_private)
    return None


def _converted(raw: dict[str, Any], kind: type[Markup], name: str) -> Markup:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as problem:
        raise bad_request(f"can't parse {name} JSON object: {problem}") from problem


def _checked(markup: Markup, *, is_private: bool) -> Markup:
    match markup:
        case InlineKeyboardMarkup(rows):
            _check_count(rows)
            for button in (button for row in rows for button in row):
                _check_inline(button)
        case ReplyKeyboard():
            _check_count(markup.keyboard)
            _check_placeholder(markup.input_field_placeholder)
            for key in (key for row in markup.rows() for key in row):
                _check_key(key, is_private=is_private)
        case ForceReply():
            _check_placeholder(markup.input_field_placeholder)
        case RemoveKeyboard():
            pass
    return markup


def _check_count(rows: tuple[tuple[object, ...], ...]) -> None:
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")


def _check_placeholder(text: str) -> None:
    if len(text) > MAX_PLACEHOLDER:
        raise bad_request("input field placeholder is too long")


def _check_inline(button: InlineButton) -> None:
    if not button.text:
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [button.url, button.callback_data, button.copy_text]
    if sum(action is not None for action in actions) != 1:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if button.callback_data is not None:
        _check_data(button.callback_data)
    if button.url is not None and urlsplit(button.url).scheme not in _INLINE_URLS:
        raise bad_request(f"inline keyboard button URL '{button.url}' is invalid: Wrong HTTP URL")


def _check_data(data: str) -> None:
    if not 1 <= len(data.encode()) <= MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_key(key: KeyboardButton, *, is_private: bool) -> None:
    if not key.text:
        raise bad_request("keyboard button text must be non-empty")
    if key.request_contact and not is_private:
        raise bad_request("phone number can be requested in private chats only")
