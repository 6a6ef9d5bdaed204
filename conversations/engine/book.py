"""All flows of an installation, and which of them a word, an intent or a menu line starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conversations.engine.flow import Flow
from conversations.engine.turn import Audience, Cue
from conversations.understanding import Intent
from core.identity.staff import StaffMember

AnyFlow = Flow[Any]


class FlowBook:
    """Refuses two flows that claim one name, intent or command: which would start is not left to chance."""

    def __init__(self, flows: Iterable[AnyFlow]) -> None:
        self.by_name: dict[str, AnyFlow] = {}
        self._by_intent: dict[tuple[Intent, Audience], AnyFlow] = {}
        self._by_command: dict[str, AnyFlow] = {}
        for flow in flows:
            self._add(flow)

    def serving(self, intent: Intent, staff: StaffMember | None) -> AnyFlow | None:
        """The flow for an intent; staff are customers of their own flows first."""
        own = self._by_intent.get((intent, Audience.STAFF))
        return own if own and may_use(staff, own) else self._by_intent.get((intent, Audience.EVERYONE))

    def commanded(self, word: str, staff: StaffMember | None) -> AnyFlow | None:
        """The flow a command such as `/tagihan` starts, with or without its slash."""
        flow = self._by_command.get(word.removeprefix("/"))
        return flow if flow and may_use(staff, flow) else None

    async def hearing(self, cue: Cue, *, is_asked: bool = False) -> AnyFlow | None:
        """The flow for customers that takes a whole message for its own, also while another one `is_asked`."""
        for flow in self.by_name.values():
            listens = flow.audience is Audience.EVERYONE and (flow.hears_anywhere or not is_asked)
            if listens and flow.hears is not None and await flow.hears(cue):
                return flow
        return None

    @property
    def for_pictures(self) -> AnyFlow | None:
        """The flow that a picture begins."""
        return next((flow for flow in self.by_name.values() if flow.takes_pictures), None)

    def menu(self) -> tuple[AnyFlow, ...]:
        """What customers can do: flows with a name for people, in the order they were listed."""
        return tuple(flow for flow in self._named if flow.audience is Audience.EVERYONE)

    def staff_menu(self, staff: StaffMember) -> tuple[AnyFlow, ...]:
        """What a member of staff can do for customers."""
        return tuple(flow for flow in self._named if flow.audience is Audience.STAFF and may_use(staff, flow))

    @property
    def _named(self) -> Iterator[AnyFlow]:
        return (flow for flow in self.by_name.values() if flow.label)

    def _add(self, flow: AnyFlow) -> None:
        self._claim(self.by_name, flow.name, flow)
        for intent in flow.serves:
            self._claim(self._by_intent, (intent, flow.audience), flow)
        for word in flow.commands:
            self._claim(self._by_command, word, flow)

    @staticmethod
    def _claim(shelf: dict[Any, AnyFlow], key: object, flow: AnyFlow) -> None:
        if key in shelf:
            raise ValueError(f"{flow.name} and {shelf[key].name} both claim {key}")
        shelf[key] = flow


def may_use(staff: StaffMember | None, flow: AnyFlow) -> bool:
    """Whether a flow is for the one who is speaking: customers have theirs, staff what their role is allowed, too."""
    if flow.audience is Audience.EVERYONE:
        return True
    return staff is not None and (flow.permission is None or staff.may(flow.permission))
