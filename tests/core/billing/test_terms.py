"""What is agreed with a customer shows on the bills that follow, and in the audit log."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from core.audit.tables import audit_log
from core.billing.run import run_monthly
from core.billing.tables import invoice_lines, invoices
from core.billing.terms import ExtraCharge
from core.platform.errors import Invalid, NotFound
from core.settings import Settings
from tests.core.conftest import Shop

DEWI = 5
STAFF = "staff:3"
STATIC_IP = ExtraCharge("IP publik", "Lain", 50_000, 1, is_recurring=True, since=date(2026, 12, 9))


async def billed(shop: Shop, settings: Settings, month: int, year: int = 2026) -> tuple[Any, list[str]]:
    """The bill of a month, written on the last day of the month before, and the names of its lines."""
    written_on = datetime(year, month, 1, 1, tzinfo=UTC)
    shop.clock.move_to(max(written_on, shop.clock.now()))
    await run_monthly(shop.uow, settings)
    of_month = (invoices.c.customer_id == DEWI, invoices.c.month == month, invoices.c.year == year)
    bill = await shop.one(select(invoices).where(*of_month))
    lines = select(invoice_lines.c.name).where(invoice_lines.c.invoice_id == bill.id)
    return bill, [row.name for row in await shop.all(lines.order_by(invoice_lines.c.id))]


async def test_a_due_day_that_was_agreed_is_the_one_on_the_bill(shop: Shop, settings: Settings) -> None:
    await shop.billing.set_terms(DEWI, due_day=5, isolates=True, actor=STAFF)
    await shop.billing.set_terms(DEWI, due_day=8, isolates=True, actor=STAFF)
    bill, _ = await billed(shop, settings, 12)
    assert bill.due_on == date(2026, 12, 8)
    row = (await shop.all(select(audit_log).where(audit_log.c.action == "terms_set")))[-1]
    assert (row.actor, row.subject, row.details["due_day"]) == (STAFF, "customer:5", 8)


async def test_charges_come_and_go_by_the_month(shop: Shop, settings: Settings) -> None:
    once = replace(STATIC_IP, name="Pasang kabel", is_recurring=False)
    recurring = await shop.billing.add_charge(DEWI, STATIC_IP, actor=STAFF)
    billed_once = await shop.billing.add_charge(DEWI, once, actor=STAFF)
    _, december = await billed(shop, settings, 12)
    assert december == ["Bandung 30 Mbps", "IP publik", "Pasang kabel"]
    await shop.billing.end_charge(recurring, last_month=date(2027, 1, 3), actor=STAFF)
    with pytest.raises(NotFound, match="charge"):
        await shop.billing.end_charge(billed_once, last_month=date(2027, 1, 3), actor=STAFF)
    assert (await billed(shop, settings, 1, 2027))[1] == ["Bandung 30 Mbps", "IP publik"]
    assert (await billed(shop, settings, 2, 2027))[1] == ["Bandung 30 Mbps"]


async def test_a_charge_that_was_taken_back_before_its_bill_is_not_billed(
    shop: Shop, settings: Settings
) -> None:
    once = replace(STATIC_IP, is_recurring=False)
    charge = await shop.billing.add_charge(DEWI, once, actor=STAFF)
    await shop.billing.end_charge(charge, last_month=date(2026, 11, 1), actor=STAFF)
    assert (await billed(shop, settings, 12))[1] == ["Bandung 30 Mbps"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 256},
        {"category": ""},
        {"price": 0},
        {"price": 10**12},
        {"quantity": 0},
        {"quantity": 10**6},
        {"until": date(2026, 11, 30)},
    ],
)
async def test_a_charge_that_means_nothing_is_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="charge_details"):
        await shop.billing.add_charge(DEWI, replace(STATIC_IP, **wrong), actor=STAFF)


async def test_terms_are_for_customers_that_exist_and_days_that_do(shop: Shop) -> None:
    for day in (0, 32, -1):
        with pytest.raises(Invalid, match="due_day"):
            await shop.billing.set_terms(DEWI, due_day=day, isolates=True, actor=STAFF)
    with pytest.raises(NotFound, match="customer"):
        await shop.billing.set_terms(10**9, due_day=1, isolates=True, actor=STAFF)
    with pytest.raises(NotFound, match="customer"):
        await shop.billing.add_charge(10**9, STATIC_IP, actor=STAFF)
