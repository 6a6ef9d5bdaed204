"""Scans over real sockets: what is written down of each line, and what a router that fails leaves untouched."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from core.adapters.routeros import Limits, RouterOsGateway
from core.monitoring.scanning import Scanning
from core.monitoring.tables import line_sightings
from core.monitoring.types import Scanned
from core.platform.secrets import Keyring
from sandbox.routeros import Closes, HalfWord, Hang, HotspotActive, PppActive, Refuses
from tests.core.monitoring.conftest import Watch, row

JOHN, SITI, SHOP, DEWI, AGUS = "john_pppoe", "siti_hs", "10.20.0.5", "dewi_pppoe", "agus_pppoe"


async def test_every_line_is_seen_as_it_is(watch: Watch) -> None:
    await watch.scan()
    assert {user: (await watch.sighting(user)).is_online for user in (JOHN, SITI, SHOP, DEWI, AGUS)} == {
        JOHN: True,
        SITI: True,
        SHOP: True,
        DEWI: False,
        AGUS: False,
    }


async def test_counters_are_asked_once_in_five_minutes_and_kept_as_traffic(watch: Watch) -> None:
    await watch.scan()
    counters = row(watch.first, "/interface", "<pppoe-john_pppoe>")
    for _ in range(4):
        await watch.scan(minutes=1)
    assert watch.first.asked("/interface/print") == 1
    counters["rx-byte"], counters["tx-byte"] = str(125_000 + 111), str(250_000 + 222)
    await watch.scan(minutes=1)
    [sample] = await watch.samples(JOHN)
    assert (sample.seen_s, sample.online_s, sample.drops, sample.upload, sample.download) == (
        300,
        300,
        0,
        111,
        222,
    )
    [shop] = await watch.samples(SHOP)
    assert (shop.online_s, shop.upload) == (300, 0)


async def test_a_line_that_drops_and_comes_back(watch: Watch) -> None:
    await watch.scan()
    [session] = watch.first.state.tables["/ppp/active"].select((f"?name={JOHN}",))
    watch.first.state.end_session("/ppp/active", session)
    await watch.scan(minutes=1)
    assert not (await watch.sighting(JOHN)).is_online
    watch.first.state.dial_in(PppActive(JOHN, "10.10.10.2", uptime="10s", session_id="0x999"))
    await watch.scan(minutes=1)
    back = await watch.sighting(JOHN)
    assert (back.is_online, back.drops) == (True, 1)


@pytest.mark.parametrize("fault", [Hang(), Closes(), HalfWord(), HalfWord(closes=False)])
async def test_a_failed_scan_says_nothing_about_any_line(
    watch: Watch, fault: Hang | Closes | HalfWord
) -> None:
    await watch.scan()
    before = await watch.sighting(JOHN)
    watch.first.faults.add(fault, "/ppp/active/print")
    visits = {visit.router_alias: visit.outcome for visit in await watch.scan(minutes=1)}
    assert (visits["RT-01"], visits["RT-02"]) == (Scanned.UNSEEN, Scanned.READ)
    assert await watch.sighting(JOHN) == before
    assert await watch.outcomes(1) == ["read", "unseen"]
    watch.first.faults.clear()
    watch.first.faults.release()
    await watch.scan(minutes=1)
    assert await watch.sighting(JOHN) == before


async def test_a_menu_that_is_refused_says_nothing_about_its_lines(watch: Watch) -> None:
    await watch.scan()
    watch.first.faults.add(Refuses(), "/ppp/active/print")
    await watch.scan(minutes=1)
    assert (await watch.sighting(JOHN)).is_online


async def test_neighbours_names_never_lend_each_other_bytes(watch: Watch) -> None:
    """The second session of `john_pppoe` is named as the first of `john_pppoe-1` would be."""
    state = watch.first.state
    await watch.shop.change(
        line_sightings.metadata.tables["subscriptions"]
        .update()
        .where(line_sightings.metadata.tables["subscriptions"].c.line_user == DEWI)
        .values(line_user="john_pppoe-1")
    )
    state.dial_in(PppActive(JOHN, "10.10.10.9", uptime="5m", interface="<pppoe-john_pppoe-1>", upload=7))
    state.dial_in(PppActive("john_pppoe-1", "10.10.10.8", uptime="1h", interface="<pppoe-john_pppoe-1-1>"))
    await watch.scan()
    assert (await watch.sighting("john_pppoe-1")).upload is None
    assert (await watch.sighting(JOHN)).upload == 125_000


async def test_two_visits_of_one_guest_are_the_newer_one(watch: Watch) -> None:
    watch.first.state.let_in(HotspotActive(SITI, "10.5.50.99", uptime="1m", upload=5, download=6))
    await watch.scan()
    seen = await watch.sighting(SITI)
    assert (seen.upload, seen.download) == (5, 6)


async def test_a_static_line_is_pinged_before_it_is_down(watch: Watch) -> None:
    neighbour = row(watch.first, "/ip/arp", SHOP)
    neighbour["status"] = "failed"
    await watch.scan()
    assert (await watch.sighting(SHOP)).is_online
    watch.first.faults.add(Refuses("not enough permissions (9)"), "/ping")
    await watch.scan(minutes=1)
    assert (await watch.sighting(SHOP)).is_online  # nobody could tell


async def test_a_router_that_hangs_keeps_no_other_waiting(watch: Watch, keyring: Keyring) -> None:
    """The second router is read and written down while the first says nothing at all."""
    patient = Limits(scan_s=60, record_kept_for=timedelta(0))
    gateway = RouterOsGateway(watch.shop.uow, keyring, watch.shop.clock, limits=patient, allow_loopback=True)
    watch.first.faults.add(Hang(), "/ppp/active/print")
    scanning = asyncio.create_task(Scanning(watch.shop.uow, gateway).run())
    await watch.first.until_asked("/ppp/active/print")
    async with asyncio.timeout(30):
        while not await watch.outcomes(2):  # noqa: ASYNC110 - what is waited for is a row
            await asyncio.sleep(0.01)
    assert not scanning.done()
    watch.first.faults.release()
    await scanning
    await gateway.aclose()
    assert await watch.outcomes(1) == ["read"]


async def test_scans_broken_off_never_lend_a_line_what_is_anothers(watch: Watch) -> None:
    """Scans and looks share connections; cut at any moment, what follows is told of the right line only."""
    await watch.scan()
    chance = random.Random(5)  # noqa: S311 - a test must repeat itself
    for _ in range(200):
        scanning = asyncio.create_task(watch.scan(minutes=1))
        await asyncio.sleep(chance.random() * 0.01)
        scanning.cancel()
        await asyncio.gather(scanning, return_exceptions=True)
        if not chance.randrange(10):
            await watch.scan(minutes=1)
            john, dewi = await watch.sighting(JOHN), await watch.sighting(DEWI)
            assert (john.is_online, john.session_key, dewi.is_online) == (True, "0x81300077", False)
            assert (john.upload or 125_000, john.download or 250_000) == (125_000, 250_000)
