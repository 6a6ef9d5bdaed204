"""Customers and their own account, on both databases (phpnuxbill-1 contract §5.9, §5.10, §7.1, §7.14, §7.22, §9.10)."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from core.bootstrap import bootstrap
from core.platform.clock import ManualClock
from core.platform.outbox import outbox
from core.portal.tables import photos
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux

NEW = "081234509999"
KEPT = "6281234509999"
SIGN_UP = {
    "username": "tono.net",
    "fullname": "Tono Sugiarto",
    "password": "rahasia-tono",
    "cpassword": "rahasia-tono",
    "phone_number": NEW,
}

Texts = Callable[[str], Awaitable[list[str]]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    async with bootstrap(settings, clock=clock) as found:
        assert await load_demo(found)
        yield found


@pytest.fixture
def texts(services: Services) -> Texts:
    """What was written to a number, oldest first."""

    async def sent(phone: str) -> list[str]:
        async with services.uow.read() as tx:
            rows = await tx.all(select(outbox.c.payload).order_by(outbox.c.id))
        return [row.payload["text"] for row in rows if row.payload.get("to") == phone]

    return sent


@pytest.fixture
def prefer(services: Services) -> Callable[..., Awaitable[None]]:
    async def changed(**changes: Any) -> None:
        await services.preferences.change(changes, actor="staff:1")

    return changed


Prefer = Callable[..., Awaitable[None]]


def code_in(sent: list[str]) -> str:
    found = re.search(r"\*(\d{6})\*", sent[-1])
    assert found is not None
    return found[1]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def a_photo(width: int = 2000, height: int = 1000, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind)
    return out.getvalue()


async def phone_of(john: Nux) -> str:
    return str((await john.get("accounts/profile")).result["d"]["phonenumber"])


async def test_a_new_password_is_the_logins_and_the_lines(
    nux: Nux, staff: Login, customer: Login, clock: ManualClock
) -> None:
    john = await customer()
    change = "accounts/change-password-post"
    new = {"npass": "baru-sekali", "cnpass": "baru-sekali"}
    for form, message in (
        (new, "Incorrect Current Password"),
        (new | {"password": "salah"}, "Incorrect Current Password"),
        ({"password": "rahasia123", "npass": "ab", "cnpass": "ab"}, "New Password must be 2 to 35 character"),
        ({"password": "rahasia123", **new, "cnpass": "lain"}, "Both Password should be same"),
    ):
        said = await john.post(change, **form)
        assert (said.success, said.message) == (False, message)
    clock.move(timedelta(seconds=2))
    said = await john.post(change, password="rahasia123", **new)
    assert (said.success, said.message) == (True, "Password changed successfully, Please login again")
    assert (await john.get("isValid")).message == "Token is invalid"
    await customer(password="baru-sekali")
    refused = await nux.post("login/post", username="ISP00123", password="rahasia123")
    assert not refused.success
    seen = (await (await staff()).get("customers/view/1")).result["d"]
    assert seen["password"] == "baru-sekali"


async def test_guessing_the_current_password_is_paused(customer: Login) -> None:
    john = await customer()
    guess = {"password": "salah", "npass": "baru-sekali", "cnpass": "baru-sekali"}
    for _ in range(5):
        assert (
            await john.post("accounts/change-password-post", **guess)
        ).message == "Incorrect Current Password"
    said = await john.post("accounts/change-password-post", **guess | {"password": "rahasia123"})
    assert said.message.startswith("Too many invalid attempts")


async def test_a_profile_is_shown_and_changed_with_its_questions(customer: Login, prefer: Prefer) -> None:
    await prefer(custom_fields=[{"name": "warna", "is_required": True}])
    siti = await customer("28900001")
    form = {
        "fullname": "Siti D.",
        "phonenumber": NEW,
        "address": "Jl. Baru 1",
        "email": "new@example.com",
        "warna": "biru",
    }
    said = await siti.post("accounts/edit-profile-post", **form)
    assert (said.success, said.message) == (True, "User Updated Successfully")
    shown = (await siti.get("accounts/profile")).result
    row = shown["d"]
    assert (row["fullname"], row["phonenumber"], row["address"], row["email"]) == (
        "Siti D.",
        KEPT,
        "Jl. Baru 1",
        "new@example.com",
    )
    assert "password" not in row
    assert [(each["name"], each["current"]) for each in shown["customFields"]] == [("warna", "biru")]
    said = await siti.post("accounts/edit-profile-post", fullname="J", phonenumber="12", email="x")
    assert said.message == (
        "Full Name should be between 1 to 30 characters<br>Invalid phone number; start with 62 or 0<br>"
        "Invalid Email address format<br>"
    )
    verified = await (await customer()).post(
        "accounts/edit-profile-post", fullname="John Doe", phonenumber="0811222333", email="x@example.com"
    )
    assert verified.message == "Email Address is verified and cannot be changed<br>"


async def test_nobody_takes_anothers_number_or_address(customer: Login, nux: Nux, staff: Login) -> None:
    rows = (await (await staff()).get("customers")).result["d"]
    other = next(row for row in rows if row["id"] != 1 and row["phonenumber"] and row["email"])
    john = await customer()
    form = {"fullname": "John Doe", "phonenumber": await phone_of(john)}
    for twin, message in (
        ({"phonenumber": other["phonenumber"]}, "Phone number already registered by another customer<br>"),
        ({"email": other["email"].upper()}, "Email already used by another Customer<br>"),
    ):
        assert (await john.post("accounts/edit-profile-post", **form | twin)).message == message
    said = await john.post("accounts/phone-update-otp", phone=other["phonenumber"])
    assert said.message == "Phone number already registered by another customer"


async def test_where_codes_are_asked_for_the_form_changes_no_number(customer: Login, prefer: Prefer) -> None:
    await prefer(phone_changes_by_code=True, email_changes_by_code=True)
    john = await customer()
    before = await phone_of(john)
    said = await john.post(
        "accounts/edit-profile-post", fullname="John D.", phonenumber=NEW, email="new@example.com"
    )
    assert said.success
    row = (await john.get("accounts/profile")).result["d"]
    assert (row["fullname"], row["phonenumber"]) == ("John D.", before)
    assert row["email"] != "new@example.com"


async def test_a_photo_is_scaled_shown_shared_and_forgotten(
    customer: Login, services: Services, nux: Nux
) -> None:
    john, siti = await customer(), await customer("28900001")

    async def show(who: Nux, content: bytes) -> str:
        form = {"fullname": "John Doe", "phonenumber": await phone_of(who)}
        answer = await who.raw(
            "POST", "accounts/edit-profile-post", data=form, files={"photo": ("a.jpg", content)}
        )
        assert answer.json()["message"] == "User Updated Successfully"
        return str((await who.get("accounts/profile")).result["d"]["photo"])

    async def kept() -> int:
        async with services.uow.read() as tx:
            return len(await tx.all(select(photos.c.name)))

    path = await show(john, a_photo())
    assert re.fullmatch(r"/photos/([0-9a-f]{2})/\1[0-9a-f]{30}\.jpg", path)
    answer = await nux.client.get(f"/system/uploads{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.content)).size == (1600, 800)
    thumb = await nux.client.get(f"/system/uploads{path}.thumb.jpg")
    assert Image.open(io.BytesIO(thumb.content)).size == (200, 200)
    assert await show(siti, a_photo()) == path
    assert await kept() == 1
    other = await show(john, a_photo(300, 300, "GIF"))
    assert (await kept(), (await nux.client.get(f"/system/uploads{path}")).status_code) == (2, 200)
    assert await show(siti, a_photo(300, 300, "GIF")) == other
    assert (await kept(), (await nux.client.get(f"/system/uploads{path}")).status_code) == (1, 404)


@pytest.mark.parametrize("content", [b"<?php system('id') ?>", b"\xff\xd8\xff", b"", a_photo()[:200]])
async def test_what_is_no_picture_is_refused(customer: Login, content: bytes) -> None:
    john = await customer()
    form = {"fullname": "John Doe", "phonenumber": await phone_of(john)}
    answer = await john.raw(
        "POST", "accounts/edit-profile-post", data=form, files={"photo": ("a.jpg", content)}
    )
    assert answer.json()["message"] == "Invalid image"
    for path in ("x.jpg", "../../etc/passwd", "ab/cd.jpg", "aa/" + "a" * 32 + ".png"):
        assert (await john.client.get(f"/system/uploads/photos/{path}")).status_code == 404


async def test_a_number_is_changed_by_a_code_sent_there(
    customer: Login, texts: Texts, clock: ManualClock
) -> None:
    john = await customer()
    before = await phone_of(john)
    finish = "accounts/phone-update-post"
    assert (await john.post(finish, phone=NEW, otp="123456")).message == "Please request OTP first"
    assert (await john.post("accounts/phone-update-otp", phone="12x")).message == (
        "Invalid phone number; start with 62 or 0"
    )
    said = await john.post("accounts/phone-update-otp", phone=NEW)
    assert (said.success, said.message) == (True, "Verification code has been sent to your phone")
    assert said.result == {"new_phone": KEPT, "wait": 600, "expires": 1200}
    assert (await john.get("accounts/phone-update")).result["new_phone"] == KEPT
    clock.move(timedelta(seconds=100))
    again = await john.post("accounts/phone-update-otp", phone=NEW)
    assert again.message == "Please wait 500 seconds before sending another SMS"
    code = code_in(await texts(KEPT))
    assert (await john.post(finish, phone=NEW, otp=other_than(code))).message == "Wrong Verification code"
    assert (await john.post(finish, phone="0812000", otp=code)).message == (
        "The phone number does not match the one that requested the OTP"
    )
    said = await john.post(finish, phone=NEW, otp=code)
    assert (said.success, said.message) == (True, "Phone number updated successfully")
    assert await phone_of(john) == KEPT
    assert len(await texts(before)) == 1, "the number before is told"
    assert (await john.post(finish, phone=NEW, otp=code)).message == "Please request OTP first"


async def test_a_code_dies_of_age_and_of_wrong_tries(
    customer: Login, texts: Texts, clock: ManualClock
) -> None:
    john = await customer()
    finish = "accounts/phone-update-post"
    await john.post("accounts/phone-update-otp", phone=NEW)
    code = code_in(await texts(KEPT))
    for _ in range(5):
        assert (await john.post(finish, phone=NEW, otp=other_than(code))).message == "Wrong Verification code"
    assert (await john.post(finish, phone=NEW, otp=code)).message == "Please request OTP first"
    assert (await john.post("accounts/phone-update-otp", phone=NEW)).success
    code = code_in(await texts(KEPT))
    clock.move(timedelta(seconds=1201))
    assert (await john.post(finish, phone=NEW, otp=code)).message == "Verification code expired"


async def test_no_email_is_promised(customer: Login) -> None:
    john = await customer()
    assert (await john.post("accounts/email-update-otp", email="x")).message == "Invalid Email address format"
    said = await john.post("accounts/email-update-otp", email="new@example.com")
    assert said.message == "Email server not Available, Please ask admin to configure it"
    said = await john.post("accounts/email-update-post", email="new@example.com", otp="1")
    assert said.message == "Please request OTP first"


async def test_a_language_holds_in_notices_too(customer: Login, texts: Texts) -> None:
    john = await customer()
    assert (await john.post("accounts/language-update-post", lang="../x")).message == "Language not found"
    assert (await john.post("accounts/language-update-post")).message == "English"
    await john.post("accounts/phone-update-otp", phone=NEW)
    assert "Your code" in (await texts(KEPT))[-1]


async def test_somebody_signs_up_and_logs_in(nux: Nux, customer: Login, prefer: Prefer, texts: Texts) -> None:
    await prefer(
        tells_staff_of_registrations=True,
        custom_fields=[
            {"name": "rumah", "at_registration": True, "is_required": True},
            {"name": "catatan"},
        ],
    )
    form = (await nux.get("register")).result
    assert [each["name"] for each in form["customFields"]] == ["rumah"]
    said = await nux.post("register/post", **SIGN_UP)
    assert said.message == "Rumah is required"
    said = await nux.post("register/post", **SIGN_UP, rumah="3A", catatan="x")
    assert (said.success, said.message) == (True, "Register Success! You can login now")
    tono = await customer("tono.net", "rahasia-tono")
    shown = (await tono.get("accounts/profile")).result
    assert (shown["d"]["phonenumber"], shown["attrs"]) == (KEPT, {"rumah": "3A"})
    for twin, message in (
        ({}, "Account already exists"),
        ({"username": "lain"}, "Phone number already registered by another customer"),
    ):
        assert (await nux.post("register/post", **SIGN_UP | twin, rumah="1")).message == message


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"username": "a!"}, "Username should be between 3 to 55 characters"),
        ({"cpassword": "lain"}, "Passwords does not match"),
        ({"password": "ab", "cpassword": "ab"}, "Password should be between 3 to 35 characters"),
        ({"phone_number": "12"}, "Invalid phone number; start with 62 or 0"),
        ({"email": "x"}, "Email is not Valid"),
        ({"username": "isp00123"}, "Account already exists"),
    ],
)
async def test_what_is_wrong_with_a_registration_is_a_failure(
    nux: Nux, form: dict[str, str], message: str
) -> None:
    said = await nux.post("register/post", **SIGN_UP | form)
    assert (said.success, said.message) == (False, message)


async def test_a_closed_registration_is_closed(nux: Nux, prefer: Prefer) -> None:
    await prefer(registration="closed")
    assert (await nux.get("register")).message == "Registration Disabled"
    assert (await nux.post("register/post", **SIGN_UP)).message == "Registration Disabled"
    await prefer(registration="open", maintenance=True)
    assert (await nux.post("register/post", **SIGN_UP)).status == 503


async def test_a_registration_proves_its_number_and_spends_the_code_by_success_alone(
    nux: Nux, prefer: Prefer, texts: Texts
) -> None:
    await prefer(proves_phone=True, login_by="phone")
    assert (await nux.post("register/post", **SIGN_UP)).message == "No Verification code"
    said = await nux.post("register", phone_number=NEW)
    assert (said.success, said.message) == (True, "Registration code has been sent to your phone")
    assert (await nux.post("register", phone_number=NEW)).message.startswith("Please wait 600 seconds")
    code = code_in(await texts(KEPT))
    wrong = await nux.post("register/post", **SIGN_UP, otp_code=other_than(code))
    assert wrong.message == "Wrong Verification code"
    twin = await nux.post("register/post", **SIGN_UP, email="john@example.com", otp_code=code)
    assert twin.message == "Email already used by another Customer"
    said = await nux.post("register/post", **SIGN_UP, otp_code=code)
    assert (said.success, said.result["username"]) == (True, KEPT)
    assert (await nux.post("register", phone_number=NEW)).message == "Account already exists"


async def test_five_registrations_an_hour_from_one_address(nux: Nux) -> None:
    for number in range(5):
        twin = {"username": f"tono{number}", "phone_number": f"08123450{number}"}
        assert (await nux.post("register/post", **SIGN_UP | twin)).success
    said = await nux.post("register/post", **SIGN_UP)
    assert said.message.startswith("Too many invalid attempts")


async def test_a_forgotten_password_is_replaced_by_code(
    nux: Nux, customer: Login, texts: Texts, clock: ManualClock
) -> None:
    phone = await phone_of(await customer())
    said = await nux.post("forgot", step=1, username="nobody")
    assert (said.success, said.message, said.result["step"]) == (False, "Username not found", 0)
    said = await nux.post("forgot", step=1, username="ISP00123")
    assert (said.success, said.message) == (
        True,
        "Verification code has been sent to your phone/email/WhatsApp",
    )
    clock.move(timedelta(seconds=1))
    said = await nux.post("forgot", step=1, username="ISP00123")
    assert said.message == (
        "Verification Code already Sent to Your Phone/Email/Whatsapp, please wait 599 seconds."
    )
    code = code_in(await texts(phone))
    for form in ({"otp_code": other_than(code)}, {"otp_code": ""}, {"otp_code": code, "username": "nobody"}):
        said = await nux.post("forgot", **{"step": 2, "username": "ISP00123"} | form)
        assert (said.success, said.message) == (False, "Invalid Username or Verification Code")
    said = await nux.post("forgot", step=2, username="ISP00123", otp_code=code)
    assert (said.success, said.message, said.result["notify_t"]) == (True, "Verification Code Valid", "s")
    assert said.result["passsword"] == said.result["password"]
    await customer(password=said.result["password"])
    said = await nux.post("forgot", step=2, username="ISP00123", otp_code=code)
    assert not said.success


async def test_forgotten_names_are_sent_to_the_phone_they_belong_to(
    nux: Nux, customer: Login, texts: Texts
) -> None:
    phone = await phone_of(await customer())
    for find in (phone, "john@example.com", phone):
        said = await nux.post("forgot", step=7, find=find)
        assert (said.success, said.message) == (True, "Usernames have been sent to your phone/Whatsapp/Email")
    assert (await nux.post("forgot", step=7, find="0899999")).message == "No data found"
    sent = await texts(phone)
    assert len(sent) == 1, "once within the pause"
    assert "ISP00123" in sent[0]
    assert (await nux.get("forgot", step=6)).result["step"] == 6
