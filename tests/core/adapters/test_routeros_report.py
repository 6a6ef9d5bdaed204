"""What a look finds on a PPPoE line, and under names of any kind (routeros contract §4, mywifi contract §5 no. 19)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from core.network.types import ActiveSession, Connection, Sessions, Uptime, Usage
from sandbox.routeros import (
    ApiUser,
    HotspotActive,
    ManagerSession,
    PppActive,
    PppSecret,
    Refuses,
    Router,
    Simulator,
    demo_router,
)
from tests.core.adapters.routeros_stage import DEWI, JOHN, Stage, line_of

LOKET = (ApiUser("loket", "loket"),)
NO_BOOKS = "user manager not available"


def router(**world: Any) -> Router:
    """A router without a User Manager, unless a test gives it one."""
    return Router(**{"users": LOKET, "manager_users": None, **world})


async def test_john_is_reported_as_the_mywifi_document_shows_him(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN)
    assert report.line == JOHN
    assert report.connection == Connection(
        is_online=True, is_isolated=False, ip_address="10.10.10.2", uptime=Uptime("1d2h3m4s", 93_784)
    )
    assert report.usage == Usage(upload_bytes=125_000, download_bytes=250_000)
    assert report.sessions == Sessions(
        total=2,
        active=ActiveSession(
            id="R123456",
            uptime=Uptime("2h1m", 7_260),
            usage=Usage(upload_bytes=75_000, download_bytes=150_000),
            nas_ip="10.10.10.1",
            caller_id="aa:bb:cc:dd:ee:ff",
        ),
        total_uptime_s=94_000,
        total_usage=Usage(upload_bytes=200_000, download_bytes=450_000),
    )


@pytest.mark.parametrize("section", ["connection", "usage", "session"])
async def test_a_section_that_was_not_asked_for_is_none(stage: Stage, section: str) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        whole = await stage.look(JOHN)
        report = await stage.look(JOHN, frozenset({section}))
    assert report.connection == (whole.connection if section == "connection" else None)
    assert report.usage == (whole.usage if section == "usage" else None)
    assert report.sessions == (whole.sessions if section == "session" else None)


async def test_the_router_receives_what_the_customer_sends(stage: Stage) -> None:
    session = PppActive("john_pppoe", "10.0.0.2", upload=1, download=1_000_000)
    async with Simulator(router(ppp_active=[session])) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN)
        row = simulator.state.tables["/interface"].select(["?name=<pppoe-john_pppoe>"])[0]
    assert (row["rx-byte"], row["tx-byte"]) == ("1", "1000000")
    assert report.usage == Usage(upload_bytes=1, download_bytes=1_000_000)


async def test_without_a_user_manager_the_router_itself_is_believed_and_a_note_says_so(stage: Stage) -> None:
    session = PppActive("john_pppoe", "10.0.0.2", "AA:BB:CC:00:11:22", "5m", 10, 20, "0x81300001")
    async with Simulator(router(ppp_active=[session])) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN)
    assert report.connection is not None
    assert report.connection.notes == (NO_BOOKS,)
    assert report.sessions == Sessions(
        total=1,
        active=ActiveSession(
            "0x81300001", Uptime("5m", 300), Usage(10, 20), "127.0.0.1", "aa:bb:cc:00:11:22"
        ),
        total_uptime_s=300,
        total_usage=Usage(10, 20),
    )


async def test_a_user_manager_that_refuses_does_not_spoil_the_answer(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Refuses("not enough permissions (9)"), "/user-manager")
        report = await stage.look(JOHN)
    assert report.connection is not None
    assert report.connection.is_online
    assert report.connection.notes == (NO_BOOKS,)
    assert report.sessions is not None
    assert report.sessions.total == 1


async def test_a_line_that_is_down_is_explained_by_its_secret(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        report = await stage.look(DEWI)
    assert report.connection == Connection(
        is_online=False,
        is_isolated=False,
        ip_address=None,
        uptime=None,
        notes=("last logged out 2026-11-20 22:15:03", "last disconnect: peer-request"),
    )
    assert report.usage == Usage(0, 0)
    assert report.sessions == Sessions(total=0, active=None, total_uptime_s=0, total_usage=Usage(0, 0))


@pytest.mark.parametrize("version", ["6.49.10", "7.9.2", "7.18.2"])
async def test_a_customer_who_never_logged_in_has_no_last_time(stage: Stage, version: str) -> None:
    async with Simulator(router(version=version, secrets=[PppSecret("new", is_disabled=True)])) as simulator:
        await stage.record(simulator)
        report = await stage.look(line_of("new"), frozenset({"connection"}))
    assert report.connection is not None
    assert report.connection.notes == ("disabled",)


async def test_a_customer_known_to_radius_alone_is_offline_without_a_reason(stage: Stage) -> None:
    async with Simulator(router()) as simulator:
        await stage.record(simulator)
        report = await stage.look(line_of("radius_user"), frozenset({"connection"}))
    assert report.connection == Connection(is_online=False, is_isolated=False, ip_address=None, uptime=None)


async def test_the_newest_of_several_sessions_is_shown_and_counted(stage: Stage) -> None:
    sessions = [
        PppActive("john_pppoe", "10.0.0.2", uptime="2d", session_id="0x1", upload=7, download=8),
        PppActive("john_pppoe", "10.0.0.3", uptime="1m", session_id="0x2", interface="<pppoe-john_pppoe-1>"),
    ]
    async with Simulator(router(ppp_active=sessions)) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN)
    assert report.connection is not None
    assert report.connection.ip_address == "10.0.0.3"
    assert "2 sessions" in report.connection.notes
    assert report.sessions is not None
    assert report.sessions.active is not None
    assert (report.sessions.total, report.sessions.active.id) == (2, "0x2")


async def test_bytes_are_found_in_the_queue_when_the_interface_has_another_name(stage: Stage) -> None:
    session = PppActive("john_pppoe", "10.0.0.2", upload=3, download=4, interface="", max_limit="1/1")
    async with Simulator(router(ppp_active=[session])) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN, frozenset({"usage", "connection"}))
    assert report.usage == Usage(upload_bytes=3, download_bytes=4)
    assert report.connection is not None
    assert report.connection.notes == ()


async def test_bytes_that_are_nowhere_are_zero_with_a_note(stage: Stage) -> None:
    session = PppActive("john_pppoe", "10.0.0.2", interface="")
    async with Simulator(router(ppp_active=[session])) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN, frozenset({"usage", "connection"}))
    assert report.usage == Usage(0, 0)
    assert report.connection is not None
    assert report.connection.notes == ("usage not visible",)


async def test_a_counter_that_wrapped_or_went_mad_is_never_shown(stage: Stage) -> None:
    session = PppActive("john_pppoe", "10.0.0.2", upload=-5, download=2**64)
    async with Simulator(router(ppp_active=[session])) as simulator:
        await stage.record(simulator)
        assert (await stage.look(JOHN)).usage == Usage(0, 0)


async def test_the_largest_counter_is_shown_whole(stage: Stage) -> None:
    session = PppActive("john_pppoe", "10.0.0.2", upload=2**64 - 1, download=2**63)
    async with Simulator(router(ppp_active=[session])) as simulator:
        await stage.record(simulator)
        assert (await stage.look(JOHN)).usage == Usage(2**64 - 1, 2**63)


async def test_a_session_the_books_still_call_active_is_not_when_the_line_is_down(stage: Stage) -> None:
    booked = ManagerSession("john_pppoe", "R1", "1h", 100, 50, is_active=True)
    async with Simulator(router(manager_users=(), manager_sessions=[booked])) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN)
    assert report.sessions == Sessions(total=1, active=None, total_uptime_s=3_600, total_usage=Usage(50, 100))


async def test_the_profile_comes_from_the_router_only_where_we_have_none(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        assert (await stage.look(line_of("john_pppoe", profile=None))).line.profile == "REG50M"
        assert (await stage.look(line_of("john_pppoe", profile="OURS"))).line.profile == "OURS"
        assert (await stage.look(line_of("siti_hs", "HOTSPOT", profile=None))).line.profile == "REG50M"


@pytest.mark.parametrize(
    "name",
    [
        "yes",
        "true",
        "no",
        "628123456789",
        "00123",
        "john=doe",
        "<pppoe-x>",
        "Café ☕",
        "n" * 200,
        "a,b",
        "?#!",
        "=",
    ],
)
@pytest.mark.parametrize("mode", ["PPPOE", "HOTSPOT"])
async def test_a_line_of_any_name_is_found_under_it(stage: Stage, name: str, mode: str) -> None:
    async with Simulator(
        router(
            ppp_active=[PppActive("other", "10.0.0.9"), PppActive(name, "10.0.0.2", upload=5, download=6)],
            hotspot_active=[HotspotActive(name, "10.0.0.2", upload=5, download=6)],
            manager_users=(),
            manager_sessions=[ManagerSession(name, "R7", "1h", 2, 1, is_active=True)],
            secrets=[PppSecret(name, is_disabled=True)],
        )
    ) as simulator:
        await stage.record(simulator)
        report = await stage.look(line_of(name, mode))
    assert report.connection is not None
    assert report.connection.ip_address == "10.0.0.2"
    assert report.usage == Usage(5, 6)
    assert report.sessions is not None
    assert report.sessions.active is not None
    assert report.sessions.active.id == "R7"


async def test_dates_of_a_secret_are_said_alike_by_all_versions(stage: Stage) -> None:
    gone = PppSecret("gone", last_logged_out=datetime(2023, 5, 1, 20, 52, 13))  # noqa: DTZ001 - a router's own time
    notes = set()
    for version in ("6.49.10", "7.18.2"):
        async with Simulator(router(version=version, secrets=[gone])) as simulator:
            await stage.record(simulator)
            report = await stage.look(line_of("gone"), frozenset({"connection"}))
        assert report.connection is not None
        notes.add(report.connection.notes)
    assert notes == {("last logged out 2023-05-01 20:52:13",)}
