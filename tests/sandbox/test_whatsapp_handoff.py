"""The chatbot hands a chat to a person and takes it back (whatsapp contract §1.10)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.whatsapp_stage import JOHN, Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


async def session_of(stage: Stage) -> str:
    await stage.say("halo")
    return str(stage.loket.heard[-1].payload["extra"]["session_id"])


async def is_handed_over(stage: Stage) -> bool:
    return (await stage.chat())["state"]["handoff_until"] is not None


@pytest.mark.parametrize("body", [{"route": "handoff"}, {"route": "admin", "handoff": True}])
async def test_a_person_answers_until_the_bot_takes_the_chat_back(stage: Stage, body: dict[str, Any]) -> None:
    session = await session_of(stage)
    answer = await stage.ai({**body, "session_id": session, "handoff_reason": "minta petugas"})
    assert answer.json() == {"ok": True, "handoff": True}
    assert await is_handed_over(stage)
    assert (await stage.bubbles())[-1] == ("gateway", "handoff_on")
    assert (await stage.ai({"route": "handoff-off", "session_id": session})).json()["handoff"] is False
    assert not await is_handed_over(stage)
    assert (await stage.bubbles())[-1] == ("gateway", "handoff_off")


@pytest.mark.parametrize("body", [{"route": "handoff-timeout"}, {"handoff_status": "timeout"}])
async def test_a_timeout_is_shown(stage: Stage, body: dict[str, Any]) -> None:
    session = await session_of(stage)
    await stage.ai({"route": "handoff", "session_id": session})
    await stage.ai({**body, "session_id": session})
    assert (await stage.bubbles())[-1] == ("gateway", "handoff_timeout")
    assert not await is_handed_over(stage)


async def test_a_hand_over_ends_by_itself_after_its_time(stage: Stage) -> None:
    session = await session_of(stage)
    await stage.ai({"route": "handoff", "session_id": session, "handoff_timeout_sec": 300})
    stage.clock.advance(299)
    assert await is_handed_over(stage)
    stage.clock.advance(2)
    assert not await is_handed_over(stage)
    assert (await stage.ai({"route": "handoff_status", "session_id": session})).json()["handoff"] is False


async def test_a_second_hand_over_only_prolongs_the_first(stage: Stage) -> None:
    session = await session_of(stage)
    for _ in range(2):
        await stage.ai({"route": "handoff", "session_id": session})
    assert (await stage.bubbles()).count(("gateway", "handoff_on")) == 1


async def test_sending_hands_over_unless_told_otherwise(stage: Stage) -> None:
    session = await session_of(stage)
    kept = await stage.ai({"route": "wa", "chatInput": "Satu", "session_id": session, "handoff": False})
    assert (kept.json()["status"], kept.json()["handoff"]) == ("sent", False)
    assert not await is_handed_over(stage)
    await stage.ai({"action": "wa_send", "text": "Dua", "to": f"{JOHN}@s.whatsapp.net"})
    assert await is_handed_over(stage)
    assert [text for _, text in await stage.bubbles()][-3:] == ["Satu", "Dua", "handoff_on"]


async def test_a_message_with_a_key_is_shown_once(stage: Stage) -> None:
    body, key = (
        {"route": "wa", "chatInput": "Satu", "to": JOHN, "handoff": False},
        {"Idempotency-Key": "ai-1"},
    )
    first, second = (await stage.ai(body, **key)).json(), (await stage.ai(body, **key)).json()
    assert second == {**first, "duplicate": True}
    assert await stage.bubbles() == [("business", "Satu")]


async def test_a_session_is_found_again_after_a_restart(stage: Stage) -> None:
    session = await session_of(stage)
    async with staged() as restarted:
        assert (await restarted.ai({"route": "handoff", "session_id": session})).status_code == 200
        assert await is_handed_over(restarted)


UNCLEAR: list[tuple[dict[str, Any], int, str]] = [
    ({"route": "wa", "chatInput": "x"}, 400, "give to or session_id"),
    ({"route": "wa", "to": JOHN}, 400, "chatInput"),
    ({"route": "wa", "chatInput": "x", "to": "99@lid"}, 400, "neither a phone number"),
    ({"route": "handoff", "to": JOHN}, 400, "needs session_id"),
    ({"route": "handoff", "session_id": "s-unknown"}, 404, "no chat"),
    ({"route": "handoff", "session_id": "s", "handoff_timeout_sec": 0}, 400, "handoff_timeout_sec"),
    ({"route": "admin", "session_id": "s"}, 400, "unknown route: admin"),
    ({"session_id": "s"}, 400, "unknown route: none given"),
]


async def test_an_unclear_command_is_refused(stage: Stage) -> None:
    for body, status, told in UNCLEAR:
        response = await stage.ai(body)
        assert (response.status_code, response.json()["ok"]) == (status, False), body
        assert told in response.json()["message"]
