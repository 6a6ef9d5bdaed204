"""Staff in chat: who they are, what their role may do, and how they prove once a month that a chat is theirs.

A channel that vouches for a phone number names its owner, as it does for customers; a Telegram chat is linked when its
owner shares the number. Before the first act of staff a chat also brings back a code sent to that phone.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Row, and_, bindparam, select

from core.customers.chat_access import PHONE_CHANNELS
from core.identity import codes, counters, rules
from core.identity.counters import charge
from core.identity.tables import logins, staff_chats
from core.identity.types import CodeCheck, Expired, Role, Verified, WrongCode
from core.messaging.notices import send_text, write_to_staff
from core.messaging.ports import Attachment, Choice
from core.platform import i18n, phones
from core.platform.errors import Forbidden, NotFound, Throttled
from core.platform.outbox import Priority
from core.platform.prepared import Prepared
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

#: How long a chat that has brought back a code is not asked again.
PROOF_LIFETIME = timedelta(days=30)


class Permission(enum.StrEnum):
    """What somebody of the business may do in chat."""

    CUSTOMERS = "customers"  # look a customer up: bills, line
    CHATS = "chats"  # answer customers who asked for a person
    TICKETS = "tickets"
    ORDERS = "orders"  # new lines and changes of plan
    PAYMENTS = "payments"  # confirm that money has come in
    LINES = "lines"  # isolate and restore
    BROADCAST = "broadcast"


_EVERYTHING = frozenset(Permission)
_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.SUPERADMIN: _EVERYTHING,
    Role.ADMIN: _EVERYTHING,
    Role.AGENT: frozenset({Permission.CUSTOMERS, Permission.CHATS, Permission.TICKETS, Permission.PAYMENTS}),
    Role.SALES: frozenset({Permission.CUSTOMERS, Permission.CHATS, Permission.ORDERS}),
    Role.REPORT: frozenset({Permission.CUSTOMERS}),
    Role.CUSTOMER: frozenset(),
}


def may(role: Role, permission: Permission) -> bool:
    return permission in _PERMISSIONS[role]


def roles_that_may(permission: Permission) -> frozenset[Role]:
    return frozenset(role for role in Role if may(role, permission))


class StaffMember(Struct, frozen=True):
    """Somebody of the business; `is_proved` says whether this chat has shown lately that it is theirs."""

    id: int  # of the login
    name: str
    role: Role
    is_proved: bool = False

    @property
    def actor(self) -> str:
        """What records call them."""
        return f"staff:{self.id}"

    def may(self, permission: Permission) -> bool:
        return may(self.role, permission)


_who = (logins.c.id, logins.c.name, logins.c.username, logins.c.role)
_is_staff = and_(logins.c.customer_id.is_(None), logins.c.is_active)
_of_chat = and_(
    staff_chats.c.login_id == logins.c.id,
    staff_chats.c.channel == bindparam("channel"),
    staff_chats.c.address == bindparam("address"),
)
_BY_PHONE = Prepared(
    select(*_who, staff_chats.c.proved_until)
    .select_from(logins)
    .outerjoin(staff_chats, _of_chat)
    .where(logins.c.phone == bindparam("phone"), _is_staff)
    .order_by(logins.c.id)
)
_BY_LINK = Prepared(
    select(*_who, staff_chats.c.proved_until).select_from(staff_chats).join(logins, _of_chat).where(_is_staff)
)


async def member_of_chat(tx: ReadTx, channel: str, address: str) -> StaffMember | None:
    """Who of the business speaks in a chat; None for everybody else."""
    chat = {"channel": channel, "address": address}
    if channel in PHONE_CHANNELS:
        rows = await tx.rows(_BY_PHONE, phone=address, **chat)
    else:
        rows = await tx.rows(_BY_LINK, **chat)
    return _member(rows[0], tx.now) if rows else None


async def member(tx: ReadTx, login_id: int) -> StaffMember | None:
    """An active member of staff by the id of the login."""
    row = await tx.first(select(*_who).where(logins.c.id == login_id, _is_staff))
    return None if row is None else StaffMember(row.id, row.name or row.username or "", Role(row.role))


async def tell(
    tx: WriteTx,
    settings: Settings,
    *,
    permission: Permission,
    text: str,
    key: str,
    choices: Sequence[Choice] = (),
    attachment: Attachment | None = None,
) -> int:
    """Write to everybody of staff who has a permission; see `write_to_staff`."""
    return await write_to_staff(
        tx,
        settings,
        roles=roles_that_may(permission),
        text=text,
        key=key,
        choices=choices,
        attachment=attachment,
    )


class Staff:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def link_chat(self, channel: str, address: str, phone: str) -> StaffMember | None:
        """Remember a chat whose owner has shown to hold `phone`; None when that is nobody's of staff."""
        async with self._uow.write() as tx:
            row = await tx.first(
                select(*_who).where(logins.c.phone == phone, _is_staff).order_by(logins.c.id)
            )
            if row is None:
                return None
            await _link(tx, channel, address, row.id)
            return await member_of_chat(tx, channel, address)

    async def named(self, username: str) -> StaffMember:
        """An active member of staff by user name, for programs that act on their behalf. Raises `NotFound("staff")`."""
        async with self._uow.read() as tx:
            row = await tx.first(select(*_who).where(logins.c.username == username, _is_staff))
        if row is None:
            raise NotFound("staff")
        return StaffMember(row.id, row.name or row.username or "", Role(row.role), is_proved=True)

    async def linked_chats(self, channel: str) -> tuple[tuple[str, StaffMember], ...]:
        """Addresses of the chats of active staff, for what a channel shows to staff only."""
        linked = select(*_who, staff_chats.c.address, staff_chats.c.proved_until).join(
            logins, logins.c.id == staff_chats.c.login_id
        )
        async with self._uow.read() as tx:
            rows = await tx.all(linked.where(staff_chats.c.channel == channel, _is_staff))
        return tuple((row.address, _member(row, tx.now)) for row in rows)

    async def start_proof(self, channel: str, address: str, *, request_id: str) -> str:
        """Send a code to the phone of the member speaking in this chat; returns the phone, masked.

        The repeat of a request sends nothing. Raises `Forbidden("not_staff")`, `Throttled("too_many_codes")`.
        """
        async with self._uow.write() as tx:
            who = await self._speaking(tx, channel, address)
            phone = str(await tx.scalar(select(logins.c.phone).where(logins.c.id == who.id)))
            await _link(tx, channel, address, who.id)
            row = await _locked(tx, channel, address)
            if row.code_request_id == request_id:
                return phones.mask(phone)
            wait = await counters.spend(tx, charge(self._keyring, counters.CODES_TO, phone))
            if not wait:
                await self._send_code(tx, channel, address, phone, request_id)
        if wait:
            raise Throttled(wait, "too_many_codes")
        return phones.mask(phone)

    async def check_proof(self, channel: str, address: str, code: str, *, request_id: str) -> CodeCheck:
        """Spend one try; a right code is good for a month of this chat. The repeat of a request spends nothing."""
        async with self._uow.write() as tx:
            await self._speaking(tx, channel, address)
            row = await _locked(tx, channel, address)
            if row.checked_request_id == request_id:
                checked = _as_it_was(row, tx.now)
            else:
                checked = await self._checked(tx, row, code, request_id)
        log.info("staff_code_checked", login_id=row.login_id, outcome=type(checked).__name__)
        return checked

    async def _speaking(self, tx: ReadTx, channel: str, address: str) -> StaffMember:
        who = await member_of_chat(tx, channel, address)
        if who is None:
            raise Forbidden("not_staff")
        return who

    async def _send_code(self, tx: WriteTx, channel: str, address: str, phone: str, request_id: str) -> None:
        code = f"{secrets.randbelow(1_000_000):06d}"
        await _set(
            tx,
            channel,
            address,
            code_mac=self._mac(channel, address, code),
            code_expires_at=tx.now + codes.LIFETIME,
            tries_left=codes.TRIES,
            code_request_id=request_id,
        )
        minutes = codes.LIFETIME.seconds // 60
        await send_text(
            tx,
            to=phone,
            text=i18n.text("notice.staff_code", self._settings.language, code=code, minutes=minutes),
            key=f"staff-code-{self._keyring.keyed_hash('staff code', request_id)[:32]}",
            priority=Priority.URGENT,
            expires_after=codes.LIFETIME,
            sensitive=True,
        )

    async def _checked(self, tx: WriteTx, row: Row[Any], code: str, request_id: str) -> CodeCheck:
        if row.code_mac is None or row.code_expires_at <= tx.now or row.tries_left == 0:
            return Expired()
        if not rules.is_code(code):
            return WrongCode(row.tries_left)
        is_right = secrets.compare_digest(row.code_mac, self._mac(row.channel, row.address, code))
        left = row.tries_left - (not is_right)
        changes: dict[str, Any] = {"tries_left": left, "checked_request_id": request_id}
        if is_right:
            changes |= {"code_mac": None, "proved_until": tx.now + PROOF_LIFETIME}
        await _set(tx, row.channel, row.address, **changes)
        return Verified(grant="") if is_right else WrongCode(left)

    def _mac(self, channel: str, address: str, code: str) -> str:
        return self._keyring.keyed_hash("staff code", channel, address, code)


