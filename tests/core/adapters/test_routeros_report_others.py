"""What a look finds on hotspot and static lines (routeros contract §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.network.types import ActiveSession, Connection, Sessions, Uptime, Usage
from core.platform.errors import Unavailable
from sandbox.routeros import (
    ApiUser,
    ArpEntry,
    HotspotActive,
    HotspotUser,
    Lease,
    Lies,
    Request,
    Router,
    SimpleQueue,
    Simulator,
    demo_router,
)
from tests.core.adapters.routeros_stage import SHOP, SITI, Stage, line_of

LOKET = (ApiUser("loket", "loket"),)
NO_BOOKS = "user manager not available"


def router(**world: Any) -> Router:
    """A router without a User Manager, unless a test gives it one."""
    return Router(**{"users": LOKET, "manager_users": None, **world})


async def test_siti_is_online_at_the_hotspot(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        report = await stage.look(SITI)
    assert report.connection == Connection(
        is_online=True, is_isolated=False, ip_address="10.5.50.21", uptime=Uptime("3h12m5s", 11_525)
    )
    assert report.usage == Usage(upload_bytes=1_250_000, download_bytes=9_500_000)
    assert report.sessions is not None
    assert report.sessions.active is not None
    assert (report.sessions.active.id or "").startswith("*8")
    assert report.sessions.active.caller_id == "aa:bb:cc:00:00:02"
    assert report.sessions.total == 1
    assert report.sessions.total_usage == Usage(7_000_000 + 1_250_000, 52_000_000 + 9_500_000)
    assert report.sessions.total_uptime_s == 52 * 3_600 + 11_525


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        ({}, ()),
        ({"is_disabled": True}, ("disabled",)),
        ({"limit_uptime": "2h"}, ("limit reached",)),
        ({"limit_bytes_total": 30}, ("limit reached",)),
        ({"limit_bytes_total": 31, "limit_uptime": "2h1s"}, ()),
    ],
)
async def test_a_hotspot_login_that_is_over_shows_its_sum_and_why(
    stage: Stage, changes: dict[str, Any], notes: tuple[str, ...]
) -> None:
    user = replace(HotspotUser("siti_hs", uptime="2h", upload=10, download=20), **changes)
    async with Simulator(router(hotspot_users=[user])) as simulator:
        await stage.record(simulator)
        report = await stage.look(SITI, frozenset({"connection", "usage"}))
    assert report.connection is not None
    assert not report.connection.is_online
    assert report.connection.notes == notes
    assert report.usage == Usage(upload_bytes=10, download_bytes=20)


async def test_of_two_devices_on_one_login_the_newest_is_shown(stage: Stage) -> None:
    sessions = [HotspotActive("siti_hs", f"10.5.50.{n}", uptime=f"{n}h") for n in (9, 2, 5)]
    async with Simulator(router(hotspot_active=sessions)) as simulator:
        await stage.record(simulator)
        report = await stage.look(SITI, frozenset({"connection"}))
    assert report.connection is not None
    assert (report.connection.ip_address, report.connection.notes) == ("10.5.50.2", ("3 sessions",))


async def test_a_hotspot_session_without_counters_is_counted_by_its_queue(stage: Stage) -> None:
    def without_counters(request: Request) -> Request:
        return replace(request, attributes={".proplist": "user,address,uptime"})

    session = HotspotActive("siti_hs", "10.5.50.21", upload=3, download=4, max_limit="1/1")
    async with Simulator(router(hotspot_active=[session])) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Lies(without_counters), "/ip/hotspot/active")
        report = await stage.look(SITI)
    assert report.usage == Usage(upload_bytes=3, download_bytes=4)
    assert report.connection is not None
    assert report.connection.notes == (NO_BOOKS,)


async def test_an_isolated_static_line_is_up_and_isolated(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        report = await stage.look(SHOP)
    assert report.connection == Connection(
        is_online=True, is_isolated=True, ip_address="10.20.0.5", uptime=None, notes=("isolated",)
    )
    assert report.usage == Usage(upload_bytes=640_000, download_bytes=5_120_000)
    assert report.sessions == Sessions(
        total=0,
        active=ActiveSession(None, None, Usage(640_000, 5_120_000), "127.0.0.1", "aa:bb:cc:00:00:03"),
        total_uptime_s=0,
        total_usage=Usage(640_000, 5_120_000),
    )


MAC = "AA:BB:CC:00:00:03"
STATIC = line_of("10.20.0.5", "STATIC")


@pytest.mark.parametrize(
    ("world", "is_online", "notes"),
    [
        ({"arp": [ArpEntry("10.20.0.5", MAC)]}, True, ()),
        ({"arp": [ArpEntry("10.20.0.5", MAC, status="stale")]}, True, ()),
        ({"arp": [ArpEntry("10.20.0.5", MAC, status="failed")]}, False, ()),
        ({"arp": [ArpEntry("10.20.0.5", MAC, status="permanent")]}, False, ()),
        ({"arp": [ArpEntry("10.20.0.5")]}, False, ()),
        ({"arp": [ArpEntry("10.20.0.5", MAC, is_disabled=True)]}, False, ("disabled",)),
        ({"leases": [Lease("10.20.0.5", MAC)]}, True, ()),
        ({"leases": [Lease("10.20.0.5", MAC, "waiting", "3h5m")]}, False, ("last seen 3h5m ago",)),
        ({"leases": [Lease("10.20.0.5", MAC, "waiting", "never")]}, False, ()),
        ({"answers_ping": frozenset({"10.20.0.5"})}, True, ()),
        ({"queues": [SimpleQueue("x", "10.20.0.5/32", is_disabled=True)]}, False, ("disabled",)),
    ],
)
async def test_a_static_line_is_up_when_its_neighbour_lease_or_ping_says_so(
    stage: Stage, world: dict[str, Any], *, is_online: bool, notes: tuple[str, ...]
) -> None:
    async with Simulator(router(**world)) as simulator:
        await stage.record(simulator)
        report = await stage.look(STATIC, frozenset({"connection"}))
    assert report.connection == Connection(
        is_online=is_online, is_isolated=False, ip_address="10.20.0.5", uptime=None, notes=notes
    )


async def test_a_ping_that_is_not_permitted_is_said(stage: Stage) -> None:
    world = router(users=[ApiUser("loket", "loket", frozenset({"read", "api"}))])
    async with Simulator(world) as simulator:
        await stage.record(simulator)
        report = await stage.look(STATIC, frozenset({"connection"}))
    assert report.connection is not None
    assert report.connection.notes == ("ping not permitted",)


async def test_a_static_line_can_be_named_by_its_queue(stage: Stage) -> None:
    queue = SimpleQueue("toko siti", "10.20.0.5/32", 1, 2)
    async with Simulator(router(queues=[queue], arp=[ArpEntry("10.20.0.5", MAC)])) as simulator:
        await stage.record(simulator)
        report = await stage.look(line_of("toko siti", "STATIC"))
    assert report.connection is not None
    assert report.connection.is_online
    assert report.connection.ip_address == "10.20.0.5"
    assert report.usage == Usage(1, 2)


@pytest.mark.parametrize("target", ["10.20.0.0/24", "bridge", ""])
async def test_a_queue_for_more_than_one_address_is_nobodys_line(stage: Stage, target: str) -> None:
    async with Simulator(router(queues=[SimpleQueue("toko", target)])) as simulator:
        await stage.record(simulator)
        with pytest.raises(Unavailable):
            await stage.look(line_of("toko", "STATIC"))
