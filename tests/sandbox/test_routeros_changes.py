"""What a client can change, and what follows from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from sandbox.routeros import PppActive, PppSecret, Router, Simulator, demo_router
from tests.sandbox.routeros_client import RawClient, connected


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(demo_router()) as running:
        yield running


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[RawClient]:
    async with connected(simulator) as raw:
        await raw.log_in()
        yield raw


async def _value(client: RawClient, menu: str, query: str, column: str) -> str | None:
    answer = await client.ask(f"{menu}/print", query, f"=.proplist={column}")
    return answer[0][1].partition("=")[2].partition("=")[2] if answer[0][0] == "!re" else None


@pytest.mark.parametrize(
    ("menu", "values", "query"),
    [
        ("/ppp/secret", ["=name=baru", "=password=x", "=profile=REG50M"], "?name=baru"),
        ("/ip/hotspot/user", ["=name=baru"], "?name=baru"),
        ("/ip/firewall/address-list", ["=list=isolir", "=address=10.20.0.9"], "?address=10.20.0.9"),
        ("/queue/simple", ["=name=baru", "=target=10.20.0.9/32", "=max-limit=10M/512k"], "?name=baru"),
        ("/user-manager/user", ["=name=baru", "=password=x"], "?name=baru"),
    ],
)
async def test_an_added_entry_has_an_id_and_can_be_disabled_changed_and_removed(
    client: RawClient, menu: str, values: list[str], query: str
) -> None:
    [[word, identifier]] = await client.ask(f"{menu}/add", *values)
    assert word == "!done"
    reference = f"=.id={identifier.removeprefix('=ret=')}"
    assert await client.ask(f"{menu}/disable", reference) == [["!done"]]
    assert await _value(client, menu, query, "disabled") == "true"
    assert await client.ask(f"{menu}/enable", reference) == [["!done"]]
    assert await client.ask(f"{menu}/set", reference, "=comment=lunas") == [["!done"]]
    assert await _value(client, menu, query, "disabled") == "false"
    assert await _value(client, menu, query, "comment") == "lunas"
    assert await client.ask(f"{menu}/remove", reference) == [["!done"]]
    assert await _value(client, menu, query, ".id") is None


async def test_a_limit_written_short_is_printed_in_bits(client: RawClient) -> None:
    await client.ask("/queue/simple/set", "=.id=28900002", "=max-limit=10M/512k")
    assert await _value(client, "/queue/simple", "?name=28900002", "max-limit") == "10000000/512000"


async def test_a_second_entry_of_the_same_name_is_refused(client: RawClient) -> None:
    trap, _ = await client.ask("/ppp/secret/add", "=name=john_pppoe")
    assert trap == ["!trap", "=message=failure: already have such entry"]
    trap, _ = await client.ask("/ppp/secret/set", "=.id=dewi_pppoe", "=name=john_pppoe")
    assert trap == ["!trap", "=message=failure: already have such entry"]
    trap, _ = await client.ask("/ip/firewall/address-list/add", "=list=isolir", "=address=10.20.0.5")
    assert trap == ["!trap", "=message=failure: already have such entry"]
    [[done, _]] = await client.ask("/ip/firewall/address-list/add", "=list=promo", "=address=10.20.0.5")
    assert done == "!done"


async def test_what_is_not_there_and_what_is_not_known_is_refused(client: RawClient) -> None:
    trap, _ = await client.ask("/ppp/secret/remove", "=.id=*FFF")
    assert trap == ["!trap", "=category=0", "=message=no such item"]
    trap, _ = await client.ask("/ppp/secret/set", "=.id=john_pppoe", "=colour=red")
    assert trap == ["!trap", "=message=unknown parameter colour"]
    trap, _ = await client.ask("/ppp/active/add", "=name=ghost")
    assert trap == ["!trap", "=category=0", "=message=no such command"]


@pytest.mark.parametrize("menu", ["/ppp", "/ip/hotspot/user"])
async def test_a_user_is_only_of_a_profile_that_is_there(client: RawClient, menu: str) -> None:
    users = "/ppp/secret" if menu == "/ppp" else menu
    trap, _ = await client.ask(f"{users}/add", "=name=baru", "=profile=REG75M")
    assert trap == ["!trap", "=category=1", "=message=input does not match any value of profile"]
    [[done, _]] = await client.ask(f"{menu}/profile/add", "=name=REG75M", "=rate-limit=75M/75M")
    assert done == "!done"
    [[done, _]] = await client.ask(f"{users}/add", "=name=baru", "=profile=REG75M")
    assert done == "!done"
    assert await _value(client, users, "?name=baru", "profile") == "REG75M"


async def test_a_flag_is_a_flag(client: RawClient) -> None:
    trap, _ = await client.ask("/ppp/secret/set", "=.id=john_pppoe", "=disabled=perhaps")
    assert trap == ["!trap", "=category=1", "=message=input does not match any value of disabled"]


async def test_a_modem_dials_in_again_when_it_may() -> None:
    router = replace(demo_router(), has_modems=True)
    async with Simulator(router) as simulator, connected(simulator) as raw:
        await raw.log_in()
        await raw.ask("/ppp/active/remove", "=.id=john_pppoe")
        assert await _value(raw, "/ppp/active", "?name=john_pppoe", "uptime") == "1s"
        await raw.ask("/ppp/secret/disable", "=.id=john_pppoe")
        await raw.ask("/ppp/active/remove", "=.id=john_pppoe")
        assert await _value(raw, "/ppp/active", "?name=john_pppoe", "uptime") is None
        await raw.ask("/ppp/secret/enable", "=.id=john_pppoe")
        assert await _value(raw, "/ppp/active", "?name=john_pppoe", "uptime") == "1s"


async def test_a_cookie_can_be_taken_away(client: RawClient) -> None:
    assert await client.ask("/ip/hotspot/cookie/remove", "=.id=siti_hs") == [["!done"]]
    assert await _value(client, "/ip/hotspot/cookie", "?user=siti_hs", "user") is None


async def test_a_renamed_entry_is_found_by_its_new_name_only(client: RawClient) -> None:
    await client.ask("/ppp/secret/set", "=numbers=dewi_pppoe", "=name=dewi_baru")
    assert await _value(client, "/ppp/secret", "?name=dewi_baru", "profile") == "REG30M"
    assert await _value(client, "/ppp/secret", "?name=dewi_pppoe", "profile") is None


async def test_a_removed_session_takes_its_interface_and_queue_along(
    client: RawClient, simulator: Simulator
) -> None:
    simulator.state.dial_in(PppActive("limited", "10.10.10.9", max_limit="1000000/1000000"))
    assert await _value(client, "/queue/simple", "?name=<pppoe-limited>", "dynamic") == "true"
    assert await client.ask("/ppp/active/remove", "=.id=limited") == [["!done"]]
    assert await _value(client, "/ppp/active", "?name=limited", "name") is None
    assert await _value(client, "/interface", "?name=<pppoe-limited>", "name") is None
    assert await _value(client, "/queue/simple", "?name=<pppoe-limited>", "name") is None
    assert await _value(client, "/interface", "?name=<pppoe-john_pppoe>", "rx-byte") == "125000"


async def test_a_removed_hotspot_session_leaves_the_user(client: RawClient) -> None:
    assert await client.ask("/ip/hotspot/active/remove", "=.id=siti_hs") == [["!done"]]
    assert await _value(client, "/ip/hotspot/active", "?user=siti_hs", "user") is None
    assert await _value(client, "/ip/hotspot/user", "?name=siti_hs", "profile") == "REG50M"


async def test_a_disabled_secret_does_not_end_the_session_by_itself(client: RawClient) -> None:
    await client.ask("/ppp/secret/disable", "=.id=john_pppoe")
    assert await _value(client, "/ppp/active", "?name=john_pppoe", "address") == "10.10.10.2"


async def test_a_reboot_ends_connections_and_sessions_and_renumbers(simulator: Simulator) -> None:
    async with connected(simulator) as raw:
        await raw.log_in()
        before = await _value(raw, "/ppp/secret", "?name=john_pppoe", ".id")
        simulator.reboot()
        assert await raw.is_closed()
    async with connected(simulator) as raw:
        await raw.log_in()
        assert await _value(raw, "/ppp/active", "?name=john_pppoe", "name") is None
        assert await _value(raw, "/ppp/secret", "?name=john_pppoe", ".id") != before


@pytest.mark.parametrize(
    ("version", "printed"),
    [("6.49.10", "jan/01/1970 00:00:00"), ("7.9.2", "jan/01/1970 00:00:00"), ("7.10", "1970-01-01 00:00:00")],
)
async def test_dates_are_written_as_the_version_does(version: str, printed: str) -> None:
    router = replace(Router(secrets=(PppSecret("new"),)), version=version)
    async with Simulator(router) as simulator, connected(simulator) as raw:
        await raw.log_in("admin", "")
        assert await _value(raw, "/ppp/secret", "?name=new", "last-logged-out") == printed
