"""Looks at a customer's line and says how it is, in words, with what to do next.

A router that cannot be seen says nothing about the line: that is told as such, never as "offline" (design §3.7).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.flows import identify, outage, payment_code
from conversations.flows.identify import IdentifyState
from conversations.flows.outage import OutageState
from conversations.flows.payment_code import PAY, CodeState, channel_named
from conversations.parsing import parse_yes_no, word_set, words_in
from conversations.understanding import Intent, understand
from core.customers.rules import may
from core.customers.types import Duty, ServiceOfChat
from core.monitoring import texts as history_texts
from core.monitoring.diagnosis import Period
from core.monitoring.names import card_attachment
from core.monitoring.types import Outage
from core.network import line_texts
from core.network.types import ConnectionReport
from core.platform.errors import NotFound, Unavailable
from core.platform.i18n import Message, Rupiah, message
from core.subscriptions.types import ServiceStatus

#: Longer than this nobody waits for a router; the result follows by itself (whatsapp contract §1.9).
_PATIENCE_S = 1.5
AGAIN = Option("again", message("connection_check.again"))
DAY = Option(Period.DAY, message("connection_check.history"))
WEEK = Option(Period.WEEK, message("connection_check.history_week"))

_HISTORY_WORDS = word_set("riwayat grafik histori history chart graph 24h")
_WEEK_WORDS = word_set("minggu seminggu 7 hari week weekly 7d")
ONLINE, OFFLINE, STILL_OFFLINE = "online", "offline", "still_offline"
UNSEEN, STILL_UNSEEN = "unseen", "still_unseen"
SHAKY, BUSY = "shaky", "busy"
#: A line that is paid for is usually open by then; when it is not, its router is out of reach.
_OPENS_WITHIN_S = 600
#: Key of what to do next, by what was seen.
_NEXT: Mapping[str, str] = {
    ONLINE: "connection_check.next_online",
    SHAKY: "connection_check.next_shaky",
    BUSY: "connection_check.next_busy",
    OFFLINE: "connection_check.next_offline",
    STILL_OFFLINE: "connection_check.next_still_offline",
    UNSEEN: "connection_check.next_unseen",
    STILL_UNSEEN: "connection_check.next_still_unseen",
}


class CheckState(Struct, frozen=True, forbid_unknown_fields=True):
    """`seen` is what the last look found, empty before the first; `shown` is the history on show."""

    customer_id: int = 0
    number: str = ""
    name: str = ""
    wants_usage: bool = False
    seen: str = ""
    shown: str = ""


flow = Flow(
    "connection_check",
    CheckState,
    label="topic.check_connection",
    reopening="connection_check.reopening",
    serves=(Intent.CHECK_CONNECTION, Intent.CHECK_USAGE),
    commands=("koneksi", "connection"),
)


@flow.entry
async def begin(turn: Turn[CheckState]) -> Outcome:
    asked = understand(turn.text)
    return turn.call(
        identify.flow,
        IdentifyState(asked.entities.service_number or "", duty=Duty.LINE),
        then=identified,
        wants_usage=asked.intent is Intent.CHECK_USAGE,
    )


@flow.continuation
async def identified(turn: Turn[CheckState], service: ServiceOfChat) -> Outcome:
    """An isolated line needs no look at the router: what keeps it closed is a bill, or an opening under way."""
    number = service.service_number
    profile = await turn.services.subscriptions.profile(service.customer_id)
    if profile.status is ServiceStatus.ISOLATED:
        return turn.goto(isolated, customer_id=service.customer_id, number=number, name=service.name)
    if opening := await _opening(turn, service.customer_id):
        return turn.end(opening)
    return await _look(turn, service.customer_id, number)


async def _opening(turn: Turn[CheckState], customer_id: int) -> str | None:
    """What to say of a line that is paid for while its router has not followed yet."""
    since = await turn.services.network.opening_since(customer_id)
    if since is None:
        return None
    is_late = (turn.now - since).total_seconds() > _OPENS_WITHIN_S
    return "connection_check.opening_late" if is_late else "connection_check.coming_back"


async def _no_longer_closed(turn: Turn[CheckState]) -> str | Message:
    opening = await _opening(turn, turn.state.customer_id)
    return opening or message("connection_check.open_again", number=turn.state.number)


async def _next(turn: Turn[CheckState]) -> Say:
    if turn.state.shown:
        return say(
            "connection_check.next_history", actions=(AGAIN, WEEK if turn.state.shown == DAY.id else DAY)
        )
    return say(_NEXT[turn.state.seen], actions=(AGAIN, DAY))


@flow.step(_next, help="connection_check.help", browsing=True)
async def looked(turn: Turn[CheckState]) -> Outcome:
    """To somebody who was told to try something, "done" means: look again."""
    intent = understand(turn.text).intent
    if period := _wanted_history(turn):
        return await _history(turn, period)
    is_again = intent in {Intent.CHECK_CONNECTION, Intent.CHECK_USAGE} or parse_yes_no(turn.text)
    if turn.choice == AGAIN.id or is_again:
        return await _look(turn, turn.state.customer_id, turn.state.number)
    return turn.retry("payment_code.not_listed")


def _wanted_history(turn: Turn[CheckState]) -> Period | None:
    if turn.choice in {DAY.id, WEEK.id}:
        return Period(turn.choice)
    words = words_in(turn.text)
    if not words & _HISTORY_WORDS:
        return None
    return Period.WEEK if words & _WEEK_WORDS else Period.DAY


async def _history(turn: Turn[CheckState], period: Period) -> Outcome:
    """In words, and as a picture where the chat takes one and there is something to draw."""
    found = await turn.services.monitoring.diagnosis(turn.state.customer_id, period)
    told = history_texts.lines(found, turn.services.settings.zone)
    file = card_attachment(turn.state.customer_id, period, turn.chat.language)
    picture = file if turn.chat.takes_files and found.seen_s else None
    return turn.goto(looked, say(*told, attachment=picture), shown=period)


async def _look(turn: Turn[CheckState], customer_id: int, number: str) -> Outcome:
    found = {"customer_id": customer_id, "number": number, "shown": ""}
    sections = frozenset({"connection", "usage"} if turn.state.wants_usage else {"connection"})
    try:
        report = await turn.services.network.report_within(_PATIENCE_S, customer_id, number, sections)
    except Unavailable:
        return await _out_of_sight(turn, found)
    except NotFound:
        return turn.end(message("connection_check.no_router", number=number))
    if report is None:
        await _watch(turn, customer_id, number)
        return turn.end(message("connection_check.slow", number=number))
    if report.connection is not None and report.connection.is_online:
        return await _online(turn, report, found)
    if around := await turn.services.monitoring.outage_around(customer_id):
        return _ours(turn, around, found)
    seen = STILL_OFFLINE if turn.state.seen in {OFFLINE, STILL_OFFLINE} else OFFLINE
    return turn.goto(looked, message("connection_check.offline", number=number), seen=seen, **found)


async def _out_of_sight(turn: Turn[CheckState], found: Mapping[str, object]) -> Outcome:
    """What took the line before its router went out of sight is still the best answer there is."""
    customer_id, number = turn.state.customer_id or int(str(found["customer_id"])), str(found["number"])
    around = await turn.services.monitoring.outage_around(customer_id)
    if around is not None and around.takes_line:
        return _ours(turn, around, found)
    await _watch(turn, customer_id, number)
    return _unseen(turn, found)


def _ours(turn: Turn[CheckState], around: Outage, found: Mapping[str, object]) -> Outcome:
    given = OutageState.of(int(str(found["customer_id"])), around)
    return turn.call(outage.flow, given, then=after_outage, **found)


@flow.continuation
async def after_outage(turn: Turn[CheckState], _nothing: None) -> Outcome:
    return turn.end()


async def _watch(turn: Turn[CheckState], customer_id: int, number: str) -> None:
    """The answer may come later than this turn; whoever asked is told then."""
    await turn.services.watching.watch(
        customer_id,
        number,
        chat=(turn.chat.channel, turn.chat.address),
        language=turn.chat.language,
        wants_usage=turn.state.wants_usage,
    )


def _unseen(turn: Turn[CheckState], found: Mapping[str, object]) -> Outcome:
    if turn.state.seen in {UNSEEN, STILL_UNSEEN}:
        return turn.goto(looked, "connection_check.still_unseen", seen=STILL_UNSEEN, **found)
    unseen = message("connection_check.unseen", number=str(found["number"]))
    return turn.goto(looked, unseen, seen=UNSEEN, **found)


async def _online(turn: Turn[CheckState], report: ConnectionReport, found: Mapping[str, object]) -> Outcome:
    uptime = report.connection.uptime if report.connection else None
    zone = turn.services.settings.zone
    up = line_texts.online(report.line.service_number, uptime, turn.now, zone)
    if turn.state.wants_usage:
        return turn.end(line_texts.used(report.usage), up)
    today = await turn.services.monitoring.condition(int(str(found["customer_id"])))
    if today is not None and today.is_shaky:
        shaky = message("connection_check.shaky", count=today.drops_today)
        return turn.goto(looked, up, shaky, seen=SHAKY, **found)
    if today is not None and today.busy_mbps is not None:
        busy = message("connection_check.busy", rate=today.busy_mbps)
        return turn.goto(looked, up, busy, seen=BUSY, **found)
    return turn.goto(looked, up, seen=ONLINE, **found)


async def _why_closed(turn: Turn[CheckState]) -> str | Message:
    """A line that owes nothing: paid for just now, or closed by staff for a reason of their own."""
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    if profile.status is ServiceStatus.ISOLATED:
        return message("connection_check.closed_by_staff", number=turn.state.number)
    return await _no_longer_closed(turn)


async def _may_see_bills(turn: Turn[CheckState]) -> bool:
    """Whoever was let in for the line alone learns nothing of money."""
    linked = await turn.linked_services()
    mine = (each.role for each in linked if each.customer_id == turn.state.customer_id)
    return all(may(role, Duty.BILLS) for role in mine)


async def _isolated(turn: Turn[CheckState]) -> Say | End:
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    if not owed:
        return End((say(await _why_closed(turn)),))
    if not await _may_see_bills(turn):
        return End((say(message("connection_check.isolated_for_owner", number=turn.state.number)),))
    total = Rupiah(sum(bill.amount for bill in owed))
    return say(
        message("connection_check.isolated", number=turn.state.number, count=len(owed), total=total),
        "connection_check.next_isolated",
        actions=(PAY,),
    )


@flow.step(_isolated, help="connection_check.isolated_help", browsing=True)
async def isolated(turn: Turn[CheckState]) -> Outcome:
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    wants_to_pay = turn.choice == PAY.id or understand(turn.text).intent is Intent.PAY_BILL
    if not (owed and wants_to_pay):
        return turn.retry("payment_code.not_listed")
    channel = channel_named(turn.text, await turn.services.billing.channels())
    given = CodeState(turn.state.customer_id, turn.state.name, owed[-1].number, channel)
    return turn.call(payment_code.flow, given, then=paid)


@flow.continuation
async def paid(turn: Turn[CheckState], _nothing: None) -> Outcome:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    if profile.status is ServiceStatus.ISOLATED:
        return turn.goto(isolated)
    return turn.end(await _no_longer_closed(turn))
