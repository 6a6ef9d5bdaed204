"""Customers over PHPNuxBill's API, on both databases (phpnuxbill-1 contract §7.9, §9.5, §9.6)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from core.bootstrap import bootstrap
from core.platform.clock import ManualClock
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux
from tests.api.support import Caller

FORM = {
    "username": "tono.net",
    "fullname": "Tono Sugiarto",
    "password": "rahasia-tono",
    "phonenumber": "081234500001",
    "email": "tono@example.com",
    "address": "Jl. Melati 3\nBandung",
    "city": "Bandung",
    "coordinates": "-6.9,107.6",
    "service_type": "PPPoE",
    "pppoe_ip": "10.1.2.3",
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    async with bootstrap(settings, clock=clock) as found:
        assert await load_demo(found)
        yield found


async def added(staff: Nux, **changes: Any) -> int:
    said = await staff.post("customers/add-post", **FORM | changes)
    assert said.message == "Account Created Successfully", said
    return int(said.result["id"])


async def names(staff: Nux, **query: Any) -> list[str]:
    return [row["username"] for row in (await staff.get("customers/list", **query)).result["d"]]


async def test_a_customer_is_made_found_changed_and_can_log_in_everywhere(
    staff: Login, customer: Login, anyone: Caller
) -> None:
    admin = await staff()
    customer_id = await added(
        admin, **{"custom_field_name[]": ["warna", ""], "custom_field_value[]": ["merah", "x"]}
    )
    shown = (await admin.get(f"customers/view/{customer_id}")).result
    row = shown["d"]
    assert (row["username"], row["phonenumber"], row["status"], row["balance"]) == (
        "tono.net",
        "6281234500001",
        "Active",
        "0.00",
    )
    assert (row["coordinates"], row["pppoe_ip"], row["password"]) == (
        "-6.9,107.6",
        "10.1.2.3",
        "rahasia-tono",
    )
    assert [(each["field_name"], each["field_value"]) for each in shown["customFields"]] == [
        ("warna", "merah")
    ]
    assert (await customer("TONO.net", "rahasia-tono")).token.startswith("c.")
    answer = await anyone.post("/api/auth/login", identifier="tono@example.com", password="rahasia-tono")
    assert answer.status == 200, answer
    said = await admin.post("customers/edit-post", id=customer_id, fullname="Tono S.", password="baru-sekali")
    assert (said.success, said.message) == (True, "User Updated Successfully")
    row = (await admin.get(f"customers/viewu/{FORM['username']}")).result["d"]
    assert (row["fullname"], row["city"], row["password"]) == ("Tono S.", "Bandung", "baru-sekali")
    await customer("tono.net", "baru-sekali")


async def test_lists_and_others_than_the_office_see_no_passwords(staff: Login) -> None:
    admin = await staff()
    customer_id = await added(admin)
    for row in (await admin.get("customers")).result["d"]:
        assert not {"password", "pppoe_password", "line_secret_sealed"} & set(row)
    seen = (await (await staff("agen", "agen1234")).get(f"customers/view/{customer_id}")).result["d"]
    assert "password" not in seen


async def test_every_problem_is_told_and_twins_are_refused(staff: Login) -> None:
    admin = await staff()
    said = await admin.post(
        "customers/add-post", username="a!", email="x", pppoe_ip="1.2", coordinates="99,999"
    )
    assert said.message == (
        "Username should be between 3 to 54 characters<br>Full Name should be between 2 to 25 characters<br>"
        "Password should be between 3 to 35 characters<br>Invalid phone number; start with 62 or 0<br>"
        "Invalid Email address format<br>Invalid IP address<br>Invalid coordinates<br>"
    )
    await added(admin)
    other = {"username": "lain", "phonenumber": "081234500002", "email": "lain@example.com"}
    for twin, message in (
        ({"username": "TONO.NET"}, "Account already axist<br>"),
        ({"phonenumber": "6281234500001"}, "Phone number already exists<br>"),
        ({"email": "Tono@Example.com"}, "Email already used by another Customer<br>"),
    ):
        assert (await admin.post("customers/add-post", **FORM | other | twin)).message == message
    other_id = await added(admin, **other)
    said = await admin.post("customers/edit-post", id=other_id, username="tono.net")
    assert said.message == "Username already used by another customer<br>"
    said = await admin.post("customers/edit-post", id=other_id, phonenumber="081234500002")
    assert said.message == "User Updated Successfully"
    assert (await admin.post("customers/edit-post", id=9999, fullname="Xy")).message == "Data Not Found<br>"


async def test_a_list_is_filtered_searched_sorted_and_paged(staff: Login) -> None:
    admin = await staff()
    await added(admin, username="aaa", fullname="Zainal Abidin")
    await added(admin, username="bbb", fullname="Budi Zebua", phonenumber="0811000", email="b@example.com")
    assert (await names(admin))[0] == "28900001"
    assert await names(admin, search="zE") == ["bbb"]
    assert await names(admin, search="0811000") == []
    assert await names(admin, search="62811000") == ["bbb"]
    assert await names(admin, search="100%") == []
    assert (await names(admin, order="fullname", orderby="desc"))[0] == "aaa"
    assert (await names(admin, order="lastname", orderby="desc"))[:2] == ["bbb", "28900005"]
    assert await names(admin, filter="Banned") == []
    first = (await admin.get("customers", per_page=2, p=2)).result
    assert ([row["username"] for row in first["d"]], first["paginator"]["total"]) == (
        ["28900003", "28900004"],
        9,
    )
    assert (first["statuses"][0], first["per_page"], first["order_pos"]) == ("Active", 2, 0)
    assert len(await names(admin, order="password; DROP TABLE customers")) == 9


async def test_csv_files_have_their_headers_and_no_formulas(staff: Login) -> None:
    admin = await staff()
    await added(admin, fullname="=1+1 Evil")
    everything = await admin.raw("POST", "customers/csv")
    rows = list(csv.reader(io.StringIO(everything.text)))
    header = ["id", "username", "fullname", "address", "phonenumber", "email", "balance", "service_type"]
    assert rows[0] == header
    assert rows[-1][1:4] == ["tono.net", "'=1+1 Evil", "Jl. Melati 3 Bandung"]
    prepaid = list(csv.reader(io.StringIO((await admin.raw("GET", "customers/csv-prepaid")).text)))
    assert prepaid[0] == [*header, "namebp", "routers", "status", "Payment"]
    john = next(row for row in prepaid if row[1] == "ISP00123")
    assert john[8:11] == ["Home 50 Mbps", "RT-01", "on"]
    filtered = await admin.raw("POST", "customers/list", data={"export": "csv", "search": "tono"})
    assert [row[1] for row in csv.reader(io.StringIO(filtered.text), delimiter=";")] == [
        "username",
        "tono.net",
    ]
    assert "phpnuxbill_customers_Active_" in filtered.headers["Content-Disposition"]
    refused = await (await staff("agen", "agen1234")).post("customers/list", export="csv")
    assert refused.message == "You do not have permission to access this page"


async def test_what_a_customer_runs_is_shown_priced_synchronised_and_ended(staff: Login) -> None:
    admin = await staff()
    package = (await admin.get("customers/view/1")).result["packages"][0]
    assert (package["namebp"], package["routers"], package["status"], package["type"]) == (
        "Home 50 Mbps",
        "RT-01",
        "on",
        "PPPOE",
    )
    preview = (await admin.post("customers/recharge/1/12")).result
    assert (preview["total"], preview["usings"]) == ("300000.00", ["Cash"])
    synced = await admin.post("customers/sync/1")
    assert (synced.message, synced.result["synced"]) == (
        "Sync success to RT-01",
        [{"plan_id": 12, "routers": "RT-01"}],
    )
    said = await admin.post("customers/deactivate/1/12")
    assert (said.success, said.message) == (True, "Success deactivate customer to Mikrotik")
    assert (await admin.get("customers/view/1")).result["packages"][0]["status"] == "off"
    assert (await admin.post("customers/sync/1")).message == "Cannot find active plan"
    assert (await admin.post("customers/deactivate/1/999")).message == "Cannot find active plan"


async def test_staff_looks_through_a_customers_eyes_for_an_hour(staff: Login, clock: ManualClock) -> None:
    admin = await staff()
    said = await admin.post("customers/login/1")
    assert said.message == "You are logging in as John Doe,<br>don't logout just close tab."
    eyes = admin.having(said.result["token"])
    assert (await eyes.get("me")).result["username"] == "ISP00123"
    clock.move(timedelta(minutes=61))
    assert (await eyes.get("me")).message == "Token Expired"
    logged = (await admin.get("logs")).result["d"][0]["description"]
    assert logged == "[admin]: logged in as ISP00123"


async def test_whoever_has_bills_stays_in_the_books(staff: Login, nux: Nux) -> None:
    admin = await staff()
    customer_id = await added(admin)
    assert (await admin.post(f"customers/delete/{customer_id}")).message == "User deleted Successfully"
    assert (await admin.get(f"customers/view/{customer_id}")).message == "Account Not Found"
    assert (await admin.post("customers/delete/1")).message == "User deleted Successfully"
    assert "ISP00123" not in await names(admin)
    refused = await nux.post("login/post", username="ISP00123", password="rahasia123")
    assert refused.message == "Invalid Username or Password"
    assert (await admin.post("customers/delete/9999")).message == "Customer not found"
