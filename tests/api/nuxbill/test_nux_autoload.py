"""What forms fill themselves in with, finding customers, and the log of messages (phpnuxbill-1 contract §7.3, §7.4, §7.12, §7.19, §7.21, §7.23)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.bootstrap import bootstrap
from core.messaging.notices import send_text
from core.platform.clock import ManualClock
from core.platform.outbox import State, attempts, outbox
from core.portal import inbox
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux

FORM = {
    "username": "tono.net",
    "fullname": "Tono Sugiarto",
    "password": "rahasia-tono",
    "phonenumber": "081234500001",
    "email": "tono@example.com",
    "address": "Jl. Melati 3\nBandung",
    "coordinates": "-6.9,107.6",
    "service_type": "PPPoE",
    "pppoe_username": "tono-line",
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


@pytest.fixture
async def admin(staff: Login) -> Nux:
    return await staff()


async def added(admin: Nux, **changes: Any) -> int:
    said = await admin.post("customers/add-post", **FORM | changes)
    assert said.success, said
    return int(said.result["id"])


async def found(admin: Nux, query: str) -> list[str]:
    users = (await admin.get("search_user", query=query)).result["users"]
    return [user["username"] for user in users]


async def test_customers_are_found_by_any_part_of_what_is_written_about_them(admin: Nux) -> None:
    customer_id = await added(admin)
    for query in (
        "TONO",
        "ugiar",
        "tono sugi",
        "sugiarto melati",
        "0812345000",
        "no@exa",
        "su",
        "t j",
        "melati",
    ):
        hits = await found(admin, query.replace("0812", "62812"))
        assert hits == ["tono.net"], query
    for query in ("giarto tonox", "no", "arto x", '"', "^^", "%", "_ono", "ton'"):
        assert "tono.net" not in await found(admin, query), query
    await admin.post(
        "customers/edit-post", id=customer_id, fullname="Bambang", username="bam", address="Mawar"
    )
    assert await found(admin, "sugiarto") == []
    assert await found(admin, "melati") == []
    assert await found(admin, "bambang mawar") == ["bam"]
    await admin.post(f"customers/delete/{customer_id}")
    assert await found(admin, "bambang mawar") == []


async def test_a_search_says_when_it_has_nothing_to_say(admin: Nux, nux: Nux) -> None:
    assert (await admin.get("search_user")).message == "Please enter a search term."
    said = await admin.get("search_user", query="zzzz")
    assert (said.success, said.message, said.result["users"]) == (True, "No users found.", [])
    assert (await nux.get("search_user", query="john")).message == "Token is invalid"


async def test_customers_on_the_map_are_those_with_a_place(admin: Nux) -> None:
    customer_id = await added(admin)
    await added(
        admin, username="nowhere", phonenumber="0812999", email="", coordinates="", pppoe_ip="10.1.2.4"
    )
    shown = (await admin.get("maps/customer")).result
    usernames = [each["info"].split(" - ")[0] for each in shown["customers"]]
    assert "Username: nowhere" not in usernames
    assert shown["paginator"]["total"] == len(usernames)
    [tono] = (await admin.get("maps/customer", search="tono")).result["customers"]
    assert (tono["id"], tono["direction"], tono["coordinates"], tono["balance"]) == (
        customer_id,
        "-6.9,107.6",
        "[-6.9,107.6]",
        "0.00",
    )
    assert tono["info"] == (
        "Username: tono.net - Full Name: Tono Sugiarto - Email: tono@example.com - Phone: 6281234500001"
        " - Service Type: PPPoE"
    )
    assert (await admin.get("maps")).result["paginator"]["total"] == len(usernames)


async def test_forms_are_told_what_is_taken(admin: Nux) -> None:
    customer_id = await added(admin)
    said = (await admin.get("autoload/pppoe_ip_used", ip="10.1.2.3")).result
    assert said == {"used": True, "usernames": ["tono.net"], "message": "IP has been used by : tono.net"}
    for taken in (
        await admin.get("autoload/pppoe_ip_used", ip="10.1.2.3", id=customer_id),
        await admin.get("autoload/pppoe_ip_used", ip=""),
        await admin.get("autoload/pppoe_username_used", u="tono"),
    ):
        assert taken.result == {"used": False, "usernames": [], "message": ""}
    said = (await admin.get("autoload/pppoe_username_used", u="tono-line")).result
    assert said["message"] == "Username has been used by : tono.net"


async def test_forms_are_told_of_a_customer(admin: Nux) -> None:
    assert (await admin.get("autoload/balance/1/1")).result == {"balance": "0.00", "formatted": "Rp. 0"}
    assert (await admin.get("autoload/balance/9999")).message == "Customer not found"
    [plan] = (await admin.get("autoload/plan_is_active/1")).result["plans"]
    assert (plan["namebp"], plan["status"], plan["online"]) == ("Home 50 Mbps", "on", None)
    results = (await admin.get("autoload/customer_select2", s="john@")).result["results"]
    assert results == [{"id": 1, "text": "John Doe - ISP00123 - john@example.com"}]
    assert (await admin.get("autoload/customer_select2", s="zzzz")).result["results"] == []


async def test_whether_a_customer_is_online_is_asked_only_where_it_is_wanted(
    admin: Nux, services: Services
) -> None:
    asked = "autoload/customer_is_active/ISP00123/12"
    assert (await admin.get(asked)).result["status"] == "unknown"
    await services.preferences.change({"checks_customers_online": True}, actor="staff:1")
    assert (await admin.get(asked)).result["status"] == "error", "nothing answers at the router's address"
    assert (await admin.get("autoload/customer_is_active/nobody/12")).result["status"] == "unknown"


async def test_a_customers_page_knows_their_mail_and_languages(customer: Login, services: Services) -> None:
    john = await customer()
    assert (await john.get("autoload_user/inbox_unread")).result == {"count": 0}
    async with services.uow.write() as tx:
        await inbox.put(tx, 1, "Halo", "Isi")
        await inbox.put(tx, 2, "Rahasia", "Isi")
    assert (await john.get("autoload_user/inbox_unread")).result == {"count": 1}
    assert [each["subject"] for each in (await john.get("autoload_user/inbox")).result["inbox"]] == ["Halo"]
    languages = (await john.get("autoload_user/language", select="indonesia")).result["languages"]
    assert [each["name"] for each in languages if each["selected"]] == ["indonesia"]
    assert (await john.get("autoload_user/isLogin/1")).result["state"] == "not_applicable"
    assert (await john.get("autoload_user/nothing")).message == "Command not found"


async def test_the_front_door_leads_strangers_to_the_login(nux: Nux) -> None:
    assert "registration_username" in (await nux.get("default")).result


async def test_messages_are_listed_with_their_fate_and_without_codes(
    admin: Nux, services: Services, clock: ManualClock
) -> None:
    async with services.uow.write() as tx:
        for number, (text, secret) in enumerate(
            (("Tagihan Desember", False), ("Kode 482913", True), ("=1+1", False))
        ):
            await send_text(tx, to=f"62812{number}", text=text, key=f"k{number}", sensitive=secret)
        parked = {"state": State.PARKED, "settled_at": tx.now, "reason": "number unknown"}
        await tx.execute(outbox.update().where(outbox.c.key == "k0").values(**parked))
        done = {"state": State.DONE, "settled_at": tx.now}
        await tx.execute(outbox.update().where(outbox.c.key == "k2").values(**done))
        job = await tx.scalar(select(outbox.c.id).where(outbox.c.key == "k0"))
        tried = {"started_at": tx.now, "finished_at": tx.now, "outcome": "parked"}
        await tx.insert(attempts, outbox_id=job, **tried)
    rows = (await admin.get("logs/message")).result["d"][:3]
    assert [(row["recipient"], row["message_content"], row["status"]) for row in rows] == [
        ("628122", "=1+1", "Success"),
        ("628121", "********", "Pending"),
        ("628120", "Tagihan Desember", "Error"),
    ]
    assert (rows[2]["error_message"], rows[0]["message_type"]) == ("number unknown", "WhatsApp")
    for query, count in (("desember", 1), ("482913", 0), ("unknown", 1), ("62812", 2)):
        said = (await admin.get("logs/message", q=query)).result["paginator"]["total"]
        assert said == count, query
    table = list(csv.reader(io.StringIO((await admin.raw("GET", "logs/message-csv")).text), delimiter=";"))
    assert table[0][2:5] == ["recipient", "message_content", "status"]
    assert [row[3] for row in table[-3:]] == ["Tagihan Desember", "********", "'=1+1"]
    clock.move(timedelta(days=10))
    assert (await admin.post("logs/message", keep="1 OR 1")).message == "Invalid request"
    assert (await admin.post("logs/message", keep="7")).message == "Deleted logs older than 7 days"
    left = [row["recipient"] for row in (await admin.get("logs/message")).result["d"]]
    assert "628121" in left, "what has yet to leave stays"
    assert not {"628120", "628122"} & set(left)
