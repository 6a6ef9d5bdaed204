"""What a message looks like to the Cloud API, within its limits: text, buttons, lists, templates (whatsapp contract §2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from core.adapters.whatsapp.dialects.texts import plain
from core.adapters.whatsapp.interactive import cut
from core.adapters.whatsapp.json_values import JsonObject
from core.messaging.ports import ApprovedTemplate, Attachment, Choice, OutgoingText

_TEXT, _INTERACTIVE_TEXT, _TEMPLATE_TEXT, _CAPTION = 4096, 1024, 1024, 1024
_MOST_BUTTONS, _BUTTON, _BUTTON_ID = 3, 20, 256
_MOST_ROWS, _ROW, _ROW_TEXT, _ROW_ID = 10, 24, 72, 200
#: The same word in both languages.
_LIST_BUTTON = "Menu"
#: Parts of a label stand apart like this; the first of them is its name.
_BETWEEN_PARTS = " · "


def contents(message: OutgoingText, file_url: str | None = None) -> list[JsonObject]:
    """The messages that say it: one, or a list after another where more is on offer than one list can hold.

    What has no room beside buttons is said in a text with numbers instead, which are understood just the same.
    """
    if message.attachment and file_url:
        return _with_file(message, message.attachment, file_url)
    text, choices = message.text.strip(), message.choices
    if message.markup or not choices or not _have_room(text, choices):
        words = plain(message)
        return [_text(words)] if words.strip() else []
    if _fit_buttons(choices):
        return [_buttons(text, choices)]
    pages = [choices[start : start + _MOST_ROWS] for start in range(0, len(choices), _MOST_ROWS)]
    return [_list(_page_text(text, number, len(pages)), page) for number, page in enumerate(pages, 1)]


def _with_file(message: OutgoingText, attachment: Attachment, url: str) -> list[JsonObject]:
    """A file stands above its buttons, or has the words as its caption, or before them when they are long."""
    name = {"filename": attachment.name} if attachment.kind == "document" else {}
    file: JsonObject = {"link": url, **name}
    text, choices = message.text.strip(), message.choices
    if choices and _have_room(text, choices) and _fit_buttons(choices):
        header: JsonObject = {"type": attachment.kind, attachment.kind: file}
        return [_buttons(text, choices, header=header)]
    words = plain(message)
    if len(words) <= _CAPTION:
        return [{"type": attachment.kind, attachment.kind: file | ({"caption": words} if words else {})}]
    return [{"type": attachment.kind, attachment.kind: file}, _text(words)]


def template_of(message: OutgoingText, *, fallback: str, language: str) -> JsonObject | None:
    """The approved template that says it: the message's own, else the one that any text fits; None without either."""
    own = message.approved
    if own is None and fallback:
        own = ApprovedTemplate(fallback, language, (_one_line(plain(message)),))
    if own is None:
        return None
    components = [_component("body", own.values)] if own.values else []
    if own.code:  # the button that copies a one-time code takes the code once more
        components.append({**_component("button", (own.code,)), "sub_type": "url", "index": "0"})
    named: JsonObject = {"name": own.name, "language": {"code": own.language}}
    return {"type": "template", "template": named | ({"components": components} if components else {})}


def _fit_buttons(choices: Sequence[Choice]) -> bool:
    return len(choices) <= _MOST_BUTTONS and all(len(choice.label) <= _BUTTON for choice in choices)


def _have_room(text: str, choices: Sequence[Choice]) -> bool:
    return 0 < len(text) <= _INTERACTIVE_TEXT and _can_be_tapped(choices)


def _can_be_tapped(choices: Sequence[Choice]) -> bool:
    """Whether ids fit, and differ, which Meta insists on; titles that are alike when cut could not be told apart."""
    longest_id = _BUTTON_ID if len(choices) <= _MOST_BUTTONS else _ROW_ID
    ids, titles = {choice.id for choice in choices}, {_headline(choice.label) for choice in choices}
    return len(ids) == len(titles) == len(choices) and all(0 < len(each) <= longest_id for each in ids)


def _text(body: str) -> JsonObject:
    return {"type": "text", "text": {"body": cut(body, _TEXT), "preview_url": False}}


def _buttons(text: str, choices: Sequence[Choice], *, header: JsonObject | None = None) -> JsonObject:
    buttons = [{"type": "reply", "reply": {"id": choice.id, "title": choice.label}} for choice in choices]
    return _interactive("button", text, {"buttons": buttons}, header=header)


def _list(text: str, choices: Sequence[Choice]) -> JsonObject:
    return _interactive(
        "list", text, {"button": _LIST_BUTTON, "sections": [{"rows": [_row(c) for c in choices]}]}
    )


def _interactive(kind: str, text: str, action: JsonObject, *, header: JsonObject | None = None) -> JsonObject:
    above = {"header": header} if header else {}
    return {
        "type": "interactive",
        "interactive": {"type": kind, **above, "body": {"text": text}, "action": action},
    }


def _page_text(text: str, page: int, pages: int) -> str:
    return text if page == 1 else f"({page}/{pages})"


def _row(choice: Choice) -> JsonObject:
    """A title, and below it what the title has no room for."""
    title = _headline(choice.label)
    row: JsonObject = {"id": choice.id, "title": title}
    if title == choice.label:
        return row
    rest = choice.label.removeprefix(title).removeprefix(_BETWEEN_PARTS)
    return row | {"description": cut(rest, _ROW_TEXT)}


def _headline(label: str) -> str:
    """The label, or as many of its parts as a title holds, or the beginning of the first."""
    parts = label.split(_BETWEEN_PARTS)
    for count in range(len(parts), 0, -1):
        title = _BETWEEN_PARTS.join(parts[:count])
        if len(title) <= _ROW:
            return title
    return cut(label, _ROW)


def _component(kind: str, values: Sequence[str]) -> JsonObject:
    return {"type": kind, "parameters": [{"type": "text", "text": _one_line(value)} for value in values]}


def _one_line(text: str) -> str:
    """What stands in a template may hold neither line breaks nor more than four spaces in a row."""
    return cut(" ".join(text.split()), _TEMPLATE_TEXT)
