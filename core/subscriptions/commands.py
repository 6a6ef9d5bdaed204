"""Writes of subscriptions and of orders for them; each runs inside its caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from core.catalog.tables import plans
from core.customers.tables import customers, identity_types
from core.identity.staff import Permission, roles_that_may
from core.messaging.notices import StaffNotice, tell_staff
from core.platform.clock import local_day
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.i18n import Rupiah
from core.platform.numbering import next_number
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx
from core.settings import Settings
from core.subscriptions.tables import plan_orders, service_number_counter, subscriptions
from core.subscriptions.types import Application, OrderKind, OrderStatus, Placed

#: The first number issued, after the configured prefix: `1700000001`.
_FIRST_SERVICE_NUMBER = 1
_SERVICE_NUMBER_DIGITS = 8

_STAFF_NEWS = {OrderKind.NEW: StaffNotice.ORDER_NEW, OrderKind.CHANGE: StaffNotice.ORDER_CHANGE}


async def check_identity_type(tx: WriteTx, identity_type_id: int | None) -> None:
    """Raises `Invalid("identity_type")`; none at all is shown to the installer later."""
    known = select(identity_types.c.id).where(identity_types.c.id == identity_type_id)
    if identity_type_id is not None and await tx.scalar(known) is None:
        raise Invalid("identity_type")


async def admit(
    tx: WriteTx,
    settings: Settings,
    keyring: Keyring,
    person: Row[Any],
    application: Application,
    *,
    request_id: str | None = None,
) -> Placed:
    """Give a locked person a service number, a first waiting subscription, and staff an order to install it.

    Raises `Conflict("already_subscribed", service_number=…)` and `NotFound("plan")`.
    """
    if person.service_number is not None:
        raise Conflict("already_subscribed", service_number=person.service_number)
    plan = await plan_on_sale(tx, application.plan_id, application.region_id)
    number = await _next_service_number(tx, settings)
    sealed = application.identity_number and keyring.seal(application.identity_number)
    admitted = customers.update().where(customers.c.id == person.id)
    await tx.execute(
        admitted.values(
            service_number=number,
            region_id=application.region_id,
            identity_type_id=application.identity_type_id,
            identity_number_sealed=sealed,
            latitude=application.latitude,
            longitude=application.longitude,
            address=customers.c.contact_address,
            registered_on=local_day(tx.now, settings.zone),
        )
    )
    await tx.insert(
        subscriptions,
        customer_id=person.id,
        plan_id=plan.id,
        quantity=1,
        price=plan.price,
        discount=0,
        status="waiting",
        created_at=tx.now,
    )
    order = await place_order(tx, settings, person, plan, OrderKind.NEW, request_id=request_id)
    return Placed(person.id, number, order)


async def plan_on_sale(tx: WriteTx, plan_id: int, region_id: int) -> Row[Any]:
    """A plan that may be chosen there; raises `NotFound("plan")`."""
    on_sale = (plans.c.is_public, plans.c.is_active, plans.c.region_id == region_id)
    plan = await tx.first(select(plans).where(plans.c.id == plan_id, *on_sale))
    if plan is None:
        raise NotFound("plan")
    return plan


async def place_order(
    tx: WriteTx,
    settings: Settings,
    customer: Row[Any],
    plan: Row[Any],
    kind: OrderKind,
    *,
    request_id: str | None,
) -> str:
    """Write down what a customer wants at today's price, and tell those who sell; returns the order's number."""
    number = await next_number(tx, "order", local_day(tx.now, settings.zone))
    order_id = await tx.insert(
        plan_orders,
        number=number,
        customer_id=customer.id,
        kind=kind,
        plan_id=plan.id,
        price=plan.price,
        status=OrderStatus.WAITING,
        request_id=request_id,
        created_at=tx.now,
    )
    await tell_staff(
        tx,
        settings,
        kind=_STAFF_NEWS[kind],
        key=f"order-{order_id}",
        args={"order": number, "name": customer.name, "plan": plan.name, "price": Rupiah(plan.price)},
        roles=roles_that_may(Permission.ORDERS),
    )
    return number


async def _next_service_number(tx: WriteTx, settings: Settings) -> str:
    """The next number that nobody has: prefix and a running number, digits only so that banks can use it."""
    counter = service_number_counter
    await tx.insert_new(counter, id=1, last=_FIRST_SERVICE_NUMBER - 1)
    while True:
        last = await tx.scalar(counter.update().values(last=counter.c.last + 1).returning(counter.c.last))
        number = f"{settings.service_number_prefix}{last:0{_SERVICE_NUMBER_DIGITS}d}"
        if await tx.scalar(select(customers.c.id).where(customers.c.service_number == number)) is None:
            return number
