"""A flow: a name, a version, a frozen state and steps that are saved by name.

Everything the engine needs to know about a flow is said where it is made: which intents and commands start it, what
the menu calls it, who may use it. A new flow is one file, and one line in `conversations.flows`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from conversations.engine.say import Say, Sayable, as_say
from conversations.engine.turn import Audience, Cue, End, Outcome, R, S, Turn
from conversations.understanding import Intent
from core.identity.staff import Permission

Answer = Callable[[Turn[S]], Awaitable[Outcome]]
#: A prompt that reads what it shows; when it finds that nothing is left to ask, it ends the dialogue instead.
Asking = Callable[[Turn[S]], Awaitable[Say | End]]
#: Turns the stored state of an older version into that of the next one.
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

Hears = Callable[[Cue], Awaitable[bool]]
#: How much waits for the one who is speaking.
Counts = Callable[[Cue], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """A question and what becomes of the answer.

    A `secret` answer is never compared, logged or kept. Another wish may interrupt a step unless it is not
    `interruptible`. A `perishable` step waits for something that is worthless after a while, so nobody is led back to it.
    A step that `takes_pictures` is answered by one. At a `browsing` step nothing is owed: the answer has been given, the choices only lead on. `help` is what the second
    wrong answer brings.
    """

    name: str
    asking: Asking[S]
    answer: Answer[S]
    help: str
    secret: bool
    interruptible: bool
    perishable: bool
    browsing: bool
    takes_pictures: bool


@dataclass(frozen=True, slots=True)
class Continuation(Generic[S, R]):
    """Where a flow goes on with what another one found out for it."""

    name: str
    resume: Callable[[Turn[S], R], Awaitable[Outcome]]


class Flow(Generic[S]):
    """The first step is where a flow begins, unless an `entry` decides."""

    def __init__(
        self,
        name: str,
        state: type[S],
        *,
        version: int = 1,
        label: str = "",
        reopening: str = "engine.reopening",
        serves: tuple[Intent, ...] = (),
        commands: tuple[str, ...] = (),
        audience: Audience = Audience.EVERYONE,
        permission: Permission | None = None,
        hears: Hears | None = None,
        hears_anywhere: bool = False,
        counts: tuple[Counts, str] | None = None,
        upgrades: Mapping[int, Upgrade] | None = None,
        takes_pictures: bool = False,
    ) -> None:
        self.name, self.state, self.version = name, state, version
        #: Key of what the menu and "did you mean" call it.
        self.label = label
        #: Key of what is said to somebody who comes back after a while to find it unfinished.
        self.reopening = reopening
        self.serves, self.commands, self.audience = serves, commands, audience
        #: Whether a picture that comes without being asked for begins it; there is one such flow.
        self.takes_pictures = takes_pictures
        #: What staff need to be allowed, in a flow for staff; None is open to all of them.
        self.permission = permission
        #: Whether a whole message between two questions is for this flow, whatever else it might mean.
        self.hears = hears
        #: Whether it hears such a message even between a question and its answer: nobody answers with one.
        self.hears_anywhere = hears_anywhere
        #: How much waits there, and the key of what the menu of staff calls it then, with `count`.
        self.counts = counts
        #: By the version they start from.
        self.upgrades = dict(upgrades or {})
        self.steps: dict[str, Step[S]] = {}
        self.continuations: dict[str, Continuation[S, Any]] = {}
        self.entry_answer: Answer[S] | None = None

    def entry(self, answer: Answer[S]) -> Answer[S]:
        """What decides where to begin, with the message that started the flow."""
        self.entry_answer = answer
        return answer

    def step(
        self,
        prompt: Sayable | Asking[S],
        *,
        help: str = "engine.help",  # noqa: A002 - the word for it
        secret: bool = False,
        interruptible: bool = True,
        perishable: bool = False,
        browsing: bool = False,
        takes_pictures: bool = False,
    ) -> Callable[[Answer[S]], Step[S]]:
        """Declare a step; its name is the function's, and stays when the function moves."""

        def declare(answer: Answer[S]) -> Step[S]:
            step = Step(
                _name(answer),
                _asking(prompt),
                answer,
                help,
                secret=secret,
                interruptible=interruptible and not secret,
                perishable=perishable or secret,
                browsing=browsing,
                takes_pictures=takes_pictures,
            )
            self._claim(step.name)
            self.steps[step.name] = step
            return step

        return declare

    def continuation(self, resume: Callable[[Turn[S], R], Awaitable[Outcome]]) -> Continuation[S, R]:
        """Declare where to go on after a call."""
        made = Continuation(_name(resume), resume)
        self._claim(made.name)
        self.continuations[made.name] = made
        return made

    @property
    def first(self) -> Step[S]:
        return next(iter(self.steps.values()))

    def _claim(self, name: str) -> None:
        if name in self.steps or name in self.continuations:
            raise ValueError(f"{self.name} has two steps called {name}: rename one")


class Subflow(Flow[S], Generic[S, R]):
    """A flow that others call; it ends with `turn.give` of an `R`."""


def _name(function: Callable[..., object]) -> str:
    return function.__name__


def _asking(prompt: Sayable | Asking[S]) -> Asking[S]:
    if callable(prompt):
        return prompt
    fixed = as_say(prompt)

    async def ask(_turn: Turn[S]) -> Say | End:
        return fixed

    return ask
