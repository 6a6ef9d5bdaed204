"""The life of a token: used, refreshed, logged out, outlived by a changed password."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.customers.tables import customers
from core.identity.tables import logins
from core.identity.types import SignedIn
from core.identity.usecases import Identity
from core.platform.clock import ManualClock
from core.platform.errors import Invalid, Throttled, Unauthenticated
from core.platform.uow import UnitOfWork
from tests.core.identity.people import AddCustomer

HOME = "203.0.113.7"
RIGHT, BETTER = "kopi-tubruk-7", "teh-poci-8"


@pytest.fixture
async def session(identity: Identity, add_customer: AddCustomer) -> SignedIn:
    await add_customer()
    return await identity.sign_in("28900001", RIGHT, ip=HOME)


async def sign_in(identity: Identity, password: str = RIGHT) -> str:
    return (await identity.sign_in("28900001", password, ip=HOME)).token


async def is_good(identity: Identity, token: str) -> bool:
    try:
        await identity.authenticate(token)
    except Unauthenticated:
        return False
    return True


async def refreshes(identity: Identity, token: str) -> bool:
    try:
        await identity.refresh(token)
    except Unauthenticated:
        return False
    return True


# -- Using


async def test_a_token_names_its_owner(identity: Identity, session: SignedIn, clock: ManualClock) -> None:
    caller = await identity.authenticate(session.token)
    assert caller.login_id == session.account.login_id
    assert caller.customer_id == session.account.customer_id
    assert caller.expires_at == clock.now() + timedelta(hours=1)
    assert await identity.profile(caller) == session.account


async def test_a_token_ends_after_an_hour_also_when_it_was_remembered(
    identity: Identity, session: SignedIn, clock: ManualClock
) -> None:
    assert await is_good(identity, session.token)
    clock.move(timedelta(minutes=59, seconds=59))
    assert await is_good(identity, session.token)
    clock.move(timedelta(seconds=1))
    assert not await is_good(identity, session.token)


async def test_a_deactivated_login_is_out_at_once(
    identity: Identity, uow: UnitOfWork, session: SignedIn
) -> None:
    assert await is_good(identity, session.token)
    async with uow.write() as tx:
        await tx.execute(logins.update().values(is_active=False))
    assert not await is_good(identity, session.token)
    assert not await refreshes(identity, session.token)


async def test_a_deleted_customer_is_out_at_once(
    identity: Identity, uow: UnitOfWork, session: SignedIn
) -> None:
    caller = await identity.authenticate(session.token)
    async with uow.write() as tx:
        await tx.execute(customers.delete())
    assert not await is_good(identity, session.token)
    with pytest.raises(Unauthenticated):
        await identity.profile(caller)
    assert not await refreshes(identity, session.token)


async def test_a_second_process_takes_the_same_token_and_sees_its_logout(
    identity: Identity, elsewhere: Identity, session: SignedIn
) -> None:
    caller = await elsewhere.authenticate(session.token)
    await identity.sign_out(caller)
    assert not await is_good(elsewhere, session.token)


# -- Logging out


async def test_a_logged_out_token_is_good_for_nothing(identity: Identity, session: SignedIn) -> None:
    other = await sign_in(identity)
    caller = await identity.authenticate(session.token)
    await identity.sign_out(caller)
    await identity.sign_out(caller)
    assert not await is_good(identity, session.token)
    assert not await refreshes(identity, session.token)
    assert await is_good(identity, other)


async def test_a_logout_outweighs_a_refresh_of_the_same_moment(identity: Identity, session: SignedIn) -> None:
    caller = await identity.authenticate(session.token)
    await identity.refresh(session.token)
    await identity.sign_out(caller)
    assert not await refreshes(identity, session.token)


async def test_a_logged_out_token_stays_dead_for_its_whole_refresh_window(
    identity: Identity, session: SignedIn, clock: ManualClock
) -> None:
    await identity.sign_out(await identity.authenticate(session.token))
    clock.move(timedelta(days=13))
    assert not await refreshes(identity, session.token)


# -- Refreshing


async def test_a_refresh_replaces_the_token(identity: Identity, session: SignedIn) -> None:
    fresh = await identity.refresh(session.token)
    assert fresh.account == session.account
    assert fresh.token != session.token
    assert await is_good(identity, fresh.token)
    assert not await is_good(identity, session.token)


async def test_the_old_token_may_be_refreshed_again_for_ten_seconds(
    identity: Identity, session: SignedIn, clock: ManualClock
) -> None:
    await identity.refresh(session.token)
    clock.move(timedelta(seconds=9))
    again = await identity.refresh(session.token)
    assert await is_good(identity, again.token)
    clock.move(timedelta(seconds=1))
    assert not await refreshes(identity, session.token)


async def test_refreshes_at_the_same_moment_all_succeed(
    identity: Identity, elsewhere: Identity, session: SignedIn
) -> None:
    tries = [(identity, elsewhere)[n % 2].refresh(session.token) for n in range(10)]
    fresh = {signed_in.token for signed_in in await asyncio.gather(*tries)}
    assert len(fresh) == 10
    assert [await is_good(identity, token) for token in fresh] == [True] * 10
    assert not await is_good(identity, session.token)


async def test_an_expired_token_refreshes_until_its_chain_is_fourteen_days_old(
    identity: Identity, session: SignedIn, clock: ManualClock
) -> None:
    clock.move(timedelta(days=10))
    assert not await is_good(identity, session.token)
    second = await identity.refresh(session.token)
    assert await is_good(identity, second.token)
    clock.move(timedelta(days=3, hours=23, minutes=59))
    third = await identity.refresh(second.token)
    clock.move(timedelta(minutes=1))
    assert await is_good(identity, third.token)
    assert not await refreshes(identity, third.token)


async def test_junk_does_not_refresh(identity: Identity) -> None:
    assert not await refreshes(identity, "a.b.c")


# -- Changing the password


async def test_the_calling_token_survives_a_changed_password_and_the_others_die(
    identity: Identity, session: SignedIn
) -> None:
    other = await sign_in(identity)
    caller = await identity.authenticate(session.token)
    assert await identity.change_password(caller, current=RIGHT, new=BETTER)
    assert await is_good(identity, session.token)
    assert not await is_good(identity, other)
    assert not await refreshes(identity, other)
    assert await is_good(identity, await sign_in(identity, BETTER))
    with pytest.raises(Unauthenticated):
        await identity.sign_in("28900001", RIGHT, ip=HOME)


async def test_the_surviving_token_refreshes_into_an_ordinary_one(
    identity: Identity, session: SignedIn
) -> None:
    caller = await identity.authenticate(session.token)
    await identity.change_password(caller, current=RIGHT, new=BETTER)
    fresh = await identity.refresh(session.token)
    assert await is_good(identity, fresh.token)
    assert not await is_good(identity, session.token)


async def test_a_surviving_token_dies_with_the_next_change(identity: Identity, session: SignedIn) -> None:
    await identity.change_password(await identity.authenticate(session.token), current=RIGHT, new=BETTER)
    other = await sign_in(identity, BETTER)
    await identity.change_password(await identity.authenticate(other), current=BETTER, new=RIGHT)
    assert await is_good(identity, other)
    assert not await is_good(identity, session.token)


async def test_a_surviving_token_can_change_the_password_twice(identity: Identity, session: SignedIn) -> None:
    caller = await identity.authenticate(session.token)
    assert await identity.change_password(caller, current=RIGHT, new=BETTER)
    assert await identity.change_password(caller, current=BETTER, new=RIGHT)
    assert await is_good(identity, session.token)


async def test_a_wrong_current_password_changes_nothing(identity: Identity, session: SignedIn) -> None:
    other = await sign_in(identity)
    caller = await identity.authenticate(session.token)
    assert not await identity.change_password(caller, current="wrong", new=BETTER)
    assert await is_good(identity, other)
    assert await is_good(identity, await sign_in(identity, RIGHT))


async def test_guessing_the_current_password_with_a_stolen_token_is_stopped(
    identity: Identity, session: SignedIn
) -> None:
    caller = await identity.authenticate(session.token)
    for _ in range(5):
        assert not await identity.change_password(caller, current="wrong", new=BETTER)
    with pytest.raises(Throttled):
        await identity.change_password(caller, current=RIGHT, new=BETTER)


@pytest.mark.parametrize("weak", ["12345", "rahasia", "28900001", "x7" * 65])
async def test_a_weak_new_password_is_refused(identity: Identity, session: SignedIn, weak: str) -> None:
    caller = await identity.authenticate(session.token)
    with pytest.raises(Invalid):
        await identity.change_password(caller, current=RIGHT, new=weak)
    assert await is_good(identity, await sign_in(identity, RIGHT))


async def test_two_changes_at_once_have_one_winner(
    identity: Identity, uow: UnitOfWork, session: SignedIn
) -> None:
    caller = await identity.authenticate(session.token)
    news = [f"teh-poci-{n}" for n in range(4)]
    results = await asyncio.gather(
        *(identity.change_password(caller, current=RIGHT, new=new) for new in news)
    )
    assert results.count(True) == 1
    async with uow.read() as tx:
        assert await tx.scalar(select(logins.c.token_version)) == 2
    await sign_in(identity, news[results.index(True)])
