"""What customers do about their own account in the portal: sign up, change it, get back into it (phpnuxbill-1 contract §7.1)."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Row, func, select
from sqlalchemy.exc import IntegrityError

from core.audit import activity
from core.customers import commands as contact
from core.customers.accounts import DEFAULT_PHOTO
from core.customers.tables import customer_accounts, customers
from core.directory import commands, queries
from core.directory.totals import Totals
from core.directory.types import Draft
from core.identity import codes, counters, form_codes, recovery
from core.identity.codes import GrantUse, Holder, Issued, Purpose
from core.identity.contacts import send_code
from core.identity.counters import charge, origin
from core.identity.customer_accounts import customer_called
from core.identity.form_codes import Proof, Wait, pace_of
from core.identity.passwords import Passwords
from core.identity.queries import CustomerLogin, login_of_customer
from core.identity.types import Verified
from core.messaging.notices import StaffNotice, send_text, tell_staff
from core.platform import i18n, phones
from core.platform.errors import Conflict, DomainError, NotFound, Throttled
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.portal import photos
from core.portal.pictures import Photo
from core.preferences.queries import load
from core.preferences.types import Preferences
from core.settings import Settings

log = structlog.get_logger(__name__)

#: Letters and digits that nobody takes for one another; a new password is read off a screen.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_NEW_PASSWORD_LENGTH = 10
_MOST_NAMES = 20


class Registered(Struct, frozen=True):
    """A new customer."""

    customer_id: int
    username: str


class OwnAccounts:
    """Each method is one use case. Refusals that count against somebody are returned, so that they are committed."""

    def __init__(
        self, uow: UnitOfWork, settings: Settings, keyring: Keyring, passwords: Passwords, totals: Totals
    ) -> None:
        self._uow, self._settings, self._keyring, self._passwords = uow, settings, keyring, passwords
        self._totals = totals

    async def change_password(self, customer_id: int, current: str, new: str, *, ip: str) -> bool:
        """False when `current` is wrong. Every token dies; running lines get the new password too (design §3.9).

        Raises `Throttled` after too many wrong ones.
        """
        guess = charge(self._keyring, counters.PASSWORD_CHECKS, f"customer {customer_id}")
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, guess)
            login = await _login(tx, customer_id)
        if wait:
            raise Throttled(wait, "too_many_logins")
        if not (await self._passwords.verify(login.password_hash, current)).matches:
            return False
        password_hash = await self._passwords.hash(new)
        async with self._uow.write() as tx:
            if (await _login(tx, customer_id)).token_version != login.token_version:
                return False
            await counters.forget(tx, guess)
            await self._set_password(tx, customer_id, new, password_hash)
            await _tell(tx, customer_id, "Password changed successfully", ip=ip)
        return True

    async def change_profile(
        self, customer_id: int, draft: Draft, photo: Photo | None = None, *, ip: str
    ) -> None:
        """Change what the draft names; a number before is told of it (mywifi contract §9).

        Raises `Conflict` (`phone_taken`, `email_taken`), `Forbidden("verified")`.
        """
        try:
            async with self._uow.write() as tx:
                customer = await _locked(tx, customer_id)
                await commands.refuse_twins(tx, draft, customer_id)
                if draft.phone:
                    await contact.change_phone(tx, self._settings, customer, draft.phone)
                if draft.email:
                    await contact.change_email(tx, self._settings, customer, draft.email)
                rest = Draft(name=draft.name, address=draft.address, attributes=draft.attributes)
                await commands.write(tx, self._keyring, customer_id, rest, None)
                if photo is not None:
                    await show_photo(tx, customer_id, photo)
                await _tell(tx, customer_id, "User Updated Successfully", ip=ip)
        except IntegrityError as twin:
            raise Conflict("email_taken") from twin

    async def choose_language(self, customer_id: int, language: i18n.Language) -> None:
        """What the business writes to the customer in, everywhere."""
        async with self._uow.write() as tx:
            await contact.put(tx, customer_id, language=language)

    async def asked_phone(self, customer_id: int) -> str | None:
        """The number a code was last sent to, to become the customer's."""
        async with self._uow.read() as tx:
            pending = await codes.pending(tx, Holder(customer_id, aim=Purpose.NEW_PHONE))
        return None if pending is None else pending.phone

    async def start_phone_change(self, customer_id: int, phone: str, *, ip: str) -> Wait | None:
        """Send a code to a new number (E.164 digits). Raises `Conflict("phone_taken")`."""
        async with self._uow.write() as tx:
            customer = await _locked(tx, customer_id)
            await commands.refuse_twins(tx, Draft(phone=phone), customer_id)
            holder = Holder(customer_id, phone, Purpose.NEW_PHONE)
            return await self._send_code(tx, holder, phone, customer.language, ip=ip)

    async def finish_phone_change(self, customer_id: int, phone: str, code: str, *, ip: str) -> Proof:
        """Set the number when the code was sent there. Raises `Conflict("phone_taken")`; the code stays good then."""
        async with self._uow.write() as tx:
            customer = await _locked(tx, customer_id)
            holder = Holder(customer_id, phone, Purpose.NEW_PHONE)
            proof = await form_codes.spend(tx, self._keyring, holder, code)
            if proof is Proof.RIGHT:
                await commands.refuse_twins(tx, Draft(phone=phone), customer_id)
                await contact.change_phone(tx, self._settings, customer, phone)
                await _tell(tx, customer_id, "Phone number updated", ip=ip)
        return proof

    async def start_registration(self, phone: str, *, ip: str) -> Wait | None:
        """Send a code to a number that wants an account. Raises `Conflict("phone_taken")`."""
        async with self._uow.write() as tx:
            await commands.refuse_twins(tx, Draft(phone=phone), None)
            holder = Holder(phone=phone, aim=Purpose.REGISTRATION)
            return await self._send_code(tx, holder, phone, None, ip=ip)

    async def register(
        self, draft: Draft, *, code: str | None, photo: Photo | None = None, ip: str
    ) -> Registered | Proof:
        """A customer who signed up; with a `code`, only for who proves the draft's phone. A code is spent by success alone.

        Raises `Conflict` (`username_taken`, `phone_taken`, `email_taken`), `Throttled` after five an hour from one address.
        """
        source = charge(self._keyring, counters.REGISTRATIONS_FROM, origin(ip))
        async with self._uow.read() as glance:  # what is hopeless should not cost a hash
            if wait := await counters.seconds_to_wait(glance, source):
                raise Throttled(wait, "too_many_registrations")
        password_hash = await self._passwords.hash(draft.password or "")
        async with self._uow.write() as tx:
            if code is not None:
                holder = Holder(phone=draft.phone, aim=Purpose.REGISTRATION)
                proof = await form_codes.spend(tx, self._keyring, holder, code)
                if proof is not Proof.RIGHT:
                    return proof
            if wait := await counters.spend(tx, source):
                raise Throttled(wait, "too_many_registrations")
            customer_id = await commands.make(tx, self._keyring, draft, password_hash)
            if photo is not None:
                await show_photo(tx, customer_id, photo)
            username = draft.username or ""
            await activity.note(tx, f"{username} registered", kind="User", user_id=customer_id, ip=ip)
            if (await load(tx)).tells_staff_of_registrations:
                news = {"name": draft.name or username, "username": username}
                kind, key = StaffNotice.CUSTOMER_REGISTERED, f"registered-{customer_id}"
                await tell_staff(tx, self._settings, kind=kind, key=key, args=news)
        self._totals.forget()
        log.info("registered", customer_id=customer_id)
        return Registered(customer_id, username)

    async def start_recovery(self, name: str, *, ip: str) -> Wait | None:
        """Send a code to the phone on record of whoever goes by a name. Raises `NotFound`, `Throttled`.

        Where numbers must not be told apart, everybody is answered alike (`recovery_uniform`).
        """
        async with recovery.unhurried(self._settings), self._uow.write() as tx:
            outcome = await self._start_recovery(tx, name, ip)
        if self._settings.recovery_uniform:
            return None
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def _start_recovery(self, tx: WriteTx, name: str, ip: str) -> Wait | DomainError | None:
        """A refusal is returned, to be raised after the commit: unknown names are charged like known ones."""
        preferences = await load(tx)
        found, pace = await _recovering(tx, name, preferences), pace_of(preferences)
        phone = None if found is None else found.login.code_phone
        if found is None or phone is None:
            wait = await counters.spend(tx, charge(self._keyring, counters.CODES_FROM, origin(ip)))
            return Throttled(wait, "too_many_codes") if wait else NotFound()
        holder = Holder(found.customer_id)
        begun = await form_codes.begin(tx, self._keyring, holder, to=phone, pace=pace, ip=ip)
        if isinstance(begun, Wait):
            return begun
        await send_code(
            tx,
            phone,
            begun,
            self._settings.language,
            text="notice.account_code",
            lifetime=pace.lifetime,
            username=found.username,
        )
        return None

    async def finish_recovery(self, name: str, code: str, *, ip: str) -> str | None:
        """A new password for whoever has the code; None when it is not right, or nobody goes by the name."""
        async with self._uow.write() as tx:
            found = await _recovering(tx, name, await load(tx))
            checked = found and await codes.check(tx, self._keyring, Holder(found.customer_id), code)
        if found is None or not isinstance(checked, Verified):
            return None
        new = "".join(secrets.choice(_READABLE) for _ in range(_NEW_PASSWORD_LENGTH))
        password_hash = await self._passwords.hash(new)
        async with self._uow.write() as tx:
            used = await codes.use_grant(tx, checked.grant, holder=Holder(found.customer_id))
            if used is not GrantUse.USED:
                return None
            await self._set_password(tx, found.customer_id, new, password_hash)
            await _tell(tx, found.customer_id, "Password reset by code", ip=ip)
        return new

    async def send_names(self, contact_point: str, *, ip: str) -> bool:
        """Send the names of all accounts behind a phone or an e-mail address to their phones; False when there are none.

        Within the pause between codes the same list is not sent twice. Raises `Throttled`.
        """
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, charge(self._keyring, counters.CODES_FROM, origin(ip)))
            rows = [] if wait else await _accounts_behind(tx, contact_point)
            pause = max(int(pace_of(await load(tx)).pause.total_seconds()), 1)
            for phone in sorted({row.phone for row in rows}):
                names = "\n".join(row.username for row in rows if row.phone == phone)
                business, language = self._settings.business_name, self._settings.language
                text = i18n.text("notice.usernames", language, business=business, names=names)
                key = f"usernames-{phone}-{int(tx.now.timestamp()) // pause}"
                await send_text(tx, to=phone, text=text, key=key)
        if wait:
            raise Throttled(wait, "too_many_codes")
        return bool(rows)

    async def _send_code(
        self, tx: WriteTx, holder: Holder, phone: str, language: i18n.Language | None, *, ip: str
    ) -> Wait | None:
        pace = pace_of(await load(tx))
        begun = await form_codes.begin(tx, self._keyring, holder, to=phone, pace=pace, ip=ip)
        if isinstance(begun, Issued):
            spoken = language or self._settings.language
            await send_code(tx, phone, begun, spoken, lifetime=pace.lifetime)
            return None
        return begun

    async def _set_password(self, tx: WriteTx, customer_id: int, new: str, password_hash: str) -> None:
        await commands.write(tx, self._keyring, customer_id, Draft(password=new), password_hash)
        await commands.provision(tx, customer_id)


