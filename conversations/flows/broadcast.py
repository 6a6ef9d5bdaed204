"""Staff write to many customers at once: whom, what, how it reads, how many; sent once that number is typed."""

from __future__ import annotations

from msgspec import Struct

from conversations import broadcast_texts as texts
from conversations.engine.flow import Flow
from conversations.engine.say import CANCEL, NO, YES, Option, Say, option, say
from conversations.engine.turn import Audience as Speaking
from conversations.engine.turn import End, Outcome, Turn
from conversations.parsing import parse_yes_no
from core.broadcasts.types import LISTED, Audience, AudienceKind, Draft, State
from core.identity.staff import Permission, StaffMember
from core.platform.errors import Forbidden
from core.platform.i18n import message

CHANGE, SCHEDULE = option("change", "broadcast.change"), option("schedule", "broadcast.schedule")
PAUSE, RESUME = option("pause", "broadcast.pause"), option("go_on", "broadcast.resume")
STOP, AGAIN = option("stop", "broadcast.cancel_rest"), option("again", "broadcast.look_again")
#: Numbers up to this are places of the choices below the question where there are no buttons.
_CHOICES = 3


class BroadcastState(Struct, frozen=True, forbid_unknown_fields=True):
    """`body` is what was written, `id` the broadcast kept for it."""

    kind: AudienceKind = AudienceKind.ALL
    audience_id: int | None = None
    name: str = ""
    body: str = ""
    id: int = 0
    expected: int = 0

    @property
    def audience(self) -> Audience:
        return Audience(self.kind, self.audience_id)


flow = Flow(
    "broadcast",
    BroadcastState,
    label="topic.broadcast",
    reopening="broadcast.reopening",
    commands=("siaran", "broadcast"),
    audience=Speaking.STAFF,
    permission=Permission.BROADCAST,
)


@flow.entry
async def begin(turn: Turn[BroadcastState]) -> Outcome:
    """`/siaran 7` looks after one that was sent, `/siaran wilayah bandung` names whom."""
    _, _, about = turn.text.partition(" ")
    number = texts.parse_count(about)
    if number is not None:
        return turn.goto(watch, id=number)
    named = texts.kind_named(about)
    return turn.goto(whom) if named is None else await _for(turn, *named)


async def _ask_whom(_turn: Turn[BroadcastState]) -> Say:
    rows = [Option(kind, message(label)) for kind, label in texts.LABELS.items()]
    return say("broadcast.whom", rows=rows, actions=(CANCEL,), page=len(rows))


@flow.step(_ask_whom, help="broadcast.whom_help", interruptible=False)
async def whom(turn: Turn[BroadcastState]) -> Outcome:
    """`wilayah bandung` says more than the choice it is recognised as."""
    found = texts.kind_named(turn.text)
    if found is not None:
        return await _for(turn, *found)
    if turn.choice is not None:
        return _chosen(turn, AudienceKind(turn.choice))
    return turn.retry("broadcast.not_listed")


async def _for(turn: Turn[BroadcastState], kind: AudienceKind, name: str) -> Outcome:
    if kind in LISTED and name:
        one = texts.one_named(name, await turn.services.broadcasts.named(_staff(turn), kind))
        if one is not None:
            return turn.goto(write, kind=kind, audience_id=one.id, name=one.name)
    return _chosen(turn, kind)


def _chosen(turn: Turn[BroadcastState], kind: AudienceKind) -> Outcome:
    if kind in LISTED:
        return turn.goto(which, kind=kind)
    return turn.goto(write, kind=kind, audience_id=None, name="")


async def _ask_which(turn: Turn[BroadcastState]) -> Say | End:
    found = await turn.services.broadcasts.named(_staff(turn), turn.state.kind)
    if not found:
        return End((say("broadcast.none_of_kind"),))
    rows = [option(str(each.id), "broadcast.name", name=each.name) for each in found]
    return say(message("broadcast.which"), rows=rows, actions=(CANCEL,))


@flow.step(_ask_which, help="broadcast.which_help", interruptible=False)
async def which(turn: Turn[BroadcastState]) -> Outcome:
    found = await turn.services.broadcasts.named(_staff(turn), turn.state.kind)
    by_tap = (each for each in found if str(each.id) == turn.choice)
    one = next(by_tap, None) or texts.one_named(turn.text, found)
    if one is None:
        return turn.retry("broadcast.not_listed")
    return turn.goto(write, audience_id=one.id, name=one.name)


