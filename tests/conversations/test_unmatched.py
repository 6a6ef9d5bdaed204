"""What nobody understood is counted once a text, without its numbers, and not at all where that is switched off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.bootstrap import bootstrap
from core.messaging import chats, unmatched
from core.messaging.tables import inbound_messages
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from tests.conversations.stage import DEWI, JOHN, Stage, morning, settings_for

_RIDDLE = "apakah zorblax 4711 sudah flimflam"


async def _listed(stage: Stage, *, labelled: bool = False) -> list[unmatched.Unmatched]:
    async with stage.services.uow.read() as tx:
        return await unmatched.listed(tx, labelled=labelled, limit=10)


async def test_a_riddle_is_counted_and_not_repeated(stage: Stage) -> None:
    await stage.say(JOHN, _RIDDLE)
    await stage.say(DEWI, _RIDDLE.upper(), "cek tagihan", "zorblax")
    assert {(each.text, each.times) for each in await _listed(stage)} == {
        ("apakah zorblax 0000 sudah flimflam", 2)
    } | {(each.text, 1) for each in await _listed(stage) if each.text == "zorblax"}


async def test_a_label_moves_a_text_to_the_labelled(stage: Stage) -> None:
    await stage.say(JOHN, _RIDDLE)
    (found,) = await _listed(stage)
    async with stage.services.uow.write() as tx:
        await unmatched.label(tx, found.id, "human")
    assert await _listed(stage) == []
    assert [each.label for each in await _listed(stage, labelled=True)] == ["human"]
    with pytest.raises(NotFound):
        async with stage.services.uow.write() as tx:
            await unmatched.label(tx, 999_999, "human")


async def test_texts_are_forgotten_in_time(stage: Stage) -> None:
    await stage.say(JOHN, _RIDDLE)
    stage.clock.move(timedelta(days=89))
    assert await unmatched.purge(stage.services.uow, older_than=timedelta(days=90)) == 0
    stage.clock.move(timedelta(days=2))
    assert await unmatched.purge(stage.services.uow, older_than=timedelta(days=90)) == 1


async def test_nothing_is_collected_where_it_is_switched_off(demo_url: str) -> None:
    clock = morning()
    async with bootstrap(settings_for(demo_url, LOKET_COLLECT_UNMATCHED="0"), clock=clock) as services:
        stage = Stage(services, clock)
        await stage.say(JOHN, _RIDDLE)
        assert await _listed(stage) == []


async def test_what_is_written_is_kept_sealed_and_a_secret_not_at_all(stage: Stage, demo_url: str) -> None:
    await stage.say(DEWI, "lupa password")
    await stage.say(DEWI, await stage.code(), "kopi-senja-7")
    async with stage.services.uow.read() as tx:
        stored = (
            await tx.all(select(inbound_messages.c.said).order_by(inbound_messages.c.received_at))
        ) or ()
        here = await chats.exchanges(tx, 1)
    keyring = Keyring(stage.services.settings.masters)
    opened = [keyring.unseal(row.said) if row.said else None for row in stored]
    assert opened[0] == "lupa password"
    assert opened[-1] is None
    assert len(here) == 3
    assert b"lupa password" not in _file(demo_url)


def _file(url: str) -> bytes:
    return Path(url.removeprefix("sqlite+aiosqlite:///")).read_bytes()
