"""The phone hears news at once, and never keeps a server from stopping."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.web import feed
from sandbox.whatsapp.chats import MAX_CHATS, MAX_MESSAGES
from sandbox.whatsapp.messages import Content
from tests.sandbox.whatsapp_stage import JOHN, Stage, staged

DEWI = "6281200000004"
EVENTS = f"phone/api/chats/{JOHN}/events"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


async def news_from(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The next event on the stream."""
    async with asyncio.timeout(5):
        async for line in lines:
            if line.startswith("data: "):
                return dict(json.loads(line.removeprefix("data: ")))
    raise AssertionError("the stream ended")


async def test_a_new_message_arrives_on_the_open_stream(stage: Stage) -> None:
    async with stage.http.stream("GET", EVENTS) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.aiter_lines()
        await anext(lines)
        await stage.wa({"to": DEWI, "text": "bukan untuk John"})
        await stage.wa({"to": JOHN, "text": "Halo", "idempotency_key": "wa-2"})
        news = await news_from(lines)
    assert (news["type"], news["phone"]) == ("message", JOHN)
    assert (news["message"]["content"]["text"], news["message"]["seq"]) == ("Halo", 1)


async def test_typing_is_told_before_and_after_the_answer(stage: Stage) -> None:
    async with stage.http.stream("GET", EVENTS) as response:
        lines = response.aiter_lines()
        await anext(lines)
        await stage.http.post(f"phone/api/chats/{JOHN}/messages", json={"text": "halo"})
        heard = [await news_from(lines) for _ in range(4)]
    told = [
        each["state"]["waiting"] if each["type"] == "state" else each["message"]["sender"] for each in heard
    ]
    assert told == ["customer", True, "business", False]


async def test_one_stream_can_carry_every_phone_and_the_gateway(stage: Stage) -> None:
    async with stage.http.stream("GET", "phone/api/events") as response:
        lines = response.aiter_lines()
        await anext(lines)
        await stage.wa({"to": DEWI, "text": "Halo"})
        await stage.http.post("phone/api/contacts", json={"phone": "628991234567"})
        heard = [await news_from(lines) for _ in range(3)]
    assert [each["type"] for each in heard] == ["message", "journal", "contacts"]


async def test_messages_after_a_seq_fill_the_gap(stage: Stage) -> None:
    for number in range(3):
        await stage.wa({"to": JOHN, "text": f"{number}", "idempotency_key": f"wa-{number}"})
    assert [each["seq"] for each in (await stage.chat(after=1))["messages"]] == [2, 3]


async def test_closing_the_gateway_ends_open_streams_and_lets_the_server_stop(stage: Stage) -> None:
    async with stage.http.stream("GET", EVENTS) as response:
        lines = response.aiter_lines()
        await anext(lines)
        await stage.gateway.close()
        async with asyncio.timeout(2):
            assert [line async for line in lines if line] == []
    await stage.gateway.close()
    later = await stage.http.get(EVENTS)
    assert later.text == "retry: 300\n\n"
    said = await stage.http.post(f"phone/api/chats/{JOHN}/messages", json={"text": "halo"})
    assert said.status_code == 503


async def test_a_quiet_stream_pings_and_ends_in_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PING_S", 0.02)
    monkeypatch.setattr(feed, "LIFETIME_S", 0.1)
    response = await stage.http.get(EVENTS, timeout=httpx.Timeout(3))
    assert response.text.count(": ping") >= 2


async def test_a_listener_that_falls_behind_is_cut_off(stage: Stage) -> None:
    with stage.gateway.feed.listen(JOHN) as inbox:
        chat = stage.gateway.phones.chats.open(JOHN)
        for _ in range(feed.BACKLOG + 1):
            stage.gateway.phones.tell_state(chat)
        assert inbox.get_nowait() is None


async def test_memory_is_bounded(stage: Stage) -> None:
    phones = stage.gateway.phones
    for number in range(MAX_CHATS + 20):
        phones.post(phones.chats.open(f"62899{number:06}"), "business", Content(text="x"))
    chat = phones.chats.open(JOHN)
    for number in range(MAX_MESSAGES + 5):
        phones.post(chat, "business", Content(text=f"{number}"))
    assert len(list(phones.chats)) == MAX_CHATS
    messages = (await stage.chat())["messages"]
    assert (len(messages), messages[-1]["seq"]) == (MAX_MESSAGES, MAX_MESSAGES + 5)


@pytest.mark.parametrize("path", ["", "phone"])
async def test_the_pages_load_nothing_from_elsewhere(stage: Stage, path: str) -> None:
    page = await stage.http.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in page.text
    assert "style=" not in page.text


async def test_static_files_are_served_with_their_type(stage: Stage) -> None:
    for name, kind in (
        ("static/phone/main.js", "javascript"),
        ("shared/base.css", "css"),
        ("shared/icon.svg", "svg"),
    ):
        response = await stage.http.get(name)
        assert response.status_code == 200
        assert kind in response.headers["content-type"]
