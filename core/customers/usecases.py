"""What can be done about customers: look them up, change what is not verified, link a chat."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from core.audit.log import record
from core.customers import queries
from core.customers.tables import chat_links, customers, identity_types
from core.customers.types import CustomerName, IdentityType, ServiceOfChat
from core.messaging import recipients
from core.messaging.notices import Notice, notify
from core.platform import phones
from core.platform.errors import Conflict, Forbidden, Invalid
from core.platform.ids import new_id
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import RECOVERY_PAUSE, Settings


class Customers:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def name_of(self, customer_id: int) -> CustomerName:
        """Raises `NotFound("not_subscribed")`."""
        async with self._uow.read() as tx:
            return await queries.name_of(tx, customer_id)

    async def id_of(self, service_number: str) -> int | None:
        async with self._uow.read() as tx:
            return await queries.id_of(tx, service_number)

    async def identity_types(self) -> tuple[IdentityType, ...]:
        async with self._uow.read() as tx:
            rows = await tx.all(select(identity_types).order_by(identity_types.c.id))
        return tuple(IdentityType(row.id, row.name) for row in rows)

    async def email_is_taken(self, email: str, *, but_not_by: int | None = None) -> bool:
        """For reporting all faults of a form at once; the write that follows decides."""
        async with self._uow.read() as tx:
            return await queries.email_is_taken(tx, email, but_not_by=but_not_by)

    async def change_identity(
        self, customer_id: int, *, identity_type_id: int, identity_number: str
    ) -> IdentityType:
        """Raises `NotFound("not_subscribed")`, `Invalid("identity_type")`, `Forbidden("verified")`, in this order."""
        async with self._uow.write() as tx:
            customer = await queries.subscribed(tx, customer_id, lock=True)
            kind = await tx.first(select(identity_types).where(identity_types.c.id == identity_type_id))
            if kind is None:
                raise Invalid("identity_type")
            if customer.identity_verified_on is not None:
                raise Forbidden("verified")
            await _set(
                tx,
                customer_id,
                identity_type_id=identity_type_id,
                identity_number_sealed=self._keyring.seal(identity_number),
            )
        return IdentityType(kind.id, kind.name)

    async def change_email(self, customer_id: int, email: str) -> None:
        """The address people log in with. Raises `NotFound("not_subscribed")`, `Conflict("email_taken")`, `Forbidden("verified")`.

        Twins that pass the check together are told apart by the unique index.
        """
        try:
            async with self._uow.write() as tx:
                customer = await queries.subscribed(tx, customer_id, lock=True)
                if await queries.email_is_taken(tx, email, but_not_by=customer_id):
                    raise Conflict("email_taken")
                if customer.email_verified_on is not None:
                    raise Forbidden("verified")
                await _set(tx, customer_id, email=email)
                await _note(tx, customer_id, "email_changed")
        except IntegrityError as twin:
            raise Conflict("email_taken") from twin

    async def change_address(self, customer_id: int, address: str) -> None:
        """Raises `NotFound("not_subscribed")`, `Forbidden("verified")`."""
        async with self._uow.write() as tx:
            customer = await queries.subscribed(tx, customer_id, lock=True)
            if customer.address_verified_on is not None:
                raise Forbidden("verified")
            await _set(tx, customer_id, address=address)

    async def change_phone(self, customer_id: int, phone: str) -> None:
        """Set the number (E.164 digits) and tell the old one; raises `NotFound("not_subscribed")`.

        For a day recovery codes still go to the old number: a stolen session must not become a stolen account
        (mywifi contract §9).
        """
        async with self._uow.write() as tx:
            customer = await queries.subscribed(tx, customer_id, lock=True)
            old = customer.phone
            if old == phone:
                return
            await _note(tx, customer_id, "phone_changed", had_one=old is not None)
            if old is None:
                await _set(tx, customer_id, phone=phone)
                return
            still_held = customer.recovery_phone_until is not None and customer.recovery_phone_until > tx.now
            await _set(
                tx,
                customer_id,
                phone=phone,
                recovery_phone=customer.recovery_phone if still_held else old,
                recovery_phone_until=tx.now + RECOVERY_PAUSE,
            )
            await notify(
                tx,
                self._settings,
                customer_id=customer_id,
                kind=Notice.PHONE_CHANGED,
                key=new_id(f"phone-changed-{customer_id}"),
                args={"phone": phones.mask(phone)},
                to_phone=old,
            )

    async def services_of_chat(self, channel: str, address: str) -> tuple[ServiceOfChat, ...]:
        """The services a chat may act for: by its phone number where the channel proves one, and by links."""
        linked = customers.c.id.in_(queries.linked_to(channel, address))
        known = or_(linked, customers.c.phone == address) if channel in queries.PHONE_CHANNELS else linked
        async with self._uow.read() as tx:
            rows = await tx.all(
                select(customers.c.id, customers.c.service_number, customers.c.name)
                .where(customers.c.service_number.is_not(None), known)
                .order_by(customers.c.service_number)
            )
        return tuple(ServiceOfChat(row.id, row.service_number, row.name) for row in rows)

    async def link_chat(self, channel: str, address: str, customer_id: int) -> None:
        """Let a chat act for a customer from now on; harmless when it does already. The caller has proved the right to."""
        async with self._uow.write() as tx:
            fresh = await tx.insert_new(
                chat_links,
                channel=channel,
                address=address,
                customer_id=customer_id,
                role="owner",
                linked_at=tx.now,
            )
            if not fresh:
                link = (
                    chat_links.c.channel == channel,
                    chat_links.c.address == address,
                    chat_links.c.customer_id == customer_id,
                )
                await tx.execute(chat_links.update().where(*link).values(revoked_at=None, blocked_at=None))
            await _note(tx, customer_id, "chat_linked", channel=channel)

    async def mark_chat(self, channel: str, address: str, *, is_blocked: bool) -> None:
        """Somebody has shut a chat to us, or opened it again: notices take another way meanwhile."""
        async with self._uow.write() as tx:
            await recipients.mark_chat(tx, channel, address, is_blocked=is_blocked)


async def _note(tx: WriteTx, customer_id: int, action: str, **details: str | bool) -> None:
    who = f"customer:{customer_id}"
    await record(tx, actor=who, action=action, subject=who, details=details)


async def _set(tx: WriteTx, customer_id: int, **values: object) -> None:
    await tx.execute(customers.update().where(customers.c.id == customer_id).values(**values))
