"""The `[[wa]] … [[/wa]]` block: a payload written by hand inside a message (whatsapp contract §1.3)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.adapters.whatsapp.interactive import TYPED_BUTTONS, guessed_type
from core.adapters.whatsapp.json_values import JsonObject

_BLOCK = re.compile(r"\[\[wa\]\](.*?)\[\[/wa\]\]", re.DOTALL | re.IGNORECASE)
_KEYED = re.compile(r"\[(\w+)\]\((.*)\)|(\w+)\s*[:=]\s*(.*)", re.ASCII)
_OPEN_TEXT = re.compile(r"\[(?:text|body)\]\((.*)", re.IGNORECASE)
_TYPES = ("buttons", "list", "template")
_WORDS = ("title", "buttonText", "footer", "headerText")
_FLAGS = ("requestPhoneNumber", "allowEmptyText")
_ADDRESSES = ("thread_id", "session_id", "to")
_KEYS = {
    key.lower(): key
    for key in (
        "type",
        "text",
        "headerType",
        "headerMedia",
        "section",
        "row",
        "button",
        *_WORDS,
        *_FLAGS,
        *_ADDRESSES,
    )
} | {"body": "text", "button_text": "buttonText"}


class _Entry(NamedTuple):
    key: str
    value: str


def parse_block(message: str) -> JsonObject | None:
    """Read the first block of a message; None when there is none, or nothing in it, so that it is sent literally."""
    found = _BLOCK.search(message)
    entries = list(_entries(found[1])) if found else []
    payload = _payload(entries)
    if found is None or not payload:
        return None
    outside = (message[: found.start()] + message[found.end() :]).strip()
    if outside and "text" not in payload:
        payload["text"] = outside
    return {"action": "send", **payload}


def _entries(body: str) -> Iterator[_Entry]:
    lines = (line.strip() for line in re.split(r"\r\n|\r|\n", body))
    for line in lines:
        opening = _OPEN_TEXT.match(line)
        if opening and not line.endswith(")"):
            yield _Entry("text", "\n".join(_until_closed(opening[1], lines)))
        elif not line.startswith("#"):
            yield _entry(line)


def _until_closed(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    for line in lines:
        yield line.removesuffix(")")
        if line.endswith(")"):
            return


def _entry(line: str) -> _Entry:
    match = _KEYED.fullmatch(line)
    if match is None:
        return _Entry("text", line)
    key, value = _KEYS.get((match[1] or match[3]).lower(), ""), (match[2] or match[4] or "").strip()
    known = {"": False, "type": value.lower() in _TYPES, "headerType": value in {"1", "2", "3", "4"}}
    return _Entry(key, value) if known.get(key, True) else _Entry("text", line)


def _payload(entries: list[_Entry]) -> JsonObject:
    text = "\n".join(value for key, value in entries if key == "text").strip("\n")
    given = {key: value for key, value in entries if value}
    payload: JsonObject = {
        flag: True for flag in _FLAGS if given.get(flag, "").lower() in {"1", "true", "yes"}
    }
    payload |= {key: given[key] for key in _ADDRESSES if key in given}
    interactive = _interactive(entries, given)
    if interactive is not None:
        payload["interactive"] = interactive | ({"text": text} if text else {})
    elif text:
        payload["text"] = text
    return payload


def _interactive(entries: list[_Entry], given: dict[str, str]) -> JsonObject | None:
    declared = given.get("type", "").lower()
    sections = _sections(entries)
    buttons = [
        _button(value, in_template=declared == "template") for key, value in entries if key == "button"
    ]
    kind = declared or guessed_type(sections, buttons)
    if not kind:
        return None
    interactive: JsonObject = {"type": kind, **{key: given[key] for key in _WORDS if key in given}}
    if "headerType" in given:
        interactive["headerType"] = int(given["headerType"])
    if "headerMedia" in given:
        interactive["headerMedia"] = {"type": "image", "url": given["headerMedia"]}
    if sections:
        interactive["sections"] = sections
    if buttons:
        interactive["buttons"] = buttons
    return interactive


def _sections(entries: list[_Entry]) -> list[JsonObject]:
    titles: list[str] = []
    rows: list[list[JsonObject]] = []
    for key, value in entries:
        if key == "section" or (key == "row" and not rows):
            titles.append(value if key == "section" else "Menu")
            rows.append([])
        if key == "row":
            rows[-1].append(_named(value, "id", "title", "description"))
    return [{"title": title, "rows": kept} for title, kept in zip(titles, rows, strict=True)]


def _button(value: str, *, in_template: bool) -> JsonObject:
    kind, _, rest = (part.strip() for part in value.partition("|"))
    kind = kind.lower()
    if kind in TYPED_BUTTONS:
        return {"type": kind} | _named(rest, *TYPED_BUTTONS[kind])
    return ({"type": "quick"} if in_template else {}) | _named(value, "id", "text")


def _named(value: str, *names: str) -> JsonObject:
    """Name the parts between bars; the last name takes the rest, and empty parts are left out."""
    parts = (part.strip() for part in value.split("|", len(names) - 1))
    return {name: part for name, part in zip(names, parts, strict=False) if part}
