"""Limits, reports, and bugs: what a partner hears when it asks too often, reconciles, or meets a fault of ours."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from core.partners.access import Shown
from core.partners.tables import partner_keys
from core.partners.types import Scope
from core.platform.clock import ManualClock
from core.services import Services
from tests.api.bills.conftest import Work
from tests.api.bills.partner import BALANCE, SETTLEMENTS, TRANSACTIONS, Partner, token_of


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    return demo_sqlite_url


class TestThrottled:
    """With throttles on, as in production."""

    @pytest.fixture
    def environment(self) -> dict[str, str]:
        return {"LOKET_THROTTLE": "on"}

    async def test_the_eleventh_inquiry_of_an_account_is_330(
        self, demo_partner: Partner, poor_partner: Partner
    ) -> None:
        codes = [(await demo_partner.check("28900001")).rc for _ in range(11)]
        assert codes == [300] * 10 + [330]
        assert (await demo_partner.check("28900003")).rc == 300
        assert (await poor_partner.check("28900001")).rc == 300

    async def test_status_is_asked_every_five_seconds_at_most(self, demo_partner: Partner) -> None:
        assert (await demo_partner.status("A")).rc == 188
        often = await demo_partner.status("A")
        assert (often.status, often.rc) == (429, 429)
        assert 1 <= int(often.headers["retry-after"]) <= 5
        assert (await demo_partner.status("B")).rc == 188

    async def test_reports_are_asked_once_a_second(self, demo_partner: Partner) -> None:
        first = await demo_partner.post(BALANCE)
        assert (first.rc, first.headers["ratelimit-policy"]) == (0, "1;w=1")
        often = await demo_partner.post(BALANCE)
        assert (often.status, often.rc, often.data) == (429, 429, {})
        assert often.headers["ratelimit-remaining"] == "0"
        assert often.headers["retry-after"] == often.headers["ratelimit-reset"] == "1"

    async def test_a_key_may_have_a_rate_of_its_own(self, demo_partner: Partner, services: Services) -> None:
        async with services.uow.write() as tx:
            await tx.execute(update(partner_keys).values(limits={"inquiry": "2/minute"}))
        accounts = ("28900001", "28900003", "28900005")
        assert [(await demo_partner.check(account)).rc for account in accounts] == [300, 300, 429]


@pytest.fixture
async def busy_day(demo_partner: Partner, work: Work, clock: ManualClock) -> Partner:
    """A success, a failure and one in process."""
    await demo_partner.pay(await demo_partner.order("28900001", "OK"))
    await demo_partner.pay(await demo_partner.order("9000000199", "BAD", "SBX-INET"))
    clock.move(timedelta(seconds=6))
    await work()
    await demo_partner.pay(await demo_partner.order("28900003", "LATER"))
    return demo_partner


async def test_a_day_is_reported_with_its_totals(busy_day: Partner, poor_partner: Partner) -> None:
    said = await busy_day.get(TRANSACTIONS, params={"date": "2026-11-22"})
    assert said.rc == 0
    lines = said.data["transactions"]
    assert [(line["refNumber"], line["status"], line["rc"]) for line in lines] == [
        ("OK", "SUCCESS", 0),
        ("BAD", "FAILED", 199),
        ("LATER", "PENDING", 299),
    ]
    token = (await busy_day.status("OK")).data["token"]
    assert lines[0] == {
        "date": "2026-11-22",
        "transactionId": lines[0]["transactionId"],
        "refNumber": "OK",
        "accountNumber": "28900001",
        "productCode": "LOKET-INET",
        "billAmount": 300_000,
        "totalAdmin": 2500,
        "processingFee": 0,
        "amount": 302_500,
        "status": "SUCCESS",
        "rc": 0,
        "token": token,
        "acceptedAt": "2026-11-22T10:00:00+07:00",
        "settledAt": "2026-11-22T10:00:06+07:00",
        "reversalOf": None,
    }
    assert said.data["totals"] == {
        "count": 3,
        "successCount": 1,
        "billAmount": 300_000,
        "totalAdmin": 2500,
        "processingFee": 0,
        "amount": 302_500,
        "reversals": 0,
    }
    assert said.data["nextCursor"] is None
    other = await poor_partner.get(TRANSACTIONS, params={"date": "2026-11-22"})
    assert (other.data["transactions"], other.data["totals"]["count"]) == ([], 0)
    yesterday = await busy_day.get(TRANSACTIONS, params={"date": "2026-11-21"})
    assert yesterday.data["transactions"] == []


async def test_a_long_day_comes_in_pages(busy_day: Partner, services: Services) -> None:
    key = await services.partners.gate.key_of(Shown("demo-partner", "", "127.0.0.1"), Scope.REPORT)
    when = date(2026, 11, 22)
    first = await services.partners.day(key, when, limit=2)
    assert [line.ref_number for line in first.transactions] == ["OK", "BAD"]
    assert first.next_cursor is not None
    said = await busy_day.get(TRANSACTIONS, params={"date": str(when), "cursor": str(first.next_cursor)})
    assert [line["refNumber"] for line in said.data["transactions"]] == ["LATER"]


async def test_a_day_is_a_file_with_a_trailer_for_whoever_wants_one(busy_day: Partner) -> None:
    said = await busy_day.get(TRANSACTIONS, params={"date": "2026-11-22"}, headers={"Accept": "text/csv"})
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    assert said.headers["x-content-sha256"] == hashlib.sha256(said.text.encode()).hexdigest()
    rows = list(csv.DictReader(io.StringIO(said.text)))
    assert list(rows[0]) == [
        "date",
        "transactionId",
        "refNumber",
        "accountNumber",
        "productCode",
        "billAmount",
        "totalAdmin",
        "processingFee",
        "amount",
        "status",
        "rc",
        "token",
        "acceptedAt",
        "settledAt",
        "reversalOf",
    ]
    assert [row["refNumber"] for row in rows] == ["OK", "BAD", "LATER", ""]
    assert (rows[-1]["date"], rows[-1]["transactionId"], rows[-1]["amount"]) == ("TOTAL", "3", "302500")


async def test_settlements_are_what_was_collected_less_the_partners_share(
    busy_day: Partner, clock: ManualClock
) -> None:
    period = {"from": "2026-11-01", "to": "2026-11-30"}
    (batch,) = (await busy_day.get(SETTLEMENTS, params=period)).data["batches"]
    assert batch == {
        "date": "2026-11-22",
        "state": "open",
        "count": 1,
        "amount": 302_500,
        "partnerFee": 1000,
        "reversals": 0,
        "payable": 301_500,
        "fileSha256": None,
        "paidAt": None,
        "reference": None,
    }
    clock.move(timedelta(days=1))
    (batch,) = (await busy_day.get(SETTLEMENTS, params=period)).data["batches"]
    assert batch["state"] == "open", "the scheduler has not written its file"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (TRANSACTIONS, {}),
        (TRANSACTIONS, {"date": "22-11-2026"}),
        (TRANSACTIONS, {"date": "2026-W01-1"}),
        (TRANSACTIONS, {"date": "2026-02-30"}),
        (TRANSACTIONS, {"date": "2026-11-22", "cursor": "x"}),
        (SETTLEMENTS, {"from": "2026-11-22"}),
        (SETTLEMENTS, {"from": "2026-11-22", "to": "2026-11-21"}),
        (SETTLEMENTS, {"from": "2024-11-22", "to": "2026-11-21"}),
    ],
)
async def test_a_report_that_cannot_be_read_is_321(
    demo_partner: Partner, path: str, params: dict[str, str]
) -> None:
    assert (await demo_partner.get(path, params=params)).rc == 321


async def test_a_signed_parameter_of_a_report_counts(busy_day: Partner) -> None:
    token = token_of({"partnerId": "demo-partner", "date": "2026-11-22"}, busy_day.secret)
    said = await busy_day.send("GET", TRANSACTIONS, token)
    assert len(said.data["transactions"]) == 3
    other = await busy_day.send("GET", TRANSACTIONS, token, params={"date": "2026-11-21"})
    assert other.rc == 321
    assert re.search("date", other.body["message"]["EN"])


async def test_a_fault_of_ours_is_a_500_that_tells_nothing(demo_partner: Partner, services: Services) -> None:
    async with services.uow.write() as tx:
        await tx.execute(update(partner_keys).values(networks=["no network at all"]))
    said = await demo_partner.check("28900001")
    assert (said.status, said.rc, said.data) == (500, 500, {})
    assert "network" not in said.text
