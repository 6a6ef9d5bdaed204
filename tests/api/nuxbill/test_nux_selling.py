"""Selling over PHPNuxBill's API: recharges, vouchers, balance, exports, dashboards (phpnuxbill-2 contract §E5, part 1 §7.11-7.17)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from core.network.tables import routers
from core.platform.clock import ManualClock
from core.prepaid.types import PlanKind, Terms, Unit
from core.prepaid.vouchers import Batch
from core.services import Services
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux


async def offered(services: Services, name: str = "Harian", price: int = 100_000, **terms: Any) -> int:
    async with services.uow.read() as tx:
        router_id = await tx.scalar(select(routers.c.id).where(routers.c.alias == "RT-01"))
    usual = {"kind": PlanKind.HOTSPOT, "validity": 30, "unit": Unit.DAYS, "router_id": router_id}
    return await services.prepaid.offer(name, price, Terms(**usual | terms))


def form(plan_id: int, **more: Any) -> dict[str, Any]:
    return {"id_customer": 1, "plan": plan_id, "server": "RT-01", "using": "cash", "note": ""} | more


@pytest.fixture
async def admin(staff: Login) -> Nux:
    return await staff()


async def test_a_recharge_is_previewed_made_once_and_seen_everywhere(services: Services, admin: Nux) -> None:
    await services.preferences.change({"tax_percent": "10"}, actor="staff:1")
    plan_id = await offered(services)
    preview = (await admin.post("plan/recharge-confirm", **form(plan_id))).result
    assert (preview["tax"], preview["total"], preview["plan"]["price"]) == (
        "10000.00",
        "110000.00",
        "100000",
    )
    for _ in range(2):
        said = await admin.post("plan/recharge-post", **form(plan_id, svoucher="tap-1"))
        row = said.result["in"]
        assert (said.success, row["invoice"], row["price"]) == (True, "INV-1", "100000")
    assert (row["routers"], row["type"], row["expiration"], row["time"]) == (
        "RT-01",
        "Hotspot",
        "2026-12-22",
        "10:00:00",
    )
    assert f"Total{'Rp. 100.000':>32}" in said.result["invoice"]
    assert "Password" in said.result["invoice"]
    shown = (await admin.get("customers/view/1")).result
    assert [each["invoice"] for each in shown["activation"]] == ["INV-1"]
    package = next(each for each in shown["packages"] if each["namebp"] == "Harian")
    assert (package["expiration"], package["status"], package["prepaid"]) == ("2026-12-22", "on", "yes")
    listed = (await admin.get("plan/list", search="John", status="on")).result
    assert [(each["namebp"], each["customer_fullname"]) for each in listed["d"]] == [("Harian", "John Doe")]
    bills = (await admin.get("invoices/list", search="INV-1", status="paid")).result["invoices"]
    assert [(each["number"], each["amount"]) for each in bills] == [("INV-1", "110000.00")]
    assert (await admin.get("plan/view/1")).result["in"]["username"] == "ISP00123"
    assert (await admin.get("plan/view/99")).message == "Data Not Found"


async def test_who_may_sell_what(services: Services, staff: Login) -> None:
    plan_id, sales = await offered(services), await staff("sales", "sales1234")
    assert (await sales.post("plan/recharge-post", **form(plan_id, using="zero"))).message == (
        "You do not have permission to access this page"
    )
    for changes, message in (
        ({"using": "balance"}, "Balance not enabled"),
        ({"plan": ""}, "All field is required"),
        ({"plan": 9999}, "Plan not found"),
        ({"id_customer": 9999}, "Customer not found"),
    ):
        assert (await sales.post("plan/recharge-post", **form(plan_id, **changes))).message == message
    await services.preferences.change({"balance": True}, actor="staff:1")
    said = await sales.post("plan/recharge-post", **form(plan_id, using="balance"))
    assert said.message == "insufficient balance"
    refund = await sales.post("plan/deposit-post", id_customer=1, amount=-5)
    assert refund.message == "You do not have permission to access this page"
    admin = await staff()
    free = await admin.post("plan/recharge-post", **form(plan_id, using="zero"))
    assert (free.result["in"]["price"], free.result["in"]["method"]) == ("0", "Recharge Zero - Admin")


async def test_a_deposit_pays_for_a_package_and_the_rest_is_handed_back(
    services: Services, admin: Nux
) -> None:
    await services.preferences.change({"balance": True}, actor="staff:1")
    plan_id = await offered(services)
    for _ in range(2):
        said = await admin.post("plan/deposit-post", id_customer=1, amount=150_000, svoucher="x")
        assert (said.result["in"]["type"], said.result["in"]["routers"]) == ("Balance", "balance")
    assert (await admin.post("plan/recharge-post", **form(plan_id, using="balance"))).success
    assert (await admin.get("customers/view/1")).result["d"]["balance"] == "50000.00"
    assert (await admin.post("plan/deposit-post", id_customer=1, amount=-60_000)).message == (
        "insufficient balance"
    )
    back = await admin.post("plan/deposit-post", id_customer=1, amount=-50_000)
    assert back.result["in"]["price"] == "-50000"
    assert (await admin.get("customers/view/1")).result["d"]["balance"] == "0.00"
    assert (await admin.post("plan/deposit-post", id_customer=1)).message == "All field is required"


async def test_packages_are_edited_extended_and_deleted(
    services: Services, admin: Nux, clock: ManualClock
) -> None:
    plan_id, other = await offered(services), await offered(services, "Mingguan", 30_000)
    await admin.post("plan/recharge-post", **form(plan_id))
    (row,) = (await admin.get("plan")).result["d"]
    edit = (await admin.get(f"plan/edit/{row['id']}")).result
    assert [each["name_plan"] for each in edit["p"]] == ["Harian", "Mingguan"]
    changed = {"id": row["id"], "id_plan": other, "expiration": "2026-11-25", "time": "08:00:00"}
    assert (await admin.post("plan/edit-post", **changed | {"expiration": "soon"})).success is False
    said = await admin.post("plan/edit-post", **changed)
    assert (said.message, said.result["d"]["namebp"], said.result["d"]["expiration"]) == (
        "Data Updated Successfully",
        "Mingguan",
        "2026-11-25",
    )
    assert (await admin.get(f"plan/extend/{row['id']}/3")).message == "Customer is not expired yet"
    clock.move(timedelta(days=4))
    await services.prepaid.expire_due()
    assert (await admin.get("plan", status="off")).result["paginator"]["total"] == 1
    said = await admin.post(f"plan/extend/{row['id']}/3")
    assert (said.success, said.message) == (True, "Extend until 2026-11-29")
    assert (await admin.post("plan/sync")).message == "DONE : ISP00123, Mingguan, Hotspot, RT-01<br>"
    assert (await admin.post(f"plan/delete/{row['id']}")).message == "Data Deleted Successfully"
    assert (await admin.post(f"plan/delete/{row['id']}")).message == "Data Not Found"
    assert (await admin.get("plan")).result["d"] == []


async def test_vouchers_are_made_listed_printed_and_refilled(services: Services, staff: Login) -> None:
    plan_id, agent, admin = await offered(services), await staff("agen", "agen1234"), await staff()
    wanted = {
        "type": "Hotspot",
        "plan": plan_id,
        "server": "RT-01",
        "numbervoucher": 3,
        "lengthcode": 8,
        "voucher_format": "numbers",
        "batch_name": "<b>Nov</b>",
        "print_now": "yes",
    }
    said = await agent.post("plan/voucher-post", **wanted)
    assert (said.message, said.result["count"]) == ("Create Vouchers Successfully", 3)
    assert all("<b>" not in card for card in said.result["voucher"])
    assert len((await agent.get("plan/voucher")).result["d"]) == 3
    assert (await (await staff("sales", "sales1234")).get("plan/voucher")).result["d"] == []
    first, second, third = said.result["codes"]
    said = await admin.post("plan/refill-post", id_customer=1, code=first)
    assert said.result["in"]["method"] == f"Voucher - {first}"
    assert (await admin.post("plan/refill-post", id_customer=1, code=first)).message == "Voucher Not Valid"
    used = (await admin.get("plan/voucher", status="1")).result["d"]
    assert [(each["code"], each["user"], each["status"]) for each in used] == [(first, "ISP00123", "1")]
    printed = (await admin.get("plan/print-voucher")).result
    assert {each["code"] for each in printed["items"]} == {second, third}
    ids = str([each["id"] for each in printed["items"]])
    assert (await admin.post("plan/voucher-delete-many", voucherIds=ids)).result["count"] == 2
    assert (await admin.post("plan/voucher-delete-many", voucherIds="x")).message == (
        "Invalid or missing voucher IDs."
    )
    assert (await admin.post("plan/voucher-post", **wanted | {"lengthcode": 5})).message == (
        "The Length Code must be a number"
    )


async def codes(services: Services, count: int, *, length: int = 10) -> list[str]:
    plan_id = await offered(services, "Jam", 5_000)
    batch = Batch(plan_id=plan_id, router="RT-01", count=count, length=length)
    return [each.code for each in await services.prepaid.make_vouchers(batch, by=1)]


async def test_a_voucher_alone_opens_the_line(services: Services, nux: Nux, clock: ManualClock) -> None:
    (code,) = await codes(services, 1)
    for _ in range(2):  # whoever has it may come back
        said = await nux.post("login/activation", voucher_only=code)
        assert (said.success, said.result["username"], said.result["expiration"]) == (
            True,
            code,
            "2026-12-22",
        )
    assert (await nux.post("login/activation", voucher_only="nothing")).message == "Voucher invalid"
    clock.move(timedelta(days=31))
    await services.prepaid.expire_due()
    assert (await nux.post("login/activation", voucher_only=code)).message == "Internet Voucher Expired"


async def test_a_voucher_makes_an_account_but_changes_no_password(
    services: Services, nux: Nux, customer: Login
) -> None:
    first, second = await codes(services, 2)
    said = await nux.post("login/activation", voucher=first, username="baru.datang")
    assert said.message == "Voucher activation success, now you can login"
    await customer("baru.datang", first)
    said = await nux.post("login/activation", voucher=second, username="ISP00123")
    assert said.success
    await customer()  # with the password there was
    assert (await nux.post("login/activation", voucher=second, username="ISP00123")).success
    foreign = await nux.post("login/activation", voucher=second, username="baru.datang")
    assert foreign.message == "Voucher Not Valid"


async def test_a_customer_moves_balance_and_ends_a_package(
    services: Services, admin: Nux, customer: Login, clock: ManualClock
) -> None:
    john = await customer()
    move = {"send": "balance", "username": "28900001", "balance": 20_000}
    assert (await john.post("home", **move)).message == "Failed, balance is not available"
    wishes = {"balance": True, "balance_transfer": True, "smallest_transfer": 1_000}
    await services.preferences.change(wishes, actor="staff:1")
    await admin.post("plan/deposit-post", id_customer=1, amount=50_000)
    for changes, message in (
        ({"username": "nobody"}, "Username not found"),
        ({"balance": -20_000}, "Amount must be greater than 0"),
        ({"balance": 50_001}, "insufficient balance"),
        ({"balance": 999}, "Minimum Transfer Rp. 1.000"),
        ({"username": "isp00123"}, "Cannot send to yourself"),
    ):
        assert (await john.post("home", **move | changes)).message == message
    said = await john.post("home", **move, stoken="once")
    assert (said.message, said.result["balance"]) == ("Sending balance success", "30000")
    assert (await john.post("home", **move, stoken="once")).result["balance"] == "30000"
    orders = (await admin.get("customers/view/1/order")).result["order"]
    assert [(each["plan_name"], each["gateway"], each["status"]) for each in orders] == [
        ("Send Balance", "28900001", 2)
    ]

    await admin.post("plan/recharge-post", **form(await offered(services)))
    (row,) = (await admin.get("plan")).result["d"]
    page = (await john.get("home", renewal="0")).result
    assert (page["balance"], page["unpaid"]) == ("30000", [])
    assert {each["widget"] for each in page["widgets"]} >= {"account_info", "balance_transfer"}
    assert (await admin.get("customers/view/1")).result["d"]["auto_renewal"] == 0
    other = await customer("28900001")
    assert (await other.get("home", deactivate=row["id"])).message == "No Active Plan"
    assert (await john.get("home", sync=row["id"])).message == "DONE : Harian, Hotspot, RT-01<br>"
    assert (await john.get("home", deactivate=row["id"])).message == "Success deactivate Harian"
    await services.preferences.change({"extends_expired": True, "extension_days": 2}, actor="staff:1")
    assert (await john.get("home", extend=row["id"])).message == "Extend until 2026-11-24"
    clock.move(timedelta(days=3))
    await services.prepaid.expire_due()
    assert (await john.get("home", extend=row["id"])).message == "You already extend for this month"


async def test_income_is_exported_to_the_screen_and_to_paper(services: Services, admin: Nux) -> None:
    plan_id = await offered(services)
    empty = await admin.raw("GET", "export/pdf-by-date")
    assert empty.json()["message"] == "No Data"
    await admin.post("plan/recharge-post", **form(plan_id))
    siti = await services.directory.id_of("28900001")
    said = await admin.post("plan/recharge-post", **form(plan_id, id_customer=siti))
    assert said.message == "Customer has a monthly subscription on this router"
    other = await services.directory.id_of("28900003")
    said = await admin.post("plan/recharge-post", **form(plan_id, using="transfer", id_customer=other))
    assert said.success, said
    shown = (await admin.get("export/print-by-date")).result
    assert (shown["dr"], shown["count"], shown["sd"]) == ("200000.00", 2, "2026-11-01")
    picked = await admin.get("export/print-by-date", **{"mts[]": ["Transfer", "Voucher"]})
    assert [each["method"] for each in picked.result["d"]] == ["Transfer - Admin"]
    assert (await admin.get("export/print-by-date", sd="2026-11-01", ed="2026-11-21")).result["d"] == []
    period = (await admin.post("export/print-by-period", fdate="2026-11-22", stype="Hotspot")).result
    assert [each["fullname"] for each in period["d"]][-1] == "John Doe"
    paper = await admin.raw("GET", "export/pdf-by-date")
    assert paper.headers["Content-Type"] == "application/pdf"
    assert "phpnuxbill_reports_20261122_100000.pdf" in paper.headers["Content-Disposition"]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    assert "ISP00123" in text
    assert "Total Income: Rp. 200.000" in text
    assert (await admin.raw("POST", "export/pdf-by-period")).headers["Content-Type"] == "application/pdf"


async def test_a_dashboard_counts_and_shows_money_to_whom_it_concerns(
    services: Services, staff: Login
) -> None:
    admin = await staff()
    await admin.post("plan/recharge-post", **form(await offered(services)))
    await codes(services, 2)
    shown = (await admin.get("dashboard")).result
    assert (shown["iday"], shown["imonth"], shown["u_act"], shown["u_all"]) == (
        "100000.00",
        "100000.00",
        1,
        1,
    )
    assert (shown["stocks"], shown["plans"]) == (
        {"used": 0, "unused": 2},
        [{"name_plan": "Jam", "unused": 2, "used": 0}],
    )
    assert shown["monthlySales"][10] == {"month": 11, "totalSales": "100000.00"}
    assert shown["start_date"] == "2026-11-01"
    assert (await admin.get("dashboard", refresh=1)).message == "Data Refreshed"
    report = (await (await staff("laporan", "laporan1234")).get("dashboard")).result
    assert (report["tipeUser"], report["iday"]) == ("Report", "100000.00")
    assert "iday" not in (await (await staff("agen", "agen1234")).get("dashboard")).result
