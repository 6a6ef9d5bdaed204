"""What a customer is told of the money that came in, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.billing.tables import invoices
from core.billing.types import PaymentMade
from tests.core.conftest import Shop

JOHN, SITI, DEWI = 1, 2, 5
OLD, NEWER = "230130001", "INV-2401-001"


async def _pay(shop: Shop, number: str) -> None:
    await shop.billing.settle(
        source="test", reference=number, invoice_number=number, service_number="ISP00123"
    )


async def test_payments_are_told_newest_first_and_no_more_than_asked_for(shop: Shop) -> None:
    await _pay(shop, NEWER)
    shop.clock.move(timedelta(minutes=1))
    await _pay(shop, OLD)
    told = await shop.billing.payments_of(JOHN, limit=2)
    assert [payment.invoice_number for payment in told] == [OLD, NEWER]
    assert len(await shop.billing.payments_of(JOHN, limit=9)) == 3


async def test_a_payment_is_told_with_its_amount_day_and_month(shop: Shop) -> None:
    await _pay(shop, NEWER)
    (latest,) = await shop.billing.payments_of(JOHN, limit=1)
    assert latest == PaymentMade(latest.id, NEWER, 2024, 1, 350_000, shop.clock.now())


async def test_payments_of_others_are_not_told(shop: Shop) -> None:
    assert await shop.billing.payments_of(SITI, limit=5) == ()
    (dewis,) = await shop.billing.payments_of(DEWI, limit=5)
    own = await shop.one(select(invoices.c.number).where(invoices.c.customer_id == DEWI))
    assert dewis.invoice_number == own.number