def _member(row: Any, now: datetime) -> StaffMember:
    is_proved = row.proved_until is not None and row.proved_until > now
    return StaffMember(row.id, row.name or row.username or "", Role(row.role), is_proved)


def _as_it_was(row: Row[Any], now: datetime) -> CodeCheck:
    is_proved = row.code_mac is None and row.proved_until is not None and row.proved_until > now
    return Verified(grant="") if is_proved else WrongCode(row.tries_left)


async def _link(tx: WriteTx, channel: str, address: str, login_id: int) -> None:
    """A chat that passes to somebody else has nothing proved any more."""
    fresh = await tx.insert_new(
        staff_chats, channel=channel, address=address, login_id=login_id, tries_left=0, linked_at=tx.now
    )
    if not fresh and (await _locked(tx, channel, address)).login_id != login_id:
        nothing = {"proved_until": None, "code_mac": None, "code_request_id": None, "tries_left": 0}
        await _set(tx, channel, address, login_id=login_id, linked_at=tx.now, **nothing)


async def _locked(tx: WriteTx, channel: str, address: str) -> Row[Any]:
    chat = (staff_chats.c.channel == channel, staff_chats.c.address == address)
    row = await tx.first(select(staff_chats).where(*chat).with_for_update())
    if row is None:
        raise Forbidden("not_staff")
    return row


async def _set(tx: WriteTx, channel: str, address: str, **values: object) -> None:
    chat = (staff_chats.c.channel == channel, staff_chats.c.address == address)
    await tx.execute(staff_chats.update().where(*chat).values(**values))
