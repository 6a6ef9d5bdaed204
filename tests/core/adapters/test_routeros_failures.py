"""Whatever a router does, the answer is honest, in time, and the log names the router (design §3.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from core.adapters.routeros import Limits
from core.platform.errors import Unavailable
from sandbox.routeros import (
    ApiUser,
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
    demo_router,
)
from tests.core.adapters.routeros_stage import ALL, DEWI, FORGETFUL, JOHN, SHOP, Stage, line_of
from tests.sandbox.routeros_certificates import certificate, server_context

HASTY = Limits(kept_for=timedelta(0), deadline_s=0.15, rests_after=1_000)
#: Long enough for anything here, so that a deadline never hides another reason.
CALM = Limits(kept_for=timedelta(0), record_kept_for=timedelta(0), rests_after=1_000)
SOON_S = 10.0


async def refused(look: Awaitable[Any]) -> dict[str, Any]:
    """What the log says of a look that must fail, and fail soon."""
    structlog.reset_defaults()
    with capture_logs() as logged:
        async with asyncio.timeout(SOON_S):
            with pytest.raises(Unavailable) as error:
                await look
    assert error.value.reason == "router"
    [entry] = logged
    assert entry["router"] == "RT-01"
    assert not {"loket", "john_pppoe"} & set(map(str, entry.values()))
    return dict(entry)


def someone_else(request: Request) -> Request:
    return replace(request, queries=("?name=dewi_pppoe",), command="/ppp/secret/print", attributes={})


async def test_a_router_that_refuses_connections_is_out_of_sight(stage: Stage) -> None:
    simulator = Simulator(demo_router())
    async with simulator:
        await stage.record(simulator)
    entry = await refused(stage.gateway(CALM).look(JOHN, ALL))
    assert entry["event"] == "router_unreachable"
    assert entry["reason"] == "ConnectionRefusedError"


@pytest.mark.parametrize("command", ["/login", "/system/resource", "/ppp/active", "/user-manager"])
@pytest.mark.parametrize("fault", [Hang(), HalfWord(closes=False), Drip(0.05)])
async def test_a_router_that_falls_silent_anywhere_is_given_up_in_time(
    stage: Stage, command: str, fault: Hang | HalfWord | Drip
) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        simulator.faults.add(fault, command)
        entry = await refused(stage.gateway(HASTY).look(JOHN, ALL))
        assert entry["reason"] == "TimeoutError"
        await simulator.alone()


@pytest.mark.parametrize(
    "command", ["/login", "/system/resource", "/ppp/active", "/interface", "/user-manager"]
)
@pytest.mark.parametrize(
    "fault",
    [
        HalfWord(),
        Closes(),
        Dies(),
        Reboots(),
        Babbles(b"\xf8\x00"),
        Babbles(b"\xef\xff\xff\xff"),
        Babbles(b"\x00"),
        Babbles(b"\x06!fatal\x00"),
        Babbles(b"\x03!re\x01=\x00"),
        Babbles(b"\x03!re\x06.tag=9\x00"),
        Babbles(b"\x05!what\x06.tag=2\x00"),
        Babbles(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"\x00" * 64),
    ],
)
async def test_a_router_that_breaks_or_babbles_is_out_of_sight_and_dropped(
    stage: Stage, command: str, fault: HalfWord | Closes | Dies | Reboots | Babbles
) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(CALM)
        simulator.faults.add(fault, command, times=1)
        await refused(gateway.look(JOHN, ALL))
        await simulator.alone()
        report = await gateway.look(JOHN, ALL)
    assert report.connection is not None


@pytest.mark.parametrize("command", ["/ppp/active", "/interface"])
async def test_a_router_that_answers_about_somebody_else_is_not_believed(stage: Stage, command: str) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(CALM)
        simulator.faults.add(Lies(someone_else), command, times=1)
        entry = await refused(gateway.look(JOHN, ALL))
        assert "rows of others" in entry["reason"]
        await simulator.alone()
        report = await gateway.look(JOHN, ALL)
        assert report.connection is not None
        assert report.connection.ip_address == "10.10.10.2"


async def test_a_router_that_cannot_select_still_answers_about_the_right_one(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Lies(lambda request: replace(request, queries=())), "/ppp/secret")
        offline = await stage.look(DEWI)
        simulator.faults.add(Lies(lambda request: replace(request, queries=())), "/interface")
        report = await stage.look(JOHN)
    assert report.usage is not None
    assert report.usage.upload_bytes == 125_000
    assert offline.connection is not None
    assert offline.connection.notes[1] == "last disconnect: peer-request"


async def test_a_refused_question_keeps_the_connection_and_tells_the_operator(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(CALM)
        simulator.faults.add(Refuses("not enough permissions (9)"), "/ppp/active", times=1)
        entry = await refused(gateway.look(JOHN, ALL))
        assert (entry["event"], entry["log_level"]) == ("router_needs_attention", "error")
        assert "not enough permissions" in entry["reason"]
        await gateway.look(JOHN, ALL)
        assert simulator.all_connections == 1


@pytest.mark.parametrize("version", ["6.42.7", "7.18.2"])
async def test_a_wrong_password_is_for_the_operator_to_mend(stage: Stage, version: str) -> None:
    async with Simulator(replace(demo_router(), version=version)) as simulator:
        await stage.record(simulator, password_sealed=stage.keyring.seal("wrong"))
        entry = await refused(stage.gateway(CALM).look(JOHN, ALL))
        assert (entry["event"], entry["reason"]) == ("router_needs_attention", "login refused")
        await simulator.alone()


async def test_a_password_of_any_letters_is_taken_by_both_logins(stage: Stage) -> None:
    for version in ("6.42.7", "7.18.2"):
        users = (ApiUser("lokét", "rahasia ☕"),)
        async with Simulator(replace(demo_router(), version=version, users=users)) as simulator:
            await stage.record(simulator, username="lokét", password_sealed=stage.keyring.seal("rahasia ☕"))
            assert (await stage.look(JOHN)).connection is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"is_active": False},
        {"password_sealed": "damaged"},
        {"transport": "tls", "ca_pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
    ],
)
async def test_an_unusable_record_is_for_the_operator_to_mend(stage: Stage, changes: dict[str, Any]) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator, **changes)
        entry = await refused(stage.gateway(CALM).look(JOHN, ALL))
        assert entry["event"] == "router_needs_attention"
        assert simulator.all_connections == 0


@pytest.mark.parametrize(
    "line",
    [line_of(""), line_of("x", "WIRELESS"), line_of("x", router_id=404)],
    ids=["user", "mode", "router"],
)
async def test_a_line_that_cannot_be_looked_for_is_out_of_sight(stage: Stage, line: Any) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        await refused(stage.gateway(CALM).look(line, ALL))
        assert simulator.all_connections == 0


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("169.254.169.254", 8728),
        ("fe80::1", 8728),
        ("0.0.0.0", 8728),
        ("224.0.0.1", 8728),
        ("fd00:ec2::254", 8728),
        ("10.255.255.1", 22),
        ("127.0.0.1", 8728),
        ("::1", 8728),
        ("::ffff:127.0.0.1", 8728),
        ("localhost", 8728),
    ],
)
async def test_addresses_that_are_no_routers_are_never_called(stage: Stage, host: str, port: int) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator, host=host, port=port)
        entry = await refused(stage.gateway(CALM, allow_loopback=False).look(JOHN, ALL))
        assert entry["reason"] == "address not permitted"


async def test_the_right_certificate_opens_and_a_wrong_one_does_not(stage: Stage, tmp_path: Path) -> None:
    shown, other = certificate(tmp_path / "shown"), certificate(tmp_path / "other")
    async with Simulator(demo_router(), tls=server_context(shown)) as simulator:
        await stage.record(simulator, transport="tls", ca_pem=shown.pem.read_text())
        assert (await stage.gateway(CALM).look(JOHN, ALL)).connection is not None
        await stage.record(simulator, transport="tls", ca_pem=other.pem.read_text())
        entry = await refused(stage.gateway(CALM).look(JOHN, ALL))
        assert entry["reason"] == "SSLCertVerificationError"
        await stage.record(simulator, transport="tls")
        entry = await refused(stage.gateway(CALM).look(JOHN, ALL))
        assert entry["reason"] == "SSLCertVerificationError"
        await stage.record(simulator, transport="tls_unverified")
        assert (await stage.gateway(CALM).look(JOHN, ALL)).connection is not None


async def test_tls_and_plain_do_not_meet(stage: Stage, tmp_path: Path) -> None:
    own = certificate(tmp_path / "own")
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator, transport="tls", ca_pem=own.pem.read_text())
        tls_to_plain = await refused(stage.gateway(HASTY).look(JOHN, ALL))
    async with Simulator(demo_router(), tls=server_context(own)) as simulator:
        await stage.record(simulator)
        plain_to_tls = await refused(stage.gateway(HASTY).look(JOHN, ALL))
    assert tls_to_plain["event"] == plain_to_tls["event"] == "router_unreachable"


async def test_a_connection_that_died_while_idle_is_replaced_unnoticed(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(CALM)
        await gateway.look(JOHN, ALL)
        simulator.faults.add(Closes(), "/ppp/active", times=1)
        assert (await gateway.look(JOHN, ALL)).connection is not None
        simulator.reboot()
        await simulator.alone()
        report = await gateway.look(DEWI, ALL)
        assert report.connection is not None
        assert simulator.all_connections == 3


async def test_a_router_at_a_new_address_is_found_there(stage: Stage) -> None:
    gateway = stage.gateway(CALM)
    async with Simulator(demo_router()) as old, Simulator(demo_router()) as new:
        await stage.record(old)
        await gateway.look(JOHN, ALL)
        await stage.record(new)
        await gateway.look(JOHN, ALL)
        await old.alone()
        assert (old.all_connections, new.all_connections) == (1, 1)


async def test_a_static_line_whose_ping_hangs_is_out_of_sight_not_offline(stage: Stage) -> None:
    async with Simulator(replace(demo_router(), arp=())) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Hang(), "/ping")
        entry = await refused(stage.gateway(HASTY).look(SHOP, ALL))
    assert entry["event"] == "router_unreachable"


async def test_an_endless_answer_is_cut_off(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        simulator.faults.add(Babbles(b"\x03!re\x06.tag=2\x00" * 30_000), "/ppp/active")
        entry = await refused(stage.gateway(CALM).look(JOHN, ALL))
        assert entry["reason"] == "rows without end"


async def test_closing_hangs_up_on_every_router(stage: Stage) -> None:
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway(FORGETFUL)
        await gateway.look(JOHN, ALL)
        simulator.faults.add(Hang(), "/ppp/active")
        waiting = asyncio.create_task(gateway.look(DEWI, ALL))
        await simulator.until_asked("/ppp/active/print", 2)
        await gateway.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with asyncio.timeout(SOON_S):
            await simulator.alone()
