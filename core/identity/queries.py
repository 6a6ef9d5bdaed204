"""Reads of logins: who somebody is, and whether their token still stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, Select, bindparam, func, select

from core.customers.tables import customers
from core.identity.tables import logins, otp_challenges, revoked_tokens
from core.identity.tokens import Claims, Subject
from core.identity.types import Account, Role
from core.platform.errors import Unauthenticated
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx

#: A token that was just refreshed may be refreshed once more, so that two refreshes at once both succeed (mywifi §11.7).
REFRESH_GRACE = timedelta(seconds=10)


class CustomerLogin(Struct, frozen=True):
    """A customer's login with what only identity may see; it never leaves the slice."""

    account: Account
    password_hash: str | None
    token_version: int
    service_number: str | None
    code_phone: str | None  # where a recovery code goes now

    @property
    def subject(self) -> Subject:
        person = self.account
        return Subject(person.uid, person.login_id, person.customer_id, self.token_version)

    @property
    def personal_facts(self) -> tuple[str | None, ...]:
        """What others know of this person, and therefore no password."""
        person = self.account
        return person.name, person.email, person.phone, self.service_number


_LOGIN = select(
    logins.c.uid,
    logins.c.id.label("login_id"),
    customers.c.id.label("customer_id"),
    customers.c.name,
    customers.c.email,
    customers.c.phone,
    customers.c.contact_address,
    customers.c.image,
    customers.c.gender,
    logins.c.is_active,
    logins.c.role,
    logins.c.password_hash,
    logins.c.token_version,
    customers.c.service_number,
    customers.c.recovery_phone,
    customers.c.recovery_phone_until,
).join_from(logins, customers, customers.c.id == logins.c.customer_id)
_BY_ID = _LOGIN.where(logins.c.id == bindparam("login_id"))
_BY_EMAIL = _LOGIN.where(func.lower(customers.c.email) == bindparam("email"))
_BY_SERVICE = _LOGIN.where(customers.c.service_number.in_(bindparam("numbers", expanding=True)))


async def login_by_id(tx: ReadTx, login_id: int) -> CustomerLogin:
    """Raises `Unauthenticated` when the login, or the customer behind it, is gone."""
    login = await _login(tx, _BY_ID, login_id=login_id)
    if login is None:
        raise Unauthenticated
    return login


async def login_by_identifier(tx: ReadTx, identifier: str) -> CustomerLogin | None:
    """By e-mail address when there is an `@`, by service number otherwise (mywifi contract §3)."""
    wanted = typed(identifier)
    if "@" in wanted:
        return await _login(tx, _BY_EMAIL, email=wanted.lower())
    return await _login(tx, _BY_SERVICE, numbers=_spellings(wanted))


async def login_of_service(tx: ReadTx, service_number: str) -> CustomerLogin | None:
    """The login behind a service number, locked until commit: what is done to its codes and password is done in turn."""
    held = _BY_SERVICE.with_for_update(of=logins)
    return await _login(tx, held, numbers=_spellings(typed(service_number)))


async def login_of_customer(tx: ReadTx, customer_id: int) -> CustomerLogin | None:
    """A customer's login, locked until commit as `login_of_service` does."""
    held = _LOGIN.where(customers.c.id == bindparam("customer_id")).with_for_update(of=logins)
    return await _login(tx, held, customer_id=customer_id)


async def login_of_grant(tx: ReadTx, grant: str) -> CustomerLogin | None:
    """The login whose password a grant may set, whether or not it still may."""
    owner = select(otp_challenges.c.customer_id).where(otp_challenges.c.id == typed(grant)).scalar_subquery()
    return await _login(tx, _LOGIN.where(customers.c.id == owner))


async def lock_login(tx: WriteTx, login_id: int) -> None:
    """Hold a login's row until commit. Whoever changes codes does this first: rows locked in one order never deadlock."""
    await tx.first(select(logins.c.id).where(logins.c.id == login_id).with_for_update())


_STANDING = Prepared(
    select(
        logins.c.is_active,
        logins.c.token_version,
        logins.c.spared_jti,
        revoked_tokens.c.revoked_at,
        revoked_tokens.c.by_refresh,
    )
    .join_from(logins, customers, customers.c.id == logins.c.customer_id)
    .outerjoin(revoked_tokens, revoked_tokens.c.jti == bindparam("jti"))
    .where(logins.c.id == bindparam("login_id"), customers.c.id == bindparam("customer_id"))
)


async def token_stands(tx: ReadTx, claims: Claims) -> bool:
    """Whether a token with good claims is still good for acting: one indexed read, on every request."""
    row = await _standing(tx, claims)
    return row is not None and row.revoked_at is None and _is_of_this_version(row, claims)


async def token_may_refresh(tx: ReadTx, claims: Claims) -> bool:
    """As `token_stands`, but a token that was refreshed a moment ago counts as good; one logged out never does."""
    row = await _standing(tx, claims)
    if row is None or not _is_of_this_version(row, claims):
        return False
    return row.revoked_at is None or (row.by_refresh and tx.now < row.revoked_at + REFRESH_GRACE)


async def _standing(tx: ReadTx, claims: Claims) -> Row[Any] | None:
    rows = await tx.rows(_STANDING, jti=claims.jti, login_id=claims.lid, customer_id=claims.cst)
    return rows[0] if rows else None


def _is_of_this_version(row: Row[Any], claims: Claims) -> bool:
    return bool(row.is_active) and (claims.ver == row.token_version or claims.jti == row.spared_jti)


def typed(raw: str) -> str:
    """What somebody typed, without what no database takes as text: it finds nobody, but must not break a query."""
    return raw.strip().replace("\0", "").encode("utf-8", "ignore").decode()


def _spellings(service_number: str) -> list[str]:
    """People type the letters of a service number small."""
    return list({service_number, service_number.upper()})


async def _login(tx: ReadTx, statement: Select[Any], **wanted: object) -> CustomerLogin | None:
    row = await tx.first(statement, wanted)
    if row is None:
        return None
    is_held = row.recovery_phone_until is not None and row.recovery_phone_until > tx.now
    return CustomerLogin(
        _account(row),
        password_hash=row.password_hash,
        token_version=row.token_version,
        service_number=row.service_number,
        code_phone=row.recovery_phone if is_held else row.phone,
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        uid=row.uid,
        login_id=row.login_id,
        customer_id=row.customer_id,
        name=row.name,
        email=row.email or "",
        phone=row.phone or "",
        contact_address=row.contact_address,
        image=row.image,
        gender=row.gender,
        is_active=row.is_active,
        role=Role(row.role),
    )
