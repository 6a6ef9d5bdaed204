"""The demo data: loaded once, complete, and true to what guides and documents promise."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from core.billing import books, ledger
from core.billing.types import Bill, InvoiceStatus
from core.bootstrap import bootstrap
from core.customers.tables import customers
from core.identity.passwords import Passwords
from core.identity.tables import api_keys, logins
from core.identity.types import NewAccount, Role, Scope
from core.network.tables import routers
from core.platform.clock import ManualClock
from core.platform.errors import Forbidden
from core.schema import metadata
from core.services import Services
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import Application, ServiceStatus
from core.testing.demo import CUSTOMER_PASSWORD, CUSTOMERS, load_demo
from core.testing.demo.people import STAFF
from core.tickets.types import TicketStatus


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    async with bootstrap(msgspec.structs.replace(settings, demo=True), clock=clock) as all_of_them:
        assert await load_demo(all_of_them) is True
        yield all_of_them


async def rows(services: Services, statement: Any) -> list[Any]:
    async with services.uow.read() as tx:
        return list(await tx.all(statement))


async def test_loading_takes_a_moment(settings: Settings) -> None:
    async with bootstrap(msgspec.structs.replace(settings, demo=True)) as services:
        begun = time.perf_counter()
        assert await load_demo(services) is True
        assert time.perf_counter() - begun < 3  # half a second on an idle machine


async def test_loading_again_changes_nothing(services: Services) -> None:
    async def sizes() -> dict[str, int]:
        async with services.uow.read() as tx:
            return {
                table.name: await tx.scalar(select(func.count()).select_from(table))
                for table in metadata.sorted_tables
            }

    before = await sizes()
    assert await load_demo(services) is False
    assert await sizes() == before


async def test_production_refuses_it(services: Services) -> None:
    settings = msgspec.structs.replace(services.settings, env="production")
    async with bootstrap(settings) as strict:
        with pytest.raises(Forbidden, match="demo_in_production"):
            await load_demo(strict)


async def test_the_catalogue_is_the_documents(services: Services) -> None:
    assert [(region.id, region.name) for region in await services.catalog.regions()] == [
        (1, "Region Jakarta"),
        (2, "Region Bandung"),
    ]
    plans = {
        plan.id: (plan.name, plan.price, plan.description, plan.category.id, plan.category.name)
        for region in (1, 2)
        for plan in await services.catalog.plans_on_sale(region)
    }
    assert plans == {
        12: ("Home 50 Mbps", 300_000, "Unlimited broadband", 3, "Internet"),
        13: ("Home 100 Mbps", 450_000, "Unlimited broadband", 3, "Internet"),
        21: ("Bandung 30 Mbps", 250_000, "Unlimited broadband", 3, "Internet"),
    }


PEOPLE = {
    "ISP00123": (
        "John Doe",
        "john@example.com",
        "628123456789",
        "PPPOE",
        "john_pppoe",
        "RT-01",
        12,
        "active",
    ),
    "28900001": (
        "Siti Rahma",
        "siti@example.com",
        "6281200000001",
        "HOTSPOT",
        "siti_hs",
        "RT-01",
        12,
        "active",
    ),
    "28900002": (
        "Siti Rahma (Warung)",
        "siti.warung@example.com",
        "6281200000001",
        "STATIC",
        "10.20.0.5",
        "RT-01",
        12,
        "isolated",
    ),
    "28900003": ("Agus Salim", "agus@example.com", None, "PPPOE", "agus_pppoe", "RT-02", 13, "active"),
    "28900004": (
        "Dewi Lestari",
        "dewi@example.com",
        "6281200000004",
        "PPPOE",
        "dewi_pppoe",
        "RT-01",
        21,
        "active",
    ),
    "28900005": (
        "Bambang Wijaya",
        "bambang@example.com",
        "6281200000005",
        "PPPOE",
        "bambang_pppoe",
        "RT-02",
        13,
        "active",
    ),
}


async def test_the_customers_are_who_the_guides_say(services: Services) -> None:
    line = (
        select(customers, subscriptions, routers.c.alias)
        .join(subscriptions, subscriptions.c.customer_id == customers.c.id)
        .join(routers, routers.c.id == subscriptions.c.router_id)
    )
    found = {}
    for row in await rows(services, line):
        state = (await services.subscriptions.profile(row.customer_id)).status
        found[row.service_number] = (
            row.name,
            row.email,
            row.phone,
            row.mode,
            row.line_user,
            row.alias,
            row.plan_id,
            state,
        )
    assert found == PEOPLE
    assert {person.service_number for person in CUSTOMERS} == set(PEOPLE)


async def test_john_is_the_documents_example(services: Services) -> None:
    john = await services.subscriptions.profile(1)
    assert (john.uid, john.address, john.identity_type_id, john.identity_number, john.status) == (
        "cst-001",
        "Jl. Fiber No. 1",
        1,
        "3201010101010001",
        ServiceStatus.ACTIVE,
    )
    assert (john.registered_on, john.activated_on) == (date(2023, 1, 10), date(2023, 1, 11))
    assert (john.email_verified_on, john.address_verified_on) == (date(2023, 1, 12), date(2023, 1, 12))
    assert john.identity_verified_on is None
    assert (john.service and john.service.total) == 300_000
    (login,) = await rows(services, select(logins).where(logins.c.customer_id == 1))
    assert login.uid == "2f0d1e6b-1234-4c9f-bc36-6e5d4fabc001"


async def test_everybody_logs_in_with_the_published_password(services: Services) -> None:
    for identifier in (*PEOPLE, "john@example.com", "newuser@example.com"):
        signed_in = await services.identity.sign_in(identifier, CUSTOMER_PASSWORD, ip="127.0.0.1")
        assert signed_in.account.role is Role.CUSTOMER


async def test_staff_are_there_with_their_roles_and_passwords(services: Services) -> None:
    found = await rows(services, select(logins).where(logins.c.username.is_not(None)).order_by(logins.c.id))
    assert [(row.username, row.role, row.phone) for row in found] == [
        ("admin", Role.SUPERADMIN, "6281100000001"),
        ("budi", Role.ADMIN, None),
        ("agen", Role.AGENT, None),
        ("sales", Role.SALES, None),
        ("laporan", Role.REPORT, None),
    ]
    passwords = Passwords()
    for member, row in zip(STAFF, found, strict=True):
        assert (await passwords.verify(row.password_hash, member.password)).matches
    passwords.close()


@pytest.mark.parametrize(
    ("key", "ip", "scopes"),
    [
        ("demo-partner-key", "127.0.0.1", {Scope.READ, Scope.PAY}),
        ("demo-partner-key", "::1", {Scope.READ, Scope.PAY}),
        ("demo-partner-key", "127.9.9.9", {Scope.READ, Scope.PAY}),
        ("demo-partner-key", "10.0.0.1", set()),
        ("demo-readonly-key", "127.0.0.1", {Scope.READ}),
        ("demo-elsewhere-key", "203.0.113.7", {Scope.READ, Scope.PAY}),
        ("demo-elsewhere-key", "127.0.0.1", set()),
    ],
)
async def test_keys_do_what_they_may_from_where_they_may(
    services: Services, key: str, ip: str, scopes: set[Scope]
) -> None:
    for scope in (Scope.READ, Scope.PAY):
        if scope in scopes:
            assert (await services.identity.check_key(key, ip=ip, scope=scope)).name == key
        else:
            with pytest.raises(Forbidden, match="api_key"):
                await services.identity.check_key(key, ip=ip, scope=scope)
    assert len(await rows(services, select(api_keys))) == 3


async def bills_of(services: Services, service_number: str) -> list[Bill]:
    return list(await services.billing.bills_of(service_number, unpaid_only=False))


async def test_johns_bills_are_the_documents_examples(services: Services) -> None:
    current, newer, old = (bill.invoice for bill in await bills_of(services, "ISP00123"))
    assert (old.number, old.year, old.month, old.amount, old.status) == (
        "230130001",
        2023,
        1,
        277_500,
        InvoiceStatus.UNPAID,
    )
    assert (old.due_on, old.isolate_on, old.tax, old.discount) == (
        date(2023, 1, 10),
        date(2023, 1, 20),
        0,
        0,
    )
    assert [(line.name, line.category, line.total, line.remark) for line in old.lines] == [
        ("Internet 50 Mbps", "Internet", 250_000, "-"),
        ("PPN", "Tax", 27_500, "-"),
    ]
    assert (newer.number, newer.year, newer.month, newer.amount, newer.due_on, newer.status) == (
        "INV-2401-001",
        2024,
        1,
        350_000,
        date(2024, 1, 10),
        InvoiceStatus.UNPAID,
    )
    assert [(line.name, line.total) for line in newer.lines] == [
        ("Paket Internet 50 Mbps", 300_000),
        ("PPN", 50_000),
    ]
    assert newer.payment_codes == {
        "va_bni": "999001ISP00123",
        "alfamart": "ALFAISP00123",
        "indomaret": "INDOISP00123",
    }
    assert (current.year, current.month, current.amount) == (2026, 11, 300_000)
    assert current.paid_at == services.clock.now() - timedelta(days=1)


async def test_the_others_owe_what_the_guides_say(services: Services) -> None:
    today = date(2026, 11, 22)
    for service_number, month, amount, status in (
        ("28900001", 11, 300_000, InvoiceStatus.UNPAID),
        ("28900002", 10, 300_000, InvoiceStatus.UNPAID),
        ("28900003", 11, 450_000, InvoiceStatus.UNPAID),
        ("28900004", 11, 250_000, InvoiceStatus.PAID),
        ("28900005", 11, 450_000, InvoiceStatus.UNPAID),
    ):
        (bill,) = await bills_of(services, service_number)
        told = bill.invoice
        assert (told.month, told.amount, told.status) == (month, amount, status), service_number
        is_late = told.status is InvoiceStatus.UNPAID and told.isolate_on < today
        assert is_late is (service_number == "28900002")
    (sitis,) = await bills_of(services, "28900001")
    assert sitis.invoice.due_on == today + timedelta(days=5)


async def test_the_books_balance(services: Services) -> None:
    assert await books.faults(services.uow) == ()
    async with services.uow.read() as tx:
        assert await ledger.owed_by(tx, 1) == 277_500 + 350_000
        assert await ledger.owed_by(tx, 5) == 0


async def test_the_tickets_are_the_documents_examples(services: Services) -> None:
    john = await services.tickets.timeline(1, ticket_id=None, number="240101001")
    assert (john.ticket.id, john.ticket.status, john.ticket.help_type, john.ticket.help_solution) == (
        1,
        TicketStatus.PENDING,
        "Gangguan koneksi",
        "Restart modem",
    )
    assert john.ticket.opened_at == datetime(2024, 1, 1, 3, tzinfo=UTC)  # ten in Jakarta
    assert [(line.remark, line.status, line.actor, line.at) for line in john.events] == [
        ("Tiket dibuat oleh pelanggan.", "pending", "John Doe", datetime(2024, 1, 1, 3, tzinfo=UTC)),
        (
            "Teknisi sedang menuju lokasi.",
            "process",
            "Admin Helpdesk",
            datetime(2024, 1, 1, 4, 30, tzinfo=UTC),
        ),
    ]
    (siti,) = await services.tickets.tickets_of(2, statuses=None)
    assert (siti.status, siti.number) == (TicketStatus.PROCESS, "261122001")
    assert len((await services.tickets.timeline(2, ticket_id=siti.id, number=None)).events) == 2


async def test_what_is_created_next_takes_no_number_of_the_demos(services: Services) -> None:
    application = Application(12, 1, 1, "3201010101010009")
    assert (await services.subscriptions.subscribe(7, application)).service_number == "1700000001"
    new = NewAccount("Baru", "baru@example.com", "panjang-dan-aneh", "6281299999999")
    account = (await services.identity.register(new, ip="127.0.0.1")).account
    assert account.customer_id == 8


@pytest.mark.parametrize("day", ["2026-12-31", "2027-01-01", "2028-02-29", "2026-11-30", "2026-03-31"])
async def test_it_loads_on_any_day_of_the_calendar(settings: Settings, day: str) -> None:
    clock = ManualClock(datetime.fromisoformat(f"{day}T03:00:00+00:00"))
    async with bootstrap(msgspec.structs.replace(settings, demo=True), clock=clock) as services:
        assert await load_demo(services) is True
        today = date.fromisoformat(day)
        (late,) = await bills_of(services, "28900002")
        assert late.invoice.isolate_on < today
        current = (await bills_of(services, "ISP00123"))[0].invoice
        assert (current.year, current.month) == (today.year, today.month)
