"""Reads of use cases run on the event loop on SQLite, so each must be bounded and indexed (docs/adr/0003)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, event

from core.audit import chain
from core.billing import commands
from core.billing.commands import NewInvoice
from core.billing.isolation import isolate_late
from core.billing.reminders import remind
from core.billing.run import run_monthly
from core.billing.types import InvoiceLine
from core.billing.usecases import Billing
from core.catalog.tables import plan_categories, regions
from core.catalog.tables import plans as catalog_plans
from core.customers.accounts import AccountStatus
from core.customers.tables import customers
from core.customers.usecases import Customers
from core.directory import queries as directory
from core.directory.types import Order, Wanted
from core.messaging import deliveries, window
from core.messaging.received import DeliveryState, Receipt
from core.monitoring import history
from core.monitoring.diagnosis import Period
from core.monitoring.incidents import Incidents
from core.monitoring.scanning import Scanning
from core.monitoring.types import SessionSeen, Snapshot
from core.monitoring.usecases import Monitoring
from core.network import switching, wishes
from core.network.tables import routers
from core.network.types import Isolation
from core.network.usecases import Network
from core.papers import queries as papers
from core.platform import outbox
from core.platform.clock import ManualClock
from core.platform.errors import NotFound
from core.platform.leases import turn_over
from core.platform.secrets import Keyring
from core.platform.sqlite import SqliteUnitOfWork
from core.settings import Settings, load
from core.subscriptions.places import Placement
from core.subscriptions.tables import subscriptions
from core.subscriptions.usecases import Subscriptions
from core.tickets.types import TicketStatus
from core.tickets.usecases import Tickets

#: Tables of a handful of rows, read whole on purpose.
SHORT = {
    "regions",
    "plan_categories",
    "identity_types",
    "help_types",
    "help_solutions",
    "payment_channels",
    "audit_head",
}


@pytest.fixture
async def seen(sqlite_url: str, clock: ManualClock) -> AsyncIterator[tuple[SqliteUnitOfWork, list[str]]]:
    """A unit of work, and the plan of every statement that is run through it."""
    uow = SqliteUnitOfWork(sqlite_url, clock)
    plans: list[str] = []
    beside = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"))

    def explain(statement: str) -> None:
        is_ours = "customer_search_index_" not in statement  # what the full-text search asks of itself
        if is_ours and statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            plan = beside.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            plans.append(" | ".join(row[3] for row in plan))

    engines: list[Engine] = [uow._reader_engine, uow._writer_engine]
    for engine in engines:
        event.listen(engine, "connect", lambda connection, _record: connection.set_trace_callback(explain))
    yield uow, plans
    await uow.aclose()
    beside.close()


def scans(plans: list[str]) -> list[str]:
    """Plans that walk through a whole table that may be long."""
    return [
        plan
        for plan in plans
        for table in re.findall(r"SCAN (?!CONSTANT ROW)(\w+)", plan)
        if table not in SHORT and "USING INDEX ix_outbox" not in plan and not _is_bounded(plan, table)
    ]


def _is_bounded(plan: str, table: str) -> bool:
    """The page of a list that was found before, and what a full-text search is asked for by its index."""
    return table == "page" or f"SCAN {table} VIRTUAL TABLE INDEX " in plan


async def test_the_hot_reads_never_walk_through_a_table(
    seen: tuple[SqliteUnitOfWork, list[str]], settings_of: Settings, keyring: Keyring
) -> None:
    uow, plans = seen
    billing, tickets = Billing(uow, settings_of), Tickets(uow, settings_of)
    people = Customers(uow, settings_of, keyring)
    for read in (
        billing.invoices_of(1, status=None, month=1, year=2024),
        billing.bills_of("ISP00123", unpaid_only=True),
        billing.settle(source="s", reference="r", invoice_number="1", service_number="2"),
        tickets.tickets_of(1, statuses=frozenset({TicketStatus.PENDING}), year=2024),
        tickets.timeline(1, ticket_id=1, number="2"),
        people.name_of(1),
        people.id_of("x"),
        people.email_is_taken("a@b.c"),
        people.services_of_chat("whatsapp", "628"),
        people.services_of_chat("telegram", "628"),
        people.change_phone(1, "628"),
        Subscriptions(uow, settings_of, keyring).profile(1),
        Network(uow, _Nobody()).report_for(1, "x", frozenset()),
    ):
        try:
            await read
        except LookupError:
            raise
        except Exception as refusal:  # noqa: BLE001 - an empty database refuses most of these; the plans are what counts
            assert type(refusal).__name__ == "NotFound", refusal  # noqa: PT017
    assert len(plans) >= 13
    assert scans(plans) == []


async def test_the_recurring_work_of_billing_is_indexed(
    seen: tuple[SqliteUnitOfWork, list[str]], settings_of: Settings
) -> None:
    uow, plans = seen
    async with uow.write() as tx:
        await tx.insert(customers, id=1, uid="c-1", name="C", image="x", created_at=tx.now)
        line = InvoiceLine("Paket", "Internet", 1000, 1, 0, 1000, "-")
        day = date(2026, 11, 1)
        await commands.issue(tx, NewInvoice("N-1", 1, 2026, 11, day, day, (line,)))
    del plans[:]
    await remind(uow, settings_of)
    await isolate_late(uow, settings_of)
    await Billing(uow, settings_of).time_on_offer(1)
    await Billing(uow, settings_of).credit_of(1)
    await chain.seal(uow)
    assert scans(plans) == []
    told = {
        index: any(index in plan for plan in plans)
        for index in ("ix_invoices_reminder", "ix_invoices_unpaid", "ix_ledger_entries_credit")
    }
    assert all(told.values()), (told, plans)


async def test_the_monthly_run_looks_for_whom_to_bill_away_from_the_event_loop(
    seen: tuple[SqliteUnitOfWork, list[str]], settings_of: Settings, clock: ManualClock
) -> None:
    uow, plans = seen
    async with uow.write() as tx:
        await tx.insert(plan_categories, id=1, name="I")
        await tx.insert(regions, id=1, name="R")
        kept = {"region_id": 1, "category_id": 1, "description": "", "is_public": True, "is_active": True}
        await tx.insert(catalog_plans, id=1, name="P", price=1000, **kept)
        await tx.insert(customers, id=1, uid="c-1", name="C", image="x", created_at=tx.now)
        plan = {"customer_id": 1, "plan_id": 1, "quantity": 1, "price": 1000, "discount": 0}
        await tx.insert(subscriptions, status="active", created_at=tx.now, **plan)
    await run_monthly(uow, settings_of)
    clock.move(timedelta(days=8))
    assert await run_monthly(uow, settings_of) == 1
    assert any("subscriptions" in plan for plan in plans)
    assert scans(plans) == []
    assert not any("rowid>" in plan for plan in plans), "nobody is walked through"
    del plans[:]
    assert await run_monthly(uow, settings_of) == 0
    assert not any("customers" in plan or "invoices" in plan for plan in plans), plans


class _Nobody:
    async def look(self, line: Any, sections: frozenset[str]) -> Any:
        raise AssertionError("an empty database has no line to look at")


async def test_switching_and_reconciling_never_walk_through_a_table(
    seen: tuple[SqliteUnitOfWork, list[str]], settings_of: Settings
) -> None:
    uow, plans = seen
    async with uow.write() as tx:
        await wishes.wish_of(tx, 1, Isolation())
        await wishes.wishes_at(tx, 1, Isolation(), after=0, limit=500)
        await wishes.is_free(tx, 1, "PPPOE", "john")
        await switching.hurry(tx, 1)
    await Network(uow, _Nobody()).opening_since(1)
    assert len(plans) >= 5
    assert scans(plans) == []


async def test_the_outboxs_own_work_is_indexed(
    seen: tuple[SqliteUnitOfWork, list[str]], clock: ManualClock
) -> None:
    uow, plans = seen
    async with uow.write() as tx:
        await outbox.post(tx, "demo", {}, key="k", ordering_key="o")
    del plans[:]
    await turn_over(uow, [], ["demo"], limit=5, lease=clock.now() - clock.now())
    await outbox.expire(uow)
    await outbox.purge(uow, older_than=clock.now() - clock.now())
    assert scans(plans) == []
    told: Mapping[str, bool] = {
        index: any(index in plan for plan in plans)
        for index in ("ix_outbox_claim", "ix_outbox_ordering", "ix_outbox_expires_at", "ix_outbox_settled_at")
    }
    assert all(told.values()), (told, plans)


async def test_news_of_deliveries_is_found_by_index(seen: tuple[SqliteUnitOfWork, list[str]]) -> None:
    uow, plans = seen
    receipt = Receipt(provider_id="cloud:1", state=DeliveryState.SENT, key="k")
    for told in (receipt, msgspec.structs.replace(receipt, state=DeliveryState.READ)):
        async with uow.write() as tx:
            await deliveries.note(tx, told)
    async with uow.read() as tx:
        await deliveries.of_key(tx, "k")
        await deliveries.of_jobs(tx, [1, 2])
        await window.is_open(tx, "whatsapp", "628123456789")
    await deliveries.purge(uow, older_than=timedelta(0))
    assert scans(plans) == []


@pytest.fixture
def settings_of() -> Settings:
    return load({"LOKET_SECRET_KEY": "s" * 32})


async def test_papers_are_found_without_walking_through_a_table(
    seen: tuple[SqliteUnitOfWork, list[str]],
) -> None:
    uow, plans = seen
    async with uow.read() as tx:
        for read in (
            papers.sheet(tx, 1),
            papers.receipt(tx, 1),
            papers.invoice_named(tx, "1", "2"),
            papers.invoice_owner(tx, "1"),
            papers._last_payment(tx, 1),
        ):
            with suppress(NotFound):
                await read
    assert len(plans) >= 5
    assert scans(plans) == []


ORDERS_WALKED = {
    Order.ID: "ix_customer_accounts_standing",
    Order.STATUS: "ix_customer_accounts_standing",
    Order.USERNAME: "ix_customer_accounts_status",
    Order.NAME: "ix_customers_name",
    Order.LAST_NAME: "ix_customers_last_name",
    Order.EMAIL: "ix_customers_email",
    Order.PHONE: "ix_customers_phone",
    Order.CREATED: "ix_customers_created_at",
}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("descending", [False, True])
async def test_a_page_of_many_customers_comes_from_an_index_in_its_order(
    seen: tuple[SqliteUnitOfWork, list[str]], order: Order, *, descending: bool
) -> None:
    """Nothing but the page itself is sorted, and only the index of the order is walked, from its end to the page."""
    uow, plans = seen
    async with uow.read() as tx:
        for status in (AccountStatus.ACTIVE, None):
            wanted = Wanted(status=status, order=order, descending=descending)
            await directory.page_of(tx, wanted, total=1_000_000)
    for plan in plans:
        inside, _, outside = plan.partition("SCAN page")
        assert "TEMP B-TREE" not in inside, plan
        assert "SCAN" not in outside, plan
    assert ORDERS_WALKED[order] in plans[0]
    assert len(plans) == 2


@pytest.mark.parametrize("order", Order)
async def test_few_customers_are_found_by_their_standing_and_sorted(
    seen: tuple[SqliteUnitOfWork, list[str]], order: Order
) -> None:
    uow, plans = seen
    async with uow.read() as tx:
        await directory.page_of(tx, Wanted(status=AccountStatus.BANNED, order=order), total=3)
    assert scans(plans) == []
    assert "ix_customer_accounts_sta" in plans[0]


@pytest.mark.parametrize("search", ["budi", "zE", "b", "budi 0812", '"%', "^"])
async def test_a_search_for_customers_asks_the_index_of_words(
    seen: tuple[SqliteUnitOfWork, list[str]], search: str
) -> None:
    uow, plans = seen
    async with uow.read() as tx:
        await directory.finds_of(tx, Wanted(search=search, status=AccountStatus.ACTIVE))
        await directory.users_of_line(tx, address="10.0.0.1", but=0)
        await directory.users_of_line(tx, name="john", but=0)
        await directory.page_of(tx, Wanted(has_place=True, order=Order.ID), total=1_000_000)
    assert scans([plan for plan in plans if "ix_customers_placed" not in plan]) == []
    assert len(plans) == (3 if search == "^" else 5)


#: Every router is visited in each round; of incidents those that are open, or the newest hundred; followers who wait.
WALKED_ON_PURPOSE = re.compile(
    r"^SCAN (routers|\w+ USING (COVERING )?INDEX (uq_incidents_open|ix_incidents_opened_at|ix_incident_followers_waiting))\b"
)


class _Scanner:
    """Who is online at the only router."""

    def __init__(self) -> None:
        self.online: set[str] = set()

    async def scan(self, router_id: int, router_alias: str, wanted: Any) -> Snapshot:
        return Snapshot({user: SessionSeen("s", 60, 1, 1) for user in self.online}, {}, {})


async def a_box_of_lines(uow: SqliteUnitOfWork) -> set[str]:
    users = {f"line-{number}" for number in range(8)}
    async with uow.write() as tx:
        await tx.insert(plan_categories, id=1, name="I")
        await tx.insert(regions, id=1, name="R")
        plan = {"region_id": 1, "category_id": 1, "description": "", "is_public": True, "is_active": True}
        await tx.insert(catalog_plans, id=1, name="P", price=1000, **plan)
        reached = {"host": "h", "port": 1, "username": "u", "password_sealed": "x", "is_active": True}
        await tx.insert(routers, id=1, alias="RT-01", **reached)
        for number, user in enumerate(sorted(users), 1):
            await tx.insert(
                customers, id=number, uid=user, name=user, region_id=1, image="x", created_at=tx.now
            )
            line = {"plan_id": 1, "router_id": 1, "quantity": 1, "price": 1, "discount": 0, "mode": "PPPOE"}
            kept = {"status": "active", "odp": "ODP-1", "created_at": tx.now, "line_user": user}
            await tx.insert(subscriptions, customer_id=number, **line, **kept)
    return users


async def test_watching_lines_never_walks_through_them(
    seen: tuple[SqliteUnitOfWork, list[str]], settings_of: Settings, clock: ManualClock
) -> None:
    """An outage from its beginning to its end and into history: scans, their writing, conclusions, answers, roll-ups."""
    uow, plans = seen
    users, scanner = await a_box_of_lines(uow), _Scanner()
    scanning, concluding = Scanning(uow, scanner), Incidents(uow, settings_of)
    monitoring = Monitoring(uow, settings_of)

    async def rounds(count: int, online: set[str]) -> None:
        scanner.online = online
        for _ in range(count):
            clock.move(timedelta(minutes=1))
            await concluding.conclude(await scanning.run())

    del plans[:]
    await rounds(6, users)
    await rounds(4, set())
    outage = await monitoring.outage_around(1)
    assert outage is not None
    await monitoring.complain(1, outage.id, wants_news=True)
    await rounds(8, users)
    [over] = await monitoring.incidents(only_open=False)
    assert over.closed_at is not None
    assert await monitoring.incidents() == []
    for period in Period:
        assert (await monitoring.diagnosis(1, period)).seen_s > 0
    await monitoring.condition(1)
    clock.move(timedelta(days=3))
    assert await history.roll_up(uow, settings_of.zone) > 0
    assert await history.purge(uow) > 0
    await concluding.purge()
    await Subscriptions(uow, settings_of, Keyring(["s" * 32])).place(
        [Placement("0", "ODP-1")], actor="operator"
    )
    assert len(plans) > 100
    assert {plan for plan in scans(plans) if not WALKED_ON_PURPOSE.search(plan)} == set()
