"""Moves a dialogue on by one message: runs handlers until somebody has to be asked, or the flow has ended.

Nothing here reads a clock or a database; what handlers do, they do through the services of their turn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from conversations.engine.book import AnyFlow, FlowBook
from conversations.engine.dialogue import Dialogue, Frame
from conversations.engine.flow import Step
from conversations.engine.guide import Guide
from conversations.engine.say import Say, page_of, say
from conversations.engine.turn import Call, Cue, End, Give, Goto, Outcome, Retry, Turn
from core.platform.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from core.platform.i18n import keys, message

#: The third wrong answer in a row ends the flow with an offer of help (conversations.md, manners).
TRIES = 3
#: What moves a dialogue on; a retry keeps it where it is.
Moving = Goto | Call | Give | End
#: No flow takes as many steps without asking somebody; more is a circle.
_MOST_HOPS = 20
_KINDS: Mapping[type[DomainError], str] = {
    Invalid: "error.invalid",
    Unauthenticated: "error.forbidden",
    Forbidden: "error.forbidden",
    NotFound: "error.not_found",
    Conflict: "error.conflict",
    Unavailable: "error.unavailable",
    DomainError: "error.conflict",
}


class Advance:
    """One message's way through a stack of frames. Afterwards `dialogue` and `says` are the result."""

    def __init__(self, book: FlowBook, cue: Cue, dialogue: Dialogue, guide: Guide) -> None:
        self._book, self._cue, self._guide = book, cue, guide
        self._choice: str | None = None
        self.dialogue = dialogue
        self.says: list[Say] = []

    @property
    def step(self) -> Step[Any]:
        """The step that waits for an answer; there is one while a flow is open."""
        frame = self.dialogue.frames[-1]
        return self._flow(frame).steps[frame.step]

    async def start(self, flow: AnyFlow) -> None:
        """Begin a flow with the message that asked for it; what was open is left."""
        self._change(frames=(_fresh(flow, flow.state()),), tries=0, page=0, misses=0, aside=(), closed="")
        await self._settle(await self._enter())

    async def answer(self, choice: str | None) -> Retry | None:
        """Give the message to the waiting step. A `Retry` is handed back: it may have meant something else."""
        self._choice = choice
        frame = self.dialogue.frames[-1]
        outcome = await self._run(self.step.answer(self._turn(frame)))
        if isinstance(outcome, Retry):
            return outcome
        await self._settle(outcome)
        return None

    async def refuse(self, retry: Retry) -> None:
        """Ask again: first why, then with help, and the third time offer a person instead."""
        tries = self.dialogue.tries + retry.limited
        if tries >= TRIES:
            self.says.append(self._guide.three_tries())
            self._change(frames=(), tries=0)
            return
        self._stand(self.dialogue.frames[-1].step, retry.state)
        self._change(tries=tries)
        why = retry.why if tries < TRIES - 1 or not retry.limited else say(*retry.why.lines, self.step.help)
        prompt = await self._prompt()
        if isinstance(prompt, End):
            await self._settle(prompt)
        else:
            self._ask(msgspec.structs.replace(prompt, lines=why.lines, attachment=why.attachment))

    async def ask(self) -> None:
        """Ask the waiting step's question again: after a pause, a page turned, a change of language."""
        prompt = await self._prompt()
        if isinstance(prompt, End):
            await self._settle(prompt)
        else:
            self._ask(prompt)

    async def _settle(self, outcome: Moving) -> None:
        for _ in range(_MOST_HOPS):
            match outcome:
                case Goto(step, says, state):
                    self._stand(step, state)
                    self._change(tries=0, page=0)
                    self.says += says
                    prompt = await self._prompt()
                    if isinstance(prompt, Say):
                        self._ask(prompt)
                        return
                    outcome = prompt
                case Call(name, given, then, state, says):
                    self.says += says
                    self._stand(then, state)
                    self._push(_fresh(self._book.by_name[name], given))
                    outcome = await self._enter()
                case Give(result, says):
                    self.says += says
                    self._change(frames=self.dialogue.frames[:-1])
                    outcome = await self._resume(result)
                case End(says):
                    self.says += says
                    self._change(frames=(), tries=0, page=0)
                    return
        raise RuntimeError(f"{self.dialogue.frames[0].flow} goes round in circles")

    async def _enter(self) -> Moving:
        """Begin the flow on top of the stack."""
        frame = self.dialogue.frames[-1]
        flow, turn = self._flow(frame), self._turn(frame)
        if flow.entry_answer is None:
            return Goto(flow.first.name, (), turn.state)
        return _moving(await self._run(flow.entry_answer(turn)))

    async def _resume(self, result: object) -> Moving:
        frame = self.dialogue.frames[-1]
        then = self._flow(frame).continuations[frame.step]
        return _moving(await self._run(then.resume(self._turn(frame), result)))

    async def _prompt(self) -> Say | End:
        frame = self.dialogue.frames[-1]
        try:
            return await self.step.asking(self._turn(frame))
        except DomainError as error:
            return End((_explained(error),))

    async def _run(self, handling: Awaitable[Outcome]) -> Outcome:
        """A refusal of core becomes an outcome: what can be mended is asked again, the rest ends with the reason."""
        try:
            return await handling
        except (Invalid, NotFound) as error:
            frame = self.dialogue.frames[-1]
            return Retry(_explained(error), self._turn(frame).state, limited=True)
        except DomainError as error:
            return End((_explained(error),))

    def _turn(self, frame: Frame) -> Turn[Any]:
        return Turn(self._cue, self._choice, msgspec.convert(frame.state, self._flow(frame).state))

    def _flow(self, frame: Frame) -> AnyFlow:
        return self._book.by_name[frame.flow]

    def _stand(self, step: str, state: Struct) -> None:
        """Store where the top flow is; reading the state back at once lets a wrong one fail where it was made."""
        frame = self.dialogue.frames[-1]
        stored = msgspec.to_builtins(state)
        msgspec.convert(stored, type(state))
        self._change(frames=(*self.dialogue.frames[:-1], Frame(frame.flow, frame.version, step, stored)))

    def _push(self, frame: Frame) -> None:
        self._change(frames=(*self.dialogue.frames, frame))

    def _ask(self, prompt: Say) -> None:
        self.says.append(page_of(prompt, self.dialogue.page))

    def _change(self, **values: object) -> None:
        self.dialogue = msgspec.structs.replace(self.dialogue, **values)


def _fresh(flow: AnyFlow, state: Struct) -> Frame:
    return Frame(flow.name, flow.version, "", msgspec.to_builtins(state))


def _moving(outcome: Outcome) -> Moving:
    """Where nobody was asked there is nothing to ask again."""
    return End((outcome.why,)) if isinstance(outcome, Retry) else outcome


def _explained(error: DomainError) -> Say:
    """The reason in its own words where the catalog has them, else in those of its kind."""
    if isinstance(error, Throttled):
        return say(message("error.throttled", count=-(-error.retry_after_s // 60)))
    if f"error.{error.reason}" in keys("id"):
        return say(message(f"error.{error.reason}", **error.facts))
    kind = next(kind for kind in _KINDS if isinstance(error, kind))
    return say(_KINDS[kind])
