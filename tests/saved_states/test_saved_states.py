"""Chats that were saved by an earlier Loket go on with today's code.

A file here is never rewritten: a change that breaks one needs a new version of its flow with an upgrade, or a decision
that these chats start anew. A new step adds a file.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from conversations.engine.book import FlowBook
from conversations.engine.dialogue import load
from conversations.flows import FLOWS

HERE = Path(__file__).parent
SAVED = sorted(HERE.glob("*.json"))
BOOK = FlowBook(FLOWS)


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_a_saved_chat_can_be_gone_on_with(path: Path) -> None:
    dialogue = load(json.loads(path.read_text()), BOOK)
    for frame in (*dialogue.frames, *dialogue.aside):
        flow = BOOK.by_name[frame.flow]
        msgspec.convert(frame.state, flow.state)
        assert frame.step in flow.steps or frame.step in flow.continuations


def test_every_step_has_a_saved_chat_that_waits_there() -> None:
    dialogues = [load(json.loads(path.read_text()), BOOK) for path in SAVED]
    waited_at = {(frame.flow, frame.step) for each in dialogues for frame in each.frames}
    assert {(flow.name, step) for flow in FLOWS for step in flow.steps} <= waited_at


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_state_is_frozen_and_refuses_what_it_does_not_know(flow: object) -> None:
    state = BOOK.by_name[getattr(flow, "name", "")].state
    config = state.__struct_config__
    assert config.frozen
    assert config.forbid_unknown_fields
    assert state() == msgspec.convert(msgspec.to_builtins(state()), state)
