"""All flows of an installation, and which of them a word, an intent or a menu line starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conversations.engine.flow import Flow
from conversations.engine.turn import Audience
from conversations.understanding import Intent

AnyFlow = Flow[Any]


class FlowBook:
    """Refuses two flows that claim one name, intent or command: which would start is not left to chance."""

    def __init__(self, flows: Iterable[AnyFlow]) -> None:
        self.by_name: dict[str, AnyFlow] = {}
        self._by_intent: dict[tuple[Intent, Audience], AnyFlow] = {}
        self._by_command: dict[str, AnyFlow] = {}
        for flow in flows:
            self._add(flow)

    def serving(self, intent: Intent, audience: Audience) -> AnyFlow | None:
        """The flow for an intent; staff are customers of their own flows first."""
        return self._by_intent.get((intent, audience)) or self._by_intent.get((intent, Audience.EVERYONE))

    def commanded(self, word: str, audience: Audience) -> AnyFlow | None:
        """The flow a command such as `/tagihan` starts, with or without its slash."""
        flow = self._by_command.get(word.removeprefix("/"))
        return flow if flow and _may_use(audience, flow) else None

    def menu(self, audience: Audience) -> tuple[AnyFlow, ...]:
        """Flows with a name for people, in the order they were listed."""
        return tuple(flow for flow in self.by_name.values() if flow.label and _may_use(audience, flow))

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


def _may_use(audience: Audience, flow: AnyFlow) -> bool:
    return flow.audience in {Audience.EVERYONE, audience}
