"""The logs that staff read (phpnuxbill-1 contract §7.19)."""

from __future__ import annotations

from datetime import timedelta

from api.nuxbill.actions import GET, OFFICE, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.csv_files import csv_file
from api.nuxbill.paginator import paging
from api.nuxbill.replies import Done, Page, Refused, Reply
from api.nuxbill.rows import moment
from core.audit.activity import Note
from core.office.journal import Fate, Sent

logs = Controller("logs", roles=OFFICE, fallback="list")

_TAKES = (Param("q"), Param("p"), Param("keep", "Days; older rows are deleted."))
_MESSAGE_COLUMNS = (
    "id",
    "message_type",
    "recipient",
    "message_content",
    "status",
    "error_message",
    "sent_at",
)
_STATUSES = {Fate.SENT: "Success", Fate.FAILED: "Error", Fate.WAITING: "Pending", Fate.STOPPED: "Stopped"}
_CHANNELS = {"whatsapp": "WhatsApp", "telegram": "Telegram"}
_COLUMNS = ("id", "date", "type", "description", "userid", "ip")


@logs.action(
    "list",
    takes=_TAKES,
    gives="d, q, paginator",
    likeness=Likeness.STRICTER,
    because="`keep` must be a number.",
)
async def show_activity(call: Call) -> Reply:
    """What happened, newest first; with `keep`, what is older goes."""
    if call.text("keep"):
        days = kept_days(call)
        await call.services.activity.forget(older_than=timedelta(days=days))
        return Done(f"Delete logs older than {days} days")
    asked = paging(call)
    found, total = await call.services.activity.list(call.text("q"), limit=asked.limit, offset=asked.offset)
    rows = [dict(zip(_COLUMNS, _cells(note, call), strict=True)) for note in found]
    shown = {"d": rows, "q": call.text("q"), "paginator": asked.described(call, total)}
    return Page("Activity Log", "logs", shown)


@logs.action("list-csv", methods=GET, likeness=Likeness.STRICTER, because="Cells are escaped.")
async def export_activity(call: Call) -> Reply:
    """The whole log as CSV."""
    rows = [_cells(note, call) async for batch in call.services.activity.everything() for note in batch]
    name = f"activity-logs_{call.local_now:%Y-%m-%d_%H_%M}.csv"
    return csv_file(name, _COLUMNS, rows, separator=";")


@logs.action(
    "message",
    takes=_TAKES,
    gives="d, q, paginator",
    likeness=Likeness.STRICTER,
    because="`keep` must be a number; codes are masked; lists and searches stay within the newest five thousand jobs.",
)
async def show_messages(call: Call) -> Reply:
    """What was written to people, newest first; with `keep`, what is older goes."""
    if call.text("keep"):
        days = kept_days(call)
        await call.services.journal.forget(older_than=timedelta(days=days))
        return Done(f"Deleted logs older than {days} days")
    asked, search = paging(call), call.text("q")[:100]
    found, total = await call.services.journal.list(search, limit=asked.limit, offset=asked.offset)
    rows = [dict(zip(_MESSAGE_COLUMNS, _message_cells(sent, call), strict=True)) for sent in found]
    return Page("Message Log", "logs", {"d": rows, "q": search, "paginator": asked.described(call, total)})


@logs.action(
    "message-csv", methods=GET, likeness=Likeness.STRICTER, because="Cells are escaped, codes are masked."
)
async def export_messages(call: Call) -> Reply:
    """All messages as CSV."""
    batches = call.services.journal.everything()
    rows = [_message_cells(sent, call) async for batch in batches for sent in batch]
    name = f"message-logs_{call.local_now:%Y-%m-%d_%H_%M}.csv"
    return csv_file(name, _MESSAGE_COLUMNS, rows, separator=";")


def kept_days(call: Call) -> int:
    """Raises `Refused` unless `keep` is a positive number of days."""
    days = call.whole("keep")
    if not 0 < days <= 36500:
        raise Refused("Invalid request")
    return days


def _cells(note: Note, call: Call) -> tuple[object, ...]:
    at = moment(note.at, call.services.settings.zone)
    return note.id, at, note.kind, note.description, note.user_id, note.ip


def _message_cells(sent: Sent, call: Call) -> tuple[object, ...]:
    kind, at = _CHANNELS.get(sent.channel, sent.channel), moment(sent.at, call.services.settings.zone)
    text = "********" if sent.text is None else sent.text
    return sent.id, kind, sent.to, text, _STATUSES[sent.fate], sent.problem, at
