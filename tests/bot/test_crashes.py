"""A kill -9 between receiving and answering: after the restart there is one answer, and what it did was done once."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from quart import Quart

from bot.web import create_blueprint
from tests.bot.dying import WIRE_SECRET, Moment
from tests.bot.telegram_stage import JOHN, office
from tests.conversations.stage import STRANGER, Stage, settings_for, staged
from tests.sandbox.whatsapp_stage import serving

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60
#: Longer than any lease, shorter than a code is good for.
LATER = timedelta(minutes=3)
ASKS, NAMES_THE_SERVICE = "cek tagihan", "28900001"


async def started(moment: Moment, *arguments: str) -> asyncio.subprocess.Process:
    """A bot that will kill itself."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bot.dying", moment, *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def has_killed_itself(process: asyncio.subprocess.Process) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await process.wait() == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def codes_sent(stage: Stage) -> int:
    return sum(re.search(r"\*\d{6}\*", each.text) is not None for each in await stage.sent())


async def posted(address: str) -> httpx.Response:
    """The gateway brings the message, under the same id each time."""
    payload = {
        "chatInput": NAMES_THE_SERVICE,
        "extra": {"contact_jid": f"{STRANGER}@s.whatsapp.net"},
        "metadata": {"requestId": "the-same"},
    }
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client:
        return await client.post(f"/webhooks/whatsapp/wire/{WIRE_SECRET}", json=payload)


@pytest.mark.parametrize("moment", [Moment.PLAYED, Moment.COMMITTED])
async def test_a_message_over_the_wire_outlives_the_process(demo_url: str, moment: Moment) -> None:
    async with staged(demo_url) as stage:
        await stage.say(STRANGER, ASKS)
        before = await stage.chat(STRANGER)
    process = await started(moment, demo_url)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        address = (await process.stdout.readline()).decode().strip()
    with pytest.raises(httpx.TransportError):
        await posted(address)
    assert await has_killed_itself(process)
    settings, app = settings_for(demo_url, LOKET_WA_WEBHOOK_SECRET=WIRE_SECRET), Quart("loket_again")
    async with staged(demo_url) as stage, serving(app) as address:
        app.register_blueprint(create_blueprint(stage.services, stage.conversation, settings))
        first, second = await posted(address), await posted(address)
        assert "kode 6 angka" in first.json()["output"]
        assert second.json() == first.json()
        assert await codes_sent(stage) == 1
        assert (await stage.chat(STRANGER)).revision == before.revision + 1
        assert "tagihan" in await stage.say(STRANGER, await stage.code())


@pytest.mark.parametrize("moment", Moment)
async def test_a_message_to_a_polling_bot_outlives_the_process(demo_url: str, moment: Moment) -> None:
    async with office(demo_url) as desk:
        await desk.say(JOHN, ASKS)
        await desk.outside.say(JOHN, NAMES_THE_SERVICE)
        api_url = desk.outside.base_url.removesuffix("/bot")
        assert await has_killed_itself(await started(moment, demo_url, api_url))
        told = [each for each in await desk.outside.messages(JOHN) if each["from"]["is_bot"]]
        assert len(told) == 1, "it died before it answered"
        desk.inside.clock.move(LATER)
        await desk.work()
        await desk.work()
        [_, answer] = [each for each in await desk.outside.messages(JOHN) if each["from"]["is_bot"]]
        assert "kode 6 angka" in answer["text"]
        assert await codes_sent(desk.inside) == 1
        [listed] = await desk.say(JOHN, await desk.inside.code())
        assert "tagihan" in listed["text"]
