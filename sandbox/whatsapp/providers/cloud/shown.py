"""How a phone shows a message of the Cloud API."""

import re

from sandbox.whatsapp.messages import Choice, Content, Menu
from sandbox.whatsapp.messages import Section as MenuSection
from sandbox.whatsapp.providers.cloud.bodies import Buttons, List, Media, Message, Template
from sandbox.whatsapp.providers.cloud.checks import Approved


def content_of(message: Message, approved: dict[str, Approved]) -> Content:
    if message.template is not None:
        return Content(text=_filled(message.template, approved[message.template.name]))
    if message.interactive is not None:
        return _interactive(message.interactive)
    media = message.image or message.document
    if media is not None:
        return Content(text=media.caption)
    return Content(text=message.text.body if message.text else "")


def _filled(template: Template, approved: Approved) -> str:
    bodies = (component for component in template.components if component.type == "body")
    values = [parameter.text for component in bodies for parameter in component.parameters]
    return re.sub(r"\{\{(\d+)\}\}", lambda place: values[int(place[1]) - 1], approved.words)


def _interactive(shown: Buttons | List) -> Content:
    footer = shown.footer.text if shown.footer else ""
    header = shown.header.text if shown.header else ""
    match shown:
        case Buttons(action=action):
            replies = [button.reply for button in action.buttons]
            buttons = tuple(Choice("reply", reply.title, reply.title, id=reply.id) for reply in replies)
            return Content(shown.body.text, header, footer, buttons=buttons)
        case List(action=action):
            sections = tuple(
                MenuSection(
                    section.title,
                    tuple(
                        Choice("reply", row.title, row.title, row.description, row.id) for row in section.rows
                    ),
                )
                for section in action.sections
            )
            return Content(shown.body.text, header, footer, menu=Menu(action.button, sections))


def file_of(message: Message) -> Media | None:
    """The file of a message, wherever it stands."""
    header = message.interactive.header if message.interactive else None
    above = (header.image or header.document) if header else None
    return above or message.image or message.document
