"""Every way a router can fail, provoked on demand."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.routeros import (
    Babbles,
    Closes,
    Dies,
    Drip,
    HalfWord,
    Hang,
    Lies,
    Reboots,
    Refuses,
    Request,
    Simulator,
    Slow,
    crowded,
    demo_router,
)
from tests.sandbox.routeros_certificates import certificate, server_context
from tests.sandbox.routeros_client import PATIENCE_S, RawClient, connected

JOHN = ("/ppp/active/print", "?name=john_pppoe", "=.proplist=address")
JOHNS = [["!re", "=address=10.10.10.2"], ["!done"]]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(demo_router()) as running:
        yield running


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[RawClient]:
    async with connected(simulator) as raw:
        await raw.log_in()
        yield raw


async def test_a_hanging_router_answers_late_when_it_is_released(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.faults.add(Hang(), "/ppp/active", times=1)
    client.send(*JOHN)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.sentence()
    simulator.faults.release()
    assert [await client.sentence(), await client.sentence()] == JOHNS


async def test_a_hanging_command_with_a_tag_holds_up_no_other(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.faults.add(Hang(), "/ppp/active", times=1)
    client.send(*JOHN, ".tag=1")
    assert (await client.ask("/ppp/secret/print", "=count-only=", ".tag=2")) == [
        ["!done", ".tag=2", "=ret=2"]
    ]
    simulator.faults.release()
    assert await client.sentence() == ["!re", ".tag=1", "=address=10.10.10.2"]


async def test_a_router_can_hang_before_anybody_is_logged_in(simulator: Simulator) -> None:
    simulator.faults.add(Hang(), "/login")
    async with connected(simulator) as raw:
        raw.send("/login", "=name=loket", "=password=loket")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await raw.sentence()


@pytest.mark.parametrize("fault", [Slow(0.01), Drip(0.0001)])
async def test_a_slow_answer_is_a_whole_answer(
    simulator: Simulator, client: RawClient, fault: Slow | Drip
) -> None:
    simulator.faults.add(fault, "/ppp/active")
    assert await client.ask(*JOHN) == JOHNS


async def test_an_answer_can_break_off_in_the_middle_of_a_word(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.faults.add(HalfWord(), "/ppp/active")
    client.send(*JOHN)
    with pytest.raises(EOFError):
        await client.sentence()


async def test_an_answer_can_break_off_into_silence(simulator: Simulator, client: RawClient) -> None:
    simulator.faults.add(HalfWord(closes=False), "/ppp/active")
    client.send(*JOHN)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.sentence()


async def test_a_trap_leaves_the_connection_usable(simulator: Simulator, client: RawClient) -> None:
    simulator.faults.add(Refuses("failure: no", 4), "/ppp/active", times=1)
    assert await client.ask(*JOHN) == [["!trap", "=category=4", "=message=failure: no"], ["!done"]]
    assert await client.ask(*JOHN) == JOHNS


@pytest.mark.parametrize("fault", [Dies(), Closes(), Reboots()])
async def test_a_dying_router_ends_the_connection(
    simulator: Simulator, client: RawClient, fault: Dies | Closes | Reboots
) -> None:
    simulator.faults.add(fault, "/ppp/active")
    client.send(*JOHN)
    async with asyncio.timeout(PATIENCE_S):
        rest = await client.reader.read()
    assert (b"out of memory" in rest) == isinstance(fault, Dies)


async def test_a_lying_router_answers_another_question(simulator: Simulator, client: RawClient) -> None:
    def about_dewi(request: Request) -> Request:
        return replace(request, command="/ppp/secret/print", queries=("?name=dewi_pppoe",), attributes={})

    simulator.faults.add(Lies(about_dewi), "/ppp/active")
    assert "=name=dewi_pppoe" in (await client.ask(*JOHN))[0]


async def test_a_babbling_router_sends_what_it_is_told_to(simulator: Simulator, client: RawClient) -> None:
    simulator.faults.add(Babbles(b"\x03abc\x00"), "/ppp/active")
    client.send(*JOHN)
    assert await client.sentence() == ["abc"]


async def test_faults_strike_their_command_so_many_times_and_end_when_cleared(
    simulator: Simulator, client: RawClient
) -> None:
    simulator.faults.add(Refuses(), "/ppp/active", times=1)
    simulator.faults.add(Refuses(), "/system")
    assert (await client.ask("/ppp/secret/print", "=count-only="))[0] == ["!done", "=ret=2"]
    assert (await client.ask(*JOHN))[0][0] == "!trap"
    assert (await client.ask(*JOHN)) == JOHNS
    assert (await client.ask("/system/resource/print"))[0][0] == "!trap"
    simulator.faults.clear()
    assert (await client.ask("/system/resource/print"))[0][0] == "!re"


async def test_mixed_answers_are_told_apart_by_their_tags(simulator: Simulator, client: RawClient) -> None:
    simulator.mix_answers()
    client.send("/interface/print", "=.proplist=name", ".tag=a")
    client.send("/interface/print", "=.proplist=name", ".tag=b")
    sentences = [await client.sentence() for _ in range(10)]
    tags = [sentence[1] for sentence in sentences]
    assert tags != sorted(tags)
    for tag in (".tag=a", ".tag=b"):
        assert [sentence[0] for sentence in sentences if sentence[1] == tag] == ["!re"] * 4 + ["!done"]


async def test_ten_thousand_sessions_are_answered_about_one_by_one() -> None:
    async with Simulator(crowded(demo_router(), 10_000)) as simulator, connected(simulator) as raw:
        await raw.log_in()
        assert await raw.ask("/ppp/active/print", "=count-only=") == [["!done", "=ret=10001"]]
        row, _ = await raw.ask("/interface/print", "?name=<pppoe-customer09999>", "=.proplist=rx-byte")
        assert row == ["!re", "=rx-byte=1009999"]
        assert len(await raw.ask("/ppp/active/print", "=.proplist=name")) == 10_002


async def test_over_tls_only_a_client_that_trusts_the_certificate_gets_in(tmp_path: Path) -> None:
    shown, expected = certificate(tmp_path / "shown"), certificate(tmp_path / "expected")
    async with Simulator(demo_router(), tls=server_context(shown)) as simulator:
        trusting = ssl.create_default_context(cafile=str(shown.pem))
        reader, writer = await asyncio.open_connection(
            simulator.host, simulator.port, ssl=trusting, server_hostname="router.test"
        )
        await RawClient(reader, writer).log_in()
        writer.close()
        wary = ssl.create_default_context(cafile=str(expected.pem))
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                simulator.host, simulator.port, ssl=wary, server_hostname="router.test"
            )
