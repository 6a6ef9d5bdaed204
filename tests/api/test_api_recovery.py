"""A forgotten password over HTTP (mywifi contract §3, endpoints 3 to 5; §9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.app import create_app
from core.platform.clock import ManualClock
from core.platform.outbox import outbox
from core.services import Services
from core.settings import BadSettings, Settings, load
from tests.api.conftest import LogIn
from tests.api.support import SECRET, Caller, client_of, example, shape

NEW = {"password": "kopi-tubruk-7", "password_confirmation": "kopi-tubruk-7"}
UNKNOWN = example("forgot_password", 404)
BAD_CODE = example("verify_otp", 422)


async def _code(anyone: Caller, service: str = "ISP00123") -> str:
    answer = await anyone.post("/api/auth/forgot-password", no_services=service)
    assert answer.status == 200, answer
    return str(answer.body["otp"])


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_the_code_is_on_its_way_to_a_masked_number(anyone: Caller) -> None:
    answer = await anyone.post("/api/auth/forgot-password", no_services="ISP00123")
    documented = example("forgot_password", 200)
    assert answer.status == 200
    assert shape(answer.body) == shape(documented)
    assert answer.body["message"] == documented["message"]
    assert answer.body["destination"] == "62812****789"
    assert len(answer.body["otp"]) == 6


@pytest.mark.parametrize("environment", [{"LOKET_OTP_ECHO": "off"}])
async def test_without_the_setting_no_code_is_in_the_answer_but_one_is_sent(
    anyone: Caller, services: Services
) -> None:
    answer = await anyone.post("/api/auth/forgot-password", no_services="ISP00123")
    assert list(answer.body) == ["status", "message", "destination"]
    async with services.uow.read() as tx:
        payload = await tx.scalar(select(outbox.c.payload).order_by(outbox.c.id.desc()))
    assert payload["to"] == "628123456789"


def test_production_refuses_to_echo_codes() -> None:
    with pytest.raises(BadSettings, match="LOKET_OTP_ECHO"):
        load({"LOKET_SECRET_KEY": SECRET, "LOKET_ENV": "production", "LOKET_OTP_ECHO": "on"})


async def test_verify_then_reset_sets_the_password_once(anyone: Caller, log_in: LogIn) -> None:
    code = await _code(anyone)
    verified = await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=code)
    assert (verified.status, verified.body) == (200, example("verify_otp", 200))
    again = await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=code)
    assert (again.status, again.body) == (422, BAD_CODE)
    reset = await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp=code, **NEW)
    assert (reset.status, reset.body) == (200, example("reset_password", 200))
    twice = await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp=code, **NEW)
    assert (twice.status, twice.body) == (422, example("reset_password", 422))
    assert await log_in("ISP00123", "kopi-tubruk-7")


async def test_reset_takes_a_code_that_was_never_verified(anyone: Caller, john: Caller) -> None:
    code = await _code(anyone)
    answer = await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp=code, **NEW)
    assert answer.status == 200
    assert (await john.get("/api/auth/me")).status == 401, "older tokens die with the password"


async def test_a_code_lives_five_minutes(anyone: Caller, clock: ManualClock) -> None:
    code = await _code(anyone)
    clock.move(timedelta(minutes=5, seconds=1))
    answer = await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=code)
    assert (answer.status, answer.body) == (422, BAD_CODE)


async def test_a_verified_code_is_good_for_five_more_minutes(anyone: Caller, clock: ManualClock) -> None:
    code = await _code(anyone)
    await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=code)
    clock.move(timedelta(minutes=5, seconds=1))
    answer = await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp=code, **NEW)
    assert answer.status == 422


async def test_a_new_code_replaces_the_old_one(anyone: Caller) -> None:
    old = await _code(anyone)
    new = await _code(anyone)
    if old != new:
        assert (await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=old)).status == 422
    assert (await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=new)).status == 200


async def test_five_wrong_codes_kill_the_right_one(anyone: Caller) -> None:
    code = await _code(anyone)
    for _ in range(5):
        wrong = await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=_wrong(code))
        assert wrong.status == 422
    assert (await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=code)).status == 422


@pytest.mark.parametrize("otp", ["12345", "abcdef", "1234567", "１２３４５６", "12 456", 12345])
async def test_a_malformed_code_answers_like_a_wrong_one_and_costs_nothing(
    anyone: Caller, otp: object
) -> None:
    code = await _code(anyone)
    for _ in range(6):
        answer = await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=otp)
        assert (answer.status, answer.body) == (422, BAD_CODE)
    assert (await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=code)).status == 200


async def test_a_code_may_come_as_a_number(anyone: Caller) -> None:
    code = await _code(anyone)
    if not code.startswith("0"):
        answer = await anyone.post("/api/auth/verify-otp", no_services="ISP00123", otp=int(code))
        assert answer.status == 200


async def test_unknown_numbers_are_not_found(anyone: Caller) -> None:
    for path, body in (
        ("forgot-password", {}),
        ("verify-otp", {"otp": "123456"}),
        ("reset-password", {"otp": "123456", **NEW}),
    ):
        answer = await anyone.post(f"/api/auth/{path}", no_services="99999999", **body)
        assert (answer.status, answer.body) == (404, UNKNOWN), path


async def test_a_customer_without_a_phone_cannot_be_reached(anyone: Caller) -> None:
    answer = await anyone.post("/api/auth/forgot-password", no_services="28900003")
    assert (answer.status, answer.body) == (
        422,
        {"status": "failed", "message": "Nomor tujuan tidak tersedia."},
    )


async def test_missing_fields_are_the_validation_form(anyone: Caller) -> None:
    assert (await anyone.post("/api/auth/forgot-password")).errors == {
        "no_services": ["The no services field is required."]
    }
    assert set((await anyone.post("/api/auth/verify-otp")).errors) == {"no_services", "otp"}
    assert (await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp="123456")).errors == {
        "password": ["The password field is required."],
        "password_confirmation": ["The password confirmation field is required."],
    }


async def test_a_weak_new_password_is_refused_and_the_code_stays_good(anyone: Caller) -> None:
    code = await _code(anyone)
    weak = {"password": "password", "password_confirmation": "password"}
    answer = await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp=code, **weak)
    assert list(answer.errors) == ["password"]
    again = await anyone.post("/api/auth/reset-password", no_services="ISP00123", otp=code, **NEW)
    assert again.status == 200


async def test_a_fourth_code_within_a_quarter_of_an_hour_is_too_many(anyone: Caller) -> None:
    statuses = [
        (await anyone.post("/api/auth/forgot-password", no_services="ISP00123")).status for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.parametrize("environment", [{"LOKET_RECOVERY_UNIFORM": "on", "LOKET_OTP_ECHO": "off"}])
async def test_uniform_recovery_does_not_tell_numbers_apart(anyone: Caller) -> None:
    known = await anyone.post("/api/auth/forgot-password", no_services="ISP00123")
    unknown = await anyone.post("/api/auth/forgot-password", no_services="99999999")
    assert (known.status, shape(known.body)) == (unknown.status, shape(unknown.body))
    again = await anyone.post("/api/auth/forgot-password", no_services="99999999")
    assert again.body == unknown.body
    for path, body in (("verify-otp", {"otp": "123456"}), ("reset-password", {"otp": "123456", **NEW})):
        answer = await anyone.post(f"/api/auth/{path}", no_services="99999999", **body)
        assert (answer.status, answer.body) == (422, BAD_CODE)


@pytest.mark.parametrize(
    "environment", [{"LOKET_OTP_ECHO": "off", "LOKET_ENV": "production", "LOKET_DEMO": "off"}]
)
async def test_production_never_shows_a_code(services: Services, settings: Settings) -> None:
    async with client_of(create_app(services, settings)) as client:
        answer = await Caller(client).post("/api/auth/forgot-password", no_services="ISP00123")
    assert answer.status == 200
    assert "otp" not in answer.text
