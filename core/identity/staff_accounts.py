"""Staff as an office sees them: their account, logging in by name, and whether a token of theirs still counts."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Row, bindparam, func, or_, select

from core.audit import activity
from core.identity import commands, counters
from core.identity.counters import charge, origin
from core.identity.passwords import Passwords
from core.identity.tables import logins, staff_profiles
from core.identity.types import Role
from core.platform.errors import NotFound, Throttled, Unauthenticated
from core.platform.prepared import Prepared
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx

log = structlog.get_logger(__name__)

DEFAULT_PHOTO = "/admin.default.png"


class StaffAccount(Struct, frozen=True):
    """Somebody of the business with all that is known of them but their secrets."""

    id: int  # of the login
    username: str
    name: str
    phone: str
    role: Role
    is_active: bool
    created_at: datetime
    tokens_valid_from: datetime | None
    parent_id: int | None
    photo: str
    email: str
    city: str
    subdistrict: str
    ward: str
    notes: Any
    last_login_at: datetime | None
    session_hash: str | None


_ACCOUNT = (
    select(logins, staff_profiles)
    .outerjoin_from(logins, staff_profiles, staff_profiles.c.login_id == logins.c.id)
    .where(logins.c.customer_id.is_(None))
)
_BY_ID = Prepared(_ACCOUNT.where(logins.c.id == bindparam("login_id")))


async def account_by_id(tx: ReadTx, login_id: int) -> StaffAccount | None:
    rows = await tx.rows(_BY_ID, login_id=login_id)
    return _account(rows[0]) if rows else None


async def first_office_account(tx: ReadTx) -> StaffAccount | None:
    """Whom an installation-wide key stands for: the oldest superadmin, else the oldest admin (phpnuxbill-1 contract §2.1)."""
    for role in (Role.SUPERADMIN, Role.ADMIN):
        found = _ACCOUNT.where(logins.c.role == role, logins.c.is_active).order_by(logins.c.id).limit(1)
        if (row := await tx.first(found)) is not None:
            return _account(row)
    return None


def session_hash(token: str) -> str:
    """What is kept of the newest token where only one session is allowed."""
    return hashlib.sha256(token.encode()).hexdigest()


class StaffAccounts:
    """Each method is one use case."""

    def __init__(self, uow: UnitOfWork, keyring: Keyring, passwords: Passwords) -> None:
        self._uow, self._keyring, self._passwords = uow, keyring, passwords

    async def sign_in(self, name: str, password: str, *, ip: str) -> StaffAccount:
        """By user name or e-mail, whatever the capitals; the attempt is written to the activity log.

        Raises `Unauthenticated("bad_credentials")`, alike in time for known and unknown names, and `Throttled`.
        """
        self._passwords.ensure_room()
        wanted = name.strip().lower()
        pair = charge(self._keyring, counters.LOGINS, "staff", wanted, origin(ip))
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, pair)
            row = None if wait else await _by_name(tx, wanted)
        if wait:
            raise Throttled(wait, "too_many_logins")
        stored = row.password_hash if row is not None and row.is_active else None
        verdict = await self._passwords.verify(stored, password)
        if row is None or stored is None or not verdict.matches:
            await self._note_failure(row, ip)
            raise Unauthenticated("bad_credentials")
        better = await self._passwords.hash(password) if verdict.is_outdated else None
        async with self._uow.write() as tx:
            await counters.forget(tx, pair)
            if better is not None:
                await commands.upgrade_hash(tx, row.id, stored, better)
            await profile(tx, row.id, last_login_at=tx.now)
            said = f"{row.username} Login Successful"
            await activity.note(tx, said, kind=Role(row.role).label, user_id=row.id, ip=ip)
        return _account(row)

    async def of(self, login_id: int) -> StaffAccount:
        """Raises `NotFound`."""
        async with self._uow.read() as tx:
            found = await account_by_id(tx, login_id)
        if found is None:
            raise NotFound
        return found

    async def remember_session(self, login_id: int, token: str) -> None:
        """Make a token the newest one."""
        async with self._uow.write() as tx:
            await profile(tx, login_id, session_hash=session_hash(token))

    async def change_password(self, login_id: int, current: str, new: str, *, ip: str) -> bool:
        """False when `current` is wrong; every token of theirs dies. Raises `Throttled` after too many wrong ones."""
        guess = charge(self._keyring, counters.PASSWORD_CHECKS, str(login_id))
        version = select(logins.c.password_hash, logins.c.token_version, logins.c.role, logins.c.username)
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, guess)
            row = await tx.first(version.where(logins.c.id == login_id))
        if wait:
            raise Throttled(wait, "too_many_logins")
        if row is None or not (await self._passwords.verify(row.password_hash, current)).matches:
            return False
        password_hash = await self._passwords.hash(new)
        async with self._uow.write() as tx:
            await counters.forget(tx, guess)
            seen = row.token_version
            is_changed = await commands.replace_password(tx, login_id, password_hash, seen_version=seen)
            said = f"[{row.username}]: Password changed successfully"
            await activity.note(tx, said, kind=Role(row.role).label, user_id=login_id, ip=ip)
        return is_changed

    async def sign_out(self, login_id: int) -> None:
        """Make every token of this dialect issued until now worthless; harmless when repeated."""
        async with self._uow.write() as tx:
            await tx.execute(logins.update().where(logins.c.id == login_id).values(tokens_valid_from=tx.now))

    async def _note_failure(self, row: Row[Any] | None, ip: str) -> None:
        if row is None:
            return
        async with self._uow.write() as tx:
            said = f"{row.username} Failed Login"
            await activity.note(tx, said, kind=Role(row.role).label, user_id=row.id, ip=ip)


async def profile(tx: WriteTx, login_id: int, **changes: object) -> None:
    """Change what is known of staff, making their profile when there is none yet."""
    nothing = {"photo": DEFAULT_PHOTO, "city": "", "subdistrict": "", "ward": ""}
    await tx.insert_new(staff_profiles, login_id=login_id, **nothing)
    await tx.execute(staff_profiles.update().where(staff_profiles.c.login_id == login_id).values(**changes))


async def _by_name(tx: ReadTx, wanted: str) -> Row[Any] | None:
    same = or_(func.lower(logins.c.username) == wanted, func.lower(staff_profiles.c.email) == wanted)
    return await tx.first(_ACCOUNT.where(same).order_by(logins.c.id).limit(1))


def _account(row: Row[Any]) -> StaffAccount:
    return StaffAccount(
        id=row.id,
        username=row.username or "",
        name=row.name or "",
        phone=row.phone or "",
        role=Role(row.role),
        is_active=row.is_active,
        created_at=row.created_at,
        tokens_valid_from=row.tokens_valid_from,
        parent_id=row.parent_id,
        photo=row.photo or DEFAULT_PHOTO,
        email=row.email or "",
        city=row.city or "",
        subdistrict=row.subdistrict or "",
        ward=row.ward or "",
        notes=row.notes,
        last_login_at=row.last_login_at,
        session_hash=row.session_hash,
    )
