"""Customers who sign up (phpnuxbill-1 contract §7.22)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from api.nuxbill import checks
from api.nuxbill.actions import POST, Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.controllers.accounts import answers, read_phone, refuse_haste
from api.nuxbill.controllers.customfield import field_row
from api.nuxbill.photos import sent_photo
from api.nuxbill.replies import Done, Page, Refused, Reply
from core.directory.own import Registered
from core.directory.types import Draft
from core.identity.form_codes import Proof
from core.platform.errors import Conflict
from core.preferences.types import LoginBy, Registration

register = Controller("register", who=Who.PUBLIC)

_EXISTS = "Account already exists"
_PHONE_EXISTS = "Phone number already exists"
_REFUSALS = {
    Proof.NONE: "No Verification code",
    Proof.EXPIRED: "Verification code expired",
    Proof.WRONG: "Wrong Verification code",
}


@register.action(
    takes=(Param("phone_number", "Where a code shall go, when phones are proved."),),
    gives="the fields of the form, or phone_number",
    likeness=Likeness.DIFFERENT,
    because="The business's questions are data, not HTML; the code leaves over WhatsApp.",
)
async def show_form(call: Call) -> Reply:
    """What the form asks; with a number, a code is sent there."""
    _refuse_when_closed(call)
    if call.preferences.proves_phone and call.posted("phone_number"):
        return await _send_code(call)
    known = call.preferences
    asked = [field_row(each) for each in known.custom_fields if each.at_registration]
    shown = {
        "companyName": call.services.settings.business_name,
        "registration_username": known.login_by,
        "customFields": asked,
        "man_fields_fname": known.needs_full_name,
        "man_fields_email": known.needs_email,
        "man_fields_address": known.needs_address,
        "photo_register": known.asks_for_photo,
        "sms_otp_registration": known.proves_phone,
    }
    return Page("Register", "", shown)


@register.action(
    "post",
    methods=POST,
    takes=(
        Param("username", "3 to 34 of A-Z a-z 0-9 + _ . @ -; not where accounts go by phone.", required=True),
        Param("password", "3 to 34", required=True),
        Param("cpassword", "The same again.", required=True),
        Param("phone_number"),
        Param("fullname"),
        Param("email"),
        Param("address"),
        Param("otp_code", "The code, when phones are proved."),
        Param("photo", "JPEG, PNG or GIF.", is_file=True),
    ),
    gives="id, username",
    likeness=Likeness.DIFFERENT,
    because="What is wrong is told as failure; a code is spent by success alone; five an hour from one address.",
)
async def sign_up(call: Call) -> Reply:
    """A new customer."""
    _refuse_when_closed(call)
    draft = _draft(call)
    photo = await sent_photo(call) if call.preferences.asks_for_photo else None
    code = call.posted("otp_code") if call.preferences.proves_phone else None
    try:
        made = await call.services.own_accounts.register(draft, code=code, photo=photo, ip=call.ip)
    except Conflict as error:
        raise Refused(_taken(call, error.reason)) from error
    if not isinstance(made, Registered):
        raise Refused(_REFUSALS[made])
    return Done("Register Success! You can login now", {"id": made.customer_id, "username": made.username})


def _refuse_when_closed(call: Call) -> None:
    call.refuse_when_closed()
    if call.preferences.registration is Registration.CLOSED:
        raise Refused("Registration Disabled")


async def _send_code(call: Call) -> Reply:
    phone = read_phone(call, "phone_number")
    by_phone = call.preferences.login_by is LoginBy.PHONE
    if not by_phone and await call.services.directory.id_of(call.posted("phone_number")) is not None:
        raise Refused(_EXISTS)
    try:
        wait = await call.services.own_accounts.start_registration(phone, ip=call.ip)
    except Conflict as error:
        raise Refused(_EXISTS if by_phone else _PHONE_EXISTS) from error
    refuse_haste(wait)
    return Done("Registration code has been sent to your phone", {"phone_number": phone})


def _draft(call: Call) -> Draft:
    known = call.preferences
    by_phone, by_email = known.login_by is LoginBy.PHONE, known.login_by is LoginBy.EMAIL
    raw = _kept(call.posted("phone_number"))
    phone = checks.formatted_phone(raw, known.country_code)
    username = phone if by_phone else _kept(call.posted("username"))
    email = username if by_email else call.posted("email")
    password = call.posted("password")
    needs_phone = by_phone or known.proves_phone
    _refuse(
        ((needs_phone or bool(raw)) and not checks.is_phone(raw, known.country_code), checks.BAD_PHONE),
        (not checks.length(username, 35, 2), "Username should be between 3 to 55 characters"),
        (by_email and not checks.is_email(username), "Email is not Valid"),
        (
            known.needs_full_name and not checks.length(call.posted("fullname"), 36, 2),
            "Full Name should be between 3 to 25 characters",
        ),
        (not checks.length(password, 35, 2), "Password should be between 3 to 35 characters"),
        (password != call.posted("cpassword"), "Passwords does not match"),
        (
            not by_email and (known.needs_email or bool(email)) and not checks.is_email(email),
            "Email is not Valid",
        ),
        (known.needs_address and not call.posted("address"), "Address is required"),
        *_unanswered(call),
    )
    return Draft(
        username=username,
        name=call.posted("fullname")[:255] or username,
        password=password,
        phone=phone or None,
        email=email or None,
        address=call.posted("address")[:255] or None,
        attributes=answers(call, tuple(each for each in known.custom_fields if each.at_registration)),
    )


def _unanswered(call: Call) -> Iterable[tuple[bool, str]]:
    for field in call.preferences.custom_fields:
        if field.at_registration and field.is_required:
            yield not call.posted(field.name), f"{field.name.replace('_', ' ').title()} is required"


def _refuse(*found: tuple[bool, str]) -> None:
    problems = [text for is_wrong, text in found if is_wrong]
    if problems:
        raise Refused("<br>".join(problems))


def _taken(call: Call, reason: str) -> str:
    if reason == "phone_taken":
        proved = call.preferences.proves_phone
        return _PHONE_EXISTS if proved else "Phone number already registered by another customer"
    return _EXISTS if reason == "username_taken" else "Email already used by another Customer"


def _kept(raw: str) -> str:
    return re.sub(r"[^A-Za-z0-9+_.@-]", "", raw)
