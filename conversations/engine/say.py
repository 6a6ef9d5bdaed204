"""What is said: keys and arguments from a flow, and the same in the reader's language for a channel."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from core.messaging.ports import Attachment, Choice
from core.platform.i18n import Argument, Language, Message, message

#: Rows shown at once; the rest waits behind "more". Ten lines is the most a message may have.
PAGE = 5
#: Rows of a menu shown at once: below one line of greeting, and above the line of next steps.
MENU_PAGE = 8


class Option(Struct, frozen=True):
    """An answer on offer; `id` is what the step's handler sees as `turn.choice`."""

    id: str
    label: Message


class Say(Struct, frozen=True):
    """One message before it has a language.

    `rows` are the things to choose from, `actions` what can be done next; both are numbered through where a channel
    has no buttons. `footer` stands between the two. `page` is how many rows are shown at once.
    """

    lines: tuple[Message, ...] = ()
    rows: tuple[Option, ...] = ()
    footer: Message | None = None
    actions: tuple[Option, ...] = ()
    page: int = PAGE
    attachment: Attachment | None = None


#: What a handler may hand over where a text is wanted: a key, a key with arguments, or a whole message.
Sayable = str | Message | Say

MORE = Option("more", message("engine.more"))
CANCEL = Option("cancel", message("engine.cancel"))
YES, NO = Option("yes", message("engine.yes")), Option("no", message("engine.no"))


def say(
    *lines: str | Message,
    rows: Sequence[Option] = (),
    footer: str | Message | None = None,
    actions: Sequence[Option] = (),
    page: int = PAGE,
    attachment: Attachment | None = None,
) -> Say:
    """Put a message together; bare keys are lines without arguments. A file only where `turn.chat.takes_files`."""
    return Say(
        tuple(_as_message(line) for line in lines),
        tuple(rows),
        None if footer is None else _as_message(footer),
        tuple(actions),
        page,
        attachment,
    )


def option(choice_id: str, key: str, **args: Argument) -> Option:
    return Option(choice_id, message(key, **args))


def as_say(what: Sayable) -> Say:
    return what if isinstance(what, Say) else say(what)


def joined(says: Sequence[Say]) -> Say:
    """Make one message of several: all lines in order, what the last one asks, and the last file."""
    files = [each.attachment for each in says if each.attachment]
    return msgspec.structs.replace(
        says[-1],
        lines=tuple(line for each in says for line in each.lines),
        attachment=files[-1] if files else None,
    )


def page_of(whole: Say, page: int) -> Say:
    """The rows of one page, with "more" as long as some are left; turning past the end starts again."""
    if len(whole.rows) <= whole.page:
        return whole
    pages = -(-len(whole.rows) // whole.page)
    start = page % pages * whole.page
    shown = whole.rows[start : start + whole.page]
    return msgspec.structs.replace(whole, rows=shown, actions=(*whole.actions, MORE))


def _as_message(line: str | Message) -> Message:
    return message(line) if isinstance(line, str) else line


class Reply(Struct, frozen=True, omit_defaults=True):
    """A message in the reader's language, before a channel lays it out. Stored to answer a repeated delivery alike."""

    text: str = ""
    rows: tuple[Choice, ...] = ()
    footer: str = ""
    actions: tuple[Choice, ...] = ()
    attachment: Attachment | None = None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Everything on offer, in the order of its numbers."""
        return self.rows + self.actions


def phrase(what: Say, language: Language) -> Reply:
    """Write a message in a language."""
    return Reply(
        "\n".join(line.render(language) for line in what.lines),
        tuple(_choice(row, language) for row in what.rows),
        what.footer.render(language) if what.footer else "",
        tuple(_choice(action, language) for action in what.actions),
        what.attachment,
    )


def _choice(offered: Option, language: Language) -> Choice:
    return Choice(offered.id, offered.label.render(language))
