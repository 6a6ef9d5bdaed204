"""Coupons (phpnuxbill-1 contract §7.7, §9.12)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux

FORM = {
    "code": "HEMAT-10",
    "type": "percent",
    "value": "10",
    "description": "Diskon pembukaan",
    "max_usage": "100",
    "min_order_amount": "0",
    "max_discount_amount": "50000",
    "status": "active",
    "start_date": "2024-01-01",
    "end_date": "2024-12-31",
}


async def added(staff: Nux, **changes: Any) -> int:
    said = await staff.post("coupons/add-post", **FORM | changes)
    assert said.message == "Coupon has been added successfully", said
    return int(said.result["id"])


async def test_a_coupon_is_made_shown_changed_and_deleted(staff: Login) -> None:
    admin = await staff()
    coupon_id = await added(admin)
    row = (await admin.get(f"coupons/edit/{coupon_id}")).result["coupon"]
    assert (row["code"], row["type"], row["value"], row["usage_count"]) == ("HEMAT10", "percent", "10.00", 0)
    assert (row["min_order_amount"], row["max_discount_amount"]) == ("0.00", "50000.00")
    assert (row["start_date"], row["end_date"]) == ("2024-01-01", "2024-12-31")
    other = await added(admin, code="LAIN")
    changed = await admin.post(
        "coupons/edit-post", **FORM | {"id": other, "type": "fixed", "value": "2500.50"}
    )
    assert changed.message == "Coupon Code already exists"
    changed = await admin.post(
        "coupons/edit-post", **FORM | {"id": other, "code": "BARU", "type": "fixed", "value": "2500.50"}
    )
    assert (changed.success, changed.message) == (True, "Coupon has been updated successfully")
    assert (await admin.get(f"coupons/edit/{other}")).result["coupon"]["value"] == "2500.50"
    assert (await admin.get(f"coupons/edit/{coupon_id}")).result["coupon"]["code"] == "HEMAT10"
    gone = await admin.post("coupons/delete", couponIds=json.dumps([coupon_id, other, 999]))
    assert (gone.message, gone.result) == ("Coupons Deleted Successfully.", {"deleted": 2})
    assert (await admin.get("coupons")).result["coupons"] == []


async def test_every_problem_of_the_form_is_told_at_once(staff: Login) -> None:
    admin = await staff()
    said = await admin.post("coupons/add-post", max_usage="-1", status="x")
    assert said.message == (
        "Coupon Code is required<br>Coupon Type is required<br>Coupon Value is required<br>"
        "Coupon Description is required<br>Coupon Maximum Usage must be greater than or equal to 0<br>"
        "Coupon Minimum Order Amount is required<br>Coupon Maximum Discount Amount is required<br>"
        "Coupon Status is required<br>Coupon Start Date is required<br>Coupon End Date is required<br>"
    )
    coupon_id = await added(admin)
    said = await admin.post("coupons/edit-post", **FORM | {"id": coupon_id, "value": "0"})
    assert said.message == "Coupon value is required<br>"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "gratis"},
        {"value": "101"},
        {"value": "NaN"},
        {"value": "1e30"},
        {"value": "1.234"},
        {"end_date": "2023-01-01"},
        {"min_order_amount": "-5"},
    ],
)
async def test_what_cannot_be_is_refused(staff: Login, wrong: dict[str, str]) -> None:
    admin = await staff()
    assert not (await admin.post("coupons/add-post", **FORM | wrong)).success
    assert (await admin.get("coupons")).result["paginator"]["total"] == 0


async def test_a_list_of_five_a_page_is_searched_and_filtered(staff: Login) -> None:
    admin = await staff()
    for number in range(7):
        await added(admin, code=f"KODE{number}", status="inactive" if number % 2 else "active")
    first, second = [(await admin.get("coupons", p=page)).result for page in (1, 2)]
    assert [row["code"] for row in first["coupons"]] == [f"KODE{number}" for number in range(5)]
    assert [row["code"] for row in second["coupons"]] == ["KODE5", "KODE6"]
    assert (first["paginator"]["count"], first["paginator"]["total"], first["paginator"]["next"]) == (2, 7, 2)
    found = (await admin.get("coupons", search="kode6")).result["coupons"]
    assert [row["code"] for row in found] == ["KODE6"]
    resting = (await admin.post("coupons", filter="inactive")).result["coupons"]
    assert [row["code"] for row in resting] == ["KODE1", "KODE3", "KODE5"]


async def test_switching_needs_no_csrf_word(staff: Login) -> None:
    admin = await staff()
    coupon_id = await added(admin)
    said = await admin.post("coupons/status", coupon_id=coupon_id, status="inactive")
    assert (said.success, said.message) == (True, "Coupon status updated successfully.")
    assert (await admin.get(f"coupons/edit/{coupon_id}")).result["coupon"]["status"] == "inactive"
    assert (await admin.post("coupons/status", coupon_id=99, status="active")).message == "Coupon not found."
    assert (await admin.post("coupons/status", coupon_id=coupon_id, status="x")).message == "Invalid request"
    assert (await admin.get("coupons/status", coupon_id=coupon_id)).message == "Invalid request method"


async def test_sales_may_and_agents_may_not(staff: Login) -> None:
    await added(await staff("sales", "sales1234"))
    for name, password in (("agen", "agen1234"), ("laporan", "laporan1234")):
        said = await (await staff(name, password)).get("coupons")
        assert said.message == "You do not have permission to access this page"
