"""A line without a router to ask, and how lines and what went over them are told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from typing_extensions import override

from core.network import line_texts, switching
from core.network.tables import line_states
from core.network.types import ConnectionReport, Line, Uptime, Usage
from core.network.watching import WATCH_TOPIC
from core.platform.i18n import text
from core.platform.outbox import outbox
from core.subscriptions.tables import subscriptions
from tests.conversations.routers import ToldRouters
from tests.conversations.stage import DEWI, JOHN, SITI, Stage, staged

JAKARTA = ZoneInfo("Asia/Jakarta")
#: Ten in the morning in Jakarta.
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


async def test_a_line_without_a_router_is_not_said_to_be_down(stage: Stage) -> None:
    async with stage.services.uow.write() as tx:
        await tx.execute(subscriptions.update().values(router_id=None))
    expected = text("connection_check.no_router", "id", number="ISP00123")
    assert await stage.say(JOHN, "cek koneksi") == expected
    assert await stage.place(JOHN) == ""


async def test_an_isolated_line_that_owes_nothing_is_coming_back(stage: Stage) -> None:
    await stage.say(SITI, "cek koneksi", "2")
    (bill,) = await stage.services.billing.invoices_of(3)
    await stage.services.billing.settle(
        source="test", reference="1", invoice_number=bill.number, service_number="28900002"
    )
    assert await stage.say(SITI, "9") == text("connection_check.coming_back", "id")


async def test_a_line_that_was_paid_for_and_is_open_already_is_said_to_be(stage: Stage) -> None:
    await stage.say(SITI, "cek koneksi", "2")
    (bill,) = await stage.services.billing.invoices_of(3)
    await stage.services.billing.settle(
        source="test", reference="1", invoice_number=bill.number, service_number="28900002"
    )
    async with stage.services.uow.write() as tx:
        await tx.execute(line_states.update().values(applied_revision=line_states.c.revision))
    assert await stage.say(SITI, "9") == text("connection_check.open_again", "id", number="28900002")


async def test_a_line_that_staff_has_closed_is_not_blamed_on_a_bill(stage: Stage) -> None:
    async with stage.services.uow.write() as tx:
        await switching.isolate(tx, 5, reason="misuse", key="by hand")
    assert await stage.say(DEWI, "cek koneksi") == text(
        "connection_check.closed_by_staff", "id", number="28900004"
    )


@pytest.mark.parametrize(
    ("uptime", "told"),
    [
        (None, "menyala (online)."),
        (Uptime("", 0), "menyala (online)."),
        (Uptime("10h", 36_000), "sejak pukul 00.00 WIB hari ini."),
        (Uptime("10h1m", 36_060), "sejak 21 November 2026 pukul 23.59 WIB."),
    ],
)
def test_since_when_a_line_is_up_is_told_by_the_clock_of_the_business(
    uptime: Uptime | None, told: str
) -> None:
    assert line_texts.online("1", uptime, NOW, JAKARTA).render("id").endswith(told)


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (Usage(upload_bytes=125_000, download_bytes=250_000), "unduh 0,25 MB, unggah 0,12 MB."),
        (Usage(upload_bytes=0, download_bytes=1_234_567_890), "unduh 1,23 GB, unggah 0 MB."),
        (Usage(0, 0), "Angka pemakaiannya belum terlihat dari sini."),
        (None, "Angka pemakaiannya belum terlihat dari sini."),
    ],
)
def test_usage_is_told_in_sizes_people_know(usage: Usage | None, told: str) -> None:
    assert line_texts.used(usage).render("id").endswith(told)


class Hanging(ToldRouters):
    """A router that takes its time."""

    @override
    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_slow_router_is_answered_for_at_once_and_its_result_is_queued(demo_url: str) -> None:
    async with staged(demo_url, routers=Hanging()) as stage:
        assert "lambat menjawab" in await stage.say(JOHN, "cek koneksi")
        assert await stage.place(JOHN) == ""
        async with stage.services.uow.read() as tx:
            queued = await tx.all(select(outbox.c.payload).where(outbox.c.topic == WATCH_TOPIC))
    assert [(row.payload["channel"], row.payload["address"]) for row in queued] == [("whatsapp", JOHN)]
