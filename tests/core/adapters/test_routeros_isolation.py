"""One customer's line is never shown to another, however answers are delayed, cut, mixed or forged (contract §6)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.adapters.routeros import Limits
from core.adapters.routeros.access import Access
from core.adapters.routeros.dialling import Dialler
from core.adapters.routeros.errors import BROKEN, OutOfStep, RouterTrouble
from core.adapters.routeros.link import Link
from core.adapters.routeros.talk import Question, Row, Talk
from core.network.types import ConnectionReport, Transport
from core.platform.clock import ManualClock
from core.platform.errors import Unavailable
from core.platform.secrets import Keyring
from sandbox.routeros import Hang, Lies, Refuses, Request, Simulator, Slow, crowded, demo_router
from sandbox.routeros.wire import encode_sentence
from tests.core.adapters.routeros_stage import ALL, Stage, line_of

CUSTOMERS = 60
CHECKS = 3_000
AT_ONCE = 24
CONNECTIONS = 4


def active(number: int) -> Question:
    return Question("/ppp/active/print", ("name", "address"), where=(("name", f"customer{number:05d}"),))


def address_of(number: int) -> str:
    return f"10.100.{number // 256}.{number % 256}"


def crowd() -> Simulator:
    return Simulator(crowded(demo_router(), CUSTOMERS))


def belongs(report: ConnectionReport, number: int) -> bool:
    """Whether every fact of the report is this customer's: each has an address and counters of its own."""
    assert report.connection is not None
    assert report.usage is not None
    return (
        report.connection.ip_address == address_of(number)
        and report.usage.upload_bytes == 1_000_000 + number
        and report.usage.download_bytes == 2_000_000 + number
    )


def linked(simulator: Simulator, keyring: Keyring, clock: ManualClock) -> Link:
    access = Access(
        id=1,
        alias="RT-01",
        host=simulator.host,
        port=simulator.port,
        transport=Transport.PLAIN,
        ca_pem=None,
        username="loket",
        password_sealed=keyring.seal("loket"),
    )
    limits = Limits(connections=CONNECTIONS, rests_after=10**9)
    return Link(access, Dialler(keyring, allow_loopback=True), clock, limits)


async def in_turns(work: Callable[[int], Awaitable[None]], times: int, *, at_once: int = AT_ONCE) -> None:
    """Do the work so often, so many at a time."""
    numbers = iter(range(times))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(worker() for _ in range(at_once)))


async def test_an_answer_that_comes_after_the_deadline_reaches_nobody_else(
    keyring: Keyring, clock: ManualClock
) -> None:
    async with crowd() as simulator:
        link = linked(simulator, keyring, clock)
        simulator.faults.add(Hang(), "/ppp/active", times=1)
        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            await link.run(lambda talk: talk.ask(active(1)), until=loop.time() + 0.05)
        simulator.faults.release()
        answers = await link.run(lambda talk: talk.ask(active(2)), until=loop.time() + 5)
        assert [row["address"] for row in answers.rows(active(2))] == [address_of(2)]
        link.close()


