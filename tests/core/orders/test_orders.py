"""Orders: a stranger becomes a customer once, a plan changes with the next period and never in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from core.catalog.tables import plans
from core.customers.tables import customers
from core.identity.contacts import Contacts
from core.identity.staff import StaffMember
from core.identity.tables import logins
from core.identity.types import Role, Verified
from core.messaging.notices import TEXT_TOPIC
from core.orders.usecases import Applicant, Known, Orders
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Forbidden, NotFound, Throttled
from core.platform.outbox import outbox
from core.platform.secrets import Keyring
from core.settings import Settings
from core.subscriptions.tables import plan_orders, subscriptions
from core.subscriptions.types import Application, OrderKind, OrderStatus, Placed, ServiceStatus
from tests.core.conftest import Shop

ADMIN = StaffMember(1, "Admin", Role.ADMIN, is_proved=True)
SALES = StaffMember(2, "Sales", Role.SALES, is_proved=True)
AGENT = StaffMember(3, "Agent", Role.AGENT, is_proved=True)
JOHN, DEWI, AGUS, BAMBANG, RINA = 1, 5, 4, 6, 7
FRESH, RINAS, JOHNS = "6281277770001", "6281200000009", "628123456789"
TONI = Applicant("Toni Wijaya", "Jl. Kenanga No. 8, Jakarta", FRESH)


@pytest.fixture
def orders(shop: Shop, settings: Settings, keyring: Keyring) -> Orders:
    return Orders(shop.uow, settings, keyring)


async def ordered(
    orders: Orders, who: Applicant = TONI, chat: tuple[str, str] = ("whatsapp", FRESH), request_id: str = "r1"
) -> Placed:
    return await orders.subscribe(
        who, plan_id=12, region_id=1, asked_in=chat, origin="chat:1", request_id=request_id
    )


async def line_of(shop: Shop, customer_id: int) -> Any:
    return await shop.one(select(subscriptions).where(subscriptions.c.customer_id == customer_id))


async def texts(shop: Shop) -> list[str]:
    return [payload["text"] for payload in await shop.queued(TEXT_TOPIC)]


async def test_a_stranger_becomes_a_customer_with_a_waiting_line_and_staff_hear_of_it(
    shop: Shop, orders: Orders
) -> None:
    placed = await ordered(orders)
    profile = await shop.subscriptions.profile(placed.customer_id)
    assert (profile.service_number, profile.name, profile.phone, profile.address) == (
        placed.service_number,
        "Toni Wijaya",
        FRESH,
        "Jl. Kenanga No. 8, Jakarta",
    )
    assert profile.status is ServiceStatus.WAITING
    assert profile.service is not None
    assert (profile.service.plan_name, profile.service.total) == ("Home 50 Mbps", 300_000)
    assert [each.customer_id for each in await shop.customers.services_of_chat("whatsapp", FRESH)] == [
        placed.customer_id
    ]
    (waiting,) = await orders.listed()
    assert (waiting.number, waiting.kind, waiting.customer_name) == (
        placed.order_number,
        OrderKind.NEW,
        "Toni Wijaya",
    )


async def test_an_order_sent_many_times_is_one_order(shop: Shop, orders: Orders) -> None:
    before = len(await shop.all(select(customers)))
    placed = await asyncio.gather(*(ordered(orders) for _ in range(5)), return_exceptions=True)
    first = await ordered(orders)
    assert {each for each in placed if isinstance(each, Placed)} == {first}
    assert len(await shop.all(select(customers))) == before + 1
    assert len(await orders.listed()) == 1


async def test_who_registered_over_the_api_is_that_customer(shop: Shop, orders: Orders) -> None:
    assert await orders.known_of("whatsapp", RINAS) == Known(name="Rina", phone=RINAS)
    placed = await ordered(orders, Applicant("Rina", "Jl. Anggrek 2", RINAS), ("whatsapp", RINAS))
    assert placed.customer_id == RINA
    assert len(await shop.all(select(logins).where(logins.c.customer_id == RINA))) == 1


async def test_an_application_over_the_api_is_an_order_too(shop: Shop, orders: Orders) -> None:
    await shop.subscriptions.subscribe(RINA, Application(12, 1, 1, "3201010101010001"))
    (waiting,) = await orders.listed()
    assert (waiting.customer_id, waiting.plan_name, waiting.kind) == (RINA, "Home 50 Mbps", OrderKind.NEW)
    known = await orders.known_of("whatsapp", RINAS)
    assert known.order == waiting


async def test_a_number_no_channel_vouches_for_must_be_proved(
    shop: Shop, orders: Orders, settings: Settings, keyring: Keyring
) -> None:
    chat = ("telegram", "77")
    with pytest.raises(Conflict, match="grant_over"):
        await ordered(orders, chat=chat)
    contacts = Contacts(shop.uow, settings, keyring)
    await contacts.start_proof(FRESH, origin="chat:1", language="id", request_id="p1")
    code = (await texts(shop))[-1].split("*")[1]
    checked = await contacts.check_proof(FRESH, code, request_id="p2")
    assert isinstance(checked, Verified)
    proved = Applicant(TONI.name, TONI.address, FRESH, checked.grant)
    placed = await ordered(orders, proved, chat)
    assert [each.customer_id for each in await shop.customers.services_of_chat(*chat)] == [placed.customer_id]
    with pytest.raises(Conflict, match="grant_over"):
        await ordered(orders, proved, ("telegram", "78"), request_id="again")


async def test_the_owner_of_a_linked_chat_is_known_and_orders_a_second_line(
    shop: Shop, orders: Orders
) -> None:
    await shop.customers.link_chat("telegram", "42", JOHN)
    known = await orders.known_of("telegram", "42")
    assert (known.name, known.address, known.phone) == ("John Doe", "", JOHNS)
    placed = await ordered(orders, Applicant("John Doe", "Jl. Lain 5", JOHNS), ("telegram", "42"))
    assert placed.customer_id != JOHN
    assert await orders.known_of("telegram", "nobody") == Known()


async def test_nobody_orders_without_end_and_only_what_is_sold(orders: Orders) -> None:
    for plan, region in ((14, 1), (15, 1), (12, 2), (99, 1)):
        with pytest.raises(NotFound, match="plan"):
            await orders.subscribe(
                TONI,
                plan_id=plan,
                region_id=region,
                asked_in=("whatsapp", FRESH),
                origin="chat:2",
                request_id=f"{plan}-{region}",
            )
    for number in range(5):
        await ordered(orders, request_id=f"many-{number}")
    with pytest.raises(Throttled):
        await ordered(orders, request_id="one-more")


async def test_a_first_line_runs_once_staff_say_so(shop: Shop, orders: Orders) -> None:
    placed = await ordered(orders)
    done = await orders.approve(placed.order_number, member=ADMIN)
    assert done.status is OrderStatus.DONE
    assert (await line_of(shop, placed.customer_id)).status == "active"
    assert placed.service_number in (await texts(shop))[-1]
    queued = len(await texts(shop))
    assert await orders.approve(placed.order_number, member=ADMIN) == done
    assert len(await texts(shop)) == queued
    with pytest.raises(Conflict, match="order_decided"):
        await orders.approve(placed.order_number, member=SALES)
    with pytest.raises(Conflict, match="order_decided"):
        await orders.refuse(placed.order_number, member=ADMIN, reason="-")
    with pytest.raises(NotFound, match="order"):
        await orders.refuse("nothing", member=ADMIN, reason="-")


async def test_a_plan_changes_on_the_first_of_the_next_month_in_the_businesss_zone(
    shop: Shop, orders: Orders, clock: ManualClock
) -> None:
    clock.move_to(datetime(2026, 12, 30, 3, tzinfo=UTC))
    asked = await orders.request_change(JOHN, 13, request_id="c1")
    assert await orders.request_change(JOHN, 13, request_id="c1") == asked
    approved = await orders.approve(asked.number, member=ADMIN)
    assert approved.effective_on == date(2027, 1, 1)
    clock.move_to(datetime(2026, 12, 31, 16, 59, tzinfo=UTC))
    assert await orders.bring_in() == 0
    assert (await line_of(shop, JOHN)).plan_id == 12
    clock.move_to(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))  # midnight in Jakarta
    assert sum(await asyncio.gather(orders.bring_in(), orders.bring_in())) == 1
    line = await line_of(shop, JOHN)
    assert (line.plan_id, line.price) == (13, 450_000)
    assert "Home 100 Mbps" in (await texts(shop))[-1]
    jobs = await shop.all(select(func.count()).select_from(outbox).where(outbox.c.topic == "line.apply"))
    assert jobs[0][0] == 1


async def test_a_newer_wish_replaces_the_older_one_and_can_be_taken_back(shop: Shop, orders: Orders) -> None:
    await orders.request_change(AGUS, 12, request_id="c1")
    with pytest.raises(Conflict, match="plan_is_current"):
        await orders.request_change(AGUS, 13, request_id="c2")
    with pytest.raises(NotFound, match="plan"):
        await orders.request_change(AGUS, 21, request_id="c3")  # sold elsewhere only
    assert (await orders.request_change(AGUS, 12, request_id="c4")).number == (await orders.listed())[
        0
    ].number
    await shop.change(plans.update().where(plans.c.id == 15).values(is_active=True))
    second = await orders.request_change(AGUS, 15, request_id="c5")
    assert [each.number for each in await orders.listed()] == [second.number]
    current = await shop.subscriptions.current_plan(AGUS)
    assert current is not None
    assert current.change == second
    assert await orders.withdraw_change(AGUS)
    assert not await orders.withdraw_change(AGUS)
    assert await orders.listed() == ()


async def test_two_wishes_at_once_leave_one(shop: Shop, orders: Orders) -> None:
    await asyncio.gather(*(orders.request_change(JOHN, 13, request_id=f"c{number}") for number in range(4)))
    rows = await shop.all(select(plan_orders.c.status))
    assert [row.status for row in rows] == ["waiting"]


async def test_a_change_brings_no_line_back_that_has_ended(
    shop: Shop, orders: Orders, clock: ManualClock
) -> None:
    asked = await orders.request_change(JOHN, 13, request_id="c1")
    await orders.approve(asked.number, member=ADMIN)
    johns = subscriptions.c.customer_id == JOHN
    await shop.change(subscriptions.update().where(johns).values(status="inactive"))
    clock.move_to(datetime(2026, 12, 1, tzinfo=UTC))
    await orders.bring_in()
    assert (await line_of(shop, JOHN)).plan_id == 12
    assert await shop.queued("line.apply") == []
    assert (await shop.one(select(plan_orders.c.status))).status == "withdrawn"


async def test_a_refused_or_withdrawn_change_never_comes(
    shop: Shop, orders: Orders, clock: ManualClock
) -> None:
    refused = await orders.request_change(JOHN, 13, request_id="c1")
    await orders.refuse(refused.number, member=ADMIN, reason="penuh")
    withdrawn = await orders.request_change(AGUS, 12, request_id="c2")
    await orders.approve(withdrawn.number, member=ADMIN)
    assert await orders.withdraw_change(AGUS)
    clock.move_to(datetime(2030, 1, 1, tzinfo=UTC))
    assert await orders.bring_in() == 0
    assert [(await line_of(shop, who)).plan_id for who in (JOHN, AGUS)] == [12, 13]


async def test_only_who_sells_decides_and_the_customer_hears_what_and_why(
    shop: Shop, orders: Orders, clock: ManualClock
) -> None:
    clock.move_to(datetime(2026, 12, 30, 3, tzinfo=UTC))
    asked = await orders.request_change(JOHN, 13, request_id="c1")
    for barred in (
        orders.order(asked.number, member=AGENT),
        orders.approve(asked.number, member=AGENT),
        orders.refuse(asked.number, member=AGENT, reason="-"),
    ):
        with pytest.raises(Forbidden, match="not_staff"):
            await barred
    assert await orders.order(asked.number, member=SALES) == asked
    await orders.approve(asked.number, member=SALES)
    told = (await texts(shop))[-1]
    assert "Home 100 Mbps" in told
    assert "1 Januari 2027" in told
    with pytest.raises(Conflict, match="order_decided"):
        await orders.order(asked.number, member=SALES)
    second = await orders.request_change(BAMBANG, 12, request_id="c2")
    await orders.refuse(second.number, member=SALES, reason="kabelnya penuh")
    assert "kabelnya penuh" in (await texts(shop))[-1]
    row = await shop.one(select(plan_orders).where(plan_orders.c.number == second.number))
    assert (row.status, row.reason, row.decided_by) == ("refused", "kabelnya penuh", "staff:2")


async def test_two_who_decide_at_once_decide_once(shop: Shop, orders: Orders) -> None:
    asked = await orders.request_change(JOHN, 13, request_id="c1")
    decided = await asyncio.gather(
        orders.approve(asked.number, member=ADMIN),
        orders.refuse(asked.number, member=SALES, reason="penuh"),
        return_exceptions=True,
    )
    assert sorted(isinstance(each, Conflict) for each in decided) == [False, True]


async def test_a_first_line_that_is_refused_waits_no_longer(shop: Shop, orders: Orders) -> None:
    placed = await ordered(orders)
    refused = await orders.refuse(placed.order_number, member=None, reason="jaringan belum sampai")
    assert refused.status is OrderStatus.REFUSED
    assert (await line_of(shop, placed.customer_id)).status == "inactive"
    assert "jaringan belum sampai" in (await texts(shop))[-1]
