"""API keys: what they may do, from where, and what becomes of those who guess them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.identity import keys
from core.identity.passwords import Passwords
from core.identity.tables import api_keys
from core.identity.types import Scope
from core.identity.usecases import Identity
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Forbidden, Invalid, NotFound
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings

OFFICE, STRANGER = "203.0.113.7", "198.51.100.9"


async def is_let_in(identity: Identity, key: str, *, ip: str = OFFICE, scope: Scope = Scope.READ) -> bool:
    try:
        await identity.check_key(key, ip=ip, scope=scope)
    except Forbidden:
        return False
    return True


async def test_a_key_does_what_it_was_made_for(identity: Identity) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ, Scope.PII], networks=[])
    found = await identity.check_key(key, ip=OFFICE, scope=Scope.READ)
    assert (found.name, found.scopes) == ("isolir", frozenset({Scope.READ, Scope.PII}))
    assert not await is_let_in(identity, key, scope=Scope.PAY)


async def test_a_key_is_stored_as_a_hash_and_a_prefix(identity: Identity, uow: UnitOfWork) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=[])
    async with uow.read() as tx:
        row = await tx.first(select(api_keys))
    assert row is not None
    assert row.prefix == key[:8]
    assert key not in str(tuple(row))
    assert len(key) <= 40


async def test_two_keys_are_never_alike(identity: Identity) -> None:
    made = {await identity.create_key(f"k{n}", scopes=[Scope.READ], networks=[]) for n in range(5)}
    assert len(made) == 5


@pytest.mark.parametrize(
    ("networks", "ip", "is_welcome"),
    [
        (["203.0.113.7"], "203.0.113.7", True),
        (["203.0.113.7"], "203.0.113.8", False),
        (["203.0.113.0/24", "10.0.0.0/8"], "10.9.8.7", True),
        (["127.0.0.0/8", "::1"], "::1", True),
        (["127.0.0.0/8"], "::ffff:127.0.0.1", True),
        (["2001:db8::/32"], "2001:db8:1::1", True),
        (["2001:db8::/32"], "203.0.113.7", False),
        (["203.0.113.7"], "unknown", False),
        ([], "unknown", True),
    ],
)
async def test_a_key_works_only_from_its_networks(
    identity: Identity, networks: Sequence[str], ip: str, *, is_welcome: bool
) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=networks)
    assert await is_let_in(identity, key, ip=ip) is is_welcome


@pytest.mark.parametrize(
    ("scopes", "networks", "reason"),
    [
        ([Scope.READ, Scope.PAY], [], "pay_needs_networks"),
        ([], ["203.0.113.7"], "key_scopes"),
        ([Scope.READ], ["203.0.113.0/99"], "key_networks"),
        ([Scope.READ], [""], "key_networks"),
    ],
)
async def test_an_unsafe_key_is_not_made(
    identity: Identity, scopes: Sequence[Scope], networks: Sequence[str], reason: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await identity.create_key("isolir", scopes=scopes, networks=networks)
    assert refusal.value.reason == reason


async def test_a_name_is_used_once(identity: Identity) -> None:
    await identity.create_key("isolir", scopes=[Scope.READ], networks=[])
    with pytest.raises(Conflict):
        await identity.create_key("isolir", scopes=[Scope.READ], networks=[])


async def test_an_expired_key_is_refused(identity: Identity, clock: ManualClock) -> None:
    key = await identity.create_key(
        "isolir", scopes=[Scope.READ], networks=[], expires_at=clock.now() + timedelta(days=1)
    )
    assert await is_let_in(identity, key)
    clock.move(timedelta(days=1))
    assert not await is_let_in(identity, key)


async def test_a_disabled_key_is_refused(identity: Identity, uow: UnitOfWork) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=[])
    async with uow.write() as tx:
        await tx.execute(api_keys.update().values(is_active=False))
    assert not await is_let_in(identity, key)


async def test_use_is_noted_at_most_once_a_minute(
    identity: Identity, uow: UnitOfWork, clock: ManualClock
) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=[])
    noted = []
    for _ in range(3):
        await is_let_in(identity, key)
        async with uow.read() as tx:
            noted.append(await tx.scalar(select(api_keys.c.last_used_at)))
        clock.move(timedelta(seconds=30))
    start = clock.now() - timedelta(seconds=90)
    assert noted == [start, start, start + timedelta(seconds=60)]


@pytest.mark.parametrize("presented", ["", "guess", "\ud800", "lk_" + "x" * 5000])
async def test_an_unknown_key_is_refused(identity: Identity, presented: str) -> None:
    assert not await is_let_in(identity, presented)


async def test_every_refusal_looks_the_same(identity: Identity) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=["203.0.113.7"])
    for presented, ip, scope in (
        (key, STRANGER, Scope.READ),
        (key, OFFICE, Scope.PAY),
        ("x", OFFICE, Scope.READ),
    ):
        with pytest.raises(Forbidden) as refusal:
            await identity.check_key(presented, ip=ip, scope=scope)
        assert (refusal.value.reason, refusal.value.facts) == ("api_key", {})


async def test_ten_wrong_keys_shut_an_address_out_for_a_minute(
    identity: Identity, clock: ManualClock
) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=[])
    for n in range(9):
        assert not await is_let_in(identity, f"guess {n}")
    assert await is_let_in(identity, key)
    assert not await is_let_in(identity, "guess 9")
    assert not await is_let_in(identity, key)
    assert await is_let_in(identity, key, ip=STRANGER)
    clock.move(timedelta(minutes=1))
    assert await is_let_in(identity, key)


async def test_one_outdated_key_used_often_is_one_miss(identity: Identity) -> None:
    key = await identity.create_key("isolir", scopes=[Scope.READ], networks=[])
    for _ in range(15):
        assert not await is_let_in(identity, "outdated")
    assert await is_let_in(identity, key)


async def test_a_good_key_in_the_wrong_place_is_no_guess(identity: Identity) -> None:
    key = await identity.create_key("pay", scopes=[Scope.PAY], networks=["203.0.113.7"])
    for _ in range(12):
        assert not await is_let_in(identity, key, scope=Scope.READ)
    assert await is_let_in(identity, key, scope=Scope.PAY)


async def test_keys_outlive_the_rotation_of_the_master_secret(
    uow: UnitOfWork, settings: Settings, passwords: Passwords
) -> None:
    old, new = "an-older-secret-of-more-than-thirty-two-characters", "b" * 40
    before, during, after = (
        Identity(uow, settings, Keyring(masters), passwords) for masters in ([old], [new, old], [new])
    )
    used = await before.create_key("used", scopes=[Scope.READ], networks=[])
    unused = await before.create_key("unused", scopes=[Scope.READ], networks=[])
    assert await is_let_in(during, used)
    assert await is_let_in(after, used)
    assert not await is_let_in(after, unused)


async def test_a_loader_may_bring_its_own_key(identity: Identity, uow: UnitOfWork, keyring: Keyring) -> None:
    async with uow.write() as tx:
        await keys.add(
            tx,
            keyring,
            "demo-partner-key",
            name="demo",
            scopes=[Scope.READ, Scope.PAY],
            networks=["127.0.0.0/8"],
        )
    assert await is_let_in(identity, "demo-partner-key", ip="127.0.0.1", scope=Scope.PAY)
    assert not await is_let_in(identity, "demo-partner-key", scope=Scope.PAY)


async def test_a_key_may_have_a_rate_of_its_own_and_is_shut_at_once(identity: Identity) -> None:
    key = await identity.create_key("busy", scopes=[Scope.READ], networks=[], rate="600/minute")
    assert (await identity.check_key(key, ip=OFFICE, scope=Scope.READ)).rate == "600/minute"
    with pytest.raises(Invalid, match="key_rate"):
        await identity.create_key("odd", scopes=[Scope.READ], networks=[], rate="often")
    await identity.revoke_key("busy")
    assert not await is_let_in(identity, key)
    with pytest.raises(NotFound):
        await identity.revoke_key("busy")
