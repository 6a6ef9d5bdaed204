"""Writes a reply for a channel without buttons: choices are numbered, and answered by number or by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conversations.engine.say import Reply
from core.messaging.ports import Choice

#: Short next steps share a line as long as it fits a phone's.
_ONE_LINE = 44


def as_text(replies: Iterable[Reply]) -> str:
    """All replies as one text, in the order they were given."""
    return "\n\n".join(_written(reply) for reply in replies)


def _written(reply: Reply) -> str:
    rows = numbered(reply.rows)
    actions = numbered(reply.actions, first=len(reply.rows) + 1)
    if len(" · ".join(actions)) <= _ONE_LINE:
        actions = [" · ".join(actions)]
    return "\n".join(line for line in (reply.text, *rows, reply.footer, *actions) if line)


def numbered(choices: Sequence[Choice], *, first: int = 1) -> list[str]:
    """Each choice as a line with the number it is answered by."""
    return [f"{number}. {choice.label}" for number, choice in enumerate(choices, first)]
