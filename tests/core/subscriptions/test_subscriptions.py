"""Becoming a customer, once; and what a customer sees of the own record."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import func, select

from core.catalog.tables import plans
from core.customers.tables import customers
from core.platform.errors import Conflict, Invalid, NotFound
from core.subscriptions.tables import service_number_counter, subscriptions
from core.subscriptions.types import Application, Profile, Service, ServiceStatus
from tests.core.conftest import Shop

JOHN, WARUNG, RINA = 1, 3, 7
WISH = Application(12, 1, 1, "3201010101010002", latitude=-6.2, longitude=106.8)


async def test_the_profile_shows_the_whole_record(shop: Shop) -> None:
    assert await shop.subscriptions.profile(JOHN) == Profile(
        id=JOHN,
        uid="cst-001",
        service_number="ISP00123",
        name="John Doe",
        email="john@example.com",
        phone="628123456789",
        address="Jl. Fiber No. 1",
        address_verified_on=date(2023, 1, 12),
        registered_on=date(2023, 1, 10),
        activated_on=date(2023, 1, 11),
        email_verified_on=date(2023, 1, 12),
        identity_verified_on=None,
        identity_type_id=1,
        identity_type="Identity Card (KTP)",
        identity_number="3201010101010001",
        status=ServiceStatus.ACTIVE,
        service=Service(1, 300_000, 300_000, "Home 50 Mbps", "Unlimited broadband"),
    )


@pytest.mark.parametrize("who", [RINA, 99, 10**30])
async def test_nobody_without_a_service_has_a_profile(shop: Shop, who: int) -> None:
    with pytest.raises(NotFound, match="not_subscribed"):
        await shop.subscriptions.profile(who)


@pytest.mark.parametrize("status", ["active", "waiting", "inactive", "free"])
async def test_isolation_outranks_every_other_state(shop: Shop, status: str) -> None:
    mine = subscriptions.c.customer_id == JOHN
    await shop.change(subscriptions.update().where(mine).values(status=status))
    assert (await shop.subscriptions.profile(JOHN)).status == status
    await shop.change(subscriptions.update().where(mine).values(isolated_at=shop.clock.now()))
    assert (await shop.subscriptions.profile(JOHN)).status is ServiceStatus.ISOLATED


async def test_a_customer_without_a_subscription_waits_and_has_no_service(shop: Shop) -> None:
    await shop.change(subscriptions.delete().where(subscriptions.c.customer_id == JOHN))
    profile = await shop.subscriptions.profile(JOHN)
    assert (profile.status, profile.service) == (ServiceStatus.WAITING, None)


async def test_the_agreed_price_stays_when_the_plan_gets_dearer(shop: Shop) -> None:
    await shop.change(plans.update().where(plans.c.id == 12).values(price=400_000))
    mine = subscriptions.c.customer_id == JOHN
    await shop.change(subscriptions.update().where(mine).values(quantity=2, discount=50_000))
    service = (await shop.subscriptions.profile(JOHN)).service
    assert service is not None
    assert (service.price, service.quantity, service.total) == (300_000, 2, 550_000)


async def test_a_sealed_number_nobody_can_open_is_not_shown(shop: Shop) -> None:
    await shop.change(
        customers.update().where(customers.c.id == JOHN).values(identity_number_sealed="damaged")
    )
    assert (await shop.subscriptions.profile(JOHN)).identity_number is None


async def test_an_application_is_granted_with_a_number_and_a_waiting_service(shop: Shop) -> None:
    customer = await shop.subscriptions.subscribe(RINA, WISH)
    assert (customer.service_number, customer.name, customer.email) == (
        "1700000001",
        "Rina",
        "newuser@example.com",
    )
    profile = await shop.subscriptions.profile(RINA)
    assert (profile.status, profile.registered_on, profile.identity_number) == (
        ServiceStatus.WAITING,
        date(2026, 11, 22),
        "3201010101010002",
    )
    assert profile.service == Service(1, 300_000, 300_000, "Home 50 Mbps", "Unlimited broadband")


async def test_the_day_of_registration_is_the_businesss_own(shop: Shop) -> None:
    shop.clock.move(timedelta(hours=14))
    await shop.subscriptions.subscribe(RINA, WISH)
    assert (await shop.subscriptions.profile(RINA)).registered_on == date(2026, 11, 23)


async def test_a_number_somebody_brought_along_is_skipped(shop: Shop) -> None:
    await shop.change(customers.update().where(customers.c.id == WARUNG).values(service_number="1700000001"))
    assert (await shop.subscriptions.subscribe(RINA, WISH)).service_number == "1700000002"


async def test_refusals_come_in_their_order(shop: Shop) -> None:
    subscribe = shop.subscriptions.subscribe
    nothing_right = msgspec.structs.replace(WISH, identity_type_id=9, plan_id=99)
    with pytest.raises(Invalid, match="identity_type"):
        await subscribe(JOHN, nothing_right)
    with pytest.raises(Conflict, match="already_subscribed") as conflict:
        await subscribe(JOHN, msgspec.structs.replace(WISH, plan_id=99))
    assert conflict.value.facts == {"service_number": "ISP00123"}
    with pytest.raises(NotFound, match="customer"):
        await subscribe(99, WISH)


@pytest.mark.parametrize(
    ("plan", "region"), [(99, 1), (14, 1), (15, 1), (21, 1), (12, 2), (10**30, 1), (12, 0)]
)
async def test_a_plan_that_is_not_on_sale_there_is_not_found_and_costs_no_number(
    shop: Shop, plan: int, region: int
) -> None:
    with pytest.raises(NotFound, match="plan"):
        await shop.subscriptions.subscribe(
            RINA, msgspec.structs.replace(WISH, plan_id=plan, region_id=region)
        )
    assert await shop.all(select(service_number_counter)) == []


async def test_of_parallel_applications_of_one_person_one_wins(shop: Shop) -> None:
    outcomes = await asyncio.gather(
        *(shop.subscriptions.subscribe(RINA, WISH) for _ in range(6)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert len(refused) == 5
    assert {str(refusal.facts["service_number"]) for refusal in refused} == {"1700000001"}
    row = await shop.one(select(func.count().label("n")).where(subscriptions.c.customer_id == RINA))
    assert row.n == 1


async def test_parallel_applications_of_many_get_numbers_of_their_own(shop: Shop) -> None:
    people = range(100, 110)
    for number in people:
        await shop.change(
            customers.insert().values(
                id=number, uid=f"cst-{number}", name="N", image="x", created_at=shop.clock.now()
            )
        )
    granted = await asyncio.gather(*(shop.subscriptions.subscribe(number, WISH) for number in people))
    assert sorted(each.service_number for each in granted) == [f"17000000{n:02d}" for n in range(1, 11)]
