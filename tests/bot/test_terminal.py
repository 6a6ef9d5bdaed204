"""The terminal talks to the same engine as WhatsApp does."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.inbound import Incoming, answer
from bot.terminal import Keyboard, chat
from conversations.engine.flow import Flow
from conversations.engine.turn import Outcome, Turn
from conversations.flows import FLOWS, conversation
from core.bootstrap import bootstrap
from core.platform.i18n import text
from tests.conversations.engine.toys import ToyState
from tests.conversations.stage import JOHN, Stage, morning, settings_for, staged


class Typist:
    """Types given lines and keeps what is shown."""

    def __init__(self, *lines: str) -> None:
        self._lines: Iterator[str | None] = iter((*lines, None))
        self.shown: list[str] = []

    async def read_line(self) -> str | None:
        return next(self._lines)

    def write(self, said: str) -> None:
        self.shown.append(said)


async def test_a_demo_customer_chats_in_the_terminal(demo_url: str) -> None:
    typist = Typist("cek tagihan", "2", "english", "")
    async with bootstrap(settings_for(demo_url), clock=morning()) as services:
        await chat(conversation(services), JOHN, typist.read_line, typist.write)
    assert len(typist.shown) == 4
    assert "Rp627.500" in typist.shown[0]
    assert "INV-2401-001" in typist.shown[1]
    assert typist.shown[3] == text("engine.empty", "en")


async def test_the_same_line_typed_twice_is_two_messages(demo_url: str) -> None:
    typist = Typist("cek tagihan", "1", "1")
    async with bootstrap(settings_for(demo_url), clock=morning()) as services:
        await chat(conversation(services), JOHN, typist.read_line, typist.write)
    assert typist.shown[1] != typist.shown[2]


async def test_the_keyboard_does_not_hold_up_the_loop() -> None:
    keyboard = Keyboard(io.StringIO("halo\napa kabar\n"))
    async with asyncio.timeout(5):
        assert [await keyboard(), await keyboard(), await keyboard()] == ["halo", "apa kabar", None]


@pytest.fixture
async def broken(demo_url: str) -> AsyncIterator[Stage]:
    flow = Flow("broken", ToyState, commands=("broken",))

    @flow.entry
    async def begin(_turn: Turn[ToyState]) -> Outcome:
        raise ZeroDivisionError("a bug")

    async with staged(demo_url, flows=(*FLOWS, flow)) as stage:
        yield stage


async def test_a_bug_is_said_to_be_ours_and_the_chat_goes_on(broken: Stage) -> None:
    message = broken.message(JOHN, "/broken")
    said = await answer(broken.conversation, message, language="en")
    assert said == text("bot.sorry", "en", reference=message.key[:8])
    assert isinstance(message, Incoming)
    assert "Rp627.500" in await broken.say(JOHN, "cek tagihan")
