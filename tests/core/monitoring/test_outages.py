"""Outages from the router's socket to what people are told: opened, followed, over; and what must not be one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.monitoring.types import IncidentKind
from core.subscriptions.tables import subscriptions
from core.testing.demo.people import STAFF, load_staff
from core.testing.outages import days
from sandbox.routeros import Closes
from tests.core.monitoring.conftest import Watch, plug_in, settle, unplug


async def customer_of(watch: Watch, user: str) -> int:
    found = select(subscriptions.c.customer_id).where(subscriptions.c.line_user == user)
    return int((await watch.shop.one(found)).customer_id)


async def test_a_box_goes_dark_and_its_neighbours_are_told_so(watch: Watch) -> None:
    async with watch.shop.uow.write() as tx:
        await load_staff(tx, ["-"] * len(STAFF))
    users = await settle(watch, "ODP-07", 8)
    await settle(watch, "ODP-08", 30)
    await watch.rounds(3)
    unplug(watch, users[:7])
    await watch.round()
    dark_since = watch.shop.clock.now()
    customer = await customer_of(watch, users[0])
    assert await watch.monitoring.outage_around(customer) is None  # a router that restarts looks the same
    await watch.rounds(2)
    outage = await watch.monitoring.outage_around(customer)
    assert outage is not None
    assert (outage.down, outage.total, outage.since) == (7, 8, dark_since)
    elsewhere = await customer_of(watch, "odp-08-03")
    assert await watch.monitoring.outage_around(elsewhere) is None
    [alarm] = await watch.texts()
    assert "ODP-07" in alarm
    assert "7 dari 8 pelanggan" in alarm


async def test_the_whole_router_is_one_outage(watch: Watch) -> None:
    users = [*await settle(watch, "ODP-07", 8, region_id=1), *await settle(watch, "ODP-08", 6, region_id=2)]
    await watch.rounds(2)
    unplug(watch, users)
    await watch.rounds(4)
    [incident] = await watch.monitoring.incidents()
    assert (incident.kind, incident.label, incident.down) == (IncidentKind.OUTAGE, "RT-01", 14)


async def test_it_is_over_when_it_has_held_and_who_asked_is_told_once(watch: Watch) -> None:
    users = await settle(watch, "ODP-07", 8)
    await watch.rounds(2)
    unplug(watch, users)
    await watch.rounds(3)
    customer = await customer_of(watch, users[0])
    outage = await watch.monitoring.outage_around(customer)
    assert outage is not None
    await watch.monitoring.complain(1, outage.id, wants_news=True)
    await watch.monitoring.complain(1, outage.id, wants_news=True)
    await watch.monitoring.complain(customer, outage.id, wants_news=False)
    plug_in(watch, users)
    await watch.rounds(3)
    unplug(watch, users)  # a relapse is the same outage
    await watch.rounds(4)
    assert [each.id for each in await watch.monitoring.incidents()] == [outage.id]
    plug_in(watch, users)
    await watch.rounds(8)
    assert await watch.monitoring.incidents() == []
    [over] = await watch.monitoring.incidents(only_open=False)
    assert (over.worst, over.complaints) == (8, 2)
    told = [text for text in await watch.texts() if "sudah pulih" in text]
    assert len(told) == 1
    await watch.rounds(2)
    assert len([text for text in await watch.texts() if "sudah pulih" in text]) == 1


async def test_an_isolated_street_is_no_outage(watch: Watch) -> None:
    users = await settle(watch, "ODP-07", 8)
    await watch.rounds(2)
    closed = subscriptions.update().where(subscriptions.c.line_user.in_(users))
    await watch.shop.change(closed.values(isolated_at=watch.shop.clock.now()))
    unplug(watch, users)
    await watch.rounds(4)
    assert await watch.monitoring.incidents() == []


async def test_a_router_out_of_sight_is_no_outage_of_its_lines(watch: Watch) -> None:
    users = await settle(watch, "ODP-07", 8)
    await watch.rounds(2)
    watch.first.faults.add(Closes(), "/ppp/active/print")
    await watch.rounds(5)
    [incident] = await watch.monitoring.incidents()
    assert (incident.kind, incident.label, incident.down) == (IncidentKind.UNSEEN, "RT-01", 0)
    assert await watch.monitoring.outage_around(await customer_of(watch, users[0])) is None
    watch.first.faults.clear()
    await watch.round()
    assert await watch.monitoring.incidents() == []


async def test_an_outage_is_not_over_because_its_router_is_out_of_sight(watch: Watch) -> None:
    users = await settle(watch, "ODP-07", 8)
    await watch.rounds(2)
    unplug(watch, users)
    await watch.rounds(3)
    watch.first.faults.add(Closes(), "/ppp/active/print")
    await watch.rounds(10)
    kinds = {incident.kind for incident in await watch.monitoring.incidents()}
    assert kinds == {IncidentKind.OUTAGE, IncidentKind.UNSEEN}


async def test_when_every_router_vanishes_it_is_us(watch: Watch) -> None:
    await settle(watch, "ODP-07", 8)
    await watch.rounds(2)
    for router in (watch.first, watch.second):
        router.faults.add(Closes(), "/")
    await watch.rounds(6)
    [incident] = await watch.monitoring.incidents()
    assert incident.kind is IncidentKind.BLIND
    for router in (watch.first, watch.second):
        router.faults.clear()
    await watch.round()
    assert await watch.monitoring.incidents() == []


async def test_after_a_night_without_a_scanner_a_few_modems_off_are_no_outage(watch: Watch) -> None:
    users = await settle(watch, "ODP-07", 10)
    await watch.rounds(2)
    unplug(watch, users[:3])
    watch.shop.clock.move(timedelta(hours=8))
    await watch.rounds(4)
    assert await watch.monitoring.incidents() == []


def test_simulated_days_are_told_apart_well() -> None:
    """Two fixed days: boxes, routers and regions fail, relapse and spread, among houses that switch off and flap."""
    score = days(range(7, 9), minutes=24 * 60)
    assert score.outages >= 15
    assert score.precision >= 0.95
    assert score.recall >= 0.9
    assert score.lines_precision >= 0.95
    assert score.lines_recall >= 0.85
    assert score.median_delay_min <= 5
