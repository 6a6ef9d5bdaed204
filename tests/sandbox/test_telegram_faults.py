"""Telegram misbehaving on request, as a client library sees it (telegram contract §4)."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from sandbox.telegram.news import MessageNews
from tests.sandbox.telegram_stage import JOHN, TOKEN, Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        await ready.do(JOHN, "start")
        yield ready


@pytest.mark.parametrize(
    ("mode", "kind", "told"),
    [
        ("blocked", Forbidden, "bot was blocked by the user"),
        ("deactivated", Forbidden, "user is deactivated"),
        ("not_initiated", Forbidden, "can't initiate conversation"),
        ("not_found", BadRequest, "Chat not found"),
        ("server_error", NetworkError, "Internal Server Error"),
        ("bad_gateway", NetworkError, "Bad Gateway"),
        ("refuse", NetworkError, "httpx"),
    ],
)
async def test_a_fault_takes_nothing_and_ends_after_its_count(
    stage: Stage, mode: str, kind: type[TelegramError], told: str
) -> None:
    await stage.choose_fault(mode, times=1)
    with pytest.raises(kind, match=told):
        await stage.bot.send_message(JOHN.id, "Halo")
    assert len(await stage.messages()) == 1
    assert (await stage.journal())[0]["failed"] is True
    await stage.bot.send_message(JOHN.id, "Halo")


async def test_a_flood_says_how_long_to_wait(stage: Stage) -> None:
    await stage.choose_fault("flood", retry_after_s=7, times=2)
    answer = await stage.http.post(
        f"{stage.base_url}{TOKEN}/sendMessage", json={"chat_id": JOHN.id, "text": "Halo"}
    )
    assert (answer.status_code, answer.json()) == (
        429,
        {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        },
    )
    with pytest.raises(RetryAfter):
        await stage.bot.send_message(JOHN.id, "Halo")


async def test_a_lost_answer_leaves_the_message_on_the_phone() -> None:
    async with staged(hang_s=0.05) as stage:
        await stage.do(JOHN, "start")
        await stage.choose_fault("hang", times=1)
        with pytest.raises(NetworkError):
            await stage.bot.send_message(JOHN.id, "Halo")
        assert [each["text"] for each in await stage.messages()] == ["/start", "Halo"]


async def test_a_slow_answer_still_comes(stage: Stage) -> None:
    await stage.choose_fault("slow")
    assert (await stage.bot.send_message(JOHN.id, "Halo")).text == "Halo"


async def test_a_fault_can_be_aimed_at_one_method(stage: Stage) -> None:
    await stage.choose_fault("server_error", method="getUpdates")
    await stage.bot.send_message(JOHN.id, "Halo")
    with pytest.raises(NetworkError):
        await stage.updates()


async def test_a_held_answer_ends_when_the_server_closes(stage: Stage) -> None:
    await stage.choose_fault("hang")
    call = stage.http.post(f"{stage.base_url}{TOKEN}/sendMessage", json={"chat_id": JOHN.id, "text": "Halo"})
    async with stage.news(MessageNews):
        held = asyncio.create_task(call)
    await stage.api.close()
    with pytest.raises(httpx.TransportError):
        await asyncio.wait_for(held, 3)
