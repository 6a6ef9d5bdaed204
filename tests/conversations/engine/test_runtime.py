"""Turns under stress: duplicates, messages at once, several processes, restarts, deploys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from sqlalchemy import func, select

from conversations.engine.flow import Flow
from conversations.engine.lanes import Lanes
from conversations.engine.turn import Outcome, Turn
from core.messaging import chats
from core.messaging.chats import Chat
from core.messaging.tables import inbound_messages
from core.platform.errors import Throttled
from core.platform.i18n import text
from tests.conversations.engine.toys import ToyState, listening
from tests.conversations.stage import JOHN, SITI, STRANGER, Stage, staged


@pytest.fixture
async def stage(demo_url: str) -> AsyncIterator[Stage]:
    async with staged(demo_url, flows=(listening(),)) as opened:
        yield opened


async def _heard(stage: Stage, chat: str) -> list[str]:
    dialogue = (await stage.chat(chat)).dialogue
    assert dialogue is not None
    return list(dialogue["frames"][0]["state"]["heard"])


async def _count_seen(stage: Stage) -> int:
    async with stage.services.uow.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(inbound_messages)))


async def test_a_message_delivered_twice_acts_once_and_is_answered_alike(stage: Stage) -> None:
    await stage.say(JOHN, "/listen")
    message = stage.message(JOHN, "satu")
    assert await stage.deliver(message) == await stage.deliver(message)
    assert await _heard(stage, JOHN) == ["satu"]


async def test_a_message_delivered_twice_at_once_acts_once(stage: Stage) -> None:
    await stage.say(JOHN, "/listen")
    message = stage.message(JOHN, "satu")
    answers = await asyncio.gather(*(stage.deliver(message) for _ in range(10)))
    assert len(set(answers)) == 1
    assert await _heard(stage, JOHN) == ["satu"]


async def test_two_chats_may_have_messages_of_one_id(stage: Stage) -> None:
    """A gateway that numbers badly must not show one customer's answer to another."""
    await stage.say(JOHN, "/listen", "rahasia john")
    first = await stage.say(JOHN, "satu", message_id="same")
    second = await stage.say(STRANGER, "satu", message_id="same")
    assert "rahasia john" in first
    assert "rahasia john" not in second


async def test_a_long_or_odd_message_id_is_as_good_as_any(stage: Stage) -> None:
    await stage.say(JOHN, "/listen")
    for name in ("x" * 3000, "pesan-é-☃", "a b/c?d"):
        assert await stage.say(JOHN, "satu", message_id=name) == await stage.say(
            JOHN, "satu", message_id=name
        )
    assert await _heard(stage, JOHN) == ["satu"] * 3


async def test_fifty_messages_at_once_are_played_in_the_order_they_came(stage: Stage) -> None:
    await stage.say(JOHN, "/listen")
    words = [f"kata{n}" for n in range(50)]
    answers = await asyncio.gather(*(stage.say(JOHN, word) for word in words))
    assert await _heard(stage, JOHN) == words
    assert [answer.count("kata") for answer in answers] == list(range(1, 51))
    assert await _count_seen(stage) == 51


async def test_twenty_chats_at_once_do_not_mix(stage: Stage) -> None:
    numbers = [f"62813{n:08}" for n in range(20)]
    await asyncio.gather(*(stage.say(number, "/listen", number + "a", "b") for number in numbers))
    for number in numbers:
        assert await _heard(stage, number) == [number + "a", "b"]


async def test_three_processes_lose_none_of_a_chats_messages(database_url: str) -> None:
    """Each has its own lock; the revision in the row decides, and the loser plays its turn again."""
    async with AsyncExitStack() as house:
        stages = [
            await house.enter_async_context(staged(database_url, flows=(listening(),))) for _ in range(3)
        ]
        await stages[0].say(JOHN, "/listen")
        words = [f"kata{n}" for n in range(24)]
        turns = (
            stages[n % 3].deliver(stages[n % 3].message(JOHN, word, message_id=f"m-{word}"))
            for n, word in enumerate(words)
        )
        await asyncio.gather(*turns)
        assert sorted(await _heard(stages[0], JOHN)) == sorted(words)


