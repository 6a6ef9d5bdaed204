"""Reads of customers that several use cases, here and in the slices above, share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, func, select

from core.customers.tables import customers
from core.customers.types import CustomerName
from core.platform.errors import NotFound
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx


async def subscribed(tx: ReadTx, customer_id: int, *, lock: bool = False) -> Row[Any]:
    """The customer's row; `NotFound("not_subscribed")` while there is no service number (mywifi contract §1)."""
    statement = select(customers).where(
        customers.c.id == customer_id, customers.c.service_number.is_not(None)
    )
    row = await tx.first(statement.with_for_update(key_share=True) if lock else statement)
    if row is None:
        raise NotFound("not_subscribed")
    return row


_name = Prepared(
    select(customers.c.id, customers.c.service_number, customers.c.name, customers.c.email).where(
        customers.c.id == bindparam("customer_id"), customers.c.service_number.is_not(None)
    )
)


async def name_of(tx: ReadTx, customer_id: int) -> CustomerName:
    """Who a customer is, for the head of a list; raises `NotFound("not_subscribed")`."""
    found = await tx.rows(_name, customer_id=customer_id)
    if not found:
        raise NotFound("not_subscribed")
    return CustomerName(*found[0])


async def id_of(tx: ReadTx, service_number: str) -> int | None:
    """The customer with a service number, however its letters are typed."""
    typed = service_number.strip()
    found = select(customers.c.id).where(customers.c.service_number.in_({typed, typed.upper()}))
    customer_id: int | None = await tx.scalar(found)
    return customer_id


async def email_is_taken(tx: ReadTx, email: str, *, but_not_by: int | None = None) -> bool:
    """Whether somebody else uses the address; capital letters make no difference."""
    holder = await tx.scalar(select(customers.c.id).where(func.lower(customers.c.email) == email.lower()))
    return holder is not None and holder != but_not_by