async def test_a_late_answer_on_the_same_connection_is_recognised_by_its_tag(
    keyring: Keyring, clock: ManualClock
) -> None:
    """Were a connection kept by mistake, this is what would still stand between two customers."""
    async with crowd() as simulator:
        kept: list[Talk] = []

        async def keep(talk: Talk) -> None:
            kept.append(talk)

        link = linked(simulator, keyring, clock)
        await link.run(keep, until=asyncio.get_running_loop().time() + 5)
        [talk] = kept
        simulator.faults.add(Hang(), "/ppp/active", times=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await talk.ask(active(1))
        simulator.faults.release()
        with pytest.raises(OutOfStep):
            await talk.ask(active(2))
        link.close()


async def test_cancelling_a_question_drops_its_connection(keyring: Keyring, clock: ManualClock) -> None:
    async with crowd() as simulator:
        link = linked(simulator, keyring, clock)
        simulator.faults.add(Hang(), "/ppp/active", times=1)
        until = asyncio.get_running_loop().time() + 5
        task = asyncio.create_task(link.run(lambda talk: talk.ask(active(1)), until=until))
        await simulator.until_asked("/ppp/active/print")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await simulator.alone()
        link.close()


async def test_thousands_of_deadlines_and_cancellations_mix_no_two_customers(
    keyring: Keyring, clock: ManualClock
) -> None:
    """A third is cancelled at a random moment, a third has a deadline the router often misses, a third is patient."""
    dice = random.Random(28_900_001)  # noqa: S311 - reproducible, and nobody's secret
    outcomes = {"answered": 0, "in vain": 0, "cancelled": 0}

    async with crowd() as simulator:
        simulator.mix_answers()
        link = linked(simulator, keyring, clock)
        loop = asyncio.get_running_loop()

        async def ask(number: int, patience_s: float) -> list[Row]:
            question = active(number)
            answers = await link.run(lambda talk: talk.ask(question), until=loop.time() + patience_s)
            return answers.rows(question)

        async def check(turn: int) -> None:
            if turn % 4 == 0:
                simulator.faults.add(Slow(dice.choice((0.0, 0.004, 0.02, 0.02))), "/ppp/active", times=1)
            number = dice.randrange(CUSTOMERS)
            task = asyncio.create_task(ask(number, 0.01 if turn % 3 == 1 else 5.0))
            if turn % 3 == 0:
                loop.call_later(dice.random() * 0.01, task.cancel)
            try:
                rows = await task
            except (RouterTrouble, *BROKEN):
                outcomes["in vain"] += 1
            except asyncio.CancelledError:
                outcomes["cancelled"] += 1
            else:
                outcomes["answered"] += 1
                assert [row["address"] for row in rows] == [address_of(number)]

        await in_turns(check, CHECKS)
        link.close()
        assert (
            simulator.most_connections <= CONNECTIONS + AT_ONCE
        )  # the dropped ones take a moment to be gone
    assert sum(outcomes.values()) == CHECKS
    assert all(count > 50 for count in outcomes.values()), outcomes


async def test_a_thousand_reports_under_faults_are_each_about_their_own_line(stage: Stage) -> None:
    dice = random.Random(7)  # noqa: S311 - reproducible, and nobody's secret
    seen = {"right": 0, "out of sight": 0}
    async with crowd() as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(0), deadline_s=0.1, rests_after=10**9))

        async def check(turn: int) -> None:
            if turn % 7 == 0:
                fault = dice.choice((Slow(0.08), Slow(0.2), Lies(_about_another), Refuses()))
                simulator.faults.add(fault, dice.choice(("/ppp/active", "/interface")), times=1)
            number = dice.randrange(CUSTOMERS)
            try:
                report = await gateway.look(line_of(f"customer{number:05d}"), ALL)
            except Unavailable:
                seen["out of sight"] += 1
            else:
                seen["right"] += 1
                # A refused interface leaves the usage unseen; nothing else may differ.
                assert belongs(report, number) or _is_unseen(report, number)

        await in_turns(check, 1_000, at_once=4)
    assert min(seen.values()) > 20, seen


def _about_another(request: Request) -> Request:
    """The same question about the next customer."""
    [query] = request.queries
    number = int(query[-6:-1] if query.endswith(">") else query[-5:])
    other = query.replace(f"{number:05d}", f"{(number + 1) % CUSTOMERS:05d}")
    return replace(request, queries=(other,))


def _is_unseen(report: ConnectionReport, number: int) -> bool:
    assert report.connection is not None
    assert report.usage is not None
    is_silent = "usage not visible" in report.connection.notes and report.usage.upload_bytes == 0
    return is_silent and report.connection.ip_address == address_of(number)


async def test_equal_names_of_two_kinds_of_line_are_kept_apart(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(seconds=10)))
        as_pppoe = await gateway.look(line_of("siti_hs"), ALL)
        as_hotspot = await gateway.look(line_of("siti_hs", "HOTSPOT"), ALL)
    assert as_pppoe.connection is not None
    assert as_hotspot.connection is not None
    assert (as_pppoe.connection.is_online, as_hotspot.connection.is_online) == (False, True)


async def test_two_customers_on_one_login_each_get_a_report_in_their_own_name(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(Limits(kept_for=timedelta(seconds=10)))
        first = line_of("john_pppoe", service_number="A", customer_name="Ani")
        second = line_of("john_pppoe", service_number="B", customer_name="Budi")
        reports = await asyncio.gather(gateway.look(first, ALL), gateway.look(second, ALL))
    assert [report.line for report in reports] == [first, second]


async def test_letters_that_are_no_utf8_never_become_another_name(
    keyring: Keyring, clock: ManualClock
) -> None:
    """Dropped silently, they would turn `custom<ff>er00001` into `customer00001`."""
    async with crowd() as simulator:
        forged = encode_sentence(["!re", ".tag=2", "=name=custom\udcffer00001", "=address=10.6.6.6"])
        link = linked(simulator, keyring, clock)
        row = await link.run(_forged(forged), until=asyncio.get_running_loop().time() + 5)
        assert row["name"] != "customer00001"
        link.close()


def _forged(sentence: bytes) -> Callable[[Talk], Awaitable[Row]]:
    async def read(talk: Talk) -> Row:
        talk._reader.feed_data(sentence)
        _, words = await talk._wire.readSentence()
        return dict(word.removeprefix("=").split("=", 1) for word in words)

    return read
