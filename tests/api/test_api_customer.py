"""The customer behind a login, over HTTP (mywifi contract §5, endpoints 12 to 18)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from core.customers.tables import customers
from core.platform.outbox import outbox
from core.services import Services
from tests.api.conftest import LogIn
from tests.api.support import NOT_SUBSCRIBED, Caller, example, shape

APPLICATION = {"package_id": 12, "company_id": 1, "id_type_id": 1, "id_number": "3201010101010001"}
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("change-id-card", {"id_type_id": 2, "id_number": "A1234567"}),
    ("email", {"email": "new@example.com"}),
    ("address", {"address": "Jl. Baru No. 99"}),
    ("phone", {"phonecode": 62, "phone": 8123456789}),
]


async def _verify(services: Services, column: str, day: date | None = date(2024, 1, 1)) -> None:
    async with services.uow.write() as tx:
        await tx.execute(customers.update().where(customers.c.id == 1).values({column: day}))


async def test_a_customer_answers_like_the_document(john: Caller) -> None:
    answer = await john.get("/api/customer")
    documented = example("customer", 200)
    assert (answer.status, answer.body) == (200, documented)
    assert shape(answer.body) == shape(documented)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/customer", "GET"),
        ("/api/help", "GET"),
        ("/api/help", "POST"),
        ("/api/invoice", "GET"),
        ("/api/customer/network-status", "GET"),
        *((f"/api/customer/{path}", "PUT") for path, _ in CHANGES),
    ],
)
async def test_who_has_not_subscribed_is_told_so_before_any_complaint(
    rina: Caller, path: str, method: str
) -> None:
    answer = await rina.ask(method, path)
    assert (answer.status, answer.body) == (404, NOT_SUBSCRIBED)


async def test_an_isolated_customer_is_shown_as_isolated(log_in: LogIn) -> None:
    warung = await log_in("28900002")
    assert (await warung.get("/api/customer")).body["customer"]["status"] == "isolated"


async def test_id_types_answer_like_the_document_before_subscribing(rina: Caller) -> None:
    answer = await rina.get("/api/customer/id-types")
    assert (answer.status, answer.body) == (200, example("id_types", 200))


async def test_subscribing_answers_like_the_document(rina: Caller) -> None:
    answer = await rina.post("/api/customer", **APPLICATION, latitude=-6.2, longitude="106.8")
    assert answer.status == 201
    assert shape(answer.body) == shape(example("subscribe", 201))
    assert answer.body["customer"]["name"] == "Rina"
    number = answer.body["customer"]["no_services"]
    assert number.isdigit()
    seen = (await rina.get("/api/customer")).body["customer"]
    assert (seen["no_services"], seen["status"], seen["id_number"]) == (number, "waiting", "3201010101010001")
    again = await rina.post("/api/customer", **APPLICATION)
    assert (again.status, again.body) == (409, {**example("subscribe", 409), "no_services": number})
    assert list(again.body) == list(example("subscribe", 409))


async def test_twins_that_subscribe_make_one_customer(rina: Caller) -> None:
    answers = await asyncio.gather(*(rina.post("/api/customer", **APPLICATION) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    "choice", [{"package_id": 999}, {"package_id": 14}, {"package_id": 15}, {"package_id": 21}]
)
async def test_a_package_that_is_not_on_sale_there_is_not_found(rina: Caller, choice: dict[str, int]) -> None:
    answer = await rina.post("/api/customer", **{**APPLICATION, **choice})
    assert (answer.status, answer.body) == (404, example("subscribe", 404))


async def test_complaints_come_before_the_conflict_and_the_conflict_before_the_package(john: Caller) -> None:
    wrong = await john.post("/api/customer", **{**APPLICATION, "id_number": "x" * 21, "package_id": 999})
    assert wrong.errors == {"id_number": ["The id number may not be greater than 20 characters."]}
    assert (await john.post("/api/customer", **{**APPLICATION, "package_id": 999})).status == 409


async def test_all_complaints_about_an_application_come_at_once(rina: Caller) -> None:
    answer = await rina.post("/api/customer", id_type_id=99, latitude=91, longitude="east")
    assert answer.errors == {
        "package_id": ["The package id field is required."],
        "company_id": ["The company id field is required."],
        "id_type_id": ["The selected id type id is invalid."],
        "id_number": ["The id number field is required."],
        "latitude": ["The latitude must be between -90 and 90."],
        "longitude": ["The longitude must be a number."],
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
@pytest.mark.parametrize(("path", "body"), CHANGES)
async def test_every_change_is_taken_by_each_of_its_methods(
    john: Caller, services: Services, method: str, path: str, body: dict[str, object]
) -> None:
    await _verify(services, "email_verified_on", None)
    await _verify(services, "address_verified_on", None)
    answer = await john.ask(method, f"/api/customer/{path}", json=body)
    assert answer.status == 200, answer


@pytest.mark.parametrize(("path", "body"), CHANGES)
async def test_a_form_post_may_say_which_method_it_means(
    log_in: LogIn, path: str, body: dict[str, object]
) -> None:
    siti = await log_in("28900001")
    answer = await siti.ask("POST", f"/api/customer/{path}", data={**body, "_method": "PUT"})
    assert answer.status == 200, answer


async def test_the_identity_document_changes_like_the_document_says(john: Caller) -> None:
    card = {"id_type_id": 1, "id_number": "3201010101010001"}
    answer = await john.put("/api/customer/change-id-card", **card)
    assert (answer.status, answer.body) == (200, example("change_id_card", 200))
    bad = await john.put("/api/customer/change-id-card", **{**card, "id_type_id": 99})
    assert (bad.status, bad.body) == (422, example("change_id_card", 422))


async def test_the_email_changes_for_the_customer_and_the_login(services: Services, log_in: LogIn) -> None:
    siti = await log_in("28900001")
    answer = await siti.put("/api/customer/email", email="new@example.com")
    assert (answer.status, answer.body) == (200, example("change_email", 200))
    assert (await siti.get("/api/auth/me")).body["email"] == "new@example.com"
    assert await log_in("new@example.com")


async def test_an_email_somebody_has_is_refused_but_not_the_own(log_in: LogIn) -> None:
    siti = await log_in("28900001")
    taken = await siti.put("/api/customer/email", email="JOHN@example.com")
    assert (taken.status, taken.body) == (422, example("change_email", 422))
    assert (await siti.put("/api/customer/email", email="SITI@example.com")).status == 200


async def test_the_address_changes_like_the_document_says(log_in: LogIn) -> None:
    siti = await log_in("28900001")
    answer = await siti.put("/api/customer/address", address="Jl. Baru No. 99")
    assert (answer.status, answer.body) == (200, example("change_address", 200))
    long = await siti.put("/api/customer/address", address="x" * 256)
    assert long.errors == {"address": ["The address may not be greater than 255 characters."]}


@pytest.mark.parametrize(
    ("phonecode", "phone"),
    [(62, 8123456789), ("08", "08123456789"), (8, "628123456789"), (0, "8123456789")],
)
async def test_the_phone_answers_in_two_numbers(john: Caller, phonecode: object, phone: object) -> None:
    answer = await john.put("/api/customer/phone", phonecode=phonecode, phone=phone)
    assert (answer.status, answer.body) == (200, example("change_phone", 200))
    assert (await john.get("/api/customer")).body["customer"]["phone"] == 628123456789


async def test_a_changed_phone_is_told_to_the_old_one_and_gets_no_codes_for_a_day(
    john: Caller, anyone: Caller, services: Services
) -> None:
    assert (await john.put("/api/customer/phone", phonecode=62, phone=81299999999)).status == 200
    async with services.uow.read() as tx:
        row = await tx.first(select(outbox.c.payload).order_by(outbox.c.id.desc()))
    assert row is not None
    assert row.payload["to"] == "628123456789"
    answer = await anyone.post("/api/auth/forgot-password", no_services="ISP00123")
    assert answer.body["destination"] == "62812****789"


async def test_a_missing_phone_reads_like_the_document(john: Caller) -> None:
    answer = await john.put("/api/customer/phone", phonecode=62)
    assert (answer.status, answer.body) == (422, example("change_phone", 422))


@pytest.mark.parametrize(
    ("path", "column", "fixture"),
    [
        ("change-id-card", "identity_verified_on", "change_id_card"),
        ("email", "email_verified_on", "change_email"),
        ("address", "address_verified_on", "change_address"),
    ],
)
async def test_what_was_verified_is_changed_by_staff_only_and_complaints_come_first(
    john: Caller, services: Services, path: str, column: str, fixture: str
) -> None:
    await _verify(services, column)
    assert (await john.put(f"/api/customer/{path}")).status == 422
    answer = await john.put(f"/api/customer/{path}", **dict(CHANGES)[path])
    assert (answer.status, answer.body) == (403, example(fixture, 403))


async def test_identity_numbers_are_sealed_at_rest(rina: Caller, services: Services) -> None:
    await rina.post("/api/customer", **APPLICATION)
    async with services.uow.read() as tx:
        kept = await tx.scalar(select(customers.c.identity_number_sealed).where(customers.c.id == 7))
    assert APPLICATION["id_number"] not in kept
