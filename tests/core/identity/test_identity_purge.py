"""What is thrown away, and what must not be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.identity.commands import create_login, create_staff, purge
from core.identity.tables import attempt_counters, logins, otp_challenges, revoked_tokens
from core.identity.types import Role
from core.identity.usecases import Identity
from core.platform.clock import ManualClock
from core.platform.errors import Unauthenticated
from core.platform.uow import UnitOfWork
from tests.core.identity.people import AddCustomer

HOME = "203.0.113.7"


async def left(uow: UnitOfWork) -> tuple[int, ...]:
    tables = (otp_challenges, revoked_tokens, attempt_counters)
    async with uow.read() as tx:
        return tuple([int(await tx.scalar(select(func.count()).select_from(table))) for table in tables])


async def test_what_nobody_asks_about_any_more_is_deleted(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer()
    token = (await identity.sign_in("28900001", "kopi-tubruk-7", ip=HOME)).token
    await identity.sign_out(await identity.authenticate(token))
    await identity.start_recovery("28900001", ip=HOME, request_id="r1")
    assert await purge(uow) == 0
    clock.move(timedelta(hours=2))
    await purge(uow)
    assert await left(uow) == (1, 1, 0)
    clock.move(timedelta(days=1))
    await purge(uow)
    assert await left(uow) == (0, 1, 0)
    clock.move(timedelta(days=13))
    assert await purge(uow) == 1
    assert await left(uow) == (0, 0, 0)


async def test_a_purge_does_not_revive_a_token(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer()
    token = (await identity.sign_in("28900001", "kopi-tubruk-7", ip=HOME)).token
    await identity.refresh(token)
    for _ in range(15):
        await purge(uow)
        clock.move(timedelta(days=1))
        with pytest.raises(Unauthenticated):
            await identity.refresh(token)


async def test_a_purge_does_not_open_a_lock(identity: Identity, uow: UnitOfWork, clock: ManualClock) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await identity.sign_in("28900001", "wrong", ip=HOME)
    before = await left(uow)
    await purge(uow)
    assert await left(uow) == before


async def test_a_long_backlog_is_deleted_in_batches(uow: UnitOfWork, clock: ManualClock) -> None:
    async with uow.write() as tx:
        for n in range(7):
            await tx.insert_new(
                revoked_tokens, jti=str(n), revoked_at=tx.now, by_refresh=True, expires_at=tx.now
            )
    clock.move(timedelta(seconds=1))
    assert await purge(uow, batch=3) == 7


async def test_a_customer_has_one_login(uow: UnitOfWork, add_customer: AddCustomer) -> None:
    customer_id = await add_customer()
    with pytest.raises(IntegrityError):
        async with uow.write() as tx:
            await create_login(tx, customer_id, None)


async def test_staff_are_stored_with_their_role(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        login_id = await create_staff(
            tx, username="budi", name="Budi", phone="6281100000002", role=Role.ADMIN, password_hash="x"
        )
    async with uow.read() as tx:
        row = await tx.first(select(logins).where(logins.c.id == login_id))
    assert row is not None
    assert (row.username, row.role, row.customer_id, row.is_active) == ("budi", "admin", None, True)
