"""Lines opened, closed, made and removed on a router over its own protocol; each call reads before it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from core.adapters.routeros import Limits
from core.network.types import Applied, Declined, DesiredLine, Isolation, Line, LineKind, OutOfReach
from sandbox.routeros import (
    AddressListEntry,
    ApiUser,
    Closes,
    Hang,
    Lies,
    PppSecret,
    Refuses,
    Router,
    Simulator,
    demo_router,
)
from tests.core.adapters.routeros_stage import FORGETFUL, JOHN, SHOP, SITI, Stage, line_of

OPEN = DesiredLine(LineKind.OPEN, profile="REG50M")
ISOLATED = DesiredLine(LineKind.ISOLATED, profile="REG50M")
ABSENT = DesiredLine(LineKind.ABSENT)
#: A router without a profile of this name: its users are disabled.
NO_PROFILE = Isolation(profile="NONE-OF-THAT-NAME")

ODD_NAMES = [
    "yes",
    "628123456789",
    "john=doe",
    "<pppoe-x>",
    "Café Ibu Siti ☕",
    "*1",
    "a,b",
    "x" * 200,
    "ü" * 100,
]


@pytest.fixture(params=["6.49.10", "7.9.2", "7.18.2"])
async def simulator(request: pytest.FixtureRequest, stage: Stage) -> AsyncIterator[Simulator]:
    """A router of either major version, before and after `!empty`."""
    router = replace(demo_router(), version=request.param, has_modems=True)
    async with Simulator(router) as running:
        await stage.record(running)
        yield running


@pytest.fixture
async def modern(stage: Stage) -> AsyncIterator[Simulator]:
    async with Simulator(replace(demo_router(), has_modems=True)) as running:
        await stage.record(running)
        yield running


def row(simulator: Simulator, menu: str, name: str) -> dict[str, str]:
    table = simulator.state.tables[menu]
    [found] = table.select((f"?{table.key}={name}",))
    return found


def rows(simulator: Simulator, menu: str) -> list[dict[str, str]]:
    return [dict(each) for each in simulator.state.tables[menu]]


def writes(simulator: Simulator) -> list[str]:
    verbs = ("add", "set", "remove", "enable", "disable")
    return [each.command for each in simulator.requests if each.command.rpartition("/")[2] in verbs]


async def test_a_pppoe_line_is_moved_to_the_profile_of_isolated_lines_and_back(
    simulator: Simulator, stage: Stage
) -> None:
    gateway = stage.gateway()
    session = row(simulator, "/ppp/active", "john_pppoe")[".id"]
    assert await gateway.apply(JOHN, ISOLATED) == Applied(("user changed", "session ended"))
    assert row(simulator, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"
    again = row(simulator, "/ppp/active", "john_pppoe")
    assert (again[".id"] != session, again["uptime"]) == (True, "1s")
    assert await gateway.apply(JOHN, OPEN) == Applied(("user changed", "session ended"))
    secret = row(simulator, "/ppp/secret", "john_pppoe")
    assert (secret["profile"], secret["disabled"], secret["password"]) == ("REG50M", "false", "john-line")


async def test_without_such_a_profile_the_user_is_disabled_and_stays_offline(
    simulator: Simulator, stage: Stage
) -> None:
    gateway = stage.gateway()
    closed = by_disabling(ISOLATED)
    assert await gateway.apply(JOHN, closed) == Applied(("user changed", "session ended"))
    secret = row(simulator, "/ppp/secret", "john_pppoe")
    assert (secret["profile"], secret["disabled"]) == ("REG50M", "true")
    assert "john_pppoe" not in {each["name"] for each in rows(simulator, "/ppp/active")}
    assert await gateway.apply(JOHN, by_disabling(OPEN)) == Applied(("user changed", "session ended"))
    assert row(simulator, "/ppp/secret", "john_pppoe")["disabled"] == "false"
    assert row(simulator, "/ppp/active", "john_pppoe")["uptime"] == "1s"


def by_disabling(desired: DesiredLine) -> DesiredLine:
    return DesiredLine(desired.kind, isolation=NO_PROFILE, profile=desired.profile)


async def test_a_hotspot_line_loses_its_session_and_the_cookie_that_would_let_it_in(
    simulator: Simulator, stage: Stage
) -> None:
    gateway = stage.gateway()
    assert await gateway.apply(SITI, ISOLATED) == Applied(("user changed", "session ended"))
    assert row(simulator, "/ip/hotspot/user", "siti_hs")["disabled"] == "true"
    assert rows(simulator, "/ip/hotspot/active") == []
    assert rows(simulator, "/ip/hotspot/cookie") == []
    assert await gateway.apply(SITI, OPEN) == Applied(("user changed",))
    assert row(simulator, "/ip/hotspot/user", "siti_hs")["disabled"] == "false"


async def test_an_open_hotspot_line_keeps_its_cookie_when_its_plan_changes(
    modern: Simulator, stage: Stage
) -> None:
    faster = DesiredLine(LineKind.OPEN, profile="REG100M", rate_limit="100M/100M")
    assert await stage.gateway().apply(SITI, faster) == Applied(
        ("profile added", "user changed", "session ended")
    )
    assert row(modern, "/ip/hotspot/user/profile", "REG100M")["rate-limit"] == "100M/100M"
    assert len(rows(modern, "/ip/hotspot/cookie")) == 1


async def test_a_static_line_goes_on_the_list_and_off_again(simulator: Simulator, stage: Stage) -> None:
    gateway = stage.gateway()
    assert await gateway.apply(SHOP, OPEN) == Applied(("address taken off",))
    assert rows(simulator, "/ip/firewall/address-list") == []
    assert await gateway.apply(SHOP, ISOLATED) == Applied(("address listed",))
    entry = row(simulator, "/ip/firewall/address-list", "10.20.0.5")
    assert (entry["list"], entry["comment"], entry["disabled"]) == ("isolir", SHOP.service_number, "false")


async def test_a_static_line_named_by_its_queue_is_found_by_it(modern: Simulator, stage: Stage) -> None:
    gateway = stage.gateway()
    assert await gateway.apply(line_of("28900002", "STATIC"), OPEN) == Applied(("address taken off",))
    refused = await gateway.apply(line_of("nobody", "STATIC"), OPEN)
    assert isinstance(refused, Declined)
    assert refused.is_final


async def test_a_line_over_ipv6_has_its_own_list(modern: Simulator, stage: Stage) -> None:
    gateway, line = stage.gateway(), line_of("2001:db8::5", "STATIC")
    assert await gateway.apply(line, ISOLATED) == Applied(("address listed",))
    assert await gateway.apply(line, ISOLATED) == Applied()
    assert row(modern, "/ipv6/firewall/address-list", "2001:db8::5/128")["list"] == "isolir"
    assert await gateway.apply(line, OPEN) == Applied(("address taken off",))


async def test_other_lists_other_addresses_and_disabled_entries(stage: Stage) -> None:
    entries = (
        AddressListEntry("promo", "10.20.0.5"),
        AddressListEntry("isolir", "10.20.0.0/24"),
        AddressListEntry("isolir", "10.20.0.50"),
        AddressListEntry("isolir", "10.20.0.5", "by hand", is_disabled=True),
    )
    async with Simulator(replace(demo_router(), address_list=entries)) as simulator:
        await stage.record(simulator)
        gateway = stage.gateway()
        assert await gateway.apply(SHOP, ISOLATED) == Applied(("address listed",))
        listed = rows(simulator, "/ip/firewall/address-list")
        assert [(each["comment"], each["disabled"]) for each in listed][-1] == ("by hand", "false")
        assert await gateway.apply(SHOP, OPEN) == Applied(("address taken off",))
        left = {(each["list"], each["address"]) for each in rows(simulator, "/ip/firewall/address-list")}
    assert left == {("promo", "10.20.0.5"), ("isolir", "10.20.0.0/24"), ("isolir", "10.20.0.50")}


@pytest.mark.parametrize("line", [JOHN, SITI, SHOP])
@pytest.mark.parametrize("desired", [OPEN, ISOLATED, ABSENT])
async def test_a_repeat_reads_and_writes_nothing(
    modern: Simulator, stage: Stage, line: Line, desired: DesiredLine
) -> None:
    gateway = stage.gateway()
    assert isinstance(await gateway.apply(line, desired), Applied)
    before = writes(modern)
    assert await gateway.apply(line, desired) == Applied()
    assert writes(modern) == before


async def test_a_new_line_is_made_with_its_secret_and_its_plans_profile(
    simulator: Simulator, stage: Stage
) -> None:
    desired = DesiredLine(
        LineKind.OPEN,
        profile="REG75M",
        rate_limit="75M/75M",
        address_pool="pool-1",
        secret_sealed=stage.keyring.seal("rahasia"),
        is_secret_new=True,
    )
    gateway = stage.gateway()
    assert await gateway.apply(line_of("baru"), desired) == Applied(("profile added", "user added"))
    secret = row(simulator, "/ppp/secret", "baru")
    assert (secret["password"], secret["service"], secret["profile"], secret["comment"]) == (
        "rahasia",
        "pppoe",
        "REG75M",
        "SN-baru",
    )
    profile = row(simulator, "/ppp/profile", "REG75M")
    assert (profile["rate-limit"], profile["remote-address"]) == ("75M/75M", "pool-1")
    assert await gateway.apply(line_of("vpn-baru", "VPN"), desired) == Applied(("user added",))
    assert row(simulator, "/ppp/secret", "vpn-baru")["service"] == "any"


async def test_a_new_line_may_begin_isolated(modern: Simulator, stage: Stage) -> None:
    sealed = stage.keyring.seal("rahasia")
    for line, isolation in ((line_of("a"), Isolation()), (line_of("b"), NO_PROFILE)):
        desired = DesiredLine(
            LineKind.ISOLATED, isolation=isolation, profile="REG50M", secret_sealed=sealed, is_secret_new=True
        )
        assert await stage.gateway().apply(line, desired) == Applied(("user added",))
    assert [row(modern, "/ppp/secret", name)["profile"] for name in "ab"] == ["EXPIRED", "default"]
    assert [row(modern, "/ppp/secret", name)["disabled"] for name in "ab"] == ["false", "true"]


async def test_a_new_secret_is_given_once_and_what_others_have_written_stays(
    modern: Simulator, stage: Stage
) -> None:
    row(modern, "/ppp/secret", "john_pppoe")["remote-address"] = "10.10.10.2"
    given = DesiredLine(
        LineKind.OPEN, profile="REG50M", secret_sealed=stage.keyring.seal("baru"), is_secret_new=True
    )
    assert await stage.gateway().apply(JOHN, given) == Applied(("secret given", "session ended"))
    secret = row(modern, "/ppp/secret", "john_pppoe")
    assert (secret["password"], secret["remote-address"]) == ("baru", "10.10.10.2")


async def test_a_plans_new_limit_is_written_into_its_profile(modern: Simulator, stage: Stage) -> None:
    faster = DesiredLine(LineKind.OPEN, profile="REG50M", rate_limit="60M/60M")
    assert await stage.gateway().apply(JOHN, faster) == Applied(("profile changed",))
    assert row(modern, "/ppp/profile", "REG50M")["rate-limit"] == "60M/60M"
    in_bits = DesiredLine(LineKind.OPEN, profile="REG50M", rate_limit="60000k/60000000")
    assert await stage.gateway().apply(JOHN, in_bits) == Applied()


async def test_a_removed_line_leaves_its_neighbours_alone(simulator: Simulator, stage: Stage) -> None:
    assert await stage.gateway().apply(JOHN, ABSENT) == Applied(("user removed", "session ended"))
    assert {each["name"] for each in rows(simulator, "/ppp/secret")} == {"dewi_pppoe"}
    assert rows(simulator, "/ppp/active") == []
    assert len(rows(simulator, "/ip/hotspot/user")) == 1


@pytest.mark.parametrize("mode", ["PPPOE", "HOTSPOT"])
@pytest.mark.parametrize("name", ODD_NAMES)
async def test_odd_names_are_names_and_nobody_elses(
    modern: Simulator, stage: Stage, name: str, mode: str
) -> None:
    secrets, users = rows(modern, "/ppp/secret"), rows(modern, "/ip/hotspot/user")
    sealed = stage.keyring.seal("=.id=*1 ?x #| é")
    desired = DesiredLine(LineKind.OPEN, profile="REG50M", secret_sealed=sealed, is_secret_new=True)
    line, gateway = line_of(name, mode), stage.gateway()
    menu = "/ppp/secret" if mode == "PPPOE" else "/ip/hotspot/user"
    assert await gateway.apply(line, desired) == Applied(("user added",))
    assert row(modern, menu, name)["password"] == "=.id=*1 ?x #| é"
    closed = DesiredLine(LineKind.ISOLATED, isolation=NO_PROFILE, profile="REG50M")
    assert await gateway.apply(line, closed) == Applied(("user changed",))
    assert row(modern, menu, name)["disabled"] == "true"
    assert await gateway.apply(line, ABSENT) == Applied(("user removed",))
    assert (rows(modern, "/ppp/secret"), rows(modern, "/ip/hotspot/user")) == (secrets, users)


async def test_one_name_in_two_kinds_is_two_lines(modern: Simulator, stage: Stage) -> None:
    modern.state.tables["/ip/hotspot/user"].append(
        {"name": "john_pppoe", "profile": "REG50M", "disabled": "false"}
    )
    await stage.gateway().apply(line_of("john_pppoe", "HOTSPOT"), ISOLATED)
    assert row(modern, "/ip/hotspot/user", "john_pppoe")["disabled"] == "true"
    assert row(modern, "/ppp/secret", "john_pppoe")["disabled"] == "false"


@pytest.mark.parametrize(
    ("line", "desired", "reason"),
    [
        (line_of("radius-only"), OPEN, "no such user, and no secret"),
        (JOHN, DesiredLine(LineKind.OPEN, profile="NEVER-MADE"), "the plan's profile is missing"),
        (JOHN, DesiredLine(LineKind.OPEN, secret_sealed="not sealed by us"), "cannot be unsealed"),
        (line_of("x", "SATELLITE"), OPEN, "without a known mode"),
        (line_of("", "PPPOE"), OPEN, "without a user"),
    ],
)
async def test_what_cannot_be_is_declined_for_good(
    modern: Simulator, stage: Stage, line: Line, desired: DesiredLine, reason: str
) -> None:
    declined = await stage.gateway().apply(line, desired)
    assert isinstance(declined, Declined)
    assert declined.is_final
    assert reason in declined.reason
    assert writes(modern) == []


async def test_a_line_whose_profile_nobody_knows_is_disabled_and_never_lost(stage: Stage) -> None:
    unknown, gateway = DesiredLine(LineKind.ISOLATED), stage.gateway()
    async with Simulator(demo_router()) as simulator:
        await stage.record(simulator)
        assert isinstance(await gateway.apply(JOHN, unknown), Applied)
        secret = row(simulator, "/ppp/secret", "john_pppoe")
        assert (secret["profile"], secret["disabled"]) == ("REG50M", "true")
        assert await gateway.apply(JOHN, DesiredLine(LineKind.OPEN)) == Applied(("user changed",))
        row(simulator, "/ppp/secret", "john_pppoe")["profile"] = "EXPIRED"
        declined = await gateway.apply(JOHN, DesiredLine(LineKind.OPEN))
    assert isinstance(declined, Declined)
    assert "go back to" in declined.reason


@pytest.mark.parametrize(
    ("trap", "is_final"),
    [
        ("not enough permissions (9)", True),
        ("no such command prefix", True),
        ("input does not match any value of profile", True),
        ("failure: already have user with this name", False),
        ("std failure: timeout (13)", False),
        ("no such item", False),
    ],
)
async def test_traps_are_final_or_not_as_they_mean_it(
    modern: Simulator, stage: Stage, trap: str, *, is_final: bool
) -> None:
    modern.faults.add(Refuses(trap), "/ppp/secret/set")
    declined = await stage.gateway().apply(JOHN, ISOLATED)
    assert isinstance(declined, Declined)
    assert declined.is_final is is_final


async def test_a_user_of_the_api_who_may_only_read_changes_nothing(stage: Stage) -> None:
    users = (ApiUser("loket", "loket", frozenset({"read", "api"})),)
    async with Simulator(replace(demo_router(), users=users)) as simulator:
        await stage.record(simulator)
        declined = await stage.gateway().apply(JOHN, ISOLATED)
    assert declined == Declined("/ppp/secret/set: not enough permissions (9)", is_final=True)


async def test_a_router_that_hangs_or_is_gone_is_out_of_reach(modern: Simulator, stage: Stage) -> None:
    gateway = stage.gateway(Limits(switching_s=0.1))
    modern.faults.add(Hang(), "/ppp/secret/print", times=1)
    assert await gateway.apply(JOHN, ISOLATED) == OutOfReach("TimeoutError")
    await modern.stop()
    assert isinstance(await gateway.apply(JOHN, ISOLATED), OutOfReach)


async def test_a_wrong_password_is_told_as_such(modern: Simulator, stage: Stage) -> None:
    await stage.record(modern, password_sealed=stage.keyring.seal("wrong"))
    assert await stage.gateway().apply(JOHN, ISOLATED) == OutOfReach("login refused")


@pytest.mark.parametrize("command", ["/ppp/secret/set", "/ppp/active/print", "/ppp/active/remove"])
async def test_a_connection_that_breaks_anywhere_leaves_work_that_the_next_try_finishes(
    modern: Simulator, stage: Stage, command: str
) -> None:
    """Also the session that began before: nothing on the router tells whose rules it is under."""
    gateway = stage.gateway()
    session = row(modern, "/ppp/active", "john_pppoe")[".id"]
    modern.faults.add(Closes(), command, times=1)
    first = await gateway.apply(JOHN, ISOLATED)
    assert isinstance(first, OutOfReach)
    retried = DesiredLine(LineKind.ISOLATED, profile="REG50M", was_tried=True)
    assert isinstance(await gateway.apply(JOHN, retried), Applied)
    assert row(modern, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"
    assert row(modern, "/ppp/active", "john_pppoe")[".id"] != session


async def test_a_connection_that_died_while_idle_is_replaced_within_the_same_try(
    modern: Simulator, stage: Stage
) -> None:
    gateway = stage.gateway(FORGETFUL)
    await gateway.look(JOHN, frozenset({"connection"}))
    modern.faults.add(Closes(), "/ppp/secret/set", times=1)
    assert await gateway.apply(JOHN, ISOLATED) == Applied(("user changed", "session ended"))
    assert row(modern, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"


async def test_a_change_that_does_not_last_is_noticed(modern: Simulator, stage: Stage) -> None:
    modern.faults.add(Lies(lambda request: replace(request, command="/ppp/secret/print")), "/ppp/secret/set")
    declined = await stage.gateway().apply(JOHN, ISOLATED)
    assert declined == Declined("/ppp/secret: the change did not last", is_final=False)


async def test_what_was_seen_of_a_line_is_forgotten_when_it_is_switched(
    modern: Simulator, stage: Stage
) -> None:
    gateway, sections = stage.gateway(Limits()), frozenset({"connection"})
    assert (await gateway.look(JOHN, sections)).connection is not None
    await gateway.apply(JOHN, DesiredLine(LineKind.ISOLATED, isolation=NO_PROFILE, profile="REG50M"))
    after = await gateway.look(JOHN, sections)
    assert after.connection is not None
    assert not after.connection.is_online


async def test_a_survey_reads_everything_and_changes_nothing(simulator: Simulator, stage: Stage) -> None:
    survey = await stage.gateway().survey(1, "RT-01", Isolation())
    assert not isinstance(survey, OutOfReach | Declined)
    assert survey.ppp is not None
    assert survey.hotspot is not None
    assert set(survey.ppp.logins) == {"john_pppoe", "dewi_pppoe"}
    assert survey.ppp.rate_limits["REG50M"] == "50M/50M"
    assert survey.hotspot.logins["siti_hs"].profile == "REG50M"
    assert survey.isolated == frozenset({"10.20.0.5"})
    assert writes(simulator) == []


async def test_a_menu_that_is_refused_says_nothing(modern: Simulator, stage: Stage) -> None:
    modern.faults.add(Refuses("no such command prefix"), "/ip/hotspot")
    survey = await stage.gateway().survey(1, "RT-01", Isolation())
    assert not isinstance(survey, OutOfReach | Declined)
    assert survey.hotspot is None
    assert survey.ppp is not None


async def test_two_thousand_users_are_surveyed_in_one_round_trip(stage: Stage) -> None:
    secrets = tuple(PppSecret(f"customer{number}", profile="REG50M") for number in range(2_000))
    async with Simulator(Router(users=(ApiUser("loket", "loket"),), secrets=secrets)) as simulator:
        await stage.record(simulator)
        survey = await stage.gateway().survey(1, "RT-01", Isolation())
        assert not isinstance(survey, OutOfReach | Declined)
        assert survey.ppp is not None
        assert len(survey.ppp.logins) == 2_000
        assert simulator.asked("/ppp/secret/print") == 1