async def _ask_text(turn: Turn[BroadcastState]) -> Say:
    state = turn.state
    reach = await turn.services.broadcasts.reach(_staff(turn), state.audience)
    key = "broadcast.reach_of" if state.name else "broadcast.reach"
    counts = {
        "services": reach.services,
        "persons": reach.persons,
        "stopped": reach.stopped,
        "unreachable": reach.unreachable,
    }
    named = {"name": state.name} if state.name else {}
    return say(message(key, **counts, **named), "broadcast.ask_text", actions=(CANCEL,))


@flow.step(_ask_text, help="broadcast.text_help", interruptible=False)
async def write(turn: Turn[BroadcastState]) -> Outcome:
    """What is wrong with a text is core's to say; then it can be written again."""
    draft = await _composed(turn, turn.text)
    return turn.goto(confirm, body=turn.text, id=draft.broadcast.id, expected=draft.broadcast.expected)


async def _composed(turn: Turn[BroadcastState], body: str, when: str = "") -> Draft:
    start_at = texts.parse_moment(when, turn.now, turn.services.settings.zone) if when else None
    return await turn.services.broadcasts.compose(
        _staff(turn),
        turn.state.audience,
        body,
        request_id=turn.id,
        chat=(turn.chat.channel, turn.chat.address),
        start_at=start_at,
    )


async def _ask_count(turn: Turn[BroadcastState]) -> Say:
    draft = await turn.services.broadcasts.draft(_staff(turn), turn.state.id)
    key = "broadcast.type_count" if draft.broadcast.expected > _CHOICES else "broadcast.type_send"
    lines = texts.confirmation(draft, turn.now, turn.services.settings.zone)
    return say(*lines, message(key, expected=draft.broadcast.expected), actions=(CHANGE, SCHEDULE, CANCEL))


@flow.step(_ask_count, help="broadcast.count_help", interruptible=False)
async def confirm(turn: Turn[BroadcastState]) -> Outcome:
    if turn.choice == CHANGE.id:
        return turn.goto(write)
    if turn.choice == SCHEDULE.id:
        return turn.goto(schedule)
    count = texts.parse_count(turn.text)
    if count != turn.state.expected:
        return turn.retry(message("broadcast.wrong_count", expected=turn.state.expected))
    sent = await turn.services.broadcasts.confirm(_staff(turn), turn.state.id, count=count)
    return turn.goto(watch, "broadcast.confirmed_later" if sent.start_at else "broadcast.confirmed")


@flow.step(say("broadcast.ask_when", actions=(CANCEL,)), help="broadcast.when_help", interruptible=False)
async def schedule(turn: Turn[BroadcastState]) -> Outcome:
    if texts.parse_moment(turn.text, turn.now, turn.services.settings.zone) is None:
        return turn.retry("broadcast.bad_moment")
    draft = await _composed(turn, turn.state.body, turn.text)
    return turn.goto(confirm, id=draft.broadcast.id, expected=draft.broadcast.expected)


async def _standing(turn: Turn[BroadcastState]) -> Say | End:
    sent = await turn.services.broadcasts.progress(_staff(turn), turn.state.id)
    lines = texts.standing(sent, turn.services.settings.zone)
    match sent.state:
        case State.RUNNING:
            return say(*lines, actions=(AGAIN, PAUSE, STOP))
        case State.PAUSED:
            return say(*lines, actions=(RESUME, STOP))
        case State.DRAFT | State.DONE | State.CANCELLED:
            return End((say(*lines),))


@flow.step(_standing, help="broadcast.watch_help", browsing=True)
async def watch(turn: Turn[BroadcastState]) -> Outcome:
    broadcasts, staff, number = turn.services.broadcasts, _staff(turn), turn.state.id
    if turn.choice == AGAIN.id:
        return turn.goto(watch)
    if turn.choice == STOP.id:
        return turn.goto(sure)
    if turn.choice == PAUSE.id:
        await broadcasts.pause(staff, number)
    elif turn.choice == RESUME.id:
        await broadcasts.resume(staff, number)
    else:
        return turn.retry("broadcast.not_listed")
    return turn.goto(watch)


async def _ask_sure(turn: Turn[BroadcastState]) -> Say:
    sent = await turn.services.broadcasts.progress(_staff(turn), turn.state.id)
    left = max(0, sent.expected - sent.queued)
    return say(message("broadcast.sure", number=sent.id, left=left), actions=(YES, NO))


@flow.step(_ask_sure, help="broadcast.sure_help")
async def sure(turn: Turn[BroadcastState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("broadcast.yes_or_no")
    if agreed:
        await turn.services.broadcasts.cancel(_staff(turn), turn.state.id)
    return turn.goto(watch)


def _staff(turn: Turn[BroadcastState]) -> StaffMember:
    """The engine begins this flow for nobody else."""
    if turn.staff is None:
        raise Forbidden
    return turn.staff
