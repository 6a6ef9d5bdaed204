"""Few connections, shared looks, short memories: what a router is spared."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.adapters.routeros import Limits
from core.platform.errors import Unavailable
from sandbox.routeros import Closes, Hang, PppActive, Simulator, crowded, demo_router
from tests.core.adapters.routeros_stage import ALL, DEWI, JOHN, Stage, line_of

ACTIVE = "/ppp/active/print"
TEN_SECONDS = Limits(kept_for=timedelta(seconds=10))


async def test_two_hundred_checks_at_once_share_two_connections_to_a_crowded_router(stage: Stage) -> None:
    async with Simulator(crowded(demo_router(), 10_000)) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(0)))
        lines = [line_of(f"customer{number * 37:05d}") for number in range(200)]
        reports = await asyncio.gather(*(gateway.look(line, ALL) for line in lines))
        assert simulator.most_connections == simulator.all_connections == 2
    for number, report in enumerate(reports):
        assert report.usage is not None
        assert report.usage.upload_bytes == 1_000_000 + number * 37


async def test_equal_checks_at_the_same_time_are_one(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(0)))
        reports = await asyncio.gather(*(gateway.look(JOHN, ALL) for _ in range(20)))
        assert simulator.asked(ACTIVE) == 1
    assert all(report == reports[0] for report in reports)


async def test_a_report_answers_again_for_ten_seconds(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(TEN_SECONDS)
        first = await gateway.look(JOHN, ALL)
        stage.clock.move(timedelta(seconds=9))
        assert await gateway.look(JOHN, ALL) == first
        assert simulator.asked(ACTIVE) == 1
        stage.clock.move(timedelta(seconds=1))
        await gateway.look(JOHN, ALL)
        assert simulator.asked(ACTIVE) == 2


async def test_a_whole_report_answers_for_each_of_its_parts_but_a_part_for_no_other(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(TEN_SECONDS)
        usage = await gateway.look(JOHN, frozenset({"usage"}))
        assert usage.connection is None
        whole = await gateway.look(JOHN, ALL)
        assert simulator.asked(ACTIVE) == 2
        part = await gateway.look(JOHN, frozenset({"session"}))
        assert (part.connection, part.usage, part.sessions) == (None, None, whole.sessions)
        assert simulator.asked(ACTIVE) == 2


async def test_a_failure_is_not_remembered(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(TEN_SECONDS)
        simulator.faults.add(Closes(), ACTIVE, times=1)
        with pytest.raises(Unavailable):
            await gateway.look(JOHN, ALL)
        assert (await gateway.look(JOHN, ALL)).connection is not None


async def test_an_isolated_line_is_not_answered_from_before_its_isolation(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(TEN_SECONDS)
        await gateway.look(JOHN, ALL)
        report = await gateway.look(line_of("john_pppoe", is_isolated=True), ALL)
    assert report.connection is not None
    assert report.connection.is_isolated


async def test_a_caller_who_leaves_neither_ends_the_look_nor_costs_a_connection(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(TEN_SECONDS)
        simulator.faults.add(Hang(), ACTIVE, times=1)
        leaving = asyncio.create_task(gateway.look(JOHN, ALL))
        staying = asyncio.create_task(gateway.look(JOHN, ALL))
        await simulator.until_asked(ACTIVE)
        leaving.cancel()
        simulator.faults.release()
        assert (await staying).connection is not None
        assert leaving.cancelled()
        await gateway.look(DEWI, ALL)
        assert simulator.all_connections == 1


async def test_an_unused_connection_is_closed_after_a_while(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(0), idle_s=0.02))
        await gateway.look(JOHN, ALL)
        async with asyncio.timeout(5):
            await simulator.alone()
        await gateway.look(JOHN, ALL)
        assert simulator.all_connections == 2


async def test_a_changed_record_is_used_within_ten_seconds(stage: Stage) -> None:
    async with Simulator(demo_router()) as old, Simulator(demo_router()) as new:
        new.state.dial_in(PppActive("moved", "10.9.9.9"))
        await stage.record(old)
        gateway = stage.gateway(TEN_SECONDS)
        await gateway.look(JOHN, ALL)
        await stage.record(new)
        stage.clock.move(timedelta(seconds=10))
        report = await gateway.look(line_of("moved"), ALL)
    assert report.connection is not None
    assert report.connection.ip_address == "10.9.9.9"


async def test_a_connection_to_an_address_given_up_meanwhile_is_not_kept(stage: Stage) -> None:
    limits = Limits(kept_for=timedelta(0), record_kept_for=timedelta(0))
    async with Simulator(demo_router()) as old, Simulator(demo_router()) as new:
        await stage.record(old)
        gateway = stage.gateway(limits)
        old.faults.add(Hang(), ACTIVE, times=1)
        early = asyncio.create_task(gateway.look(JOHN, ALL))
        await old.until_asked(ACTIVE)
        await stage.record(new)
        await gateway.look(DEWI, ALL)
        old.faults.release()
        assert (await early).connection is not None
        async with asyncio.timeout(5):
            await old.alone()


async def test_of_several_addresses_the_first_that_answers_is_used(stage: Stage) -> None:
    """Where `localhost` means two addresses, the stand-in listens on one of them only."""
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator, host="localhost")
        assert (await stage.look(JOHN)).connection is not None
