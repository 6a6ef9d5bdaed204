"""Everything that is kept about one customer, as they may take it away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, select

from core.billing.tables import invoice_lines, invoices, payments
from core.catalog.tables import plans
from core.customers.tables import chat_links, customer_attributes, customers
from core.messaging.tables import notice_consents
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx
from core.subscriptions.tables import plan_orders, subscriptions
from core.tickets.tables import ticket_events, tickets

#: Columns that are ours, not the customer's: how a row is found, and what only a machine may read.
_OURS = frozenset({"id", "image", "recovery_phone", "recovery_phone_until"})


async def collect(tx: ReadTx, keyring: Keyring, customer_id: int) -> Mapping[str, Any]:
    """The own data under the names of what it is; raises `NotFound("customer")`."""
    person = await tx.first(select(customers).where(customers.c.id == customer_id))
    if person is None:
        raise NotFound("customer")
    return {
        "made_at": tx.now,
        "person": _person(person, keyring),
        **{name: _plain(await tx.all(statement)) for name, statement in _parts(customer_id).items()},
    }


def as_json(collected: Mapping[str, Any]) -> bytes:
    """A file that a person can open and a machine can read."""
    return msgspec.json.format(msgspec.json.encode(collected), indent=2)


def _parts(customer_id: int) -> dict[str, Select[Any]]:
    own_tickets = select(tickets.c.id).where(tickets.c.customer_id == customer_id)
    own_invoices = select(invoices.c.id).where(invoices.c.customer_id == customer_id)
    line, order, bill, paid = subscriptions.c, plan_orders.c, invoices.c, payments.c
    return {
        "lines": select(plans.c.name.label("plan"), line.price, line.status, line.line_user, line.created_at)
        .join_from(subscriptions, plans, plans.c.id == line.plan_id)
        .where(line.customer_id == customer_id),
        "orders": select(order.number, order.kind, order.status, order.price, order.created_at).where(
            order.customer_id == customer_id
        ),
        "invoices": select(
            bill.id, bill.number, bill.year, bill.month, bill.amount, bill.status, bill.due_on, bill.paid_at
        ).where(bill.customer_id == customer_id),
        "invoice_lines": select(invoice_lines).where(invoice_lines.c.invoice_id.in_(own_invoices)),
        "payments": select(paid.invoice_id, paid.source, paid.reference, paid.amount, paid.paid_at).where(
            paid.customer_id == customer_id
        ),
        "tickets": select(
            tickets.c.id, tickets.c.number, tickets.c.description, tickets.c.status, tickets.c.opened_at
        ).where(tickets.c.customer_id == customer_id),
        "ticket_events": select(
            ticket_events.c.ticket_id,
            ticket_events.c.remark,
            ticket_events.c.status,
            ticket_events.c.created_at,
        ).where(ticket_events.c.ticket_id.in_(own_tickets)),
        "chats": select(
            chat_links.c.channel, chat_links.c.address, chat_links.c.role, chat_links.c.linked_at
        ).where(chat_links.c.customer_id == customer_id, chat_links.c.revoked_at.is_(None)),
        "stopped_notices": select(notice_consents.c.category, notice_consents.c.stopped_at).where(
            notice_consents.c.customer_id == customer_id, notice_consents.c.stopped_at.is_not(None)
        ),
        "attributes": select(customer_attributes.c.name, customer_attributes.c.value).where(
            customer_attributes.c.customer_id == customer_id
        ),
    }


def _person(row: Row[Any], keyring: Keyring) -> dict[str, Any]:
    known = {name: value for name, value in row._mapping.items() if name not in _OURS}  # noqa: SLF001 - its public name
    sealed = known.pop("identity_number_sealed")
    return known | {"identity_number": None if sealed is None else keyring.unseal(sealed)}


def _plain(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - its public name
