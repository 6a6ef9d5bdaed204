"""How a reply leaves for WhatsApp: with something to tap where the dialect can, else with numbers."""

from __future__ import annotations

import re

from bot import offers
from bot.rendering import as_text, numbered
from conversations.engine.say import Reply
from core.messaging.ports import Choice, OutgoingText

#: A row's title holds this much; longer rows are written out, because they are what the person asked for.
_ROW = 24
#: Beside something to tap there is room for this much.
_ROOM = 1024
_STAMPED = re.compile(r"([\w-]{6})\.(.+)", re.ASCII | re.DOTALL)


def outgoing(to: str, reply: Reply, *, stamp: str, taps: bool) -> OutgoingText:
    """Write a reply; `stamp` goes into every id, to know an old button by."""
    text = _with_rows(reply)
    if not taps or not reply.choices or len(text) > _ROOM:
        return OutgoingText(to, as_text([reply]), attachment=reply.attachment)
    choices = tuple(Choice(f"{stamp}.{choice.id}", choice.label) for choice in reply.choices)
    return OutgoingText(to, text, choices, attachment=reply.attachment)


def read_tap(sent_id: str) -> tuple[str, str]:
    """The stamp and the choice's id of a tap; buttons of notices carry none."""
    stamped = _STAMPED.fullmatch(sent_id)
    return (stamped[1], stamped[2]) if stamped else (offers.NOTICE, sent_id)


def _with_rows(reply: Reply) -> str:
    listed = any(len(row.label) > _ROW for row in reply.rows)
    rows = numbered(reply.rows) if listed else []
    return "\n".join(line for line in (reply.text, *rows, reply.footer) if line)
