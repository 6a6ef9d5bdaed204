"""Accounts over HTTP (mywifi contract §3, endpoints 1, 2, 6 to 9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from core.identity.tables import logins
from core.platform.clock import ManualClock
from core.services import Services
from tests.api.conftest import LogIn
from tests.api.support import UNAUTHENTICATED, Caller, a_form, example, shape

TOKEN_ROUTES = [
    ("GET", "/api/auth/me"),
    ("POST", "/api/auth/me"),
    ("POST", "/api/auth/logout"),
    ("POST", "/api/auth/refresh"),
    ("POST", "/api/auth/change-password"),
    ("GET", "/api/customer"),
    ("POST", "/api/customer"),
    ("GET", "/api/customer/id-types"),
    ("PUT", "/api/customer/change-id-card"),
    ("PUT", "/api/customer/email"),
    ("PUT", "/api/customer/address"),
    ("PUT", "/api/customer/phone"),
    ("GET", "/api/customer/network-status"),
    ("GET", "/api/help"),
    ("GET", "/api/help/options"),
    ("POST", "/api/help"),
    ("GET", "/api/help/timeline"),
    ("POST", "/api/help/close"),
    ("GET", "/api/invoice"),
]


@pytest.mark.parametrize(("method", "path"), TOKEN_ROUTES)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_without_a_token_every_token_route_says_401_in_json(
    anyone: Caller, method: str, path: str, accept: str
) -> None:
    answer = await anyone.ask(method, path, headers={"Accept": accept})
    assert (answer.status, answer.body) == (401, UNAUTHENTICATED)


@pytest.mark.parametrize(
    "shown", ["Bearer", "Bearer ", "Bearer x.y.z", "Basic am9objp4", "x", "Bearer " + "e" * 9000]
)
async def test_whatever_is_no_token_is_401(anyone: Caller, shown: str) -> None:
    answer = await anyone.ask("GET", "/api/auth/me", headers={"Authorization": shown})
    assert (answer.status, answer.body) == (401, UNAUTHENTICATED)


async def test_registration_answers_like_the_document(anyone: Caller) -> None:
    answer = await anyone.post(
        "/api/auth/register", **a_form(gender="Male", address="Jl. Merdeka 123", name="John Doe")
    )
    documented = example("register", 201)
    assert answer.status == 201
    assert shape(answer.body) == shape(documented)
    assert {**answer.body["data"], "uid": "", "phone": 0, "email": ""} == {
        **documented["data"],
        "uid": "",
        "phone": 0,
        "email": "",
    }
    assert (answer.body["token_type"], answer.body["expires_in"]) == ("bearer", 3600)


async def test_a_registered_person_is_logged_in_and_not_subscribed(client: httpx.AsyncClient) -> None:
    answer = await Caller(client).post("/api/auth/register", **a_form())
    budi = Caller(client, {"Authorization": f"Bearer {answer.body['token']}"})
    assert (await budi.get("/api/auth/me")).body == answer.body["data"]
    assert (await budi.get("/api/customer")).body == example("customer", 404)


@pytest.mark.parametrize(
    ("phonecode", "phone", "full"),
    [
        (62, 81234500001, 6281234500001),
        ("08", "081234500001", 6281234500001),
        (8, "81234500001", 6281234500001),
        (0, "6281234500001", 6281234500001),
        ("65", "81234567", 6581234567),
    ],
)
async def test_phones_arrive_in_every_spelling(
    anyone: Caller, phonecode: object, phone: object, full: int
) -> None:
    answer = await anyone.post("/api/auth/register", **a_form(phonecode=phonecode, phone=phone))
    assert answer.status == 201
    assert answer.body["data"]["phone"] == full


async def test_nobody_makes_themselves_more_than_a_customer(anyone: Caller) -> None:
    wanted = {"role": "superadmin", "role_id": 1, "is_active": False, "uid": "mine", "status": "active"}
    answer = await anyone.post("/api/auth/register", **a_form(**wanted, email_verified_date="2020-01-01"))
    assert answer.body["data"]["role_name"] == "Customer"
    assert answer.body["data"]["is_active"] is True
    assert answer.body["data"]["uid"] != "mine"


async def test_an_email_is_taken_whatever_its_letters(anyone: Caller) -> None:
    answer = await anyone.post("/api/auth/register", **a_form(email="John@Example.COM"))
    assert answer.status == 422
    assert answer.body == example("register", 422)


async def test_all_complaints_come_at_once_and_in_the_order_of_the_form(anyone: Caller) -> None:
    answer = await anyone.post(
        "/api/auth/register",
        name="x" * 256,
        email="john@example.com",
        password="abc",
        phone="12",
        phonecode="123456",
        gender="Other",
        image="../etc/passwd.png",
    )
    assert list(answer.errors.items()) == [
        ("name", ["The name may not be greater than 255 characters."]),
        ("email", ["Email sudah terdaftar."]),
        (
            "password",
            ["The password must be at least 6 characters.", "The password confirmation does not match."],
        ),
        ("phone", ["The phone must be between 8 and 15 digits."]),
        ("phonecode", ["The phonecode must be between 1 and 5 digits."]),
        ("gender", ["The selected gender is invalid."]),
        ("image", ["The image format is invalid."]),
    ]


async def test_an_empty_registration_names_what_is_required(anyone: Caller) -> None:
    answer = await anyone.post("/api/auth/register")
    assert answer.errors == {
        name: [f"The {name} field is required."]
        for name in ("name", "email", "password", "phone", "phonecode")
    }


async def test_common_passwords_are_refused_on_their_field(anyone: Caller) -> None:
    answer = await anyone.post(
        "/api/auth/register", **a_form(password="password", password_confirmation="password")
    )
    assert list(answer.errors) == ["password"]


async def test_twins_that_register_one_email_make_one_account(anyone: Caller) -> None:
    answers = await asyncio.gather(*(anyone.post("/api/auth/register", **a_form()) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]


async def test_a_sixth_registration_from_one_address_is_too_many(anyone: Caller) -> None:
    for number in range(5):
        answer = await anyone.post("/api/auth/register", **a_form(email=f"budi{number}@example.com"))
        assert answer.status == 201
    answer = await anyone.post("/api/auth/register", **a_form(email="budi6@example.com"))
    assert (answer.status, answer.body) == (429, {"message": "Too Many Attempts."})
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("identifier", ["john@example.com", "JOHN@example.com", "ISP00123", " ISP00123 "])
async def test_login_takes_an_email_or_a_service_number(anyone: Caller, identifier: str) -> None:
    answer = await anyone.post("/api/auth/login", identifier=identifier, password="rahasia123")
    documented = example("login", 200)
    assert answer.status == 200
    assert shape(answer.body) == shape(documented)
    assert answer.body["data"] == documented["data"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("identifier", "password"),
    [("john@example.com", "wrong-one"), ("nobody@example.com", "rahasia123"), ("99999", "rahasia123")],
)
async def test_every_failed_login_reads_the_same(anyone: Caller, identifier: str, password: str) -> None:
    answer = await anyone.post("/api/auth/login", identifier=identifier, password=password)
    assert (answer.status, answer.body) == (422, example("login", 422))


async def test_a_sixth_wrong_password_within_a_minute_is_too_many(anyone: Caller) -> None:
    statuses = [
        (await anyone.post("/api/auth/login", identifier="ISP00123", password=f"wrong-{n}")).status
        for n in range(6)
    ]
    assert statuses == [422] * 5 + [429]


async def test_me_answers_like_the_document(john: Caller) -> None:
    for method in ("GET", "POST"):
        answer = await john.ask(method, "/api/auth/me")
        assert (answer.status, answer.body) == (200, example("me", 200))
        assert list(answer.body) == list(example("me", 200))


async def test_a_login_without_a_phone_has_none(log_in: LogIn) -> None:
    agus = await log_in("28900003")
    body = (await agus.get("/api/auth/me")).body
    assert (body["phone"], body["phonecode"]) == (None, None)


async def test_a_token_dies_with_its_logout(john: Caller, log_in: LogIn) -> None:
    elsewhere = await log_in()
    answer = await john.post("/api/auth/logout")
    assert (answer.status, answer.body) == (200, example("logout", 200))
    assert (await john.get("/api/auth/me")).status == 401
    assert (await john.post("/api/auth/refresh")).status == 401
    assert (await elsewhere.get("/api/auth/me")).status == 200


async def test_a_token_expires_after_an_hour_and_can_still_be_refreshed(
    john: Caller, clock: ManualClock, client: httpx.AsyncClient
) -> None:
    clock.move(timedelta(seconds=3600))
    assert (await john.get("/api/auth/me")).status == 401
    answer = await john.post("/api/auth/refresh")
    assert answer.status == 200
    assert shape(answer.body) == shape(example("refresh", 200))
    fresh = Caller(client, {"Authorization": f"Bearer {answer.body['token']}"})
    assert (await fresh.get("/api/auth/me")).status == 200


async def test_a_refreshed_token_is_good_for_nothing_but_a_twin_refresh(
    john: Caller, clock: ManualClock
) -> None:
    assert (await john.post("/api/auth/refresh")).status == 200
    assert (await john.get("/api/auth/me")).status == 401
    assert (await john.post("/api/auth/refresh")).status == 200
    clock.move(timedelta(seconds=11))
    assert (await john.post("/api/auth/refresh")).body == UNAUTHENTICATED


async def test_two_refreshes_at_once_both_succeed(john: Caller) -> None:
    answers = await asyncio.gather(*(john.post("/api/auth/refresh") for _ in range(2)))
    assert [answer.status for answer in answers] == [200, 200]


async def test_a_chain_of_refreshes_ends_after_fourteen_days(
    john: Caller, clock: ManualClock, client: httpx.AsyncClient
) -> None:
    clock.move(timedelta(days=13))
    answer = await john.post("/api/auth/refresh")
    fresh = Caller(client, {"Authorization": f"Bearer {answer.body['token']}"})
    clock.move(timedelta(days=1, seconds=1))
    assert (await fresh.post("/api/auth/refresh")).status == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_changing_the_password_spares_only_this_token(john: Caller, log_in: LogIn, method: str) -> None:
    elsewhere = await log_in()
    change = {
        "current_password": "rahasia123",
        "password": "kopi-tubruk-7",
        "password_confirmation": "kopi-tubruk-7",
    }
    answer = await john.ask(method, "/api/auth/change-password", json=change)
    assert (answer.status, answer.body) == (200, example("change_password", 200))
    assert (await john.get("/api/auth/me")).status == 200
    assert (await elsewhere.get("/api/auth/me")).status == 401
    assert (await (await log_in(password="kopi-tubruk-7")).get("/api/auth/me")).status == 200


async def test_the_old_password_must_be_right(john: Caller) -> None:
    answer = await john.post(
        "/api/auth/change-password",
        current_password="wrong-one",
        password="kopi-tubruk-7",
        password_confirmation="kopi-tubruk-7",
    )
    assert (answer.status, answer.body) == (422, example("change_password", 422))


async def test_blanks_around_a_password_count(anyone: Caller, log_in: LogIn) -> None:
    spaced = "  kopi tubruk  "
    form = a_form(password=spaced, password_confirmation=spaced)
    assert (await anyone.post("/api/auth/register", **form)).status == 201
    assert (await log_in("budi@example.com", spaced)).headers
    trimmed = await anyone.post("/api/auth/login", identifier="budi@example.com", password=spaced.strip())
    assert trimmed.status == 422


async def test_a_deactivated_login_is_out_at_once(john: Caller, services: Services, anyone: Caller) -> None:
    async with services.uow.write() as tx:
        await tx.execute(logins.update().where(logins.c.customer_id == 1).values(is_active=False))
    assert (await john.get("/api/auth/me")).body == UNAUTHENTICATED
    again = await anyone.post("/api/auth/login", identifier="ISP00123", password="rahasia123")
    assert (again.status, again.body) == (422, example("login", 422))
