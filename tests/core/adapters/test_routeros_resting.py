"""A router that fails is left alone for a while, and one that hangs holds up nobody but those who ask for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.adapters.routeros import Limits, RouterOsGateway
from core.platform.errors import Unavailable
from sandbox.routeros import (
    Closes,
    Hang,
    Refuses,
    Simulator,
    demo_router,
)
from tests.core.adapters.routeros_stage import ALL, DEWI, JOHN, Stage, line_of

SOON_S = 10.0


async def _fail(gateway: RouterOsGateway, times: int) -> list[int]:
    """Look so often in vain; returns after how long each refusal says to come back."""
    waits = []
    for _ in range(times):
        with pytest.raises(Unavailable) as error:
            await gateway.look(JOHN, ALL)
        waits.append(error.value.retry_after_s)
    return waits


async def test_a_router_that_keeps_failing_is_left_alone_for_a_while(stage: Stage) -> None:
    limits = Limits(kept_for=timedelta(0), rests_after=3, rests_for=timedelta(seconds=15))
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(limits)
        simulator.faults.add(Closes(), "/login")
        assert await _fail(gateway, 5) == [30, 30, 30, 15, 15]
        assert simulator.all_connections == 3
        stage.clock.move(timedelta(seconds=10))
        assert await _fail(gateway, 1) == [5]
        stage.clock.move(timedelta(seconds=5))
        assert await _fail(gateway, 2) == [30, 15]
        assert simulator.all_connections == 4
        simulator.faults.clear()
        stage.clock.move(timedelta(seconds=15))
        assert (await gateway.look(JOHN, ALL)).connection is not None
        assert (await gateway.look(DEWI, ALL)).connection is not None


async def test_only_one_question_tries_a_router_that_has_rested(stage: Stage) -> None:
    limits = Limits(kept_for=timedelta(0), rests_after=1, rests_for=timedelta(seconds=15))
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(limits)
        simulator.faults.add(Closes(), "/login", times=1)
        await _fail(gateway, 1)
        stage.clock.move(timedelta(seconds=15))
        simulator.faults.add(Hang(), "/login", times=1)
        trial = asyncio.create_task(gateway.look(JOHN, ALL))
        await simulator.until_asked("/login", 2)
        with pytest.raises(Unavailable):
            await gateway.look(DEWI, ALL)
        assert simulator.all_connections == 2
        simulator.faults.release()
        assert (await trial).connection is not None


async def test_refused_questions_are_no_reason_to_rest(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(0), rests_after=2))
        simulator.faults.add(Refuses(), "/ppp/active", times=4)
        assert await _fail(gateway, 4) == [30, 30, 30, 30]
        assert (await gateway.look(JOHN, ALL)).connection is not None


async def test_a_hanging_router_delays_nobody_else(stage: Stage) -> None:
    async with Simulator(demo_router()) as hanging, Simulator(demo_router()) as sound:
        await stage.record(hanging)
        await stage.record(sound, router_id=2)
        hanging.faults.add(Hang(), "/login")
        gateway = stage.gateway(Limits(kept_for=timedelta(0), deadline_s=30))
        stuck = [asyncio.create_task(gateway.look(line_of(f"customer{number}"), ALL)) for number in range(50)]
        async with asyncio.timeout(SOON_S):
            for _ in range(20):
                report = await gateway.look(line_of("john_pppoe", router_id=2), ALL)
                assert report.connection is not None
        assert not any(task.done() for task in stuck)
        await gateway.aclose()
        await asyncio.gather(*stuck, return_exceptions=True)
        assert hanging.most_connections == 2


async def test_everybody_waiting_for_a_hanging_router_is_answered_by_the_deadline(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Hang(), "/ppp/active")
        gateway = stage.gateway(Limits(kept_for=timedelta(0), deadline_s=0.3))
        async with asyncio.timeout(SOON_S):
            answers = await asyncio.gather(
                *(gateway.look(line_of(f"customer{number}"), ALL) for number in range(200)),
                return_exceptions=True,
            )
        assert all(isinstance(answer, Unavailable) for answer in answers)
        assert simulator.most_connections == 2
