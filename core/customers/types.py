"""What customers' use cases give back."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class ChatRole(enum.StrEnum):
    """What a chat is to a service. Everything is open to the owner, also letting other chats in."""

    OWNER = "owner"
    PAYER = "payer"
    TECHNICAL = "technical"


class Duty(enum.StrEnum):
    """A matter somebody may act in for a service."""

    BILLS = "bills"  # see and pay them
    LINE = "line"  # the connection and what is wrong with it
    ACCOUNT = "account"  # everything else: personal data, plan, password, who may write


class IdentityType(Struct, frozen=True):
    id: int
    name: str


class CustomerName(Struct, frozen=True):
    """Enough to address a customer: who, which service, where to write."""

    id: int
    service_number: str
    name: str
    email: str | None


class ServiceOfChat(Struct, frozen=True):
    """One of the services a chat may act for."""

    customer_id: int
    service_number: str
    name: str
    role: ChatRole = ChatRole.OWNER


class LinkedChat(Struct, frozen=True):
    """A chat that was let in; `address` is the channel's own name for it."""

    id: int
    channel: str
    address: str
    role: ChatRole
    linked_at: datetime
