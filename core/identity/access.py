"""Who else may write for a service: chats are invited by a code that works once, join in a role, and leave or are removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from core.customers import chat_access, queries
from core.customers.commands import tell
from core.customers.notes import note
from core.customers.tables import customers
from core.customers.types import ChatRole, LinkedChat, ServiceOfChat
from core.identity import codes, counters
from core.identity.codes import GrantUse, Holder
from core.identity.tables import chat_invites
from core.messaging import chats
from core.messaging.kinds import Given
from core.messaging.notices import Notice
from core.platform.errors import Conflict, NotFound, Throttled
from core.platform.i18n import message
from core.platform.ids import spelled_code
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings

#: A forwarded code should be worthless by the time somebody else finds it.
LIFETIME = timedelta(minutes=15)
#: More chats than this act for no service; a family and a shop together have fewer.
MOST_CHATS = 10
#: Key of what a role is called, and may do.
ROLE_NAMES: Mapping[ChatRole, str] = {
    ChatRole.OWNER: "role.owner",
    ChatRole.PAYER: "role.payer",
    ChatRole.TECHNICAL: "role.technical",
}
#: How a code is written: no letter that reads like another.
CODE = re.compile(r"[0-9a-hjkmnp-tv-z]{12}")


def channel_name(channel: str) -> str:
    """What people call a channel."""
    return "WhatsApp" if channel == "whatsapp" else channel.capitalize()


class Access:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def chats_of(self, customer_id: int) -> tuple[LinkedChat, ...]:
        """The chats that were let in, oldest first."""
        async with self._uow.read() as tx:
            return await chat_access.links_of(tx, customer_id)

    async def invite(self, customer_id: int, role: ChatRole, *, grant: str, request_id: str) -> str:
        """A code that lets one chat in, to be shown once; the repeat of a request brings the same one.

        `grant` is that of a code the owner has just confirmed. Raises `Conflict("grant_over")`, `Conflict("too_many_chats")`.
        """
        code = spelled_code(self._keyring.keyed_hash("chat invite", request_id))
        async with self._uow.write() as tx:
            await queries.subscribed(tx, customer_id, lock=True)
            holder = Holder(customer_id)
            match await codes.use_grant(tx, grant, holder=holder, request_id=request_id):
                case GrantUse.OVER:
                    raise Conflict("grant_over")
                case GrantUse.USED:
                    if len(await chat_access.links_of(tx, customer_id)) >= MOST_CHATS:
                        raise Conflict("too_many_chats", most=MOST_CHATS)
                    await self._store(tx, customer_id, role, code)
                case GrantUse.USED_BEFORE:
                    pass
        return code

    async def invited_to(self, code: str, *, origin: str) -> ServiceOfChat:
        """What a code is good for, to be shown before it is used. Raises `NotFound("invite")` and `Throttled`."""
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, self._charge(origin))
            found = (
                None if wait else await self._invite(tx, self._names(code), chat_invites.c.used_by.is_(None))
            )
        if wait:
            raise Throttled(wait, "too_many_codes")
        if found is None:
            raise NotFound("invite")
        return _service(found)

    async def join(self, code: str, channel: str, address: str, *, request_id: str) -> ServiceOfChat:
        """Let a chat in by its code, and tell the owner. Only one chat gets in; raises `NotFound("invite")`."""
        async with self._uow.write() as tx:
            used = chat_invites.update().where(
                self._names(code), chat_invites.c.used_by.is_(None), chat_invites.c.expires_at > tx.now
            )
            is_first = await tx.execute(used.values(used_by=request_id)) == 1
            found = await self._invite(tx, self._names(code), chat_invites.c.used_by == request_id)
            if found is None:
                raise NotFound("invite")
            if is_first:
                await self._let_in(tx, found, channel, address)
        return _service(found)

    async def revoke(self, customer_id: int, link_id: int) -> None:
        """Remove a chat the owner no longer wants; harmless when it is gone. What it was looking at ends."""
        async with self._uow.write() as tx:
            for link in await chat_access.links_of(tx, customer_id):
                if link.id == link_id:
                    await chat_access.unlink(tx, link.channel, link.address, customer_id)
                    await chats.interrupt(tx, link.channel, link.address)

    async def leave(self, customer_id: int, channel: str, address: str) -> None:
        """A chat gives its right up, also one that came with its phone number."""
        async with self._uow.write() as tx:
            await chat_access.unlink(tx, channel, address, customer_id)

    def _charge(self, origin: str) -> counters.Charge:
        return counters.charge(self._keyring, counters.INVITE_TRIES_FROM, origin)

    def _mac(self, code: str) -> str:
        return self._keyring.keyed_hash("chat invite code", code)

    def _names(self, code: str) -> ColumnElement[bool]:
        return chat_invites.c.code_mac == self._mac(code)

    async def _store(self, tx: WriteTx, customer_id: int, role: ChatRole, code: str) -> None:
        await tx.insert(
            chat_invites,
            customer_id=customer_id,
            role=role,
            code_mac=self._mac(code),
            expires_at=tx.now + LIFETIME,
            created_at=tx.now,
        )
        await note(tx, customer_id, "chat_invited", role=role)

    async def _invite(self, tx: ReadTx, *which: ColumnElement[bool]) -> Row[Any] | None:
        """A code's service and owner, while the code is young."""
        return await tx.first(
            select(customers, chat_invites.c.role.label("invited_as"))
            .join_from(chat_invites, customers, customers.c.id == chat_invites.c.customer_id)
            .where(*which, chat_invites.c.expires_at > tx.now)
        )

    async def _let_in(self, tx: WriteTx, invite: Row[Any], channel: str, address: str) -> None:
        """Somebody who is more already stays what they are."""
        here = await chat_access.services_of(tx, channel, address)
        if any(each.customer_id == invite.id and each.role is ChatRole.OWNER for each in here):
            return
        role = ChatRole(invite.invited_as)
        await chat_access.link(tx, channel, address, invite.id, role)
        news: dict[str, Given] = {"channel": channel_name(channel), "may": message(ROLE_NAMES[role])}
        await tell(tx, self._settings, invite, Notice.CHAT_JOINED, news)


def _service(row: Row[Any]) -> ServiceOfChat:
    return ServiceOfChat(row.id, row.service_number, row.name, ChatRole(row.invited_as))
