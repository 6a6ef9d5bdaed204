"""Forgetting a customer: what names or reaches them goes, what the law wants kept stays under the number alone.

Invoices, payments and the books stay: tax law asks for them for ten years. They name nobody once this is done.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from core.audit.log import SYSTEM, record
from core.billing.tables import invoices
from core.broadcasts.tables import broadcast_recipients
from core.customers.chat_access import PHONE_CHANNELS
from core.customers.tables import chat_links, customer_accounts, customer_attributes, customers
from core.handover.tables import handovers
from core.identity.tables import chat_invites, logins, otp_challenges
from core.messaging.notices import text_order
from core.messaging.tables import chats, inbound_messages, notice_consents
from core.network import switching
from core.partners.tables import partner_inquiries
from core.platform.outbox import Priority, State, outbox
from core.platform.uow import WriteTx
from core.portal.tables import inbox
from core.proofs.tables import payment_proofs, proof_pictures
from core.subscriptions.tables import subscriptions
from core.tickets.tables import ticket_events, tickets

#: What stands where a name or a text was.
NOBODY = "-"
_DEFAULT_IMAGE = "default1.jpg"


async def erase(tx: WriteTx, customer: Row[Any]) -> None:
    """Forget a locked customer; the line is taken off its router afterwards. Harmless when repeated."""
    who = customer.id
    await _end_lines(tx, who)
    await _forget_chats(tx, customer)
    await _forget_words(tx, who)
    await _forget_proofs(tx, payment_proofs.c.invoice_id.in_(_bills_of(who)))
    for table in (
        broadcast_recipients,
        customer_attributes,
        chat_invites,
        notice_consents,
        otp_challenges,
        inbox,
    ):
        await tx.execute(table.delete().where(table.c.customer_id == who))
    ended = {"is_active": False, "password_hash": None, "token_version": logins.c.token_version + 1}
    await tx.execute(logins.update().where(logins.c.customer_id == who).values(ended))
    await _forget_person(tx, who)
    await record(tx, actor=SYSTEM, action="customer_erased", subject=f"customer:{who}", details={})


async def _end_lines(tx: WriteTx, who: int) -> None:
    lines = await tx.all(select(subscriptions).where(subscriptions.c.customer_id == who))
    ended = subscriptions.update().where(subscriptions.c.customer_id == who)
    await tx.execute(ended.values(status="inactive"))
    for line in lines:
        if line.router_id is not None:
            await switching.remove(tx, line.id, key=f"erased-{who}")


async def _forget_chats(tx: WriteTx, customer: Row[Any]) -> None:
    """What was said in the chats goes, unless a chat is also that of another customer."""
    links = await tx.all(select(chat_links).where(chat_links.c.customer_id == customer.id))
    named = {(link.channel, link.address) for link in links}
    named |= {(channel, customer.phone) for channel in PHONE_CHANNELS if customer.phone}
    await tx.execute(chat_links.delete().where(chat_links.c.customer_id == customer.id))
    for channel, address in sorted(named):
        if await _is_shared(tx, customer.id, channel, address):
            continue
        here = and_(chats.c.channel == channel, chats.c.address == address)
        ids = select(chats.c.id).where(here)
        await tx.execute(inbound_messages.delete().where(inbound_messages.c.chat_id.in_(ids)))
        await tx.execute(chats.delete().where(here))
        talks = and_(handovers.c.channel == channel, handovers.c.address == address)
        await tx.execute(handovers.delete().where(talks))
        sent_here = and_(payment_proofs.c.channel == channel, payment_proofs.c.address == address)
        await _forget_proofs(tx, sent_here)
        orders = [text_order(channel, address, priority) for priority in Priority]
        sent = outbox.c.ordering_key.in_(orders)
        await tx.execute(outbox.delete().where(sent, outbox.c.state != State.PENDING))


async def _is_shared(tx: WriteTx, who: int, channel: str, address: str) -> bool:
    linked = select(chat_links.c.id).where(
        chat_links.c.channel == channel, chat_links.c.address == address, chat_links.c.revoked_at.is_(None)
    )
    other = select(customers.c.id).where(customers.c.phone == address, customers.c.id != who)
    by_phone = channel in PHONE_CHANNELS and await tx.scalar(other.limit(1)) is not None
    return by_phone or await tx.scalar(linked.limit(1)) is not None


async def _forget_words(tx: WriteTx, who: int) -> None:
    """What was written to staff may name anybody."""
    own = select(tickets.c.id).where(tickets.c.customer_id == who)
    said = ticket_events.update().where(ticket_events.c.ticket_id.in_(own))
    await tx.execute(said.values(remark=NOBODY))
    by_customer = ticket_events.update().where(
        ticket_events.c.ticket_id.in_(own), ticket_events.c.action == "by customer"
    )
    await tx.execute(by_customer.values(actor=NOBODY))
    await tx.execute(tickets.update().where(tickets.c.customer_id == who).values(description=NOBODY))
    await tx.execute(handovers.delete().where(handovers.c.customer_id == who))
    asked = partner_inquiries.update().where(partner_inquiries.c.customer_id == who)
    await tx.execute(asked.values(customer_name=NOBODY))


async def _forget_proofs(tx: WriteTx, which: ColumnElement[bool]) -> None:
    """Pictures of receipts show names and account numbers; the payment they led to is in the books."""
    ids = select(payment_proofs.c.id).where(which)
    await tx.execute(proof_pictures.delete().where(proof_pictures.c.proof_id.in_(ids)))
    await tx.execute(payment_proofs.delete().where(which))


def _bills_of(who: int) -> Select[Any]:
    return select(invoices.c.id).where(invoices.c.customer_id == who)


async def _forget_person(tx: WriteTx, who: int) -> None:
    nothing = (
        "email",
        "phone",
        "recovery_phone",
        "recovery_phone_until",
        "contact_address",
        "address",
        "gender",
        "identity_type_id",
        "identity_number_sealed",
        "latitude",
        "longitude",
        "email_verified_on",
        "address_verified_on",
        "identity_verified_on",
    )
    gone: dict[str, Any] = dict.fromkeys(nothing) | {"name": NOBODY, "image": _DEFAULT_IMAGE}
    await tx.execute(customers.update().where(customers.c.id == who).values(gone))
    account = {
        "username": f"erased-{who}",
        "status": "Inactive",
        "line_username": "",
        "line_address": "",
        **dict.fromkeys(("city", "district", "state", "zip", "line_secret_sealed")),
    }
    account_of = customer_accounts.update().where(customer_accounts.c.customer_id == who)
    await tx.execute(account_of.values(account))
