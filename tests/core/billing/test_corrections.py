"""Money matters are taken back by entries of their own, once, and bills and lines follow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.audit.tables import audit_log
from core.billing import books, ledger
from core.billing.isolation import isolate_late
from core.billing.tables import invoices, ledger_entries, payments
from core.billing.types import AlreadyPaid, Settled
from core.network.tables import line_states
from core.platform.errors import Conflict, Invalid, NotFound
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN, WARUNG = 1, 3
OLD, NEWER, WARUNGS = "230130001", "INV-2401-001", "261001001"
STAFF = "staff:3"


async def bill(shop: Shop, number: str) -> Any:
    return await shop.one(select(invoices).where(invoices.c.number == number))


async def pay(shop: Shop, number: str, service_number: str, *, reference: str = "R") -> int:
    outcome = await shop.billing.settle(
        source="key:1", reference=reference, invoice_number=number, service_number=service_number
    )
    assert isinstance(outcome, Settled)
    return outcome.payment_id


async def is_closed(shop: Shop, customer_id: int) -> bool:
    row = await shop.one(
        select(subscriptions.c.isolated_at).where(subscriptions.c.customer_id == customer_id)
    )
    return row.isolated_at is not None


async def entries(shop: Shop, transaction: str) -> dict[str, int]:
    found = await shop.all(select(ledger_entries).where(ledger_entries.c.transaction == transaction))
    return {row.account: row.amount for row in found}


async def test_a_reversed_payment_opens_its_bill_and_closes_the_line_again(shop: Shop) -> None:
    payment_id = await pay(shop, WARUNGS, "28900002")
    assert not await is_closed(shop, WARUNG)
    made = await shop.billing.reverse_payment(payment_id, reason="cek kosong", actor=STAFF)
    assert (made.amount, made.is_new) == (300_000, True)
    again = await bill(shop, WARUNGS)
    assert (again.status, again.settled, again.paid_at) == ("unpaid", 0, None)
    assert await is_closed(shop, WARUNG)
    assert (await shop.one(select(line_states.c.desired))).desired == "isolated"
    assert await entries(shop, f"correction:{made.id}") == {
        "receivable": 300_000,
        "received:key:1": -300_000,
    }


async def test_what_a_partner_brought_is_taken_back_where_its_deposit_is_known(shop: Shop) -> None:
    outcome = await shop.billing.settle(
        source="partner:1", reference="R", invoice_number=OLD, service_number="ISP00123"
    )
    assert isinstance(outcome, Settled)
    with pytest.raises(Conflict, match="partner_payment"):
        await shop.billing.reverse_payment(outcome.payment_id, reason="salah", actor=STAFF)
    assert (await bill(shop, OLD)).status == "paid"


async def test_a_payment_reversed_at_night_closes_the_line_in_the_morning(
    shop: Shop, settings: Settings
) -> None:
    payment_id = await pay(shop, WARUNGS, "28900002")
    shop.clock.move(timedelta(hours=11))  # nine in the evening
    await shop.billing.reverse_payment(payment_id, reason="cek kosong", actor=STAFF)
    await isolate_late(shop.uow, settings)
    assert not await is_closed(shop, WARUNG)
    shop.clock.move(timedelta(hours=11))
    await isolate_late(shop.uow, settings)
    assert await is_closed(shop, WARUNG)


async def test_a_reversed_payment_is_not_told_as_one_and_its_reference_stays_used(shop: Shop) -> None:
    payment_id = await pay(shop, NEWER, "ISP00123")
    await shop.billing.reverse_payment(payment_id, reason="salah", actor=STAFF)
    assert payment_id not in [paid.id for paid in await shop.billing.payments_of(JOHN, limit=9)]
    again = await shop.billing.settle(
        source="key:1", reference="R", invoice_number=NEWER, service_number="ISP00123"
    )
    assert again == AlreadyPaid(by_this_reference=True)
    assert isinstance(await pay(shop, NEWER, "ISP00123", reference="R-2"), int)


async def test_a_payment_is_reversed_once_however_many_try(shop: Shop) -> None:
    payment_id = await pay(shop, NEWER, "ISP00123")
    made = await asyncio.gather(
        *(shop.billing.reverse_payment(payment_id, reason="salah", actor=STAFF) for _ in range(6))
    )
    assert sorted(correction.is_new for correction in made) == [False] * 5 + [True]
    assert len({correction.id for correction in made}) == 1
    assert (await bill(shop, NEWER)).settled == 0


async def test_a_correction_is_recorded_with_who_did_it(shop: Shop) -> None:
    number = await bill(shop, NEWER)
    await shop.billing.waive(number.id, reason="gangguan lama", actor=STAFF, key="W")
    row = (await shop.all(select(audit_log).order_by(audit_log.c.id)))[-1]
    assert (row.actor, row.action, row.subject) == (STAFF, "waiver", f"invoice:{number.id}")
    assert row.details["amount"] == 350_000


async def test_a_waived_bill_is_closed_and_the_line_opens(shop: Shop) -> None:
    owed = await bill(shop, WARUNGS)
    made = await shop.billing.waive(owed.id, reason="gangguan lama", actor=STAFF, key="W")
    assert (await bill(shop, WARUNGS)).status == "paid"
    assert not await is_closed(shop, WARUNG)
    assert await entries(shop, f"correction:{made.id}") == {"waived": 300_000, "receivable": -300_000}
    repeat = await shop.billing.waive(owed.id, reason="gangguan lama", actor=STAFF, key="W")
    assert (repeat.id, repeat.is_new) == (made.id, False)
    with pytest.raises(Conflict, match="already_paid"):
        await shop.billing.waive(owed.id, reason="lagi", actor=STAFF, key="W-2")


async def test_a_credit_note_asks_for_less_tax_in_proportion(shop: Shop) -> None:
    owed = await bill(shop, OLD)
    made = await shop.billing.credit_note(owed.id, 27_750, reason="mati 3 hari", actor=STAFF, key="C")
    assert await entries(shop, f"correction:{made.id}") == {
        "revenue": 25_000,
        "tax": 2_750,
        "receivable": -27_750,
    }
    (shown,) = [found for found in await shop.billing.invoices_of(JOHN) if found.number == OLD]
    assert shown.amount == 249_750
    assert (sum(line.total for line in shown.lines), shown.deducted) == (277_500, 27_750)
    paid = await shop.billing.settle(
        source="key:1", reference="R", invoice_number=OLD, service_number="ISP00123", amount=249_750
    )
    assert isinstance(paid, Settled)
    (closed,) = [found for found in await shop.billing.invoices_of(JOHN, status=None) if found.number == OLD]
    assert (closed.amount, closed.deducted) == (277_500, 0)


async def test_a_credit_note_on_a_paid_bill_becomes_credit(shop: Shop) -> None:
    await pay(shop, NEWER, "ISP00123")
    owed = await bill(shop, NEWER)
    await shop.billing.credit_note(owed.id, 50_000, reason="mati 3 hari", actor=STAFF, key="C")
    assert (await bill(shop, NEWER)).status == "paid"
    assert await shop.billing.credit_of(JOHN) == 50_000


async def test_credit_notes_never_exceed_the_bill(shop: Shop) -> None:
    owed = await bill(shop, NEWER)
    await shop.billing.credit_note(owed.id, 300_000, reason="mati", actor=STAFF, key="C-1")
    for amount in (50_001, 0, -1):
        with pytest.raises(Invalid, match="amount"):
            await shop.billing.credit_note(owed.id, amount, reason="mati", actor=STAFF, key="C-2")
    await shop.billing.credit_note(owed.id, 50_000, reason="mati", actor=STAFF, key="C-2")
    assert (await bill(shop, NEWER)).status == "paid"


async def test_what_was_waived_never_becomes_credit(shop: Shop) -> None:
    owed = await bill(shop, NEWER)
    await shop.billing.confirm_payment([owed.id], 50_000, actor=STAFF, reference="KW")
    await shop.billing.waive(owed.id, reason="gangguan lama", actor=STAFF, key="W")
    with pytest.raises(Invalid, match="amount"):
        await shop.billing.credit_note(owed.id, 50_001, reason="mati", actor=STAFF, key="C")
    await shop.billing.credit_note(owed.id, 50_000, reason="mati", actor=STAFF, key="C")
    assert await shop.billing.credit_of(JOHN) == 50_000


async def test_a_key_is_good_for_one_correction(shop: Shop) -> None:
    owed = await bill(shop, NEWER)
    await shop.billing.credit_note(owed.id, 1_000, reason="mati", actor=STAFF, key="K")
    with pytest.raises(Conflict, match="key_reused"):
        await shop.billing.credit_note(owed.id, 2_000, reason="mati", actor=STAFF, key="K")
    with pytest.raises(Conflict, match="key_reused"):
        await shop.billing.waive(owed.id, reason="mati", actor=STAFF, key="K")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 256])
async def test_a_correction_needs_a_reason(shop: Shop, reason: str) -> None:
    owed = await bill(shop, NEWER)
    with pytest.raises(Invalid, match="reason"):
        await shop.billing.waive(owed.id, reason=reason, actor=STAFF, key="K")


async def test_what_does_not_exist_is_not_corrected(shop: Shop) -> None:
    with pytest.raises(NotFound, match="payment"):
        await shop.billing.reverse_payment(10**9, reason="x", actor=STAFF)
    with pytest.raises(NotFound, match="invoice"):
        await shop.billing.waive(10**9, reason="x", actor=STAFF, key="K")


# --- money that staff take in


async def numbers(shop: Shop, *wanted: str) -> list[int]:
    return [(await bill(shop, number)).id for number in wanted]


async def test_a_payment_at_the_counter_pays_oldest_first_and_the_last_in_part(shop: Shop) -> None:
    both = await numbers(shop, NEWER, OLD)
    done = await shop.billing.confirm_payment(both, 400_000, actor=STAFF, reference="KW-1")
    assert (len(done.paid), done.credit, done.rest) == (2, 0, 227_500)
    assert (await bill(shop, OLD)).status == "paid"
    newer = await bill(shop, NEWER)
    assert (newer.status, newer.settled) == ("unpaid", 122_500)
    texts = [job["text"] for job in await shop.queued("message.text")]
    assert "Sisa tagihan ini *Rp227.500*" in texts[-1]
    with pytest.raises(Conflict, match="already_paid"):
        await shop.billing.confirm_payment(both, 227_500, actor=STAFF, reference="KW-2")
    await shop.billing.confirm_payment([newer.id], 227_500, actor=STAFF, reference="KW-2")
    assert (await bill(shop, NEWER)).status == "paid"


async def test_what_is_over_is_kept_as_credit_and_a_repeat_books_nothing(shop: Shop) -> None:
    (old,) = await numbers(shop, OLD)
    done = await asyncio.gather(
        *(shop.billing.confirm_payment([old], 300_000, actor=STAFF, reference="KW-1") for _ in range(4))
    )
    assert sorted(one.is_new for one in done) == [False] * 3 + [True]
    assert {one.credit for one in done} == {22_500}
    assert await shop.billing.credit_of(JOHN) == 22_500
    with pytest.raises(Conflict, match="reference_reused"):
        await shop.billing.confirm_payment([old], 1, actor=STAFF, reference="KW-1")


async def test_bills_of_several_customers_are_not_one_payment(shop: Shop) -> None:
    with pytest.raises(Conflict, match="several_customers"):
        await shop.billing.confirm_payment(
            await numbers(shop, OLD, WARUNGS), 1, actor=STAFF, reference="KW-1"
        )
    with pytest.raises(NotFound, match="invoice"):
        await shop.billing.confirm_payment([], 1, actor=STAFF, reference="KW-1")


async def test_an_advance_is_kept_once_and_may_be_taken_back_until_it_is_spent(shop: Shop) -> None:
    done = await shop.billing.take_in_advance(JOHN, 100_000, actor=STAFF, reference="DP-1")
    repeat = await shop.billing.take_in_advance(JOHN, 100_000, actor=STAFF, reference="DP-1")
    assert (repeat.paid, repeat.is_new) == (done.paid, False)
    assert await shop.billing.credit_of(JOHN) == 100_000
    await shop.billing.reverse_payment(done.paid[0], reason="salah orang", actor=STAFF)
    assert await shop.billing.credit_of(JOHN) == 0
    assert await shop.all(select(payments.c.id).where(payments.c.invoice_id.is_(None))) != []


async def test_an_advance_that_paid_a_bill_is_not_taken_back(shop: Shop) -> None:
    done = await shop.billing.take_in_advance(JOHN, 277_500, actor=STAFF, reference="DP-1")
    await shop.billing.settle(
        source=ledger.CREDIT, reference="x", invoice_number=OLD, service_number="ISP00123"
    )
    assert await shop.billing.credit_of(JOHN) == 0
    with pytest.raises(Conflict, match="credit_spent"):
        await shop.billing.reverse_payment(done.paid[0], reason="salah orang", actor=STAFF)


# --- the check


async def test_the_check_finds_bills_that_disagree_with_their_entries(shop: Shop) -> None:
    for change in ({"settled": 1}, {"amount": 1}, {"status": "paid"}):
        before = await bill(shop, NEWER)
        await shop.change(invoices.update().where(invoices.c.id == before.id).values(**change))
        assert await books.faults(shop.uow) == (
            f"invoice {NEWER} asks for something else than its entries say",
        )
        undo = {name: getattr(before, name) for name in change}
        await shop.change(invoices.update().where(invoices.c.id == before.id).values(**undo))
