"""Background work as an installation runs it: chores on time, texts through the configured gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.bootstrap import Bell, bootstrap
from core.messaging.notices import TEXT_TOPIC, send_text
from core.messaging.ports import Accepted, OutgoingText, SendOutcome
from core.platform.clock import ManualClock
from core.platform.outbox import State, outbox
from core.services import Services
from core.settings import Settings, load
from core.whatsapp import gateway_config
from core.workers import OUTBOX_RETENTION, dispatcher, scheduler


class Channel:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        self.keys.append(idempotency_key)
        return Accepted("wa-1")

    async def aclose(self) -> None:
        return None


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    async with bootstrap(settings, clock=clock) as all_of_them:
        yield all_of_them


async def queue(services: Services, key: str, **options: timedelta) -> None:
    async with services.uow.write() as tx:
        await send_text(tx, to="6281200000001", text="Halo", key=key, sensitive=False, **options)  # type: ignore[arg-type]


async def states(services: Services) -> dict[str, str]:
    async with services.uow.read() as tx:
        return {row.key: row.state for row in await tx.all(select(outbox))}


async def test_queued_texts_leave_by_the_channel(services: Services) -> None:
    channel = Channel()
    await queue(services, "receipt-1")
    assert await dispatcher(services, {"whatsapp": channel}).drain() == 1
    assert channel.keys == ["receipt-1"]


async def test_chores_are_done_when_they_are_due(services: Services, clock: ManualClock) -> None:
    chores = scheduler(services)
    await chores.run_due()  # seen for the first time
    await queue(services, "late", expires_after=timedelta(minutes=5))
    await queue(services, "sent")
    await dispatcher(services, {"whatsapp": Channel()}).drain()
    await queue(services, "never sent", expires_after=timedelta(minutes=5))
    clock.move(timedelta(minutes=5))
    assert "outbox.expire" in await chores.run_due()
    assert (await states(services))["never sent"] == State.PARKED
    clock.move(OUTBOX_RETENTION + timedelta(hours=1))
    assert set(await chores.run_due()) >= {"outbox.expire", "retention"}
    assert await states(services) == {"never sent": State.PARKED}
    assert await chores.run_due() == []


def size(path: Path) -> int:
    return path.stat().st_size


async def test_the_write_ahead_log_is_moved_into_the_file(sqlite_url: str, clock: ManualClock) -> None:
    settings = load({"LOKET_SECRET_KEY": "s" * 32, "LOKET_DATABASE_URL": sqlite_url})
    path = Path(sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    async with bootstrap(settings, clock=clock) as services:
        chores = scheduler(services)
        await chores.run_due()
        before = size(path)
        for number in range(200):
            await queue(services, f"text-{number}")
        assert size(path) == before  # no request waits for the disk
        clock.move(timedelta(seconds=15))
        assert "sqlite.checkpoint" in await chores.run_due()
        assert size(path) > before


async def test_a_commit_rings_the_bell_of_this_installation(settings: Settings, clock: ManualClock) -> None:
    bell, rung = Bell(), list[int]()
    bell.wake(lambda: rung.append(1))
    async with bootstrap(settings, clock=clock, bell=bell) as services:
        await queue(services, "text")
        async with services.uow.read() as tx:
            count = select(func.count()).where(outbox.c.topic == TEXT_TOPIC)
            assert await tx.scalar(count) == len(rung) == 1


def test_the_gateways_settings_reach_it_unchanged() -> None:
    values = {
        "WA_GATEWAY_METHOD": "post",
        "WA_GATEWAY_URL": "https://wa.example.id/ext/{secret}/wa",
        "WA_GATEWAY_SECRET": "s3",
        "WA_GATEWAY_AUTH_TYPE": "header",
        "WA_GATEWAY_AUTH_USERNAME": "u",
        "WA_GATEWAY_AUTH_PASSWORD": "p",
        "WA_GATEWAY_AUTH_HEADER_NAME": "X-Key",
        "WA_GATEWAY_AUTH_TOKEN": "t",
        "WA_GET_URL": "https://wa.example.id/?n=[number]&t=[text]",
    }
    environ = {f"LOKET_{name}": value for name, value in values.items()}
    config = gateway_config(load(environ | {"LOKET_SECRET_KEY": "s" * 32}))
    assert (config.method, config.url, config.secret, config.auth_type) == (
        "post",
        "https://wa.example.id/ext/{secret}/wa",
        "s3",
        "header",
    )
    assert (config.auth_username, config.auth_password, config.auth_header_name, config.auth_token) == (
        "u",
        "p",
        "X-Key",
        "t",
    )
    assert config.get_url == values["WA_GET_URL"]
