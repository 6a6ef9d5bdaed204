"""How customers are reached, changed by themselves: proved by a code to the phone on record, and for a number by one to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError

from core.customers import chat_access, commands, queries
from core.customers.notes import note
from core.customers.tables import customers
from core.identity import codes, counters
from core.identity.codes import GrantUse, Holder, Issued
from core.identity.tables import logins
from core.identity.types import CodeCheck
from core.messaging import chats
from core.messaging.notices import send_text
from core.platform import i18n
from core.platform.errors import Conflict, Throttled
from core.platform.i18n import Language
from core.platform.outbox import Priority
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import RECOVERY_PAUSE, Settings

log = structlog.get_logger(__name__)


class Contacts:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def start_proof(self, phone: str, *, origin: str, language: Language, request_id: str) -> None:
        """Send a code to a number (E.164 digits), whoever holds it; the repeat of a request sends nothing.

        Raises `Throttled`. `origin` names the chat that asks.
        """
        holder = Holder(phone=phone)
        async with self._uow.write() as tx:
            if await codes.find(tx, request_id, holder) is not None:
                return
            to = counters.charge(self._keyring, counters.CODES_TO, phone)
            source = counters.charge(self._keyring, counters.CODES_FROM, origin)
            wait = await counters.spend(tx, to, source)
            if not wait:
                issued = await codes.issue(tx, self._keyring, holder, request_id)
                await send_code(tx, phone, issued, language)
        if wait:
            raise Throttled(wait, "too_many_codes")

    async def check_proof(self, phone: str, code: str, *, request_id: str) -> CodeCheck:
        """Spend one try; a right code becomes a grant that proves the number once, within five minutes."""
        async with self._uow.write() as tx:
            return await codes.check(tx, self._keyring, Holder(phone=phone), code, request_id=request_id)

    async def change_phone(
        self,
        customer_id: int,
        phone: str,
        *,
        grant: str,
        proof: str,
        asked_in: tuple[str, str],
        request_id: str,
    ) -> None:
        """Set a number that was proved, for an owner who was; the repeat of a request changes nothing.

        `asked_in` is the chat's channel and address. Raises `NotFound("not_subscribed")`, `Conflict("grant_over")`.
        """
        async with self._uow.write() as tx:
            customer = await queries.subscribed(tx, customer_id, lock=True)
            owner = await codes.use_grant(tx, grant, holder=Holder(customer_id), request_id=request_id)
            proved = await codes.use_grant(tx, proof, holder=Holder(phone=phone), request_id=request_id)
            if GrantUse.OVER in {owner, proved}:
                raise Conflict("grant_over")
            if owner is GrantUse.USED:
                await commands.change_phone(tx, self._settings, customer, phone, asked_in=asked_in)

    async def change_email(self, customer_id: int, email: str, *, grant: str, request_id: str) -> None:
        """Set the address for an owner who was proved; the repeat of a request changes nothing.

        Raises `NotFound("not_subscribed")`, `Conflict("grant_over")`, and what `commands.change_email` raises; the grant
        stays good then.
        """
        try:
            async with self._uow.write() as tx:
                customer = await queries.subscribed(tx, customer_id, lock=True)
                use = await codes.use_grant(tx, grant, holder=Holder(customer_id), request_id=request_id)
                if use is GrantUse.OVER:
                    raise Conflict("grant_over")
                if use is GrantUse.USED:
                    await commands.change_email(tx, self._settings, customer, email)
        except IntegrityError as twin:
            raise Conflict("email_taken") from twin

    async def services_moved_from(self, channel: str, address: str) -> tuple[str, ...]:
        """The services whose number was this chat's until less than a day ago."""
        async with self._uow.read() as tx:
            return tuple(row.service_number for row in await _moved_from(tx, channel, address))

    async def undo_move(self, channel: str, address: str) -> tuple[str, ...]:
        """Give services back to the number they were taken from within a day, and shut out who may have done it.

        Sessions end, and chats that were let in since must be let in again. Tells which services came back.
        """
        async with self._uow.write() as tx:
            moved = await _moved_from(tx, channel, address)
            for customer in moved:
                await self._give_back(tx, customer)
        return tuple(customer.service_number for customer in moved)

    async def _give_back(self, tx: WriteTx, customer: Row[Any]) -> None:
        old = customer.recovery_phone
        await commands.put(tx, customer.id, phone=old, recovery_phone=None, recovery_phone_until=None)
        await note(tx, customer.id, "phone_change_undone")
        await chat_access.move_phone(tx, customer.id, old=customer.phone, new=old)
        for channel in chat_access.PHONE_CHANNELS:
            await chats.interrupt(tx, channel, customer.phone)
        since = customer.recovery_phone_until - RECOVERY_PAUSE
        for link in await chat_access.links_of(tx, customer.id):
            if link.linked_at >= since and (link.channel, link.address) != ("whatsapp", old):
                await chat_access.unlink(tx, link.channel, link.address, customer.id)
                await chats.interrupt(tx, link.channel, link.address)
        login = logins.update().where(logins.c.customer_id == customer.id)
        await tx.execute(login.values(token_version=logins.c.token_version + 1, spared_jti=None))
        log.info("phone_change_undone", customer_id=customer.id)


async def _moved_from(tx: ReadTx, channel: str, address: str) -> list[Row[Any]]:
    if channel not in chat_access.PHONE_CHANNELS:
        return []
    still = (customers.c.recovery_phone == address, customers.c.recovery_phone_until > tx.now)
    taken = select(customers).where(*still, customers.c.phone != address)
    return list(await tx.all(taken.order_by(customers.c.id).with_for_update(key_share=True)))


async def send_code(
    tx: WriteTx,
    phone: str,
    issued: Issued,
    language: Language,
    *,
    text: str = "notice.phone_code",
    lifetime: timedelta = codes.LIFETIME,
    **facts: str,
) -> None:
    """Send a code to a number, whoever holds it; the text says what it is good for."""
    await send_text(
        tx,
        to=phone,
        text=i18n.text(text, language, code=issued.code, minutes=lifetime.seconds // 60, **facts),
        key=f"otp-{issued.challenge_id}",
        priority=Priority.URGENT,
        expires_after=lifetime,
        sensitive=True,
    )
