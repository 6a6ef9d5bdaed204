"""What can be done about subscriptions: see the own one, apply for the first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from core.catalog.tables import plans
from core.customers.tables import customers, identity_types
from core.customers.types import CustomerName
from core.platform.clock import local_day
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings
from core.subscriptions.tables import service_number_counter, subscriptions
from core.subscriptions.types import Application, Profile, Service, ServiceStatus

#: The first number issued, after the configured prefix: `1700000001`.
_FIRST_SERVICE_NUMBER = 1
_SERVICE_NUMBER_DIGITS = 8

_profile = (
    select(
        customers,
        identity_types.c.name.label("identity_type"),
        subscriptions.c.id.label("subscription_id"),
        subscriptions.c.quantity,
        subscriptions.c.price,
        subscriptions.c.discount,
        subscriptions.c.status,
        subscriptions.c.isolated_at,
        plans.c.name.label("plan_name"),
        plans.c.description.label("plan_description"),
    )
    .outerjoin(identity_types, identity_types.c.id == customers.c.identity_type_id)
    .outerjoin(subscriptions, subscriptions.c.customer_id == customers.c.id)
    .outerjoin(plans, plans.c.id == subscriptions.c.plan_id)
    .where(customers.c.service_number.is_not(None))
    .order_by(subscriptions.c.id)
    .limit(1)
)


class Subscriptions:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def profile(self, customer_id: int) -> Profile:
        """Everything a customer may see of the own record; raises `NotFound("not_subscribed")`."""
        async with self._uow.read() as tx:
            row = await tx.first(_profile.where(customers.c.id == customer_id))
        if row is None:
            raise NotFound("not_subscribed")
        sealed = row.identity_number_sealed
        return _as_profile(row, None if sealed is None else self._keyring.unseal(sealed))

    async def subscribe(self, customer_id: int, application: Application) -> CustomerName:
        """Give somebody who registered a service number and a first, waiting subscription.

        Raises, in this order, `Invalid("identity_type")`, `Conflict("already_subscribed", service_number=…)` and
        `NotFound("plan")`; of two simultaneous applications one wins and the other gets the conflict.
        """
        async with self._uow.write() as tx:
            await _check_identity_type(tx, application.identity_type_id)
            person = await tx.first(
                select(customers).where(customers.c.id == customer_id).with_for_update(key_share=True)
            )
            if person is None:
                raise NotFound("customer")
            if person.service_number is not None:
                raise Conflict("already_subscribed", service_number=person.service_number)
            price = await _price_on_sale(tx, application)
            number = await self._next_service_number(tx)
            await self._admit(tx, customer_id, number, application)
            await _start(tx, customer_id, application.plan_id, price)
        return CustomerName(customer_id, number, person.name, person.email)

    async def _next_service_number(self, tx: WriteTx) -> str:
        """The next number that nobody has: prefix and a running number, digits only so that banks can use it."""
        counter = service_number_counter
        await tx.insert_new(counter, id=1, last=_FIRST_SERVICE_NUMBER - 1)
        while True:
            last = await tx.scalar(counter.update().values(last=counter.c.last + 1).returning(counter.c.last))
            number = f"{self._settings.service_number_prefix}{last:0{_SERVICE_NUMBER_DIGITS}d}"
            if await tx.scalar(select(customers.c.id).where(customers.c.service_number == number)) is None:
                return number

    async def _admit(self, tx: WriteTx, customer_id: int, number: str, application: Application) -> None:
        await tx.execute(
            customers.update()
            .where(customers.c.id == customer_id)
            .values(
                service_number=number,
                region_id=application.region_id,
                identity_type_id=application.identity_type_id,
                identity_number_sealed=self._keyring.seal(application.identity_number),
                latitude=application.latitude,
                longitude=application.longitude,
                address=customers.c.contact_address,
                registered_on=local_day(tx.now, self._settings.zone),
            )
        )


async def _check_identity_type(tx: WriteTx, identity_type_id: int) -> None:
    if await tx.scalar(select(identity_types.c.id).where(identity_types.c.id == identity_type_id)) is None:
        raise Invalid("identity_type")


async def _price_on_sale(tx: WriteTx, application: Application) -> int:
    on_sale = (plans.c.is_public, plans.c.is_active, plans.c.region_id == application.region_id)
    price = await tx.scalar(select(plans.c.price).where(plans.c.id == application.plan_id, *on_sale))
    if price is None:
        raise NotFound("plan")
    return int(price)


async def _start(tx: WriteTx, customer_id: int, plan_id: int, price: int) -> None:
    await tx.insert(
        subscriptions,
        customer_id=customer_id,
        plan_id=plan_id,
        quantity=1,
        price=price,
        discount=0,
        status="waiting",
        created_at=tx.now,
    )


def _as_profile(row: Row[Any], identity_number: str | None) -> Profile:
    return Profile(
        id=row.id,
        uid=row.uid,
        service_number=row.service_number,
        name=row.name,
        email=row.email,
        phone=row.phone,
        address=row.address,
        address_verified_on=row.address_verified_on,
        registered_on=row.registered_on,
        activated_on=row.activated_on,
        email_verified_on=row.email_verified_on,
        identity_verified_on=row.identity_verified_on,
        identity_type_id=row.identity_type_id,
        identity_type=row.identity_type,
        identity_number=identity_number,
        status=_status(row),
        service=_service(row),
    )


def _status(row: Row[Any]) -> ServiceStatus:
    if row.isolated_at is not None:
        return ServiceStatus.ISOLATED
    return ServiceStatus(row.status or ServiceStatus.WAITING)


def _service(row: Row[Any]) -> Service | None:
    if row.subscription_id is None:
        return None
    total = row.quantity * row.price - row.discount
    return Service(row.quantity, row.price, total, row.plan_name, row.plan_description)
