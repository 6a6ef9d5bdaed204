"""Buttons and lists: built from choices, and cleaned before they leave (whatsapp contract §1.2)."""

from collections.abc import Sequence

from core.adapters.whatsapp.json_values import JsonObject, objects, word
from core.messaging.ports import Attachment, Choice

TYPED_BUTTONS = {"quick": ("id", "text"), "url": ("text", "url"), "call": ("text", "phoneNumber")}
"""The kinds of template button, each with its parts in the order in which a block writes them (§1.3)."""

_MOST_BUTTONS = 3
_MOST_ROWS = 10
_BUTTON_WIDTH = 20
_ROW_WIDTH = 24
_HEADER_TYPES = {"image": 2, "document": 4}
_LIST_WORD = "Menu"  # the same word in both languages; also the contract's name for an untitled section


def guessed_type(sections: object, buttons: object) -> str:
    """Tell what an interactive without a type is; empty when it is nothing."""
    if sections:
        return "list"
    if any(button.get("type") in TYPED_BUTTONS for button in objects(buttons)):
        return "template"
    return "buttons" if buttons else ""


def interactive_of(choices: Sequence[Choice], text: str) -> JsonObject | None:
    """Offer up to three choices as buttons, up to ten as a list; None when only numbered lines can carry them."""
    if _fit(choices, most=_MOST_BUTTONS, width=_BUTTON_WIDTH):
        buttons = [{"id": choice.id, "text": cut(choice.label, _BUTTON_WIDTH)} for choice in choices]
        return {"type": "buttons", "text": text, "buttons": buttons}
    if _fit(choices, most=_MOST_ROWS, width=_ROW_WIDTH):
        section = {"title": _LIST_WORD, "rows": [_row(choice) for choice in choices]}
        return {"type": "list", "text": text, "buttonText": _LIST_WORD, "sections": [section]}
    return None


def media_of(choices: Sequence[Choice], text: str, attachment: Attachment, url: str) -> JsonObject:
    """Put a file above the text; it needs a button to stand on, so without fitting choices there is one for the menu (§1.2)."""
    fitting = _fit(choices, most=_MOST_BUTTONS, width=_BUTTON_WIDTH)
    shown = choices if fitting else (Choice("menu", _LIST_WORD),)
    return {
        "type": "buttons",
        "text": text if fitting else numbered(text, choices),
        "headerType": _HEADER_TYPES[attachment.kind],
        "headerMedia": {"type": attachment.kind, "url": url},
        "buttons": [{"id": choice.id, "text": cut(choice.label, _BUTTON_WIDTH)} for choice in shown],
    }


def numbered(text: str, choices: Sequence[Choice]) -> str:
    """Write the choices below the text as numbered lines, unless it already ends in exactly those."""
    menu = "\n".join(f"{number}. {choice.label}" for number, choice in enumerate(choices, start=1))
    if not menu or text.rstrip().endswith(menu):
        return text
    return f"{text}\n\n{menu}" if text else menu


def clean_interactive(raw: object) -> JsonObject | None:
    """Drop what a gateway would choke on; None when nothing is left to tap."""
    if not isinstance(raw, dict):
        return None
    sections = [kept for section in objects(raw.get("sections")) if (kept := _clean_section(section))]
    buttons = [kept for button in objects(raw.get("buttons")) if (kept := _clean_button(button))]
    kind = word(raw.get("type")).lower() or guessed_type(sections, buttons)
    if not (sections if kind == "list" else buttons):
        return None
    rest = {key: value for key, value in raw.items() if key not in {"type", "sections", "buttons"}}
    kept_lists = {"sections": sections} if kind == "list" else {"buttons": buttons}
    return {"type": kind, **rest, **kept_lists}


def cut(label: str, width: int) -> str:
    """Shorten a label to `width` characters, the last of them an ellipsis if anything was lost."""
    return label if len(label) <= width else f"{label[: width - 1].rstrip()}…"


def _fit(choices: Sequence[Choice], *, most: int, width: int) -> bool:
    """Tell whether few enough are offered, and whether they can still be told apart when cut."""
    titles = {cut(choice.label, width) for choice in choices}
    return 0 < len(choices) <= most and len(titles) == len(choices)


def _row(choice: Choice) -> JsonObject:
    title = cut(choice.label, _ROW_WIDTH)
    row: JsonObject = {"id": choice.id, "title": title}
    return row if title == choice.label else row | {"description": choice.label}


def _clean_button(button: JsonObject) -> JsonObject | None:
    key, text, kind = word(button.get("id")), word(button.get("text")), word(button.get("type")).lower()
    if not (key or text):
        return None
    if kind == "url" and not word(button.get("url")).lower().startswith(("http://", "https://")):
        return None
    if kind == "call" and not word(button.get("phoneNumber")):
        return None
    return button | ({"id": key} if key else {}) | ({"type": kind} if kind else {}) | {"text": text or key}


def _clean_section(section: JsonObject) -> JsonObject | None:
    rows = [kept for row in objects(section.get("rows")) if (kept := _clean_row(row))]
    return section | {"title": word(section.get("title")), "rows": rows} if rows else None


def _clean_row(row: JsonObject) -> JsonObject | None:
    key, title = word(row.get("id")), word(row.get("title"))
    return row | {"id": key or title, "title": title or key} if key or title else None
