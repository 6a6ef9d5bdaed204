"""Hand-over through the real gateway stand-in: it is told who answers, messages in between get no reply, answers arrive."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from quart import Quart

from bot.web import create_blueprint
from conversations.engine.runtime import Conversation
from conversations.flows import FLOWS
from core.bootstrap import bootstrap
from core.handover.types import Person, Sent
from core.platform.dispatcher import Dispatcher
from core.services import Services
from core.workers import dispatcher, handoff_gateway, text_channel
from tests.conversations.stage import JOHN, SECRET, morning, settings_for
from tests.sandbox.whatsapp_stage import SECRET as GATEWAY_SECRET
from tests.sandbox.whatsapp_stage import Stage, serving, staged

HOOK = "a-webhook-secret-nobody-guesses"
BUDI = Person("staff:2", "Budi")


@dataclass
class Counter:
    """Both sides: the phone on the gateway, and Loket behind the webhook."""

    outside: Stage
    services: Services
    dispatcher: Dispatcher

    async def texts(self) -> list[str]:
        return [text for sender, text in await self.outside.bubbles(JOHN) if sender != "customer"]

    async def is_handed_over(self) -> bool:
        return (await self.outside.chat(JOHN))["state"]["handoff_until"] is not None


@asynccontextmanager
async def open_counter(url: str) -> AsyncIterator[Counter]:
    async with AsyncExitStack() as stack:
        app = Quart(__name__, static_folder=None)
        base = await stack.enter_async_context(serving(app))
        hook = f"{base}/webhooks/whatsapp/wire/{HOOK}"
        outside = await stack.enter_async_context(staged(webhook_url=hook))
        settings = settings_for(
            url,
            LOKET_WA_WEBHOOK_SECRET=HOOK,
            LOKET_WA_GATEWAY_URL=f"{outside.http.base_url}wa/ext/{{secret}}/wa",
            LOKET_WA_GATEWAY_SECRET=GATEWAY_SECRET,
        )
        services = await stack.enter_async_context(bootstrap(settings, clock=morning()))
        app.register_blueprint(create_blueprint(services, Conversation(services, FLOWS), settings))
        texts = await stack.enter_async_context(aclosing(text_channel(services)))
        handoffs = await stack.enter_async_context(aclosing(handoff_gateway(services)))
        yield Counter(outside, services, dispatcher(services, {"whatsapp": texts}, handoffs))


@pytest.fixture
async def counter(demo_url: str) -> AsyncIterator[Counter]:
    async with open_counter(demo_url) as opened:
        yield opened


async def test_the_gateway_is_told_and_the_bot_is_silent(counter: Counter) -> None:
    await counter.outside.say("mau ngomong sama orang", phone=JOHN)
    await counter.dispatcher.drain()
    assert await counter.is_handed_over()
    before = await counter.texts()
    await counter.outside.say("halo, ada orang?", phone=JOHN)
    assert await counter.texts() == before
    assert (await counter.outside.journal())[0]["summary"] == "silent, a person is answering"
    for number in range(3):
        await counter.services.handovers.say(1, BUDI, f"jawaban {number}", request_id=str(number))
    await counter.dispatcher.drain()
    assert (await counter.texts())[-3:] == ["jawaban 0", "jawaban 1", "jawaban 2"]
    await counter.outside.say("menu", phone=JOHN)
    await counter.dispatcher.drain()
    assert not await counter.is_handed_over()
    assert "Cek tagihan" in "\n".join(await counter.texts())


_SAY_AND_DIE = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from core.bootstrap import bootstrap
from core.handover.types import Person
from core.settings import load
from core.platform.clock import ManualClock

async def main():
    settings = load({"LOKET_SECRET_KEY": sys.argv[1], "LOKET_DATABASE_URL": sys.argv[2]})
    async with bootstrap(settings, clock=ManualClock(datetime(2026, 11, 22, 3, tzinfo=UTC))) as services:
        await services.handovers.say(1, Person("staff:2", "Budi"), "sebelum mati", request_id="k")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_an_answer_outlives_the_process_that_took_it(counter: Counter, demo_url: str) -> None:
    await counter.outside.say("cs", phone=JOHN)
    died = subprocess.run(  # noqa: ASYNC221 - nothing else runs meanwhile
        [sys.executable, "-c", _SAY_AND_DIE, SECRET, demo_url],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert died.returncode == -9
    assert "sebelum mati" not in await counter.texts()
    await counter.dispatcher.drain()
    assert isinstance(await counter.services.handovers.say(1, BUDI, "sebelum mati", request_id="k"), Sent)
    await counter.dispatcher.drain()
    assert (await counter.texts()).count("sebelum mati") == 1
