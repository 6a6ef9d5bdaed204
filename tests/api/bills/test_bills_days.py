"""Closed days: a file that never changes, batches that every success is in exactly once, statements of partners."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core.messaging.notices import TEXT_TOPIC
from core.partners import ledger as deposits
from core.partners import settlement
from core.partners.settlements import close_days
from core.partners.tables import deposit_entries, partners
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.outbox import outbox
from core.services import Services
from core.workers import scheduler
from tests.api.bills.conftest import Work
from tests.api.bills.partner import SETTLEMENTS, TRANSACTIONS, Partner, Said, token_of

STATEMENTS = "/api/v2/partner/statements"
SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)
CSV = {"Accept": "text/csv"}


async def sent(
    partner: Partner,
    day: date,
    content: bytes,
    *,
    signed: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Said:
    digest = hashlib.sha256(content if signed is None else signed).hexdigest()
    claims = {"partnerId": partner.code, "date": str(day), "sha256": digest}
    return await partner.send(
        "POST", STATEMENTS, token_of(claims, partner.secret), content=content, headers=headers or {}
    )


async def batches(partner: Partner) -> list[tuple[str, str, int, int]]:
    period = {"from": "2026-11-01", "to": "2026-11-30"}
    found = (await partner.get(SETTLEMENTS, params=period)).data["batches"]
    return [(each["date"], each["state"], each["count"], each["payable"]) for each in found]


async def test_a_day_is_closed_at_six_and_its_file_never_changes(
    demo_partner: Partner, services: Services, work: Work, clock: ManualClock
) -> None:
    chores = scheduler(services)
    await chores.run_due()
    await demo_partner.pay(await demo_partner.order("28900001", "IN-TIME"))
    await work()
    await demo_partner.pay(await demo_partner.order("28900003", "LATE"))
    clock.move_to(datetime(2026, 11, 22, 22, 59, tzinfo=UTC))  # 05:59 on Monday
    assert "partner.days" not in await chores.run_due()
    clock.move(timedelta(minutes=1))
    before = await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)}, headers=CSV)
    assert "partner.days" in await chores.run_due()
    assert "partner.days" not in await chores.run_due()
    after = await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)}, headers=CSV)
    assert after.text == before.text
    assert await batches(demo_partner) == [("2026-11-22", "closed", 1, 301_500)]
    clock.move(timedelta(minutes=10))
    await work()  # only now the other payment ends
    assert (await demo_partner.status("LATE")).rc == 0
    frozen = await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)}, headers=CSV)
    assert frozen.text == after.text
    rows = list(csv.DictReader(io.StringIO(frozen.text)))
    assert [(row["refNumber"], row["status"]) for row in rows] == [
        ("IN-TIME", "SUCCESS"),
        ("LATE", "PENDING"),
        ("", "SUCCESS"),
    ]
    listed = (await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)})).data
    assert listed["fileSha256"] == hashlib.sha256(frozen.text.encode()).hexdigest()
    assert [line["status"] for line in listed["transactions"]] == ["SUCCESS", "SUCCESS"], "as Status tells it"
    assert await batches(demo_partner) == [
        ("2026-11-22", "closed", 1, 301_500),
        ("2026-11-23", "open", 1, 451_500),
    ]
    clock.move(timedelta(days=3))  # the process was down for a while
    await chores.run_due()
    monday = await demo_partner.get(TRANSACTIONS, params={"date": str(MONDAY)}, headers=CSV)
    assert [row["refNumber"] for row in csv.DictReader(io.StringIO(monday.text))] == ["LATE", ""]
    assert [day for day, *_ in await batches(demo_partner)] == ["2026-11-22", "2026-11-23"]
    assert await close_days(services.uow, services.settings, clock.now()) == 0


async def test_a_closed_day_is_paid_once(
    demo_partner: Partner, services: Services, work: Work, clock: ManualClock
) -> None:
    desk = services.partners.desk
    await demo_partner.pay(await demo_partner.order("28900001", "P-1"))
    await work()
    with pytest.raises(NotFound, match="day"):
        await desk.pay_out("demo-partner", SUNDAY, "TRF-1", actor="staff:1")
    clock.move(timedelta(days=1))
    assert await close_days(services.uow, services.settings, clock.now()) == 2  # of two partners
    assert await desk.pay_out("demo-partner", SUNDAY, "TRF-1", actor="staff:1")
    assert not await desk.pay_out("demo-partner", SUNDAY, "TRF-1", actor="staff:1")
    with pytest.raises(Conflict):
        await desk.pay_out("demo-partner", SUNDAY, "TRF-2", actor="staff:1")
    assert await batches(demo_partner) == [("2026-11-22", "paid", 1, 301_500)]
    (batch,) = await desk.batches("demo-partner", SUNDAY, MONDAY)
    assert (batch.reference, batch.paid_at is not None) == ("TRF-1", True)
    assert await demo_partner.balance() == 10_000_000 - 302_500, "its share went to its bank account"
    share = select(deposit_entries.c.amount).where(deposit_entries.c.account == deposits.SHARE)
    async with services.uow.read() as tx:
        assert await tx.scalar(share) == 1000


async def test_a_partner_that_pays_afterwards_owes_nothing_for_a_day_that_is_paid(
    poor_partner: Partner, services: Services, work: Work, clock: ManualClock
) -> None:
    async with services.uow.write() as tx:
        await tx.execute(partners.update().where(partners.c.code == "demo-empty").values(credit_limit=10**6))
    await poor_partner.pay(await poor_partner.order("28900001", "C-1"))
    await work()
    assert await poor_partner.balance() == -302_500
    clock.move(timedelta(days=1))
    await close_days(services.uow, services.settings, clock.now())
    await services.partners.desk.pay_out("demo-empty", SUNDAY, "TRF-9", actor="staff:1")
    assert await poor_partner.balance() == 0


async def test_a_statement_is_compared_with_what_we_know(
    demo_partner: Partner, poor_partner: Partner, services: Services, work: Work, clock: ManualClock
) -> None:
    for account, ref in (("28900001", "GOOD"), ("28900003", "DEARER"), ("28900002", "FORGOTTEN")):
        await demo_partner.pay(await demo_partner.order(account, ref))
    await work()
    await demo_partner.pay(await demo_partner.order("9000000199", "FAILED", "SBX-INET"))
    clock.move(timedelta(seconds=6))
    await work()
    await demo_partner.pay(await demo_partner.order("ISP00123", "HANGS"))
    (dearer,) = [
        line["amount"]
        for line in (await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)})).data["transactions"]
        if line["refNumber"] == "DEARER"
    ]
    text = (
        "refNumber,amount,status\n"
        f"GOOD,302500,SUCCESS\nGOOD,302500,SUCCESS\nDEARER,{dearer + 1},SUCCESS\n"
        "FAILED,1,SUCCESS\nHANGS,630000,SUCCESS\nNOBODYS,5,SUCCESS\nIGNORED,5,FAILED\n"
    ).encode()
    said = await sent(demo_partner, SUNDAY, text)
    assert said.rc == 0
    counts = {
        name: said.data[name] for name in ("matched", "oursOnly", "theirsOnly", "amountDiffers", "undecided")
    }
    assert counts == {"matched": 1, "oursOnly": 1, "theirsOnly": 3, "amountDiffers": 1, "undecided": 1}
    assert {(each["kind"], each["refNumber"]) for each in said.data["differences"]} == {
        ("theirsOnly", "GOOD"),
        ("amountDiffers", "DEARER"),
        ("theirsOnly", "FAILED"),
        ("undecided", "HANGS"),
        ("theirsOnly", "NOBODYS"),
        ("oursOnly", "FORGOTTEN"),
    }
    as_file = await sent(demo_partner, SUNDAY, text, headers=CSV)
    assert as_file.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(as_file.text.splitlines()) == 1 + 6 + 1
    other = await sent(poor_partner, SUNDAY, text)
    assert (other.data["matched"], other.data["theirsOnly"]) == (0, 6)
    assert (await sent(demo_partner, SUNDAY, text, signed=b"other")).status == 401
    assert (await demo_partner.post(STATEMENTS, {"date": str(SUNDAY)}, content=text)).status == 401
    assert (await sent(demo_partner, SUNDAY, b"refNumber,amount\nA,five\n")).rc == 321
    desk = services.partners.desk
    own = await services.partners.desk.reconcile("demo-partner", SUNDAY, text, actor="staff:1")
    assert (own.matched, len(own.differences)) == (1, 6)
    with pytest.raises(Invalid):
        await desk.reconcile("demo-partner", SUNDAY, b"", actor="staff:1")
    with pytest.raises(NotFound):
        await desk.reconcile("nobody", SUNDAY, text, actor="staff:1")


async def test_our_own_file_sent_back_agrees_with_us_entirely(
    demo_partner: Partner, work: Work, clock: ManualClock
) -> None:
    for account, ref in (("28900001", "A-1"), ("28900003", "A-2"), ("9000000299", "A-3")):
        await demo_partner.pay(
            await demo_partner.order(account, ref, "SBX-INET" if account.startswith("9") else "LOKET-INET")
        )
    await work()
    clock.move(timedelta(hours=20))
    file = await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)}, headers=CSV)
    said = await sent(demo_partner, SUNDAY, file.text.encode())
    assert (said.data["matched"], said.data["differences"]) == (2, [])
    listed = (await demo_partner.get(TRANSACTIONS, params={"date": str(SUNDAY)})).data
    again = await sent(demo_partner, SUNDAY, json.dumps(listed).encode())
    assert (again.data["matched"], again.data["differences"]) == (2, [])


async def test_a_payment_taken_back_is_a_line_of_its_own_and_stays_a_success(
    demo_partner: Partner, services: Services, work: Work, clock: ManualClock
) -> None:
    desk = services.partners.desk
    await demo_partner.pay(await demo_partner.order("ISP00123", "BACK", billIds=["1", "2"]))
    with pytest.raises(Conflict, match="not_successful"):
        await desk.reverse("demo-partner", "BACK", reason="too early", actor="staff:1")
    await work()
    told = await demo_partner.status("BACK")
    assert await demo_partner.balance() == 10_000_000 - 630_000
    clock.move(timedelta(days=1))
    with pytest.raises(Invalid, match="reason"):
        await desk.reverse("demo-partner", "BACK", reason=" ", actor="staff:1")
    assert await desk.reverse("demo-partner", "BACK", reason="paid twice", actor="staff:1")
    assert not await desk.reverse("demo-partner", "BACK", reason="paid twice", actor="staff:1")
    assert await demo_partner.balance() == 10_000_000
    clock.move(timedelta(seconds=5))
    assert (await demo_partner.status("BACK")).body == told.body
    again = await demo_partner.check("ISP00123")
    assert (again.rc, again.data["amount"]) == (300, 630_000), "both bills are open again"
    monday = (await demo_partner.get(TRANSACTIONS, params={"date": str(MONDAY)})).data
    (line,) = monday["transactions"]
    assert (line["status"], line["amount"], line["refNumber"]) == ("REVERSED", -630_000, "BACK")
    assert line["reversalOf"] == told.data["transactionId"]
    assert (monday["totals"]["amount"], monday["totals"]["reversals"]) == (0, 630_000)
    clock.move(timedelta(days=1))
    await close_days(services.uow, services.settings, clock.now())
    sunday, after = await desk.batches("demo-partner", SUNDAY, MONDAY)
    assert (sunday.amount, sunday.reversals) == (630_000, 0)
    assert (after.count, after.reversals, after.payable) == (0, 630_000, -630_000)
    file = await demo_partner.get(TRANSACTIONS, params={"date": str(MONDAY)}, headers=CSV)
    said = await sent(demo_partner, MONDAY, file.text.encode())
    assert (said.data["matched"], said.data["matchedAmount"], said.data["differences"]) == (1, -630_000, [])
    forgotten = await sent(demo_partner, MONDAY, b"refNumber,amount\n")
    assert [(each["kind"], each["isReversal"]) for each in forgotten.data["differences"]] == [
        ("oursOnly", True)
    ]


async def test_staff_hears_of_statements_and_of_payments_that_hang(
    demo_partner: Partner, services: Services, clock: ManualClock
) -> None:
    await demo_partner.pay(await demo_partner.order("28900001", "HANGS-1"))
    clock.move(timedelta(minutes=3))
    for expected in (1, 0):
        assert await settlement.suspect(services.uow, services.settings) == expected
    for _ in range(2):
        await sent(demo_partner, SUNDAY, b"refNumber,amount\nX,5\n")
    async with services.uow.read() as tx:
        rows = await tx.all(select(outbox.c.payload).where(outbox.c.topic == TEXT_TOPIC))
    told = {row.payload["text"] for row in rows}
    assert sum("HANGS-1" in text for text in told) == 1
    assert sum("Demo Partner" in text and "hanya di mitra 1" in text for text in told) == 1
