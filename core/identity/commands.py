"""Writes that use cases and loaders share; each runs inside its caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, select

from core.audit.log import SYSTEM, record
from core.customers.accounts import open_account
from core.customers.tables import customers
from core.identity.tables import attempt_counters, chat_invites, logins, otp_challenges, revoked_tokens
from core.identity.types import NewAccount, Role
from core.platform.errors import Conflict
from core.platform.ids import new_id, new_uuid
from core.platform.uow import UnitOfWork, WriteTx

_MEMORY_OF_CODES = timedelta(days=1)  # a repeated request must still find what it started


async def create_customer(tx: WriteTx, new: NewAccount) -> int:
    """Somebody who has registered but not subscribed; raises `Conflict("email_taken")`."""
    customer_id = await add_person(
        tx,
        name=new.name,
        email=new.email,
        phone=new.phone,
        contact_address=new.contact_address,
        gender=new.gender,
        image=new.image,
    )
    await open_account(tx, customer_id, new.email)
    return customer_id


async def add_person(tx: WriteTx, *, email: str | None, **facts: str | None) -> int:
    """A customer's row, without an account; raises `Conflict("email_taken")`."""
    uid = new_id("cst")
    if not await tx.insert_new(customers, uid=uid, email=email, created_at=tx.now, **facts):
        raise Conflict("email_taken")
    return int(await tx.scalar(select(customers.c.id).where(customers.c.uid == uid)))


async def create_login(tx: WriteTx, customer_id: int, password_hash: str | None) -> int:
    """Let a customer log in. Without a hash they have to set a password by code first; one login each."""
    return await tx.insert(
        logins,
        uid=new_uuid(),
        customer_id=customer_id,
        role=Role.CUSTOMER,
        password_hash=password_hash,
        token_version=1,
        is_active=True,
        created_at=tx.now,
    )


async def create_staff(
    tx: WriteTx, *, username: str, name: str, phone: str | None, role: Role, password_hash: str | None
) -> int:
    """Let somebody of the business log in; user names are unique."""
    login_id = await tx.insert(
        logins,
        uid=new_uuid(),
        username=username,
        name=name,
        phone=phone,
        role=role,
        password_hash=password_hash,
        token_version=1,
        is_active=True,
        created_at=tx.now,
    )
    who = f"staff:{login_id}"
    await record(tx, actor=SYSTEM, action="staff_created", subject=who, details={"role": role})
    return login_id


async def replace_password(
    tx: WriteTx,
    login_id: int,
    password_hash: str,
    *,
    seen_version: int | None = None,
    spare: str | None = None,
) -> bool:
    """Set a password and make every older token worthless, but for the one with the jti to `spare`.

    With `seen_version`, False when the password or the standing of tokens was changed since it was read.
    """
    login = logins.update().where(logins.c.id == login_id)
    if seen_version is not None:
        login = login.where(logins.c.token_version == seen_version)
    changes = {
        "password_hash": password_hash,
        "token_version": logins.c.token_version + 1,
        "tokens_valid_from": tx.now,
        "spared_jti": spare,
    }
    is_changed = await tx.execute(login.values(changes)) == 1
    if is_changed:
        who = f"login:{login_id}"
        how = {"by_code": seen_version is None}
        await record(tx, actor=who, action="password_changed", subject=who, details=how)
    return is_changed


async def upgrade_hash(tx: WriteTx, login_id: int, old: str, new: str) -> None:
    """Keep a better hash of the same password, unless the password was changed meanwhile; tokens are not touched."""
    login = logins.update().where(logins.c.id == login_id, logins.c.password_hash == old)
    await tx.execute(login.values(password_hash=new))


async def revoke_token(tx: WriteTx, jti: str, *, by_refresh: bool, until: datetime) -> None:
    """Remember that a token is worthless, until nobody would take it anyway. A logout outweighs a refresh."""
    is_new = await tx.insert_new(
        revoked_tokens, jti=jti, revoked_at=tx.now, by_refresh=by_refresh, expires_at=until
    )
    if not is_new and not by_refresh:
        await tx.execute(revoked_tokens.update().where(revoked_tokens.c.jti == jti).values(by_refresh=False))


async def purge(uow: UnitOfWork, *, batch: int = 2000) -> int:
    """Delete codes, revoked tokens and counters nobody asks about any more, a batch a transaction; returns how many."""
    removed = 0
    for table, key, memory in (
        (otp_challenges, otp_challenges.c.id, _MEMORY_OF_CODES),
        (revoked_tokens, revoked_tokens.c.jti, timedelta(0)),
        (chat_invites, chat_invites.c.id, _MEMORY_OF_CODES),
        (attempt_counters, attempt_counters.c.bucket, timedelta(0)),
    ):
        while gone := await _purge_batch(uow, table, key, memory, batch):
            removed += gone
    return removed


async def _purge_batch(uow: UnitOfWork, table: Table, key: Column[Any], memory: timedelta, batch: int) -> int:
    async with uow.write() as tx:
        old = select(key).where(table.c.expires_at < tx.now - memory).limit(batch)
        return await tx.execute(table.delete().where(key.in_(old)))
