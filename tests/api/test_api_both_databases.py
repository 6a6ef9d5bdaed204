"""The core of the dialect on SQLite and on PostgreSQL: what differs between them must not show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.bootstrap import bootstrap
from core.platform.clock import ManualClock
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo
from tests.api.conftest import LogIn
from tests.api.support import Caller, a_form, example


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    async with bootstrap(settings, clock=clock) as found:
        assert await load_demo(found)
        yield found


async def test_reads_answer_like_the_document(john: Caller, anyone: Caller, partner: Caller) -> None:
    assert (await john.get("/api/customer")).body == example("customer", 200)
    assert (await john.get("/api/help", status="all", year=2024)).body == example("tickets", 200)
    assert (await john.get("/api/help/timeline", id=1)).body == example("timeline", 200)
    assert (await john.get("/api/invoice", year=2024)).body == example("invoice", 200)
    assert (await anyone.get("/api/package", company_id=1)).body["data"][0] == example("package", 200)[
        "data"
    ][0]
    unpaid = (await partner.get("/api/billing/unpaid", no_services="ISP00123")).body
    assert unpaid["data"][0] == example("billing_unpaid", 200)["data"][0]


async def test_a_life_from_registration_to_a_closed_ticket(anyone: Caller, log_in: LogIn) -> None:
    assert (await anyone.post("/api/auth/register", **a_form())).status == 201
    budi = await log_in("budi@example.com", "kopi-tubruk-7")
    applied = await budi.post("/api/customer", package_id=12, company_id=1, id_type_id=1, id_number="1")
    assert applied.status == 201
    number = applied.body["customer"]["no_services"]
    for path, change in (
        ("change-id-card", {"id_type_id": 2, "id_number": "A1"}),
        ("email", {"email": "b@example.com"}),
        ("address", {"address": "Jl. Baru No. 99"}),
        ("phone", {"phonecode": 62, "phone": 81299999999}),
    ):
        assert (await budi.put(f"/api/customer/{path}", **change)).status == 200
    opened = await budi.post("/api/help", help_type=1, help_solution=2, description="Mati.")
    closed = await budi.post("/api/help/close", id=opened.body["data"]["id"], remark="Beres.")
    assert closed.status == 200
    sent = await anyone.post("/api/auth/forgot-password", no_services=number)
    reset = {"password": "teh-botol-99", "password_confirmation": "teh-botol-99"}
    answer = await anyone.post("/api/auth/reset-password", no_services=number, otp=sent.body["otp"], **reset)
    assert answer.status == 200
    assert (await log_in("b@example.com", "teh-botol-99")).headers


async def test_twins_are_told_apart(anyone: Caller, rina: Caller, partner: Caller) -> None:
    registered = await asyncio.gather(*(anyone.post("/api/auth/register", **a_form()) for _ in range(3)))
    assert sorted(each.status for each in registered) == [201, 422, 422]
    application = {"package_id": 12, "company_id": 1, "id_type_id": 1, "id_number": "1"}
    applied = await asyncio.gather(*(rina.post("/api/customer", **application) for _ in range(3)))
    assert sorted(each.status for each in applied) == [201, 409, 409]
    notice = {"invoice": "230130001", "no_services": "ISP00123"}
    paid = await asyncio.gather(
        *(partner.post("/api/billing/mark-as-paid", **notice, reference_no=f"R{n}") for n in range(4))
    )
    assert sorted(each.status for each in paid) == [200, 409, 409, 409]


async def test_large_numbers_do_not_frighten_the_database(john: Caller, rina: Caller) -> None:
    largest = 2**63 - 1
    assert (await john.get("/api/help/timeline", id=largest)).status == 404
    assert (
        await john.post("/api/help", help_type=largest, help_solution=largest, description="x")
    ).status == 422
    application = {"package_id": largest, "company_id": largest, "id_type_id": 1, "id_number": "1"}
    assert (await rina.post("/api/customer", **application)).status == 404
    assert (await rina.post("/api/customer", **{**application, "id_type_id": largest})).status == 422
    for text in ("a\x00b", "💥", "\\", "%", "x" * 255):
        assert (await john.get("/api/help/timeline", no_ticket=text[:64])).status in {404, 422}
