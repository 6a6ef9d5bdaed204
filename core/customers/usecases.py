"""What can be done about customers: look them up, change what is not verified, link a chat."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.customers import chat_access, commands, queries
from core.customers.tables import identity_types
from core.customers.types import ChatRole, CustomerName, IdentityType, ServiceOfChat
from core.messaging import recipients
from core.platform.errors import Conflict, Forbidden, Invalid
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings


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
            await commands.put(
                tx,
                customer_id,
                identity_type_id=identity_type_id,
                identity_number_sealed=self._keyring.seal(identity_number),
            )
        return IdentityType(kind.id, kind.name)

    async def change_email(self, customer_id: int, email: str) -> None:
        """The address people log in with; raises `NotFound("not_subscribed")` and what `commands.change_email` raises.

        Twins that pass the check together are told apart by the unique index.
        """
        try:
            async with self._uow.write() as tx:
                customer = await queries.subscribed(tx, customer_id, lock=True)
                await commands.change_email(tx, self._settings, customer, email)
        except IntegrityError as twin:
            raise Conflict("email_taken") from twin

    async def change_address(self, customer_id: int, address: str) -> None:
        """Raises `NotFound("not_subscribed")`, `Forbidden("verified")`."""
        async with self._uow.write() as tx:
            customer = await queries.subscribed(tx, customer_id, lock=True)
            if customer.address_verified_on is not None:
                raise Forbidden("verified")
            await commands.put(tx, customer_id, address=address)

    async def change_phone(self, customer_id: int, phone: str) -> None:
        """Set the number (E.164 digits) and tell the old one; raises `NotFound("not_subscribed")`.

        See `commands.change_phone` for what a stolen session cannot do with it.
        """
        async with self._uow.write() as tx:
            customer = await queries.subscribed(tx, customer_id, lock=True)
            await commands.change_phone(tx, self._settings, customer, phone)

    async def services_of_chat(self, channel: str, address: str) -> tuple[ServiceOfChat, ...]:
        """The services a chat may act for: by its phone number where the channel proves one, and by links."""
        async with self._uow.read() as tx:
            return await chat_access.services_of(tx, channel, address)

    async def link_chat(self, channel: str, address: str, customer_id: int) -> None:
        """Let a chat act as the owner from now on; harmless when it does already. The caller has proved the right to."""
        async with self._uow.write() as tx:
            await chat_access.link(tx, channel, address, customer_id, ChatRole.OWNER)

    async def link_by_phone(self, channel: str, address: str, phone: str) -> tuple[ServiceOfChat, ...]:
        """Give a chat whose number the channel has proved what that number may do, and tell what it is."""
        async with self._uow.write() as tx:
            found = await chat_access.services_of(tx, "whatsapp", phone)
            for service in found:
                await chat_access.link(tx, channel, address, service.customer_id, service.role)
        return found

    async def mark_chat(self, channel: str, address: str, *, is_blocked: bool) -> None:
        """Somebody has shut a chat to us, or opened it again: notices take another way meanwhile."""
        async with self._uow.write() as tx:
            await recipients.mark_chat(tx, channel, address, is_blocked=is_blocked)
