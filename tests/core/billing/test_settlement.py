"""Money comes in once, whoever brings it and however many bring it at once (design §3.1)."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.billing import books, commands, ledger
from core.billing.tables import invoice_lines, invoices, ledger_entries, payment_channels, payments
from core.billing.types import (
    AlreadyPaid,
    AmountDiffers,
    InvoiceLine,
    InvoiceStatus,
    ReferenceReused,
    Settled,
    Settlement,
)
from core.customers.tables import customers
from core.messaging.notices import TEXT_TOPIC
from core.network.switching import APPLY_TOPIC
from core.platform.errors import Invalid, NotFound
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN, SITI, WARUNG, DEWI = 1, 2, 3, 5
OLD, NEWER = "230130001", "INV-2401-001"
WARUNGS = "261001001"


async def pay(
    shop: Shop,
    number: str = NEWER,
    *,
    reference: str = "R-1",
    source: str = "key:1",
    service_number: str = "ISP00123",
    amount: int | None = None,
) -> Settlement:
    return await shop.billing.settle(
        source=source,
        reference=reference,
        invoice_number=number,
        service_number=service_number,
        amount=amount,
    )


async def status_of(shop: Shop, number: str) -> str:
    row = await shop.one(select(invoices.c.status).where(invoices.c.number == number))
    return str(row.status)


async def count_of(shop: Shop, reference: str) -> int:
    row = await shop.one(select(func.count().label("n")).where(payments.c.reference == reference))
    return int(row.n)


async def test_a_payment_is_booked_and_its_receipt_queued(shop: Shop) -> None:
    outcome = await pay(shop)
    assert isinstance(outcome, Settled)
    paid = await shop.one(select(invoices).where(invoices.c.number == NEWER))
    assert (paid.status, paid.paid_at) == (InvoiceStatus.PAID, shop.clock.now())
    entries = await shop.all(
        select(ledger_entries).where(ledger_entries.c.transaction == f"payment:{outcome.payment_id}")
    )
    assert {row.account: row.amount for row in entries} == {"received:key:1": 350_000, "receivable": -350_000}
    (receipt,) = await shop.queued(TEXT_TOPIC)
    assert receipt["to"] == "628123456789"
    assert receipt["text"].startswith(
        "Terima kasih, John Doe. Pembayaran *Rp350.000* untuk tagihan Januari 2024"
    )
    assert {"ISP00123", NEWER} <= set(receipt["text"].replace(".", " ").split())


async def test_a_receipt_speaks_the_customers_language(shop: Shop) -> None:
    await shop.change(customers.update().where(customers.c.id == JOHN).values(language="en"))
    await pay(shop)
    (receipt,) = await shop.queued(TEXT_TOPIC)
    assert "*Rp350,000* for the January 2024 bill" in receipt["text"]


async def test_a_customer_without_a_phone_pays_without_a_receipt(shop: Shop) -> None:
    number = (await shop.one(select(invoices.c.number).where(invoices.c.customer_id == 4))).number
    assert isinstance(await pay(shop, number, service_number="28900003"), Settled)
    assert await shop.queued(TEXT_TOPIC) == []


async def test_the_same_payment_again_is_told_apart_from_a_second_payer(shop: Shop) -> None:
    await pay(shop)
    assert await pay(shop) == AlreadyPaid(by_this_reference=True)
    assert await pay(shop, reference="R-2") == AlreadyPaid(by_this_reference=False)
    assert await pay(shop, source="key:2") == AlreadyPaid(by_this_reference=False)
    assert len(await shop.queued(TEXT_TOPIC)) == 1


async def test_a_reference_pays_one_invoice_of_its_source_for_ever(shop: Shop) -> None:
    await pay(shop)
    assert await pay(shop, OLD) == ReferenceReused()
    assert await status_of(shop, OLD) == InvoiceStatus.UNPAID
    assert isinstance(await pay(shop, OLD, source="key:2"), Settled)


async def test_an_amount_that_is_not_what_is_owed_pays_nothing(shop: Shop) -> None:
    assert await pay(shop, amount=349_999) == AmountDiffers(owed=350_000)
    assert await status_of(shop, NEWER) == InvoiceStatus.UNPAID
    assert isinstance(await pay(shop, amount=350_000), Settled)


async def test_refusals_come_in_their_order(shop: Shop) -> None:
    await pay(shop, OLD, reference="USED")
    # A reused reference outweighs everything, a paid invoice outweighs a wrong amount.
    assert await pay(shop, NEWER, reference="USED", amount=1) == ReferenceReused()
    assert await pay(shop, OLD, reference="NEW", amount=1) == AlreadyPaid(by_this_reference=False)


@pytest.mark.parametrize(
    ("number", "service_number"),
    [(NEWER, "28900001"), ("nothing", "ISP00123"), (NEWER, ""), ("", ""), (NEWER, "isp00123 ")],
)
async def test_a_pair_that_does_not_belong_together_is_not_found(
    shop: Shop, number: str, service_number: str
) -> None:
    with pytest.raises(NotFound, match="invoice"):
        await pay(shop, number, service_number=service_number)


@pytest.mark.parametrize("reference", ["", "r" * 129])
async def test_a_reference_that_cannot_be_kept_is_refused(shop: Shop, reference: str) -> None:
    with pytest.raises(Invalid, match="reference"):
        await pay(shop, reference=reference)


async def test_of_many_who_pay_one_invoice_at_once_one_has_paid(shop: Shop) -> None:
    outcomes = await asyncio.gather(*(pay(shop, source=f"key:{number}") for number in range(12)))
    assert sum(isinstance(outcome, Settled) for outcome in outcomes) == 1
    assert outcomes.count(AlreadyPaid(by_this_reference=False)) == 11
    assert await count_of(shop, "R-1") == 1
    assert len(await shop.queued(TEXT_TOPIC)) == 1


async def test_a_payment_repeated_at_once_is_booked_once(shop: Shop) -> None:
    outcomes = await asyncio.gather(*(pay(shop) for _ in range(8)))
    assert sum(isinstance(outcome, Settled) for outcome in outcomes) == 1
    assert outcomes.count(AlreadyPaid(by_this_reference=True)) == 7


async def test_one_reference_for_two_invoices_at_once_pays_one_of_them(shop: Shop) -> None:
    outcomes = await asyncio.gather(pay(shop, OLD), pay(shop, NEWER))
    assert sum(isinstance(outcome, Settled) for outcome in outcomes) == 1
    assert ReferenceReused() in outcomes
    assert {await status_of(shop, OLD), await status_of(shop, NEWER)} == {"paid", "unpaid"}
    assert await count_of(shop, "R-1") == 1


async def test_one_reference_for_invoices_of_two_customers_at_once_pays_one_of_them(shop: Shop) -> None:
    siti = await shop.one(select(invoices.c.number).where(invoices.c.customer_id == SITI))
    outcomes = await asyncio.gather(pay(shop, OLD), pay(shop, siti.number, service_number="28900001"))
    assert sum(isinstance(outcome, Settled) for outcome in outcomes) == 1
    assert ReferenceReused() in outcomes
    assert {await status_of(shop, OLD), await status_of(shop, siti.number)} == {"paid", "unpaid"}


# --- the line


async def owes(shop: Shop, customer_id: int, number: str, isolate_on: date) -> None:
    line = InvoiceLine("Paket Internet", "Internet", 100_000, 1, 0, 100_000, "-")
    async with shop.uow.write() as tx:
        await commands.issue(
            tx,
            commands.NewInvoice(
                number=number,
                customer_id=customer_id,
                year=2026,
                month=1,
                due_on=isolate_on - timedelta(days=10),
                isolate_on=isolate_on,
                lines=(line,),
            ),
        )


async def isolated(shop: Shop) -> bool:
    row = await shop.one(select(subscriptions.c.isolated_at).where(subscriptions.c.customer_id == WARUNG))
    return row.isolated_at is not None


async def test_paying_the_last_late_invoice_opens_the_line(shop: Shop) -> None:
    await pay(shop, WARUNGS, service_number="28900002")
    assert not await isolated(shop)
    assert await shop.queued(APPLY_TOPIC) == [{"subscription_id": WARUNG}]


async def test_every_line_of_the_customer_opens_by_a_job_of_its_own(shop: Shop) -> None:
    second = subscriptions.update().where(subscriptions.c.customer_id == DEWI)
    await shop.change(second.values(customer_id=WARUNG, isolated_at=shop.clock.now()))
    await pay(shop, WARUNGS, service_number="28900002")
    assert await shop.queued(APPLY_TOPIC) == [{"subscription_id": WARUNG}, {"subscription_id": DEWI}]
    assert await shop.all(select(subscriptions.c.id).where(subscriptions.c.isolated_at.is_not(None))) == []


async def test_the_line_stays_closed_while_another_late_invoice_is_unpaid(shop: Shop) -> None:
    await owes(shop, WARUNG, "LATE", date(2026, 11, 21))
    await pay(shop, WARUNGS, service_number="28900002")
    assert await isolated(shop)
    assert await shop.queued(APPLY_TOPIC) == []
    await pay(shop, "LATE", reference="R-2", service_number="28900002")
    assert not await isolated(shop)


async def test_an_invoice_that_is_not_late_yet_keeps_no_line_closed(shop: Shop) -> None:
    await owes(shop, WARUNG, "TODAY", date(2026, 11, 22))
    await pay(shop, WARUNGS, service_number="28900002")
    assert not await isolated(shop)


async def test_the_business_day_decides_what_is_late(shop: Shop) -> None:
    await owes(shop, WARUNG, "TODAY", date(2026, 11, 22))
    shop.clock.move(timedelta(hours=14))  # 17:00 UTC, midnight in Jakarta
    await pay(shop, WARUNGS, service_number="28900002")
    assert await isolated(shop)


async def test_two_late_invoices_paid_at_once_open_the_line_once(shop: Shop) -> None:
    await owes(shop, WARUNG, "LATE", date(2026, 11, 1))
    await asyncio.gather(
        pay(shop, WARUNGS, service_number="28900002", reference="A"),
        pay(shop, "LATE", service_number="28900002", reference="B"),
    )
    assert not await isolated(shop)
    assert len(await shop.queued(APPLY_TOPIC)) == 1


async def test_paying_for_an_open_line_opens_nothing(shop: Shop) -> None:
    await pay(shop)
    assert await shop.queued(APPLY_TOPIC) == []


# --- the books


async def test_tax_and_revenue_are_booked_apart(shop: Shop) -> None:
    invoice = await shop.one(select(invoices.c.id).where(invoices.c.number == OLD))
    entries = await shop.all(
        select(ledger_entries).where(ledger_entries.c.transaction == f"invoice:{invoice.id}")
    )
    assert {row.account: row.amount for row in entries} == {
        "receivable": 277_500,
        "tax": -27_500,
        "revenue": -250_000,
    }


async def test_a_discount_and_a_tax_outside_the_lines_are_booked(shop: Shop) -> None:
    line = InvoiceLine("Paket", "Internet", 100_000, 1, 0, 100_000, "-")
    async with shop.uow.write() as tx:
        invoice_id = await commands.issue(
            tx,
            commands.NewInvoice(
                "D-1",
                SITI,
                2026,
                1,
                date(2026, 1, 1),
                date(2026, 1, 11),
                (line,),
                tax=11_000,
                discount=5_000,
            ),
        )
    entries = await shop.all(
        select(ledger_entries).where(ledger_entries.c.transaction == f"invoice:{invoice_id}")
    )
    assert {row.account: row.amount for row in entries} == {
        "receivable": 106_000,
        "tax": -11_000,
        "revenue": -95_000,
    }


async def test_an_unbalanced_booking_is_refused_and_found_where_it_was_forced(shop: Shop) -> None:
    async def book(entries: dict[str, int]) -> None:
        async with shop.uow.write() as tx:
            await ledger.book(tx, "odd", JOHN, entries)

    with pytest.raises(ValueError, match="unbalanced"):
        await book({"revenue": 1})
    forced: dict[str, Any] = {"transaction": "odd", "account": "cash", "customer_id": JOHN, "amount": 1}
    await shop.change(ledger_entries.insert().values(created_at=shop.clock.now(), **forced))
    assert await books.faults(shop.uow) == ("transaction odd does not sum to zero",)
    await shop.change(ledger_entries.delete().where(ledger_entries.c.transaction == "odd"))


async def test_a_transaction_is_booked_once_ever(shop: Shop) -> None:
    async def book() -> None:
        async with shop.uow.write() as tx:
            await ledger.book(tx, "once", JOHN, {"a": 1, "b": -1})

    await book()
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        await book()


# --- the lists


async def test_a_customers_invoices_are_filtered_and_newest_first(shop: Shop) -> None:
    of = shop.billing.invoices_of
    assert [bill.number for bill in await of(JOHN)] == [NEWER, OLD]
    assert [bill.number for bill in await of(JOHN, status=None)] == ["261101001", NEWER, OLD]
    assert [bill.number for bill in await of(JOHN, status=InvoiceStatus.PAID)] == ["261101001"]
    assert [bill.number for bill in await of(JOHN, year=2023)] == [OLD]
    assert [bill.number for bill in await of(JOHN, status=None, month=11)] == ["261101001"]
    assert await of(JOHN, month=10**12) == ()
    assert await of(JOHN, year=-(10**30)) == ()
    assert await of(10**30) == ()


async def test_a_bill_shows_its_lines_and_while_unpaid_where_to_pay(shop: Shop) -> None:
    paid, newer, old = await shop.billing.bills_of("ISP00123", unpaid_only=False)
    assert (paid.invoice.number, paid.invoice.payment_codes) == ("261101001", {})
    assert newer.customer_name == "John Doe"
    assert newer.invoice.payment_codes == {
        "va_bni": "999001ISP00123",
        "alfamart": "ALFAISP00123",
        "indomaret": "INDOISP00123",
    }
    assert [(line.name, line.category, line.total) for line in old.invoice.lines] == [
        ("Internet 50 Mbps", "Internet", 250_000),
        ("PPN", "Tax", 27_500),
    ]


async def test_unpaid_bills_come_oldest_first(shop: Shop) -> None:
    bills = await shop.billing.bills_of("ISP00123", unpaid_only=True)
    assert [bill.invoice.number for bill in bills] == [OLD, NEWER]


async def test_a_number_nobody_has_lists_nothing(shop: Shop) -> None:
    assert await shop.billing.bills_of("nobody", unpaid_only=False) == ()


async def test_an_invoice_without_lines_is_shown_without_lines(shop: Shop) -> None:
    await shop.change(invoice_lines.delete())
    assert [bill.invoice.lines for bill in await shop.billing.bills_of("28900001", unpaid_only=True)] == [()]


async def test_only_enabled_channels_are_offered_in_their_order(shop: Shop) -> None:
    assert [channel.code for channel in await shop.billing.channels()] == ["va_bni", "alfamart", "indomaret"]
    off = payment_channels.c.code == "alfamart"
    await shop.change(payment_channels.update().where(off).values(is_enabled=False))
    assert [channel.code for channel in await shop.billing.channels()] == ["va_bni", "indomaret"]
    (bill,) = await shop.billing.bills_of("28900001", unpaid_only=True)
    assert set(bill.invoice.payment_codes) == {"va_bni", "indomaret"}
