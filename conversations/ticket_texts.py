"""How a report is told in a chat: one line in a list, or its story by date; and a first remedy as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from conversations.engine.say import Option
from conversations.own_words import one_line
from core.platform.clock import local_day
from core.platform.i18n import Day, Message, TimeOfDay, message
from core.tickets.types import Ticket, TicketEvent, TicketStatus, Timeline

#: Lines of the story that are told; what came before is only counted.
EVENTS_SHOWN = 3
_LONGEST_REMARK = 120
#: A remedy is read on a phone, above two answers.
_TIP_LINES, _LONGEST_TIP = 4, 600

_ROWS: Mapping[TicketStatus, str] = {
    TicketStatus.PENDING: "ticket_status.row_pending",
    TicketStatus.PROCESS: "ticket_status.row_process",
    TicketStatus.CLOSED: "ticket_status.row_closed",
}
_HEADS: Mapping[TicketStatus, str] = {
    TicketStatus.PENDING: "ticket_status.head_pending",
    TicketStatus.PROCESS: "ticket_status.head_process",
    TicketStatus.CLOSED: "ticket_status.head_closed",
}


def row(ticket: Ticket, zone: ZoneInfo) -> Option:
    opened = Day(local_day(ticket.opened_at, zone))
    label = message(_ROWS[ticket.status], number=ticket.number, help_type=ticket.help_type, day=opened)
    return Option(ticket.number, label)


def story(timeline: Timeline, zone: ZoneInfo) -> Iterable[Message]:
    """What was reported, how it stands, and what was done about it when."""
    ticket, events = timeline.ticket, timeline.events
    yield message(_HEADS[ticket.status], number=ticket.number, help_type=ticket.help_type)
    yield message("ticket_status.described", description=one_line(ticket.description))
    if len(events) > EVENTS_SHOWN:
        yield message("ticket_status.earlier", count=len(events) - EVENTS_SHOWN)
    yield from (_event(event, zone) for event in events[-EVENTS_SHOWN:])


def _event(event: TicketEvent, zone: ZoneInfo) -> Message:
    """The opening line is ours, so it is told in the reader's language; remarks are quoted as they were written."""
    day, time = Day(local_day(event.at, zone)), TimeOfDay(event.at, zone)
    if event.status is TicketStatus.PENDING and event.action == "by customer":
        return message("ticket_status.event_opened", day=day, time=time)
    key = "ticket_status.event_closed" if event.status is TicketStatus.CLOSED else "ticket_status.event"
    return message(key, day=day, time=time, remark=one_line(event.remark, _LONGEST_REMARK))


def plain_tip(solution: str) -> str:
    """A remedy without its markup; points of a list become lines."""
    points = re.sub(r"<li[^>]*>", "\n• ", solution)
    broken = re.sub(r"<(?:br|/p|/li|/ul|/ol)[^>]*>", "\n", points)
    text = html.unescape(re.sub(r"<[^>]+>", "", broken))
    lines = [one_line(line, _LONGEST_TIP) for line in text.splitlines() if line.strip()]
    if len(lines) > _TIP_LINES:
        lines = [*lines[: _TIP_LINES - 1], " ".join(lines[_TIP_LINES - 1 :])]
    return "\n".join(lines)
