"""Old and new routers: logins, answers without rows, and where the User Manager is (routeros contract §1, §3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.network.types import Usage
from sandbox.routeros import Lies, PppActive, Request, Simulator, demo_router
from tests.core.adapters.routeros_stage import ALL, DEWI, FORGETFUL, JOHN, SITI, Stage

VERSIONS = ["6.42.7", "6.49.10", "7.9.2", "7.17.2", "7.18.2", "7.20"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_gives_the_same_report(stage: Stage, version: str) -> None:
    async with Simulator(replace(demo_router(), version=version)) as simulator:
        await stage.record(simulator)
        report = await stage.look(JOHN)
        offline = await stage.look(DEWI)
        assert (await stage.look(SITI)).connection is not None
    assert report.usage == Usage(125_000, 250_000)
    assert report.sessions is not None
    assert report.sessions.active is not None
    assert (report.sessions.total, report.sessions.active.nas_ip) == (2, "10.10.10.1")
    assert offline.connection is not None
    assert offline.connection.notes[0] == "last logged out 2026-11-20 22:15:03"


@pytest.mark.parametrize(
    ("version", "menu", "other"),
    [
        ("6.49.10", "/tool/user-manager", "/user-manager"),
        ("7.18.2", "/user-manager", "/tool/user-manager"),
    ],
)
async def test_the_user_manager_is_asked_where_the_version_has_it(
    stage: Stage, version: str, menu: str, other: str
) -> None:
    async with Simulator(replace(demo_router(), version=version)) as simulator:
        await stage.record(simulator)
        await stage.look(JOHN)
        assert simulator.asked(f"{menu}/session/print") == 1
        assert simulator.asked(f"{other}/session/print") == 0


async def test_a_user_manager_in_the_other_place_is_found_once_and_remembered(stage: Stage) -> None:
    def claim_seven(request: Request) -> Request:
        return replace(request, command="/system/identity/print", attributes={})

    async with Simulator(replace(demo_router(), version="6.49.10")) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Lies(claim_seven), "/system/resource")
        gateway = stage.gateway()
        for _ in range(3):
            report = await gateway.look(JOHN, ALL)
            assert report.sessions is not None
            assert report.sessions.total == 2
        assert simulator.asked("/user-manager/session/print") == 1
        assert simulator.asked("/tool/user-manager/session/print") == 3


async def test_a_missing_user_manager_is_looked_for_once(stage: Stage) -> None:
    async with Simulator(replace(demo_router(), manager_users=None)) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway()
        for _ in range(3):
            report = await gateway.look(JOHN, ALL)
            assert report.connection is not None
            assert report.connection.notes == ("user manager not available",)
        assert simulator.asked("/user-manager/session/print") == 1
        assert simulator.asked("/tool/user-manager/session/print") == 1


async def test_the_books_are_never_read_without_naming_the_user(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        await stage.look(JOHN)
        prints = [request for request in simulator.requests if request.command.endswith("session/print")]
    assert [request.queries for request in prints] == [("?=user=john_pppoe",)]
    assert all(".proplist" in request.attributes for request in prints)


async def test_no_password_is_ever_asked_for(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        await stage.look(DEWI)
        await stage.look(SITI)
        columns = [request.attributes.get(".proplist", "") for request in simulator.requests]
    assert not any("password" in column for column in columns)


async def test_one_warm_round_trip_answers_everything(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(FORGETFUL)
        await gateway.look(JOHN, ALL)
        simulator.requests.clear()
        simulator.mix_answers()
        await gateway.look(JOHN, ALL)
        assert [request.command for request in simulator.requests] == [
            "/ppp/active/print",
            "/interface/print",
            "/user-manager/session/print",
        ]
        assert simulator.all_connections == 1


async def test_mixed_answers_find_their_questions(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        simulator.mix_answers()
        simulator.state.dial_in(PppActive("john_pppoe", "10.10.10.3", uptime="1w"))
        report = await stage.look(JOHN)
    assert report.usage == Usage(125_000, 250_000)
    assert report.connection is not None
    assert report.connection.notes == ("2 sessions",)
