"""Customers hear of a bill when it matters, once a stage, never at night, never in a heap."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core.billing import commands
from core.billing.commands import NewInvoice
from core.billing.reminders import remind
from core.billing.tables import invoices
from core.billing.types import InvoiceLine
from core.platform.outbox import outbox
from core.settings import Settings
from tests.core.conftest import Shop

DEWI = 5
DUE = date(2026, 12, 10)


@pytest.fixture
async def owing(shop: Shop) -> Shop:
    """Dewi owes one bill, due on 10 December, and nobody else owes anything."""
    await shop.change(invoices.update().values(reminder=5))
    line = InvoiceLine("Paket", "Internet", 250_000, 1, 0, 250_000, "-")
    async with shop.uow.write() as tx:
        new = NewInvoice("D-1", DEWI, 2026, 12, DUE, DUE + timedelta(days=10), (line,))
        await commands.issue(tx, new)
    return shop


async def on(shop: Shop, settings: Settings, day: date, hour: int = 9) -> list[str]:
    """The stages told by a run at an hour in Jakarta."""
    before = len(await keys(shop))
    shop.clock.move_to(datetime(day.year, day.month, day.day, hour, tzinfo=settings.zone).astimezone(UTC))
    await remind(shop.uow, settings)
    return [key.rpartition("-")[2] for key in (await keys(shop))[before:]]


async def keys(shop: Shop) -> list[str]:
    rows = await shop.all(select(outbox.c.key).where(outbox.c.key.like("bill-%")).order_by(outbox.c.id))
    return [row.key for row in rows]


async def test_each_stage_is_told_once(owing: Shop, settings: Settings) -> None:
    told = {}
    for ahead in range(17, -12, -1):
        day = DUE - timedelta(days=ahead)
        if stages := [*await on(owing, settings, day), *await on(owing, settings, day, 15)]:
            told[ahead] = stages
    assert told == {17: ["new"], 7: ["seven"], 3: ["three"], 1: ["one"], -1: ["overdue"]}


async def test_what_is_told_is_true_on_the_day(owing: Shop, settings: Settings) -> None:
    await on(owing, settings, DUE - timedelta(days=5))
    (late,) = await owing.queued("message.text")
    assert "jatuh tempo 5 hari lagi, 10 Desember 2026" in late["text"]
    assert "*Rp250.000*" in late["text"]


@pytest.mark.parametrize(
    ("ahead", "stages"),
    [(5, ["seven"]), (2, ["three"]), (1, ["one"]), (0, ["new"]), (-3, ["overdue"]), (-11, [])],
)
async def test_after_downtime_only_what_matters_is_told(
    owing: Shop, settings: Settings, ahead: int, stages: list[str]
) -> None:
    assert await on(owing, settings, DUE - timedelta(days=ahead)) == stages


@pytest.mark.parametrize("hour", [0, 7, 20, 23])
async def test_nobody_is_reminded_at_night(owing: Shop, settings: Settings, hour: int) -> None:
    day = DUE - timedelta(days=7)
    assert await on(owing, settings, day, hour) == []
    assert await on(owing, settings, day + timedelta(days=hour >= 20), 8) == ["seven"]


async def test_who_has_paid_is_not_reminded_and_who_has_paid_a_part_is_told_the_rest(
    owing: Shop, settings: Settings
) -> None:
    bill = await owing.one(select(invoices.c.id).where(invoices.c.number == "D-1"))
    await owing.billing.confirm_payment([bill.id], 100_000, actor="staff:3", reference="K")
    await on(owing, settings, DUE - timedelta(days=3))
    assert "*Rp150.000*" in (await owing.queued("message.text"))[-1]["text"]
    await owing.billing.confirm_payment([bill.id], 150_000, actor="staff:3", reference="K2")
    assert await on(owing, settings, DUE - timedelta(days=1)) == []


async def test_two_who_remind_at_once_tell_once(owing: Shop, settings: Settings) -> None:
    owing.clock.move_to(datetime(2026, 12, 3, 3, tzinfo=UTC))
    await asyncio.gather(*(remind(owing.uow, settings) for _ in range(4)))
    assert len(await keys(owing)) == 1
