"""Every table of every slice in one place: what migrations compare the database with."""

from __future__ import annotations

from core.audit import activity
from core.audit import tables as audit
from core.billing import tables as billing
from core.broadcasts import tables as broadcasts
from core.catalog import tables as catalog
from core.coupons import tables as coupons
from core.customers import tables as customers
from core.handover import tables as handover
from core.identity import tables as identity
from core.messaging import tables as messaging
from core.monitoring import tables as monitoring
from core.network import tables as network
from core.partners import tables as partners
from core.platform import numbering, outbox, scheduler
from core.platform.db import metadata
from core.portal import tables as portal
from core.preferences import tables as preferences
from core.prepaid import tables as prepaid
from core.privacy import tables as privacy
from core.proofs import tables as proofs
from core.subscriptions import tables as subscriptions
from core.tickets import tables as tickets

__all__ = [
    "activity",
    "audit",
    "billing",
    "broadcasts",
    "catalog",
    "coupons",
    "customers",
    "handover",
    "identity",
    "messaging",
    "metadata",
    "monitoring",
    "network",
    "numbering",
    "outbox",
    "partners",
    "portal",
    "preferences",
    "prepaid",
    "privacy",
    "proofs",
    "scheduler",
    "subscriptions",
    "tickets",
]