async def test_a_flood_is_turned_away_and_what_waited_is_answered() -> None:
    lanes, busy, played = Lanes(most_waiting=3), asyncio.Event(), list[int]()

    async def turn(number: int) -> None:
        async with lanes.turn("whatsapp", JOHN):
            await busy.wait()
            played.append(number)

    turns = [asyncio.create_task(turn(number)) for number in range(5)]
    await asyncio.sleep(0)
    async with lanes.turn("whatsapp", SITI):  # another chat is not held up
        busy.set()
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes[3:]] == [Throttled, Throttled]
    assert played == [0, 1, 2]
    await turn(5)
    assert played == [0, 1, 2, 5]


async def test_a_restart_goes_on_where_it_was(demo_url: str) -> None:
    async with staged(demo_url, flows=(listening(),)) as before:
        await before.say(JOHN, "/listen", "satu")
    async with staged(demo_url, flows=(listening(),)) as after:
        assert "satu/dua" in await after.say(JOHN, "dua", message_id="later")


class NewState(Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...] = ()


def _redesigned(upgrades: dict[int, Any]) -> Flow[NewState]:
    flow = Flow("listening", NewState, version=3, label="topic.profile", upgrades=upgrades)

    @flow.step("engine.did_you_mean")
    async def listen(turn: Turn[NewState]) -> Outcome:
        return turn.end("engine.thanks" if turn.state.words == ("satu",) else "engine.contact")

    return flow


async def test_a_stored_state_is_upgraded_version_by_version(demo_url: str) -> None:
    async with staged(demo_url, flows=(listening(),)) as before:
        await before.say(JOHN, "/listen", "satu")
    flow = _redesigned(
        {1: lambda state: {"words_heard": state["heard"]}, 2: lambda state: {"words": state["words_heard"]}}
    )
    async with staged(demo_url, flows=(flow,)) as after:
        assert await after.say(JOHN, "dua", message_id="later") == text("engine.thanks", "id")


@pytest.mark.parametrize(
    "flows",
    [(), (_redesigned({}),), (_redesigned({1: lambda state: state, 2: lambda state: state}),)],
    ids=["flow gone", "no upgrade", "upgrade does not fit"],
)
async def test_a_state_nobody_can_read_is_given_up_politely(
    demo_url: str, flows: tuple[Flow[NewState], ...]
) -> None:
    async with staged(demo_url, flows=(listening(),)) as before:
        await before.say(JOHN, "/listen", "satu")
    async with staged(demo_url, flows=flows) as after:
        answer = await after.say(JOHN, "menu", message_id="later")
        assert answer.splitlines()[0] == text("engine.lost", "id")
        assert await after.place(JOHN) == ""


@pytest.mark.parametrize(
    "dialogue",
    [
        {"frames": 7},
        {"nonsense": True},
        {"frames": [{"flow": "x"}]},
        {"frames": [{"flow": "listening", "version": 9, "step": "listen", "state": {}}]},
        {"frames": [{"flow": "listening", "version": 1, "step": "gone", "state": {}}]},
    ],
    ids=["no list", "unknown field", "half a frame", "of a newer Loket", "step gone"],
)
async def test_a_damaged_dialogue_is_given_up_politely(stage: Stage, dialogue: dict[str, Any]) -> None:
    async with stage.services.uow.write() as tx:
        chat = Chat("whatsapp", SITI, dialogue=dialogue)
        await chats.save_turn(tx, chat, message_id="x", replies=[])
    answer = await stage.say(SITI, "menu")
    assert answer.splitlines()[0] == text("engine.lost", "id")


async def test_a_state_that_does_not_fit_its_type_fails_where_it_was_made(demo_url: str) -> None:
    flow = Flow("wrong", ToyState, commands=("wrong",))

    @flow.step("engine.did_you_mean")
    async def ask(turn: Turn[ToyState]) -> Outcome:
        return turn.goto(ask, count="seven")

    async with staged(demo_url, flows=(flow,)) as stage:
        await stage.say(JOHN, "/wrong")
        with pytest.raises(msgspec.ValidationError):
            await stage.say(JOHN, "7")
