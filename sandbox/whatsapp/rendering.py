"""From the gateway's payload to what the phone shows, and what a real phone would cut (whatsapp contract §1.2, §2.1)."""

from collections.abc import Iterator
from typing import Any, assert_never

from sandbox.whatsapp.messages import Choice, Content, Menu, Section
from sandbox.whatsapp.payloads import (
    Buttons,
    CallButton,
    HeaderMedia,
    Interactive,
    List,
    QuickButton,
    Template,
    UrlButton,
    WaBody,
)

SHARE_PHONE = Choice("share_phone", "")


def content_of(body: WaBody) -> Content:
    text = body.text or body.body or _raw_text(body.message)
    shared = (SHARE_PHONE,) if body.request_phone_number else ()
    if body.interactive is None:
        return Content(text=text, buttons=shared)
    return _interactive(body.interactive, above=text, shared=shared)


def header_media_of(body: WaBody) -> HeaderMedia | None:
    return body.interactive.header_media if isinstance(body.interactive, Buttons) else None


def _raw_text(message: str | dict[str, Any] | None) -> str:
    """A Baileys-like object is understood as far as its conversation; the rest of it has no face here."""
    if isinstance(message, dict):
        return str(message.get("conversation", ""))
    return message or ""


def _interactive(interactive: Interactive, *, above: str, shared: tuple[Choice, ...]) -> Content:
    text = "\n\n".join(filter(None, (above, interactive.text)))
    match interactive:
        case Buttons():
            return Content(
                text=text,
                header=interactive.header_text,
                footer=interactive.footer,
                buttons=(
                    *(Choice("reply", button.text, button.text) for button in interactive.buttons),
                    *shared,
                ),
            )
        case List():
            return Content(text=text, menu=_menu(interactive), buttons=shared)
        case Template():
            return Content(text=text, buttons=(*map(_template_choice, interactive.buttons), *shared))


def _menu(interactive: List) -> Menu:
    return Menu(
        button=interactive.button_text,
        title=interactive.title,
        sections=tuple(
            Section(
                section.title,
                tuple(Choice("reply", row.title, row.title, row.description) for row in section.rows),
            )
            for section in interactive.sections
        ),
    )


def _template_choice(button: QuickButton | UrlButton | CallButton) -> Choice:
    match button:
        case QuickButton():
            return Choice("reply", button.text, button.text)
        case UrlButton():
            return Choice("url", button.text, button.url)
        case CallButton():
            return Choice("call", button.text, button.phone_number)
        case _:
            assert_never(button)


def summary_of(body: WaBody) -> str:
    """What a call is in a few words, its recipient by the last digits only."""
    if body.to is None:
        return f"{body.action} contacts"
    kind = type(body.interactive).__name__.lower() if body.interactive else "text"
    return f"{body.action} {kind} to …{body.to[-4:]}"


def remarks_on(body: WaBody) -> list[str]:
    """What WhatsApp would cut or reject although the gateway's own contract names no limit for it."""
    remarks = [
        f"{what} has {len(text)} characters, phones show {limit}"
        for what, text, limit in _measured(body.interactive)
        if len(text) > limit
    ]
    if body.interactive and not body.interactive.text:
        remarks.append("an interactive message without text is not shown by every phone")
    return remarks


def _measured(interactive: Interactive | None) -> Iterator[tuple[str, str, int]]:
    if interactive is None:
        return
    yield "interactive.text", interactive.text, 1024
    match interactive:
        case Buttons():
            yield "headerText", interactive.header_text, 60
            yield "footer", interactive.footer, 60
            yield from (("a button", button.text, 20) for button in interactive.buttons)
        case List():
            yield "buttonText", interactive.button_text, 20
            for section in interactive.sections:
                yield "a section title", section.title, 24
                yield from (("a row title", row.title, 24) for row in section.rows)
                yield from (("a row description", row.description, 72) for row in section.rows)
        case Template():
            yield from (("a button", button.text, 20) for button in interactive.buttons)
