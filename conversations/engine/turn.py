"""What a handler is given, and what it may decide: the vocabulary of flows."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from msgspec import Struct

from conversations.engine.incoming import Fetch
from conversations.engine.say import Say, Sayable, as_say
from core.customers.rules import may
from core.customers.types import Duty, ServiceOfChat
from core.identity.staff import StaffMember
from core.platform.clock import local_day
from core.platform.i18n import Language
from core.proofs.rules import picture_of
from core.proofs.types import Picture
from core.services import Services

if TYPE_CHECKING:  # flows are made of turns and turns name flows
    from conversations.engine.flow import Continuation, Step, Subflow

S = TypeVar("S", bound=Struct)
T = TypeVar("T", bound=Struct)
R = TypeVar("R")


class Audience(enum.StrEnum):
    """Who is speaking, and whom a flow is for."""

    EVERYONE = "everyone"
    STAFF = "staff"


class ChatFacts(Struct, frozen=True):
    """Which chat is speaking, and in which language it is answered."""

    channel: str
    address: str
    language: Language
    staff: StaffMember | None = None
    #: Whether a file can be brought to this chat; where not, none is promised.
    takes_files: bool = True

    @property
    def audience(self) -> Audience:
        return Audience.EVERYONE if self.staff is None else Audience.STAFF

    @property
    def origin(self) -> str:
        """A name for counters and logs that does not show the address."""
        return f"chat:{self.channel}:{hashlib.sha256(self.address.encode()).hexdigest()[:16]}"


class Cue(Struct, frozen=True):
    """One received message, the same for every step it passes through."""

    id: str
    text: str
    tap: str | None  # the id of a tapped button
    session: str  # the gateway's own name for the chat, if it has one
    fetch: Fetch | None  # brings the picture that came along
    chat: ChatFacts
    services: Services
    now: datetime


@dataclass(frozen=True, slots=True)
class Goto:
    """Ask the next step, in a new state."""

    step: str
    says: tuple[Say, ...]
    state: Struct


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask the same step again. A `limited` one was not understood: it may be another wish, and counts towards the tries."""

    why: Say
    state: Struct
    limited: bool


@dataclass(frozen=True, slots=True)
class End:
    """The dialogue is over, whoever called whom."""

    says: tuple[Say, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """Let another flow find something out, then go on at `then` with what it gives."""

    flow: str
    given: Struct
    then: str
    state: Struct
    says: tuple[Say, ...]


@dataclass(frozen=True, slots=True)
class Give:
    """Hand a result back to the flow that called."""

    result: object
    says: tuple[Say, ...]


Outcome = Goto | Retry | End | Call | Give


@dataclass(frozen=True, slots=True)
class Turn(Generic[S]):
    """One message as a step's handler sees it.

    `id` names the message and is the `request_id` of every change it causes. `choice` is the id of the offered answer
    it was recognised as, by button, number or word.
    """

    cue: Cue
    choice: str | None
    state: S

    @property
    def id(self) -> str:
        return self.cue.id

    @property
    def text(self) -> str:
        return self.cue.text

    @property
    def chat(self) -> ChatFacts:
        return self.cue.chat

    @property
    def staff(self) -> StaffMember | None:
        """Who of the business is speaking; a flow for staff is begun by nobody else."""
        return self.cue.chat.staff

    @property
    def services(self) -> Services:
        return self.cue.services

    @property
    def now(self) -> datetime:
        return self.cue.now

    @property
    def today(self) -> date:
        """The day at the business."""
        return local_day(self.cue.now, self.services.settings.zone)

    async def picture(self) -> Picture | None:
        """The picture or paper that came along, None without one; raises `Invalid` for what is neither, `Unavailable`."""
        return None if self.cue.fetch is None else picture_of(await self.cue.fetch())

    async def own_services(self, duty: Duty = Duty.ACCOUNT) -> tuple[ServiceOfChat, ...]:
        """The services this chat may act for in a matter."""
        return tuple(each for each in await self.linked_services() if may(each.role, duty))

    async def linked_services(self) -> tuple[ServiceOfChat, ...]:
        """The services this chat has anything to do with."""
        return await self.services.customers.services_of_chat(self.chat.channel, self.chat.address)

    def goto(self, step: Step[S], *before: Sayable, **changes: object) -> Outcome:
        """Go on at `step`, saying `before` above its prompt."""
        return Goto(step.name, _says(before), self._changed(changes))

    def retry(self, why: Sayable, *, limited: bool = True, **changes: object) -> Outcome:
        """The answer does not do: say why, and offer the step's choices again.

        Not `limited` is an answer that was understood and leads nowhere, such as a wrong code.
        """
        return Retry(as_say(why), self._changed(changes), limited)

    def end(self, *last: Sayable) -> Outcome:
        return End(_says(last))

    def call(
        self,
        flow: Subflow[T, R],
        given: T,
        *before: Sayable,
        then: Continuation[S, R],
        **changes: object,
    ) -> Outcome:
        """Run `flow` from the state `given`, saying `before` above its first prompt; `then` gets what it gives."""
        return Call(flow.name, given, then.name, self._changed(changes), _says(before))

    def give(self, result: object, *says: Sayable) -> Outcome:
        """Only in a flow that is called: go back to the caller, who says what follows."""
        return Give(result, _says(says))

    def _changed(self, changes: dict[str, object]) -> S:
        return msgspec.structs.replace(self.state, **changes) if changes else self.state


def _says(what: tuple[Sayable, ...]) -> tuple[Say, ...]:
    return tuple(as_say(each) for each in what)
