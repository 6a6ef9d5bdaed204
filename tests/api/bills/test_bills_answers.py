"""Inquiry, payment and status, shape by shape as the category page of the contract shows them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.platform.clock import ManualClock
from tests.api.bills.conftest import Work
from tests.api.bills.partner import CHECK, PAYMENT, STATUS, Partner
from tests.api.support import shape

PAGE: dict[str, Any] = json.loads((Path(__file__).parent / "page.json").read_text("utf-8"))


def spelled(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


async def test_an_inquiry_has_the_pages_members_in_their_order(demo_partner: Partner) -> None:
    said = await demo_partner.check("9000000300", "SBX-INET")
    assert said.status == 200
    expected = json.loads(spelled(PAGE["inquiry"]))
    expected["data"] |= {
        "inquiryId": said.data["inquiryId"],
        "accountNumber": "9000000300",
        "productName": "Sandbox Internet",
        "productCode": "SBX-INET",
        "customerDetails": [
            {"key": "Nama Pelanggan", "value": "TEST"},
            {"key": "Tanggal & Waktu Pembayaran", "value": "22 Nov 2026 | 10:00"},
            {"key": "Nomor Pelanggan", "value": "9000000300"},
        ],
        "productDetails": [{"key": "Periode", "value": "Jan 2023"}],
    }
    expected["data"]["billDetails"][0]["billInfo"][0]["value"] = "Januari 2023"
    assert spelled(said.body) == spelled(expected)


async def test_every_unpaid_bill_is_listed_and_the_sum_holds(demo_partner: Partner) -> None:
    data = (await demo_partner.check("ISP00123")).data
    assert data["customerName"] == "John Doe"
    assert [(bill["billId"], bill["value"]) for bill in data["billDetails"]] == [
        ("2", 350_000),
        ("1", 277_500),
        ("0", 2500),
    ]
    assert [bill["billInfo"] for bill in data["billDetails"]] == [
        [{"key": "Bulan", "value": "Januari 2024"}],
        [{"key": "Bulan", "value": "Januari 2023"}],
        [],
    ]
    assert data["productDetails"] == [{"key": "Periode", "value": "Jan 2023 - Jan 2024"}]
    bills = sum(bill["value"] for bill in data["billDetails"] if bill["billId"] != "0")
    assert data["amount"] == bills + data["totalAdmin"] + data["processingFee"] == 630_000


async def test_month_takes_so_many_of_the_oldest_bills(demo_partner: Partner) -> None:
    data = (await demo_partner.check("ISP00123", month=1)).data
    assert [bill["value"] for bill in data["billDetails"]] == [277_500, 2500]


@pytest.mark.parametrize(
    ("account", "product", "code"),
    [
        ("28900004", "LOKET-INET", 302),
        ("99999999", "LOKET-INET", 304),
        ("ISP00123", "NOTHING", 341),
        ("9000000301", "SBX-INET", 301),
        ("9000000302", "SBX-INET", 302),
        ("9000000303", "SBX-INET", 303),
        ("9000000304", "SBX-INET", 304),
        ("9000000311", "SBX-INET", 311),
        ("9000000112", "SBX-INET", 112),
        ("9000000181", "SBX-INET", 181),
        ("ISP00123", "SBX-INET", 304),
    ],
)
async def test_an_inquiry_is_refused_with_its_code(
    demo_partner: Partner, account: str, product: str, code: int
) -> None:
    said = await demo_partner.check(account, product)
    assert (said.status, said.rc, said.data) == (200, code, {})


async def test_a_payment_is_accepted_settled_and_told(
    demo_partner: Partner, work: Work, clock: ManualClock
) -> None:
    order = await demo_partner.order("9000000300", "A-1", "SBX-INET")
    assert order["amount"] == 747_250
    accepted = await demo_partner.pay(order)
    expected = json.loads(spelled(PAGE["payment"]))
    known = {
        "refNumber": "A-1",
        "transactionId": accepted.data["transactionId"],
        "accountNumber": "9000000300",
        "productCode": "SBX-INET",
        "productName": "Sandbox Internet",
    }
    expected["data"] |= known
    assert (accepted.status, spelled(accepted.body)) == (200, spelled(expected))
    assert (await demo_partner.status("A-1")).body == accepted.body

    clock.move(timedelta(minutes=2))
    await work()
    told = await demo_partner.status("A-1")
    token = told.data["token"]
    assert 12 <= len(token) <= 20
    assert token.isalnum()
    assert token.upper() == token
    expected = json.loads(spelled(PAGE["status"]))
    expected["data"] |= known | {
        "token": token,
        "customerDetails": [
            {"key": "Nama Pelanggan", "value": "TEST"},
            {"key": "Tanggal & Waktu Pembayaran", "value": "22 Nov 2026 | 10:00"},
            {"key": "Nomor Pelanggan", "value": "9000000300"},
        ],
        "productDetails": [
            {"key": "Periode", "value": "Jan 2023"},
            {"key": "Nomor Referensi", "value": token},
        ],
    }
    expected["data"]["billDetails"][0]["billInfo"][0]["value"] = "Januari 2023"
    assert spelled(told.body) == spelled(expected)
    assert (await demo_partner.pay(order)).body == told.body


@pytest.mark.parametrize(("account", "code"), [("9000000100", 100), ("9000000199", 199)])
async def test_a_failed_payment_keeps_its_names_and_nothing_else(
    demo_partner: Partner, work: Work, clock: ManualClock, account: str, code: int
) -> None:
    before = await demo_partner.balance()
    accepted = await demo_partner.pay(await demo_partner.order(account, "F-1", "SBX-INET"))
    assert accepted.rc == 299
    clock.move(timedelta(seconds=6))
    await work()
    told = await demo_partner.status("F-1")
    assert (told.status, told.rc) == (200, code)
    assert told.data == accepted.data
    assert await demo_partner.balance() == before


async def test_some_payments_stay_in_process(demo_partner: Partner, work: Work, clock: ManualClock) -> None:
    await demo_partner.pay(await demo_partner.order("9000000299", "P-1", "SBX-INET"))
    clock.move(timedelta(hours=1))
    await work()
    assert (await demo_partner.status("P-1")).rc == 299


@pytest.mark.parametrize(("account", "code"), [("9000000114", 114), ("9000000187", 187), ("9000000312", 312)])
async def test_the_sandbox_refuses_payments_on_demand(demo_partner: Partner, account: str, code: int) -> None:
    said = await demo_partner.pay(await demo_partner.order(account, "R-1", "SBX-INET"))
    assert (said.status, said.rc, said.data) == (200, code, {})
    assert (await demo_partner.status("R-1")).rc == 188


async def test_the_sandboxs_two_bills_stand_newest_first(demo_partner: Partner) -> None:
    data = (await demo_partner.check("9000000999", "SBX-INET")).data
    assert [bill["billId"] for bill in data["billDetails"]] == ["2", "1", "0"]
    assert data["productDetails"] == [{"key": "Periode", "value": "Dec 2022 - Jan 2023"}]
    assert data["amount"] == 2 * 744_750 + 2500


async def test_an_unknown_payment_has_every_member_and_no_value(
    demo_partner: Partner, poor_partner: Partner
) -> None:
    await demo_partner.pay(await demo_partner.order("28900001", "MINE"))
    for said in (await demo_partner.status("NOBODYS"), await poor_partner.status("MINE")):
        assert (said.status, said.rc) == (200, 188)
        assert list(said.data) == list(PAGE["payment"]["data"])
        lists = {"customerDetails", "billDetails", "productDetails", "extraFields"}
        for name, value in said.data.items():
            like = PAGE["payment"]["data"][name]
            assert value == (None if name in lists else 0 if isinstance(like, int) else "")


async def test_the_old_paths_answer_alike(demo_partner: Partner) -> None:
    for path in (CHECK, PAYMENT, STATUS, "/api/v2/partner/products", "/api/v2/partner/balance"):
        new = await demo_partner.post(path)
        old = await demo_partner.post(path.replace("/v2/", "/v1/"))
        assert (old.status, shape(old.body)) == (new.status, shape(new.body))
        assert (await demo_partner.get(path)).status == 405


async def test_products_and_balance_are_told(demo_partner: Partner, poor_partner: Partner) -> None:
    said = await demo_partner.post("/api/v2/partner/products")
    assert said.rc == 0
    assert [product["code"] for product in said.data] == ["LOKET-INET", "SBX-INET"]
    assert said.data[0] == {
        "name": "Loket Internet",
        "description": "Tagihan internet Loket",
        "code": "LOKET-INET",
        "logo": "",
        "amount": 0,
        "adminFee": 2500,
        "biller": "Loket",
        "category": "Internet dan TV Kabel",
        "active": True,
        "type": "POSTPAID",
    }
    balance = await demo_partner.post("/api/v2/partner/balance")
    assert (balance.rc, balance.data) == (
        0,
        {"balance": 10_000_000, "currency": "IDR", "partnerId": "demo-partner"},
    )
    assert await poor_partner.balance() == 0


async def test_every_answer_can_be_traced_and_is_stored_nowhere(demo_partner: Partner) -> None:
    said = await demo_partner.check("ISP00123")
    assert said.headers["cache-control"] == "no-store"
    assert said.headers["x-request-id"]
    assert said.headers["content-type"] == "application/json"
