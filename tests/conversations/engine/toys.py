"""Small flows that exist only to try the engine: their texts borrow keys from the catalog."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow, Subflow
from conversations.engine.say import CANCEL, Say, option, say
from conversations.engine.turn import Audience, Outcome, Turn
from core.platform.errors import Conflict, Forbidden, Invalid, Throttled, Unavailable
from core.platform.i18n import message

REFUSALS = {
    "invalid": Invalid(),
    "short": Invalid("password_short", shortest=6),
    "conflict": Conflict(),
    "forbidden": Forbidden("api_key"),
    "throttled": Throttled(90),
    "unavailable": Unavailable(),
}


class ToyState(Struct, frozen=True, forbid_unknown_fields=True):
    heard: tuple[str, ...] = ()
    count: int = 0


def listening() -> Flow[ToyState]:
    """Repeats what it hears until it hears `enough`; a number is refused, a refusal's name raises it."""
    flow = Flow("listening", ToyState, label="topic.profile", commands=("listen",))

    async def ask(turn: Turn[ToyState]) -> Say:
        return say(message("engine.menu", business="/".join(turn.state.heard)), actions=(CANCEL,))

    @flow.step(ask, help="which_service.help")
    async def listen(turn: Turn[ToyState]) -> Outcome:
        if turn.text in REFUSALS:
            raise REFUSALS[turn.text]
        if turn.text == "bug":
            raise RuntimeError("a bug in a flow")
        if turn.text == "enough":
            return turn.end("engine.thanks")
        if turn.text.isdigit():
            return turn.retry("which_service.not_listed")
        return turn.goto(listen, heard=(*turn.state.heard, turn.text))

    return flow


def choosing(size: int = 12) -> Flow[ToyState]:
    """Offers more rows than fit on a page."""
    flow = Flow("choosing", ToyState, label="topic.packages", commands=("choose",))

    async def ask(turn: Turn[ToyState]) -> Say:
        rows = [option(f"row-{n}", "which_service.row", number=f"P{n:02}", name="Paket") for n in range(size)]
        return say("engine.did_you_mean", rows=rows)

    @flow.step(ask)
    async def choose(turn: Turn[ToyState]) -> Outcome:
        if turn.choice is None:
            return turn.retry("which_service.not_listed")
        return turn.end(message("engine.menu", business=turn.choice))

    return flow


def asking() -> tuple[Flow[ToyState], Subflow[ToyState, int]]:
    """A flow that lets another one count, and goes on with the sum."""
    counter = Subflow[ToyState, int]("counter", ToyState)

    @counter.step("which_service.help")
    async def count(turn: Turn[ToyState]) -> Outcome:
        if not turn.text.isdigit():
            return turn.retry("which_service.not_listed")
        return turn.give(turn.state.count + int(turn.text), "engine.cancelled")

    flow = Flow("asking", ToyState, label="topic.profile", commands=("ask",))

    @flow.entry
    async def begin(turn: Turn[ToyState]) -> Outcome:
        return turn.call(counter, ToyState(count=40), "engine.thanks", then=counted, heard=("before",))

    @flow.continuation
    async def counted(turn: Turn[ToyState], total: int) -> Outcome:
        return turn.end(message("engine.menu", business=f"{turn.state.heard[0]} {total}"))

    return flow, counter


def for_staff() -> Flow[ToyState]:
    flow = Flow("staffing", ToyState, label="topic.human", commands=("mainan",), audience=Audience.STAFF)

    @flow.step("engine.did_you_mean")
    async def ask(turn: Turn[ToyState]) -> Outcome:
        return turn.end("engine.thanks")

    return flow
