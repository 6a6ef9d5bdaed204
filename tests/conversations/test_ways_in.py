"""What the pages of flows say people type does begin each flow, and no flow is without its words."""

from __future__ import annotations

import pytest

from cli.flow_pages import examples
from conversations.engine.turn import Audience
from conversations.flows import FLOWS
from tests.conversations.stage import ADMIN, BAMBANG, Stage

_EXAMPLES = list(examples())
#: Begun by what a link brings along, or by words that mean something only after a number was lost.
_BY_A_LINK = {"join", "undo_contact"}
_FOR_STAFF = {flow.name for flow in FLOWS if flow.audience is Audience.STAFF}


@pytest.mark.parametrize(("flow", "language", "typed"), _EXAMPLES, ids=lambda value: str(value)[:40])
async def test_words_begin_their_flow(stage: Stage, flow: str, language: str, typed: str) -> None:
    chat = ADMIN if flow in _FOR_STAFF else BAMBANG
    if chat == ADMIN:
        await stage.say(chat, "/siaran")
        await stage.say(chat, await stage.code())
    elif language == "en":
        await stage.say(chat, "english")
    await stage.say(chat, typed)
    open_flows = [frame["flow"] for frame in ((await stage.chat(chat)).dialogue or {}).get("frames", ())]
    said = [line.key.partition(".")[0] for line in stage.says[-1].lines]
    assert flow in {*open_flows, *said}


def test_every_flow_that_people_begin_has_words_in_both_languages() -> None:
    told = {(flow, language) for flow, language, _ in _EXAMPLES}
    begun = {flow.name for flow in FLOWS if flow.serves or flow.hears or flow.commands} - _BY_A_LINK
    assert {(name, language) for name in begun for language in ("id", "en")} - told == set()