class _Recovering(Struct, frozen=True):
    customer_id: int
    username: str
    login: CustomerLogin


async def show_photo(tx: WriteTx, customer_id: int, photo: Photo | None) -> None:
    """Give a customer another photo, or the one everybody begins with; the old one goes unless somebody else shows it."""
    own = customer_accounts.c.customer_id == customer_id
    old = await tx.scalar(select(customer_accounts.c.photo).where(own))
    path = DEFAULT_PHOTO if photo is None else await photos.keep(tx, photo)
    await tx.execute(customer_accounts.update().where(own).values(photo=path))
    if old not in {None, path} and not await _is_shown(tx, old):
        await photos.drop(tx, old)


async def _is_shown(tx: ReadTx, path: str) -> bool:
    shown = select(customer_accounts.c.customer_id).where(
        customer_accounts.c.photo == path, customer_accounts.c.photo != DEFAULT_PHOTO
    )
    return await tx.scalar(shown.limit(1)) is not None


async def _login(tx: ReadTx, customer_id: int) -> CustomerLogin:
    login = await login_of_customer(tx, customer_id)
    if login is None:
        raise NotFound
    return login


async def _locked(tx: WriteTx, customer_id: int) -> Row[Any]:
    row = await tx.first(
        select(customers).where(customers.c.id == customer_id).with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound
    return row


async def _recovering(tx: WriteTx, name: str, preferences: Preferences) -> _Recovering | None:
    standing = await customer_called(tx, name, preferences.login_by) if name else None
    if standing is None or not standing.is_active:
        return None
    login = await login_of_customer(tx, standing.customer_id)
    return None if login is None else _Recovering(standing.customer_id, standing.username, login)


async def _accounts_behind(tx: ReadTx, contact_point: str) -> list[Row[Any]]:
    phone, email = phones.normalise(contact_point), contact_point.strip().lower()
    is_theirs = customers.c.phone == phone if phone else func.lower(customers.c.email) == email
    accounts = select(customers.c.phone, customer_accounts.c.username).join_from(
        customers, customer_accounts, customer_accounts.c.customer_id == customers.c.id
    )
    with_phone = accounts.where(is_theirs, customers.c.phone.is_not(None)).order_by(customers.c.id)
    return list(await tx.all(with_phone.limit(_MOST_NAMES)))


async def _tell(tx: WriteTx, customer_id: int, said: str, *, ip: str) -> None:
    entry = await queries.entry_of(tx, customer_id)
    name = "" if entry is None else entry.username
    await activity.note(tx, f"[{name}]: {said}", kind="User", user_id=customer_id, ip=ip)
