"""What can be done about subscriptions: see the own one, apply for the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from core.catalog.tables import plans
from core.customers.tables import customers, identity_types
from core.customers.types import CustomerName
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings
from core.subscriptions import commands, places, queries
from core.subscriptions.places import Placed, Placement
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import Application, CurrentPlan, Profile, Service, ServiceStatus

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
            await commands.check_identity_type(tx, application.identity_type_id)
            person = await tx.first(
                select(customers).where(customers.c.id == customer_id).with_for_update(key_share=True)
            )
            if person is None:
                raise NotFound("customer")
            placed = await commands.admit(tx, self._settings, self._keyring, person, application)
        return CustomerName(customer_id, placed.service_number, person.name, person.email)

    async def current_plan(self, customer_id: int) -> CurrentPlan | None:
        """What the customer runs and pays now, and what was asked for instead; None without a subscription."""
        async with self._uow.read() as tx:
            return await queries.current_plan(tx, customer_id)

    async def place(self, wanted: Sequence[Placement], *, actor: str) -> Placed:
        """Say where lines join the fibre, all or none; `Placed.problems` names everything that is wrong."""
        async with self._uow.write() as tx:
            return await places.place(tx, wanted, actor=actor)

    async def boxes_of(self, service_number: str) -> list[str]:
        """The box of each line of a service number, empty where none was said; raises `NotFound("customer")`."""
        async with self._uow.read() as tx:
            return await places.boxes_of(tx, service_number)


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
