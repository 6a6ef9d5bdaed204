"""Messages and receipts on their way to the desk: kept before the provider is told, so that a crash loses none."""

from __future__ import annotations

import hashlib

import msgspec

from core.adapters.whatsapp.channel import named
from core.adapters.whatsapp.dialects.dialect import Dialect
from core.broadcasts import holding
from core.customers import chat_access
from core.messaging import deliveries, recipients
from core.messaging.received import Batch, Receipt, Received
from core.platform import outbox
from core.platform.outbox import Priority, RetryPolicy
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings
from core.whatsapp import CHANNEL

#: Somebody is waiting: a few quick tries, then it is over.
POLICY = RetryPolicy(first_s=1, factor=2, longest_s=60, limit=7)


def topic(dialect: Dialect) -> str:
    """The outbox topic of what a dialect brings in."""
    return f"inbound.{dialect.name}"


class Inbox:
    """Keeps what calls of one dialect bring; a message that comes twice is kept once."""

    def __init__(self, uow: UnitOfWork, dialect: Dialect, settings: Settings) -> None:
        self._uow, self._dialect, self._settings = uow, dialect, settings

    async def keep(self, batch: Batch) -> None:
        """Once this returns, the provider may forget them. Raises `Unavailable` when the database does not take them."""
        if not (batch.messages or batch.receipts or batch.left):
            return
        async with self._uow.write() as tx:
            for receipt in batch.receipts:
                await deliveries.note(tx, self._told(receipt))
            if any(receipt.holds_campaigns for receipt in batch.receipts):
                await holding.hold_all(tx, self._settings)
            for number in batch.left:
                await chat_access.give_up(tx, CHANNEL, number)
            for message in batch.messages:
                # Whoever writes can be reached again.
                await recipients.mark_chat(tx, CHANNEL, message.sender.address, is_blocked=False)
                await self._post(tx, message)

    def _told(self, receipt: Receipt) -> Receipt:
        return msgspec.structs.replace(receipt, provider_id=named(self._dialect, receipt.provider_id))

    async def _post(self, tx: WriteTx, message: Received) -> None:
        address = message.sender.address
        name = hashlib.sha256(f"{address}\n{message.message_id}".encode()).hexdigest()
        await outbox.post(
            tx,
            topic(self._dialect),
            {"received": msgspec.to_builtins(message)},
            key=f"{topic(self._dialect)}:{name}",
            ordering_key=f"whatsapp-in:{address}",
            priority=Priority.URGENT,
            sensitive=True,  # what people write is erased once it is answered
        )
