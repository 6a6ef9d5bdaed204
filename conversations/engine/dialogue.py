"""Where a chat stands, as it is stored: names and plain values only, so that it outlives a deploy."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from conversations.engine.book import FlowBook
from core.messaging.ports import Choice


class Frame(Struct, frozen=True, forbid_unknown_fields=True):
    """A flow under way: the step it waits at, or the continuation it waits for."""

    flow: str
    version: int
    step: str
    state: dict[str, Any]


class Dialogue(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The open flow with the flows it called, the last one on top; and what the last message offered."""

    frames: tuple[Frame, ...] = ()
    offered: tuple[Choice, ...] = ()
    rows: int = 0  # how many of these are things to choose from; the rest are next steps
    page: int = 0  # of the rows on offer
    tries: int = 0  # wrong answers to the step in a row
    misses: int = 0  # messages in a row that nobody understood
    aside: tuple[Frame, ...] = ()  # what was open when the chat fell silent
    closed: str = ""  # the flow that was open then, when it could only be begun again


class Unreadable(Exception):
    """A stored dialogue that today's code cannot go on with."""


def dump(dialogue: Dialogue) -> dict[str, Any]:
    stored: dict[str, Any] = msgspec.to_builtins(dialogue)
    return stored


def load(stored: dict[str, Any] | None, book: FlowBook) -> Dialogue:
    """Read a stored dialogue, brought up to today's flows; raises `Unreadable`."""
    if stored is None:
        return Dialogue()
    try:
        dialogue = msgspec.convert(stored, Dialogue)
    except msgspec.ValidationError as problem:
        raise Unreadable from problem
    return msgspec.structs.replace(
        dialogue,
        frames=tuple(_today(frame, book) for frame in dialogue.frames),
        aside=tuple(_today(frame, book) for frame in dialogue.aside),
    )


def _today(frame: Frame, book: FlowBook) -> Frame:
    """The frame in its flow's current version: upgraded step by step, and decodable."""
    flow = book.by_name.get(frame.flow)
    if flow is None or (frame.step not in flow.steps and frame.step not in flow.continuations):
        raise Unreadable
    state = frame.state
    for version in range(frame.version, flow.version):
        if version not in flow.upgrades:
            raise Unreadable
        state = flow.upgrades[version](state)
    try:
        msgspec.convert(state, flow.state)
    except msgspec.ValidationError as problem:
        raise Unreadable from problem
    if frame.version > flow.version:
        raise Unreadable
    return Frame(flow.name, flow.version, frame.step, state)
