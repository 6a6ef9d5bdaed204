"""Money: one effect per reference for ever, one payment per inquiry, the deposit and the books always in step."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.billing.tables import invoices, payments
from core.customers.tables import customers
from core.partners import settlement
from core.partners.tables import partner_inquiries, partner_products, partner_transactions, partners
from core.platform.clock import ManualClock
from core.platform.outbox import outbox
from core.services import Services
from core.subscriptions.tables import subscriptions
from tests.api.bills.conftest import Work
from tests.api.bills.partner import CHECK, PAYMENT, STATUS, Partner


async def rows(services: Services, statement: Any) -> list[Any]:
    async with services.uow.read() as tx:
        return list(await tx.all(statement))


async def count(services: Services, table: Any) -> int:
    (row,) = await rows(services, select(func.count()).select_from(table))
    return int(row[0])


async def change(services: Services, statement: Any) -> None:
    async with services.uow.write() as tx:
        assert await tx.execute(statement) > 0


def unpaid_of(account: str) -> Any:
    return (
        select(invoices.c.number)
        .join(customers, customers.c.id == invoices.c.customer_id)
        .where(customers.c.service_number == account, invoices.c.status == "unpaid")
    )


async def pay_at_the_counter(services: Services, account: str) -> None:
    for row in await rows(services, unpaid_of(account)):
        await services.billing.settle(
            source="counter", reference=row.number, invoice_number=row.number, service_number=account
        )


async def test_a_payment_debits_settles_marks_paid_and_reopens_once(
    demo_partner: Partner, services: Services, work: Work
) -> None:
    assert (await demo_partner.pay(await demo_partner.order("28900002", "W-1"))).rc == 299
    assert await demo_partner.balance() == 10_000_000 - 302_500
    await work()
    told = await demo_partner.status("W-1")
    assert told.rc == 0
    assert told.data["customerName"] == "Siti Rahma (Warung)"
    assert await rows(services, unpaid_of("28900002")) == []
    (paid,) = await rows(services, select(payments).where(payments.c.source == "partner:1"))
    assert (paid.reference, paid.amount) == ("W-1", 300_000)
    reopened = select(outbox.c.id).where(outbox.c.topic == "line.apply", outbox.c.ordering_key == "line:3")
    assert len(await rows(services, reopened)) == 1
    isolated = select(subscriptions.c.id).where(subscriptions.c.isolated_at.is_not(None))
    assert await rows(services, isolated) == []
    assert await demo_partner.balance() == 10_000_000 - 302_500
    assert (await demo_partner.check("28900002")).rc == 302


async def test_several_bills_are_paid_together(demo_partner: Partner, services: Services, work: Work) -> None:
    order = await demo_partner.order("ISP00123", "J-1", billIds=["1", "2"])
    assert (await demo_partner.pay(order)).rc == 299
    await work()
    assert (await demo_partner.status("J-1")).rc == 0
    found = await rows(
        services,
        select(payments.c.reference).where(payments.c.source == "partner:1").order_by(payments.c.id),
    )
    assert [row.reference for row in found] == ["J-1", "J-1/2"]


async def test_a_settlement_that_is_repeated_changes_nothing(
    demo_partner: Partner, services: Services, work: Work
) -> None:
    await demo_partner.pay(await demo_partner.order("28900001", "S-1"))
    await work()
    told = await demo_partner.status("S-1")
    again = {"state": "pending", "leased_until": None, "settled_at": None}
    await change(services, update(outbox).where(outbox.c.topic == settlement.SETTLE_TOPIC).values(**again))
    await work()
    assert (await demo_partner.status("S-1")).body == told.body
    assert await demo_partner.balance() == 10_000_000 - 302_500


async def test_the_same_order_again_is_a_replay(demo_partner: Partner, work: Work) -> None:
    order = await demo_partner.order("28900001", "R-1")
    first = await demo_partner.pay(order)
    assert "idempotent-replayed" not in first.headers
    for changes in ({}, {"amount": str(order["amount"])}, {"buyerDetails": {"publicBuyerId": "b"}}):
        again = await demo_partner.pay(order | changes)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.body == first.body
    await work()
    settled = await demo_partner.pay(order)
    assert (settled.rc, settled.data["transactionId"]) == (0, first.data["transactionId"])
    assert await demo_partner.balance() == 10_000_000 - 302_500


async def test_a_reference_means_one_payment_for_ever(
    demo_partner: Partner, poor_partner: Partner, clock: ManualClock, work: Work
) -> None:
    order = await demo_partner.order("28900001", "D-1")
    await demo_partner.pay(order)
    other = await demo_partner.order("28900003", "D-1")
    for changed in (other, order | {"amount": 1}, order | {"month": 1}, order | {"billIds": ["1"]}):
        assert (await demo_partner.pay(changed)).rc == 108
    clock.move(timedelta(days=4000))
    await work()
    assert (await demo_partner.pay(order)).rc == 0
    assert (await demo_partner.pay(other)).rc == 108
    mine = await poor_partner.order("28900003", "D-1")  # another partner's name for something else
    assert (await poor_partner.pay(mine)).rc == 187


async def test_an_inquiry_is_paid_once(demo_partner: Partner, work: Work, clock: ManualClock) -> None:
    order = await demo_partner.order("28900001", "I-1")
    await demo_partner.pay(order)
    assert (await demo_partner.pay(order | {"refNumber": "I-2"})).rc == 102
    await work()
    assert (await demo_partner.pay(order | {"refNumber": "I-2"})).rc == 102
    clock.move(timedelta(hours=1))
    assert (await demo_partner.pay(order | {"refNumber": "I-2"})).rc == 102


async def test_an_inquiry_whose_payment_failed_may_be_paid_again(
    demo_partner: Partner, work: Work, clock: ManualClock
) -> None:
    order = await demo_partner.order("9000000100", "B-1", "SBX-INET")
    await demo_partner.pay(order)
    clock.move(timedelta(seconds=6))
    await work()
    assert (await demo_partner.status("B-1")).rc == 100
    assert (await demo_partner.pay(order | {"refNumber": "B-2"})).rc == 299


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"inquiryId": 2**53 - 1}, 185),
        ({"accountNumber": "28900003"}, 313),
        ({"productCode": "SBX-INET"}, 313),
        ({"productCode": "NOTHING"}, 186),
        ({"month": 1}, 313),
        ({"amount": 302_499}, 114),
        ({"amount": 0}, 104),
        ({"amount": -5}, 104),
        ({"billIds": ["2"]}, 199),
        ({"billIds": ["1", "7"]}, 199),
        ({"callbackUrls": ["https://elsewhere.example/x"]}, 199),
        ({"callbackUrls": ["ftp://127.0.0.1/x"]}, 199),
        ({"callbackUrls": ["http://user:secret@127.0.0.1/x"]}, 199),
        ({"callbackUrls": "http://127.0.0.1/x"}, 199),
        ({"callbackUrls": ["http://127.0.0.1/x"] * 4}, 199),
        ({"refNumber": None}, 183),
        ({"refNumber": "has blanks"}, 183),
        ({"refNumber": 5}, 183),
        ({"refNumber": "x" * 65}, 183),
        ({"amount": 1.5}, 199),
        ({"amount": "much"}, 199),
        ({"amount": 2**53}, 199),
        ({"amount": True}, 199),
        ({"amount": None}, 199),
        ({"inquiryId": -1}, 199),
        ({"inquiryId": None}, 199),
        ({"accountNumber": None}, 199),
        ({"accountNumber": 28900001}, 199),
        ({"productCode": "small"}, 199),
        ({"month": 13}, 199),
        ({"buyerDetails": "x"}, 199),
        ({"buyerDetails": {"buyerEmail": "nobody"}}, 199),
        ({"buyerDetails": {"publicBuyerId": "x" * 65}}, 199),
    ],
)
async def test_a_refused_payment_leaves_nothing_behind(
    demo_partner: Partner, services: Services, changes: dict[str, Any], code: int
) -> None:
    order = await demo_partner.order("28900001", "N-1")
    said = await demo_partner.pay(order | changes)
    assert (said.status, said.rc, said.data) == (200, code, {})
    assert code < 200 or code in {312, 313}, "partners refund by these codes only"
    assert await count(services, partner_transactions) == 0
    assert await demo_partner.balance() == 10_000_000
    assert (await demo_partner.pay(order)).rc == 299


@pytest.mark.parametrize("ref", [None, "", "has blanks", 7, "x" * 65])
async def test_a_status_that_cannot_be_read_never_looks_like_a_failed_payment(
    demo_partner: Partner, ref: object
) -> None:
    assert (await demo_partner.post(STATUS, {"refNumber": ref})).rc == 321


@pytest.mark.parametrize(
    "changes",
    [
        {"accountNumber": 9000000300},
        {"accountNumber": ""},
        {"accountNumber": "x" * 33},
        {"accountNumber": "a b"},
        {"productCode": None},
        {"productCode": "sbx-inet"},
        {"month": 0},
        {"month": 1.0},
        {"month": "two"},
    ],
)
async def test_an_inquiry_that_cannot_be_read_is_321(demo_partner: Partner, changes: dict[str, Any]) -> None:
    good = {"accountNumber": "9000000300", "productCode": "SBX-INET"}
    said = await demo_partner.post(CHECK, good | changes)
    assert said.rc == 321
    (name,) = changes
    assert name in said.body["message"]["EN"]


async def test_what_is_not_asked_for_is_ignored(demo_partner: Partner) -> None:
    more = {"amount": "x", "zoneId": 5, "something": {"new": []}, "month": "1"}
    assert (await demo_partner.check(" 9000000300 ", "SBX-INET", **more)).rc == 300


async def test_an_inquiry_is_good_for_half_an_hour(demo_partner: Partner, clock: ManualClock) -> None:
    first, second = [await demo_partner.order("28900001", ref) for ref in ("E-1", "E-2")]
    clock.move(timedelta(minutes=29, seconds=59))
    assert (await demo_partner.pay(first)).rc == 299
    clock.move(timedelta(seconds=1))
    assert (await demo_partner.pay(second)).rc == 312


async def test_old_inquiries_that_nobody_paid_are_forgotten(
    demo_partner: Partner, services: Services, clock: ManualClock
) -> None:
    paid, _ = [await demo_partner.order("28900001", ref) for ref in ("O-1", "O-2")]
    await demo_partner.pay(paid)
    clock.move(timedelta(days=7))
    assert await services.partners.purge() == 0
    clock.move(timedelta(seconds=1))
    assert await services.partners.purge() == 1
    assert (await demo_partner.status("O-1")).rc == 299


async def test_an_empty_deposit_pays_nothing_and_keeps_the_reference_free(
    poor_partner: Partner, services: Services
) -> None:
    order = await poor_partner.order("28900001", "P-1")
    assert (await poor_partner.pay(order)).rc == 187
    assert (await poor_partner.status("P-1")).rc == 188
    assert (
        await services.partners.accounts.top_up(
            "demo-empty", 302_500, reference="transfer-1", actor="staff:1"
        )
        == 302_500
    )
    assert (await poor_partner.pay(order)).rc == 299
    assert await poor_partner.balance() == 0


async def test_a_credit_limit_lets_a_partner_pay_afterwards(
    poor_partner: Partner, services: Services
) -> None:
    limited = update(partners).where(partners.c.code == "demo-empty").values(credit_limit=302_500)
    await change(services, limited)
    assert (await poor_partner.pay(await poor_partner.order("28900001", "C-1"))).rc == 299
    assert await poor_partner.balance() == -302_500
    assert (await poor_partner.pay(await poor_partner.order("28900003", "C-2"))).rc == 187


async def test_a_bill_paid_elsewhere_before_the_payment_is_114(
    demo_partner: Partner, services: Services
) -> None:
    order = await demo_partner.order("28900001", "L-1")
    await pay_at_the_counter(services, "28900001")
    assert (await demo_partner.pay(order)).rc == 114
    assert await demo_partner.balance() == 10_000_000


async def test_a_bill_paid_elsewhere_after_acceptance_fails_and_the_deposit_returns(
    demo_partner: Partner, services: Services, work: Work
) -> None:
    order = await demo_partner.order("ISP00123", "L-2")
    assert (await demo_partner.pay(order)).rc == 299
    (newest,) = await rows(services, unpaid_of("ISP00123").where(invoices.c.number == "INV-2401-001"))
    await services.billing.settle(
        source="counter", reference="x", invoice_number=newest.number, service_number="ISP00123"
    )
    assert await demo_partner.balance() == 10_000_000 - 630_000
    await work()
    told = await demo_partner.status("L-2")
    assert (told.rc, told.body["success"], told.data["token"]) == (199, False, "")
    assert await demo_partner.balance() == 10_000_000
    left = await rows(services, unpaid_of("ISP00123"))
    assert [row.number for row in left] == ["230130001"], "the older bill must not be half paid"


async def test_what_is_never_billed_gone_or_switched_off_has_its_own_code(
    demo_partner: Partner, services: Services
) -> None:
    order = await demo_partner.order("28900003", "G-1")
    await change(services, update(customers).where(customers.c.id == 7).values(service_number="28900099"))
    assert (await demo_partner.check("28900099")).rc == 303
    await change(services, update(customers).where(customers.c.id == 4).values(service_number="28900033"))
    assert (await demo_partner.pay(order)).rc == 103
    await change(services, update(subscriptions).where(subscriptions.c.id == 1).values(status="inactive"))
    assert (await demo_partner.check("ISP00123")).rc == 320
    mine = update(partner_products).where(partner_products.c.code == "LOKET-INET")
    await change(services, mine.values(max_amount=302_499))
    assert (await demo_partner.check("28900001")).rc == 315
    assert (await demo_partner.pay(order | {"amount": 302_500})).rc == 106
    await change(services, mine.values(is_active=False))
    assert (await demo_partner.check("28900001")).rc == 184
    assert (await demo_partner.pay(order)).rc == 184


async def test_cut_off_hours_are_those_of_the_business(
    demo_partner: Partner, services: Services, clock: ManualClock
) -> None:
    order = await demo_partner.order("28900001", "H-1")
    at = clock.now().astimezone(services.settings.zone)
    window = {
        "cut_off_from": (at - timedelta(minutes=1)).time(),
        "cut_off_until": (at + timedelta(hours=1)).time(),
    }
    await change(services, update(partner_products).values(**window))
    assert (await demo_partner.check("28900001")).rc == 310
    assert (await demo_partner.pay(order)).rc == 109


async def test_arrears_names_and_fees_follow_the_partners_settings(
    demo_partner: Partner, services: Services
) -> None:
    await change(services, update(partners).values(masks_names=True, max_arrears=1))
    await change(services, update(partner_products).values(admin_per="bill", processing_fee=30))
    data = (await demo_partner.check("ISP00123")).data
    assert data["customerName"] == "JO** D**"
    assert (data["amount"], data["totalAdmin"], data["processingFee"]) == (277_500 + 2530, 2500, 30)
    await change(services, update(partners).values(max_arrears=12))
    assert (await demo_partner.check("ISP00123")).data["totalAdmin"] == 5000
    await change(services, update(partners).values(max_arrears=1, rejects_arrears=True))
    assert (await demo_partner.check("ISP00123")).rc == 301


async def test_fifty_twins_make_one_transaction(demo_partner: Partner, services: Services) -> None:
    order = await demo_partner.order("28900001", "T-1")
    said = await asyncio.gather(*(demo_partner.pay(order) for _ in range(50)))
    assert {each.rc for each in said} == {299}
    assert len({each.data["transactionId"] for each in said}) == 1
    assert sum("idempotent-replayed" not in each.headers for each in said) == 1
    assert await count(services, partner_transactions) == 1
    assert await demo_partner.balance() == 10_000_000 - 302_500


async def test_of_many_references_for_one_inquiry_one_wins(demo_partner: Partner, services: Services) -> None:
    order = await demo_partner.order("28900001", "X-0")
    said = await asyncio.gather(*(demo_partner.pay(order | {"refNumber": f"X-{n}"}) for n in range(20)))
    assert sorted(each.rc for each in said) == [102] * 19 + [299]
    assert await count(services, partner_transactions) == 1


async def test_of_many_inquiries_for_one_reference_one_wins(
    demo_partner: Partner, services: Services
) -> None:
    orders = [await demo_partner.order("28900001", "Y-1") for _ in range(10)]
    said = await asyncio.gather(*map(demo_partner.pay, orders))
    assert sorted(each.rc for each in said) == [108] * 9 + [299]
    used = select(partner_inquiries.c.id).where(partner_inquiries.c.is_used)
    assert len(await rows(services, used)) == 1
    assert await demo_partner.balance() == 10_000_000 - 302_500


async def test_a_deposit_is_not_spent_twice(poor_partner: Partner, services: Services) -> None:
    await services.partners.accounts.top_up("demo-empty", 500_000, reference="t", actor="staff:1")
    accounts = ("28900001", "28900002", "28900003", "28900005")
    orders = [await poor_partner.order(account, f"Z-{account}") for account in accounts]
    said = await asyncio.gather(*map(poor_partner.pay, orders))
    assert [each.rc for each in said].count(299) == 1
    assert 0 <= await poor_partner.balance() < 300_000


async def test_one_bill_paid_by_partner_and_counter_at_once_is_paid_once(
    demo_partner: Partner, services: Services, work: Work
) -> None:
    orders = [await demo_partner.order("28900001", f"K-{n}") for n in range(3)]
    for order in orders:
        assert (await demo_partner.pay(order)).rc == 299
    await asyncio.gather(work(), pay_at_the_counter(services, "28900001"))
    codes = [(await demo_partner.status(order["refNumber"])).rc for order in orders]
    assert sorted(codes) in ([0, 199, 199], [199, 199, 199])
    paid = select(payments.c.id).join(customers, customers.c.id == payments.c.customer_id)
    mine = paid.where(customers.c.service_number == "28900001")
    assert len(await rows(services, mine)) == 1
    assert await demo_partner.balance() == 10_000_000 - 302_500 * codes.count(0)


async def test_a_payment_without_an_outcome_becomes_suspect_and_may_still_end(
    demo_partner: Partner, services: Services, work: Work, clock: ManualClock
) -> None:
    await demo_partner.pay(await demo_partner.order("28900001", "U-1"))
    await demo_partner.pay(await demo_partner.order("9000000299", "U-2", "SBX-INET"))
    clock.move(timedelta(seconds=119))
    assert await settlement.suspect(services.uow, services.settings) == 0
    clock.move(timedelta(seconds=1))
    assert await settlement.suspect(services.uow, services.settings) == 1
    assert (await demo_partner.status("U-1")).rc == 299
    await work()
    assert (await demo_partner.status("U-1")).rc == 0


async def test_the_slow_scenario_is_accepted_before_its_answer(
    demo_partner: Partner, work: Work, clock: ManualClock
) -> None:
    order = await demo_partner.order("9000000504", "SLOW", "SBX-INET")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(demo_partner.post(PAYMENT, order), 0.5)
    assert (await demo_partner.status("SLOW")).rc == 299
    assert (await demo_partner.pay(order)).headers["idempotent-replayed"] == "true"
    clock.move(timedelta(seconds=6))
    await work()
    assert (await demo_partner.status("SLOW")).rc == 0
