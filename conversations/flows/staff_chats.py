"""Staff answer customers who asked for a person: the queue, a chat taken over, and its end."""

from __future__ import annotations

import re

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, say
from conversations.engine.turn import Audience, Cue, End, Outcome, Turn
from conversations.engine.words import folded
from conversations.own_words import one_line
from core.handover.types import Handover, Over, Person, Sent, Story, Taken, TakenByOther
from core.identity.staff import Permission
from core.platform.errors import Forbidden, NotFound
from core.platform.i18n import Message, TimeOfDay, message

_DONE = frozenset({"selesai", "/selesai", "done", "/done"})
_RELEASE = frozenset({"lepas", "/lepas", "release", "/release"})
_NUMBER = re.compile(r"#?(\d{1,9})")
_SHOWN = 5


class StaffChatsState(Struct, frozen=True, forbid_unknown_fields=True):
    handover_id: int = 0


async def _waiting(cue: Cue) -> int:
    return len(await cue.services.handovers.open_ones())


flow = Flow(
    "staff_chats",
    StaffChatsState,
    label="topic.staff_chats",
    reopening="staff_chats.reopening",
    commands=("antrean", "ambil", "take", "queue"),
    audience=Audience.STAFF,
    permission=Permission.CHATS,
    counts=(_waiting, "topic.staff_chats_waiting"),
)


@flow.entry
async def begin(turn: Turn[StaffChatsState]) -> Outcome:
    """`ambil 12` takes that request at once."""
    _, _, about = turn.text.partition(" ")
    named = _NUMBER.fullmatch(about.strip())
    return await _take(turn, int(named[1])) if named else turn.goto(queue)


async def _queue(turn: Turn[StaffChatsState]) -> Say | End:
    found = await turn.services.handovers.open_ones()
    if not found:
        return End((say("staff_chats.empty"),))
    return say(message("staff_chats.queue", count=len(found)), rows=[_row(turn, each) for each in found])


@flow.step(_queue, help="staff_chats.queue_help", browsing=True)
async def queue(turn: Turn[StaffChatsState]) -> Outcome:
    chosen = turn.choice
    return turn.retry("staff_chats.not_listed") if chosen is None else await _take(turn, int(chosen))


async def _taken(turn: Turn[StaffChatsState]) -> Say | End:
    try:
        story = await turn.services.handovers.story(turn.state.handover_id)
    except NotFound:
        return End((say("staff_chats.over"),))
    return say(*_told(turn, story), "staff_chats.how")


@flow.step(_taken, help="staff_chats.help", interruptible=False)
async def answering(turn: Turn[StaffChatsState]) -> Outcome:
    """Whatever is typed goes to the customer, but for the two words that end it."""
    handovers, number, person = turn.services.handovers, turn.state.handover_id, _person(turn)
    word = folded(turn.text)
    if word in _DONE:
        ended = await handovers.close(number, person)
    elif word in _RELEASE:
        ended = await handovers.release(number, person)
    else:
        return await _answer(turn, person)
    return _not_mine(turn, ended) or turn.end("staff_chats.done" if word in _DONE else "staff_chats.released")


async def _answer(turn: Turn[StaffChatsState], person: Person) -> Outcome:
    if not turn.text:
        return turn.retry("staff_chats.text_only", limited=False)
    sent = await turn.services.handovers.say(turn.state.handover_id, person, turn.text, request_id=turn.id)
    return _not_mine(turn, sent) or turn.goto(sending)


@flow.step("staff_chats.sent", help="staff_chats.help", interruptible=False)
async def sending(turn: Turn[StaffChatsState]) -> Outcome:
    return await answering.answer(turn)


async def _take(turn: Turn[StaffChatsState], number: int) -> Outcome:
    try:
        taken = await turn.services.handovers.take(number, _person(turn))
    except NotFound:
        return turn.end(message("staff_chats.no_such", number=number))
    if isinstance(taken, Taken):
        return turn.goto(answering, handover_id=number)
    return _not_mine(turn, taken) or turn.end("staff_chats.over")


def _not_mine(turn: Turn[StaffChatsState], outcome: Taken | Sent | TakenByOther | Over) -> Outcome | None:
    match outcome:
        case TakenByOther(name):
            return turn.end(message("staff_chats.taken", name=name))
        case Over():
            return turn.end("staff_chats.over")
        case Taken() | Sent():
            return None


def _person(turn: Turn[StaffChatsState]) -> Person:
    staff = turn.staff
    if staff is None or not staff.may(Permission.CHATS):
        raise Forbidden("not_staff")
    return Person(staff.actor, staff.name, turn.chat.channel, turn.chat.address)


def _told(turn: Turn[StaffChatsState], story: Story) -> list[Message]:
    head = message("staff_chats.head", number=story.handover.id, who=story.handover.who)
    zone = turn.services.settings.zone
    lines = [
        message(
            "staff_chats.line",
            time=TimeOfDay(line.at, zone),
            who=line.author or story.handover.who.partition(" · ")[0],
            text=one_line(line.text),
        )
        for line in story.lines[-_SHOWN:]
    ]
    return [head, *lines]


def _row(turn: Turn[StaffChatsState], each: Handover) -> Option:
    zone = turn.services.settings.zone
    at = TimeOfDay(each.requested_at, zone)
    if each.owner_name:
        label = message("staff_chats.row_taken", who=each.who, time=at, name=each.owner_name)
    else:
        label = message("staff_chats.row", who=each.who, time=at)
    return Option(str(each.id), label)
