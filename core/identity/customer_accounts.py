"""Customers who log in by the user name of their account rather than by service number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, bindparam, func, or_, select

from core.audit import activity
from core.customers.accounts import AccountStatus
from core.customers.tables import customer_accounts, customers
from core.identity import commands, counters
from core.identity.counters import charge, origin
from core.identity.passwords import Passwords
from core.identity.tables import logins
from core.platform import phones
from core.platform.errors import Throttled, Unauthenticated
from core.platform.prepared import Prepared
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork
from core.preferences.types import LoginBy


class CustomerStanding(Struct, frozen=True):
    """Who a customer's account belongs to and how it stands."""

    customer_id: int
    login_id: int
    username: str
    status: AccountStatus
    is_active: bool
    tokens_valid_from: datetime | None


_STANDING = (
    select(
        customers.c.id.label("customer_id"),
        logins.c.id.label("login_id"),
        customer_accounts.c.username,
        customer_accounts.c.status,
        logins.c.is_active,
        logins.c.tokens_valid_from,
        logins.c.password_hash,
    )
    .select_from(customers)
    .join(customer_accounts, customer_accounts.c.customer_id == customers.c.id)
    .join(logins, logins.c.customer_id == customers.c.id)
)


_BY_ID = Prepared(_STANDING.where(customers.c.id == bindparam("customer_id")))


async def standing_of(tx: ReadTx, customer_id: int) -> CustomerStanding | None:
    rows = await tx.rows(_BY_ID, customer_id=customer_id)
    return _standing(rows[0]) if rows else None


async def customer_called(tx: ReadTx, name: str, by: LoginBy) -> CustomerStanding | None:
    """Who goes by a name, as the installation goes by names (phpnuxbill-1 contract §5.2)."""
    row = await tx.first(_STANDING.where(_is_called(name, by)).order_by(customers.c.id).limit(1))
    return None if row is None else _standing(row)


class CustomerAccounts:
    """Each method is one use case."""

    def __init__(self, uow: UnitOfWork, keyring: Keyring, passwords: Passwords) -> None:
        self._uow, self._keyring, self._passwords = uow, keyring, passwords

    async def sign_in(self, name: str, password: str, *, by: LoginBy, ip: str) -> CustomerStanding:
        """By what the installation goes by (phpnuxbill-1 contract §5.2); the success is written to the activity log.

        Raises `Unauthenticated("bad_credentials")`, alike in time for known and unknown names, and `Throttled`.
        """
        self._passwords.ensure_room()
        pair = charge(self._keyring, counters.LOGINS, "account", name.strip().lower(), origin(ip))
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, pair)
            row = None if wait else await tx.first(_STANDING.where(_is_called(name, by)).limit(1))
        if wait:
            raise Throttled(wait, "too_many_logins")
        stored = row.password_hash if row is not None and row.is_active else None
        verdict = await self._passwords.verify(stored, password)
        if row is None or stored is None or not verdict.matches:
            raise Unauthenticated("bad_credentials")
        better = await self._passwords.hash(password) if verdict.is_outdated else None
        async with self._uow.write() as tx:
            await counters.forget(tx, pair)
            if better is not None:
                await commands.upgrade_hash(tx, row.login_id, stored, better)
            own = customer_accounts.c.customer_id == row.customer_id
            await tx.execute(customer_accounts.update().where(own).values(last_login_at=tx.now))
            said = f"{row.username} Login Successful"
            await activity.note(tx, said, kind="User", user_id=row.customer_id, ip=ip)
        return _standing(row)

    async def sign_out(self, customer_id: int) -> None:
        """Make every token issued until now by time rather than version worthless; harmless when repeated."""
        async with self._uow.write() as tx:
            own = logins.c.customer_id == customer_id
            await tx.execute(logins.update().where(own).values(tokens_valid_from=tx.now))


def _is_called(name: str, by: LoginBy) -> ColumnElement[bool]:
    wanted = name.strip().lower()
    has_email = func.lower(customers.c.email) == wanted
    match by:
        case LoginBy.EMAIL:
            return has_email
        case LoginBy.PHONE:
            return customers.c.phone == (phones.normalise(name) or "")
        case LoginBy.USERNAME:
            return or_(func.lower(customer_accounts.c.username) == wanted, has_email)


def _standing(row: Row[Any]) -> CustomerStanding:
    return CustomerStanding(
        customer_id=row.customer_id,
        login_id=row.login_id,
        username=row.username,
        status=AccountStatus(row.status),
        is_active=row.is_active,
        tokens_valid_from=row.tokens_valid_from,
    )
