"""How a reply looks in Telegram: HTML with every word escaped, and buttons under it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from conversations.engine.say import Reply
from core.messaging.ports import Choice

#: Telegram takes no more of any of them (telegram contract §2).
MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_CALLBACK_BYTES = 64
#: A button wider than this is cut on a phone: such rows are written out, and their buttons are their numbers.
_WIDEST = 32
#: Two buttons stand side by side when each is no wider than this.
_HALF = 16
_NUMBERS_ACROSS = 5
#: Texts are marked the way WhatsApp does; the marks become tags after escaping, so a tag is never anybody's words.
_BOLD = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*?[^\s*])\*(?![\w*])")

Rows = list[list[InlineKeyboardButton]]


class Upload(Struct, frozen=True):
    """A file as Telegram takes it."""

    kind: Literal["image", "document"]
    name: str
    content: bytes


class Written(Struct, frozen=True):
    """A message as Telegram takes it."""

    html: str
    keyboard: InlineKeyboardMarkup | None
    file: Upload | None = None


def as_html(text: str) -> str:
    """Escape everything, then make `*bold*` bold."""
    return _BOLD.sub(r"<b>\1</b>", html.escape(text, quote=False))


def written(reply: Reply, stamp: str) -> Written:
    """Lay out a reply; `stamp` goes into every button, to know an old one by."""
    listed = any(len(row.label) > _WIDEST for row in reply.rows)
    lines = [reply.text]
    if listed:
        lines += [f"{number}. {row.label}" for number, row in enumerate(reply.rows, 1)]
    text = "\n".join(line for line in (*lines, reply.footer) if line)
    buttons = _numbers(reply.rows, stamp) if listed else _paired(reply.rows, stamp)
    buttons += _paired(reply.actions, stamp)
    return Written(as_html(text), InlineKeyboardMarkup(buttons) if buttons else None)


def plain(text: str, choices: Sequence[Choice], stamp: str) -> Written:
    """A text with its choices, as a notice brings them."""
    return written(Reply(text=text, actions=tuple(choices)), stamp)


def fits_caption(text: str) -> bool:
    """Whether a text can stand under a file; tags and escapes are counted along, which is on the safe side."""
    return len(text) <= MAX_CAPTION


def pieces(text: str, limit: int = MAX_TEXT) -> Iterator[str]:
    """The text in parts that Telegram takes, broken between lines, so that no tag is torn apart."""
    part = ""
    for line in text.split("\n"):
        fitting = line[:limit]
        if part and len(part) + 1 + len(fitting) > limit:
            yield part
            part = fitting
        else:
            part = f"{part}\n{fitting}" if part else fitting
    yield part


def data_of(choice_id: str, stamp: str) -> str:
    """What a tap on a choice sends."""
    return f"{stamp}.{choice_id}"


def _numbers(rows: Sequence[Choice], stamp: str) -> Rows:
    numbered = [Choice(row.id, str(number)) for number, row in enumerate(rows, 1)]
    found = _buttons(numbered, stamp)
    return [found[at : at + _NUMBERS_ACROSS] for at in range(0, len(found), _NUMBERS_ACROSS)]


def _paired(choices: Sequence[Choice], stamp: str) -> Rows:
    rows: Rows = []
    for button in _buttons(choices, stamp):
        beside = rows[-1] if rows else []
        if len(beside) == 1 and max(len(beside[0].text), len(button.text)) <= _HALF:
            beside.append(button)
        else:
            rows.append([button])
    return rows


def _buttons(choices: Sequence[Choice], stamp: str) -> list[InlineKeyboardButton]:
    """A choice whose id Telegram would refuse has no button: it is still there by number and by word."""
    return [
        InlineKeyboardButton(choice.label, callback_data=data)
        for choice in choices
        if len((data := data_of(choice.id, stamp)).encode()) <= MAX_CALLBACK_BYTES
    ]
