"""Every flow that people begin, in both languages: whatever comes then is answered, once, and menu and batal still work."""

from __future__ import annotations

import pytest

from cli.flow_pages import examples
from conversations.engine.book import FlowBook
from conversations.engine.dialogue import load
from conversations.engine.turn import Audience
from conversations.flows import FLOWS
from core.platform.i18n import Language, text
from tests.conversations.stage import ADMIN, BAMBANG, Stage

BOOK = FlowBook(FLOWS)
_FIRST = {(flow, language): typed for flow, language, typed in reversed(list(examples()))}
_FOR_STAFF = {flow.name for flow in FLOWS if flow.audience is Audience.STAFF}
#: What people send that is no answer: text, what came along, a button.
_ODD: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("", ("sticker",), None),
    ("", ("voice",), None),
    ("", ("contact",), None),
    ("a" * 4000, (), None),
    ("wifi " * 800, (), None),
    ("🤷‍♀️🔥", (), None),
    ("\x00\u202e", (), None),
    ("", (), "flow:gone_since_last_month"),
    ("", (), "INV-1999-001"),
    ("99", (), None),
)


@pytest.mark.parametrize(("flow", "language"), sorted(_FIRST))
async def test_whatever_comes_is_answered_and_leaves_a_way_out(
    stage: Stage, flow: str, language: Language
) -> None:
    chat = ADMIN if flow in _FOR_STAFF else BAMBANG
    await stage.say(chat, "bahasa" if language == "id" else "english")
    if chat == ADMIN:
        await stage.say(chat, "/siaran")
        await stage.say(chat, await stage.code())
    for typed, kinds, tap in _ODD:
        await stage.say(chat, "batal", _FIRST[flow, language])
        odd = stage.message(chat, typed, attachments=kinds, choice_id=tap)
        answers = [await stage.deliver(odd) for _ in range(2)]
        assert len(set(answers)) == 1
        assert answers[0].count("\n") < 10
        dialogue = load((await stage.chat(chat)).dialogue, BOOK)
        assert bool(answers[0].strip()) or not dialogue.frames  # nothing is said only where a person answers
        assert text("engine.nothing_open", language) in await stage.say(chat, "menu", "batal")
