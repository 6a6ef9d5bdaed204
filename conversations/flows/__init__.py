"""What customers can do by chatting: one file per flow, and this list, in the order of the menu."""

from __future__ import annotations

from conversations.engine.book import AnyFlow
from conversations.engine.runtime import Conversation
from conversations.flows import (
    access,
    broadcast,
    change_contact,
    change_plan,
    connection_check,
    consent,
    human,
    human_ticket,
    identify,
    invoice_lookup,
    join,
    link_account,
    more_time,
    my_data,
    otp_reset,
    outage,
    packages,
    pay,
    payment_code,
    payment_history,
    payment_proof,
    profile,
    prove_owner,
    prove_phone,
    staff_chats,
    staff_customer,
    staff_orders,
    staff_proof,
    staff_proofs,
    staff_tickets,
    subscribe,
    ticket_create,
    ticket_status,
    undo_contact,
    which_service,
)
from core.services import Services

FLOWS: tuple[AnyFlow, ...] = (
    invoice_lookup.flow,
    pay.flow,
    connection_check.flow,
    ticket_create.flow,
    otp_reset.flow,
    ticket_status.flow,
    payment_history.flow,
    packages.flow,
    profile.flow,
    human.flow,
    payment_proof.flow,
    consent.flow,
    identify.flow,
    which_service.flow,
    prove_owner.flow,
    prove_phone.flow,
    subscribe.flow,
    change_plan.flow,
    change_contact.flow,
    undo_contact.flow,
    access.flow,
    my_data.flow,
    join.flow,
    link_account.flow,
    payment_code.flow,
    more_time.flow,
    human_ticket.flow,
    outage.flow,
    staff_chats.flow,
    staff_proofs.flow,
    staff_customer.flow,
    staff_tickets.flow,
    staff_orders.flow,
    broadcast.flow,
    staff_proof.flow,
)


def conversation(services: Services) -> Conversation:
    """The dialogue of an installation: every flow on its services."""
    return Conversation(services, FLOWS)
