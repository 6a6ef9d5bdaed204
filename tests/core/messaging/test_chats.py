"""Chats are saved by compare-and-swap, together with the answer that a repeated delivery gets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.messaging import chats
from core.messaging.chats import Chat, Superseded
from core.platform.clock import ManualClock
from core.platform.uow import UnitOfWork


async def _load(uow: UnitOfWork, address: str = "628111") -> Chat:
    async with uow.read() as tx:
        return await chats.load(tx, "whatsapp", address)


async def _save(uow: UnitOfWork, chat: Chat, message_id: str, replies: list[object] | None = None) -> None:
    async with uow.write() as tx:
        await chats.save_turn(tx, chat, message_id=message_id, replies=replies or [])


async def test_a_chat_nobody_saved_is_new(uow: UnitOfWork) -> None:
    assert await _load(uow) == Chat("whatsapp", "628111")


async def test_a_saved_turn_is_read_back(uow: UnitOfWork, clock: ManualClock) -> None:
    await _save(uow, Chat("whatsapp", "628111", "en", {"tries": 1}), "m1", [{"text": "Halo"}])
    assert await _load(uow) == Chat("whatsapp", "628111", "en", {"tries": 1}, 1, clock.now())
    async with uow.read() as tx:
        assert await chats.answer_to(tx, "whatsapp", "m1") == [{"text": "Halo"}]
        assert await chats.answer_to(tx, "telegram", "m1") is None


async def test_a_turn_on_an_outdated_chat_writes_nothing(uow: UnitOfWork) -> None:
    await _save(uow, await _load(uow), "m1")
    outdated = await _load(uow)
    await _save(uow, outdated, "m2")
    with pytest.raises(Superseded):
        await _save(uow, outdated, "m3")
    async with uow.read() as tx:
        assert await chats.answer_to(tx, "whatsapp", "m3") is None
    assert (await _load(uow)).revision == 2


async def test_a_message_seen_before_takes_the_state_back_with_it(uow: UnitOfWork) -> None:
    await _save(uow, await _load(uow), "m1")
    with pytest.raises(Superseded):
        await _save(uow, await _load(uow), "m1")
    assert (await _load(uow)).revision == 1


async def test_of_many_turns_at_once_one_wins(uow: UnitOfWork) -> None:
    new = await _load(uow)
    turns = (_save(uow, new, f"m{number}") for number in range(8))
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", *["Superseded"] * 7]
    assert (await _load(uow)).revision == 1


async def test_old_answers_are_forgotten_and_the_chat_is_kept(uow: UnitOfWork, clock: ManualClock) -> None:
    await _save(uow, await _load(uow), "old")
    clock.move(timedelta(days=6))
    await _save(uow, await _load(uow), "new")
    clock.move(timedelta(days=2))
    assert await chats.purge(uow, batch=1) == 1
    async with uow.read() as tx:
        assert await chats.answer_to(tx, "whatsapp", "old") is None
        assert await chats.answer_to(tx, "whatsapp", "new") == []
    assert (await _load(uow)).revision == 2
