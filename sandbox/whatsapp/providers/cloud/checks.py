"""What no single field shows: whether ids differ, titles are there where they must be, a template is what was approved."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from sandbox.whatsapp.providers.cloud.bodies import Buttons, List, Media, Message, Template
from sandbox.whatsapp.providers.cloud.errors import graph_error, invalid


class Approved(Struct, frozen=True):
    """An approved template: its words with `{{1}}`, `{{2}}`, …, and whether a button copies its code."""

    words: str
    languages: tuple[str, ...] = ("id", "en")
    copies_code: bool = False

    @property
    def places(self) -> int:
        return len(set(re.findall(r"\{\{(\d+)\}\}", self.words)))


def check(message: Message, *, within_window: bool, approved: Mapping[str, Approved]) -> None:
    """Raise the `Refusal` Meta would answer with."""
    if bool(message.to) == bool(message.recipient):
        raise invalid("give either to or recipient")
    if getattr(message, message.type) is None:
        raise graph_error(
            400, 131008, "Required parameter is missing", f"The parameter {message.type} is required."
        )
    if message.template is not None and message.type == "template":
        _check_template(message.template, approved)
        return
    if not within_window:
        raise graph_error(400, 131047, "Re-engagement message", "More than 24 hours have passed")
    if message.interactive is not None:
        _check_interactive(message.interactive)
    for media in (message.image, message.document):
        if media is not None:
            _check_media(media)


def _check_interactive(shown: Buttons | List) -> None:
    match shown:
        case Buttons(action=action):
            _check_different((button.reply.id for button in action.buttons), "button ids")
            _check_different((button.reply.title for button in action.buttons), "button titles")
        case List(action=action):
            rows = [row for section in action.sections for row in section.rows]
            if len(rows) > 10:
                raise graph_error(
                    400,
                    131009,
                    "Parameter value is not valid",
                    "Total row count exceed max allowed count: 10",
                )
            if len(action.sections) > 1 and not all(section.title for section in action.sections):
                raise invalid("a section title is required with several sections")
            _check_different((row.id for row in rows), "row ids")
            if shown.header is not None and shown.header.type != "text":
                raise invalid("a list has a text header only")


def _check_different(values: Iterable[str], what: str) -> None:
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise graph_error(400, 131009, "Parameter value is not valid", f"{what} must be unique")


def _check_media(media: Media) -> None:
    if bool(media.link) == bool(media.id):
        raise invalid("give either link or id")


def _check_template(template: Template, approved: Mapping[str, Approved]) -> None:
    known = approved.get(template.name)
    if known is None or template.language.code not in known.languages:
        raise graph_error(404, 132001, "Template name does not exist in the translation", template.name)
    bodies = [component for component in template.components if component.type == "body"]
    given = [parameter.text for component in bodies for parameter in component.parameters]
    if len(given) != known.places:
        details = f"body: number of localizable_params ({len(given)}) does not match {known.places}"
        raise graph_error(400, 132000, "Number of parameters does not match", details)
    if any(not text.strip() or re.search(r"[\n\t]| {5}", text) for text in given):
        raise graph_error(400, 132018, "Parameter format", "no new-line, tab or more than 4 spaces")
    buttons = [component for component in template.components if component.type == "button"]
    if known.copies_code != bool(buttons):
        raise graph_error(400, 132000, "Number of parameters does not match", "button: the code")
