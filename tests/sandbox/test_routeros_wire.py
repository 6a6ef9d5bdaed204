"""What a client meets on the wire: framing, logins, tags, queries, columns, refusals (routeros contract §1, §5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.routeros import ApiUser, PppSecret, Router, Simulator, demo_router
from sandbox.routeros.queries import matches
from sandbox.routeros.wire import SentenceReader, encode_length, encode_sentence
from tests.sandbox.routeros_client import RawClient, connected

LENGTHS = [
    (0x00, b"\x00"),
    (0x7F, b"\x7f"),
    (0x80, b"\x80\x80"),
    (256, b"\x81\x00"),
    (0x3FFF, b"\xbf\xff"),
    (0x4000, b"\xc0\x40\x00"),
    (0x1FFFFF, b"\xdf\xff\xff"),
    (0x200000, b"\xe0\x20\x00\x00"),
    (0xFFFFFFF, b"\xef\xff\xff\xff"),
    (0x10000000, b"\xf0\x10\x00\x00\x00"),
]
ROWS = [
    {"name": "ether1", "type": "ether", "mtu": "1500"},
    {"name": "vlan7", "type": "vlan", "mtu": "1480"},
    {"name": "a=b", "type": "vlan", "mtu": "900", "comment": "x"},
]
QUERIES = [
    (["?type=vlan"], ["vlan7", "a=b"]),
    (["?=type=vlan"], ["vlan7", "a=b"]),
    (["?name=a=b"], ["a=b"]),
    (["?comment"], ["a=b"]),
    (["?-comment"], ["ether1", "vlan7"]),
    (["?>mtu=900"], ["ether1", "vlan7"]),
    (["?<mtu=1480"], ["a=b"]),
    (["?type=ether", "?type=vlan", "?#|"], ["ether1", "vlan7", "a=b"]),
    (["?type=vlan", "?comment", "?#&"], ["a=b"]),
    (["?type=vlan", "?comment"], ["a=b"]),
    (["?type=vlan", "?#!"], ["ether1"]),
    (["?type=vlan", "?comment", "?#!&"], ["vlan7"]),
    (["?type=vlan", "?#.!|"], ["ether1", "vlan7", "a=b"]),
    (["?type=vlan", "?type=ether", "?#1"], ["vlan7", "a=b"]),
]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(demo_router()) as running:
        yield running


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[RawClient]:
    async with connected(simulator) as raw:
        await raw.log_in()
        yield raw


@pytest.mark.parametrize(("length", "encoded"), LENGTHS)
def test_a_length_takes_as_many_bytes_as_its_class(length: int, encoded: bytes) -> None:
    assert encode_length(length) == encoded


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=300), max_size=5),
    st.sampled_from([1, 127, 128, 256, 16_384, 70_000]),
)
def test_a_sentence_arrives_as_it_was_sent(words: list[str], length: int) -> None:
    sent = [*words, "x" * length]

    async def received() -> list[str]:
        reader = asyncio.StreamReader()
        encoded = encode_sentence(sent)
        half = len(encoded) // 2
        asyncio.get_running_loop().call_soon(reader.feed_data, encoded[half:])
        reader.feed_data(encoded[:half])
        return await SentenceReader(reader).next()

    assert asyncio.run(received()) == sent


@pytest.mark.parametrize(("query", "names"), QUERIES)
def test_query_words_select_like_a_stack_machine(query: list[str], names: list[str]) -> None:
    assert [row["name"] for row in ROWS if matches(row, query)] == names


async def test_a_query_that_reaches_below_the_stack_is_trapped(client: RawClient) -> None:
    answer = await client.ask("/ppp/secret/print", "?#&")
    assert [sentence[0] for sentence in answer] == ["!trap", "!done"]


async def test_a_wrong_password_is_trapped_and_the_next_try_may_succeed(simulator: Simulator) -> None:
    async with connected(simulator) as raw:
        trap, done = await raw.ask("/login", "=name=loket", "=password=wrong")
        assert trap == ["!trap", "=message=invalid user name or password (6)"]
        assert done == ["!done"]
        await raw.log_in()


async def test_a_command_before_login_is_fatal(simulator: Simulator) -> None:
    async with connected(simulator) as raw:
        assert await raw.ask("/ppp/active/print") == [["!fatal", "not logged in"]]
        assert await raw.is_closed()


async def test_an_old_router_answers_a_password_with_a_challenge_and_stays_locked() -> None:
    async with Simulator(replace(demo_router(), version="6.42.7")) as old, connected(old) as raw:
        [[word, challenge]] = await raw.ask("/login", "=name=loket", "=password=loket")
        assert word == "!done"
        assert len(challenge.removeprefix("=ret=")) == 32
        assert await raw.ask("/system/resource/print") == [["!fatal", "not logged in"]]


async def test_answers_carry_the_tag_of_their_command(client: RawClient) -> None:
    row, done = await client.ask("/ppp/active/print", "?name=john_pppoe", ".tag=k7", "=.proplist=name")
    assert row == ["!re", ".tag=k7", "=name=john_pppoe"]
    assert done == ["!done", ".tag=k7"]


async def test_only_the_columns_asked_for_are_printed_and_missing_ones_left_out(client: RawClient) -> None:
    row, _ = await client.ask("/ppp/active/print", "=.proplist=name,no-such,address", "?name=john_pppoe")
    assert row == ["!re", "=name=john_pppoe", "=address=10.10.10.2"]


async def test_counting_answers_with_the_number_alone(client: RawClient) -> None:
    assert await client.ask("/ppp/secret/print", "=count-only=") == [["!done", "=ret=2"]]


@pytest.mark.parametrize(
    ("version", "answer"),
    [("7.18", [["!empty"], ["!done"]]), ("7.17.2", [["!done"]]), ("6.49.10", [["!done"]])],
)
async def test_no_rows_are_announced_since_7_18_only(version: str, answer: list[list[str]]) -> None:
    async with Simulator(replace(demo_router(), version=version)) as router, connected(router) as raw:
        await raw.log_in()
        assert await raw.ask("/ppp/active/print", "?name=nobody") == answer


async def test_names_of_every_kind_come_back_unchanged() -> None:
    names = ["yes", "628123456789", "john=doe", "<pppoe-x>", "Café ☕ 東京", "n" * 200, "00123"]
    router = Router(users=(ApiUser("loket", "loket"),), secrets=[PppSecret(name) for name in names])
    async with Simulator(router) as simulator, connected(simulator) as raw:
        await raw.log_in()
        for name in names:
            answer = await raw.ask("/ppp/secret/print", "=.proplist=name", f"?name={name}")
            assert answer == [["!re", f"=name={name}"], ["!done"]]


async def test_a_row_of_sixteen_thousand_bytes_arrives_whole() -> None:
    long = "ö" * 9_000
    router = Router(users=(ApiUser("loket", "loket"),), secrets=[PppSecret("a", comment=long)])
    async with Simulator(router) as simulator, connected(simulator) as raw:
        await raw.log_in()
        row, _ = await raw.ask("/ppp/secret/print", "=.proplist=comment")
        assert row == ["!re", f"=comment={long}"]


async def test_an_unknown_menu_and_an_unknown_verb_are_told_apart(client: RawClient) -> None:
    assert (await client.ask("/no/such/print"))[0] == [
        "!trap",
        "=category=0",
        "=message=no such command prefix",
    ]
    assert (await client.ask("/ppp/secret/fly"))[0] == ["!trap", "=category=0", "=message=no such command"]


async def test_the_user_manager_is_elsewhere_before_version_7() -> None:
    async with Simulator(replace(demo_router(), version="6.49.10")) as router, connected(router) as raw:
        await raw.log_in()
        rows = await raw.ask(
            "/tool/user-manager/session/print", "?user=john_pppoe", "=.proplist=host-ip,download"
        )
        assert rows[:-1] == [
            ["!re", "=host-ip=10.10.10.1", "=download=300000"],
            ["!re", "=host-ip=10.10.10.1", "=download=150000"],
        ]
        assert (await raw.ask("/user-manager/session/print"))[0][0] == "!trap"


async def test_a_group_without_a_permission_is_refused_and_shown_no_passwords() -> None:
    router = replace(demo_router(), users=(ApiUser("loket", "loket", frozenset({"read", "api"})),))
    async with Simulator(router) as simulator, connected(simulator) as raw:
        await raw.log_in()
        for command in ("/ping", "/ppp/secret/remove"):
            trap, _ = await raw.ask(command, "=address=10.10.10.2", "=count=1", "=.id=*1")
            assert trap == ["!trap", "=message=not enough permissions (9)"]
        rows = await raw.ask("/ppp/secret/print")
        assert not any("john-line" in word for row in rows for word in row)


async def test_a_user_without_the_api_permission_cannot_log_in() -> None:
    router = replace(demo_router(), users=(ApiUser("loket", "loket", frozenset({"read"})),))
    async with Simulator(router) as simulator, connected(simulator) as raw:
        assert (await raw.ask("/login", "=name=loket", "=password=loket"))[0][0] == "!trap"


async def test_an_endless_command_reports_until_it_is_cancelled(client: RawClient) -> None:
    client.send("/interface/monitor-traffic", "=interface=ether1", ".tag=m")
    assert (await client.sentence())[:2] == ["!re", ".tag=m"]
    client.send("/cancel", "=tag=m", ".tag=c")
    assert await client.sentence() == ["!trap", ".tag=m", "=category=2", "=message=interrupted"]
    assert await client.sentence() == ["!done", ".tag=m"]
    assert await client.sentence() == ["!done", ".tag=c"]


async def test_traffic_once_is_one_row_and_an_unknown_interface_a_trap(client: RawClient) -> None:
    answer = await client.ask("/interface/monitor-traffic", "=interface=<pppoe-john_pppoe>", "=once=")
    assert [sentence[0] for sentence in answer] == ["!re", "!done"]
    trap, _ = await client.ask("/interface/monitor-traffic", "=interface=nowhere", "=once=")
    assert trap[-1] == "=message=input does not match any value of interface"


async def test_pings_are_counted_answered_or_not(client: RawClient) -> None:
    answer = await client.ask("/ping", "=address=10.20.0.5", "=count=2")
    assert [word for word in answer[1] if word.startswith(("=sent", "=received"))] == [
        "=sent=2",
        "=received=2",
    ]
    answer = await client.ask("/ping", "=address=10.99.0.1", "=count=1")
    assert "=status=timeout" in answer[0]


async def test_a_polite_goodbye_is_answered_fatally(client: RawClient) -> None:
    assert await client.ask("/quit") == [["!fatal", "session terminated on request"]]
    assert await client.is_closed()


async def test_a_word_of_mad_length_ends_the_connection(client: RawClient) -> None:
    client.writer.write(b"\xf0\xff\xff\xff\xff")
    assert await client.is_closed()


async def test_several_routers_live_in_one_process() -> None:
    async with Simulator(Router(identity="A")) as first, Simulator(Router(identity="B")) as second:
        for simulator, identity in ((first, "A"), (second, "B")):
            async with connected(simulator) as raw:
                await raw.log_in("admin", "")
                assert (await raw.ask("/system/identity/print"))[0] == ["!re", f"=name={identity}"]


async def test_a_stopped_router_refuses_and_comes_back_on_its_port(simulator: Simulator) -> None:
    port = simulator.port
    async with connected(simulator) as raw:
        await simulator.stop()
        assert await raw.is_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(simulator.host, port)
    await simulator.start()
    assert simulator.port == port
    async with connected(simulator) as raw:
        await raw.log_in()
