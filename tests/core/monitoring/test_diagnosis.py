"""A line's last day and week: added up right, drawn as a picture, never anybody else's."""

from __future__ import annotations

import struct
from datetime import timedelta

import pytest

from core.monitoring import history, texts
from core.monitoring.diagnosis import Period
from core.monitoring.names import card_attachment
from core.platform.errors import Forbidden, NotFound
from tests.conversations.network import live
from tests.core.monitoring.conftest import Watch

JOHN, JOHNS, DEWIS = 1, "ISP00123", "28900004"


async def test_a_day_is_what_its_samples_add_up_to(watch: Watch) -> None:
    await live(watch.shop.uow, JOHNS, 3, drops=2)
    found = await watch.monitoring.diagnosis(JOHN, Period.DAY)
    assert (found.seen_s, found.drops, found.online_percent) == (3 * 3600, 2, 98)
    assert found.download == 36 * 150_000_000
    assert (len(found.stretches), found.step_minutes, found.ends) == (96, 15, watch.shop.clock.now())
    unwatched = [each for each in found.stretches if not each.seen_s]
    assert len(unwatched) == 96 - 12


async def test_a_week_joins_hours_and_what_is_not_added_up_yet(watch: Watch) -> None:
    await live(watch.shop.uow, JOHNS, 40)
    before = await watch.monitoring.diagnosis(JOHN, Period.WEEK)
    await history.roll_up(watch.shop.uow, watch.settings.zone)
    after = await watch.monitoring.diagnosis(JOHN, Period.WEEK)
    assert before.stretches == after.stretches
    watch.shop.clock.move(timedelta(days=3))
    await history.purge(watch.shop.uow)  # a month is not over, and an hour that was not added up stays
    later = await watch.monitoring.diagnosis(JOHN, Period.WEEK)
    assert later.download == before.download


async def test_nobody_gets_somebody_elses(watch: Watch) -> None:
    with pytest.raises(Forbidden):
        await watch.monitoring.diagnosis(JOHN, Period.DAY, number=DEWIS)
    with pytest.raises(NotFound):
        await watch.monitoring.diagnosis(JOHN, Period.DAY, number="99999999")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("hours", [0, 30])
async def test_the_card_is_a_picture_for_a_phone(watch: Watch, language: str, hours: int) -> None:
    if hours:
        await live(watch.shop.uow, JOHNS, hours, drops=3)
    for period in Period:
        attachment = card_attachment(JOHN, period, "en" if language == "en" else "id")
        file = await watch.monitoring.renderers()[attachment.source](attachment.args)
        width, height = struct.unpack(">II", file.content[16:24])
        assert (file.media_type, file.content[:4], width) == ("image/png", b"\x89PNG", 1080)
        assert len(file.content) < 200_000
        assert height <= width * 1.2


async def test_today_is_shaky_or_busy_or_neither(watch: Watch) -> None:
    fine = await watch.monitoring.condition(JOHN)
    assert fine is not None
    assert (fine.is_shaky, fine.busy_mbps) == (False, None)
    await live(watch.shop.uow, JOHNS, 2, drops=4, mbps=49)
    worse = await watch.monitoring.condition(JOHN)
    assert worse is not None
    assert worse.is_shaky
    assert worse.busy_mbps is not None
    watch.shop.clock.move(timedelta(days=1))
    tomorrow = await watch.monitoring.condition(JOHN)
    assert tomorrow is not None
    assert (tomorrow.drops_today, tomorrow.busy_mbps) == (0, None)


async def test_what_is_not_known_is_not_told_as_down(watch: Watch) -> None:
    await live(watch.shop.uow, JOHNS, 3)
    told = [
        line.key
        for line in texts.lines(await watch.monitoring.diagnosis(JOHN, Period.DAY), watch.settings.zone)
    ]
    assert told == [
        "line_history.day",
        "line_history.steady",
        "line_history.used",
        "line_history.busiest",
        "line_history.unwatched",
    ]
