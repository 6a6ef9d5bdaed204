"""The form about a customer: what staff may write, and every problem of it at once (phpnuxbill-1 contract §7.9)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from api.nuxbill import checks, replies
from api.nuxbill.actions import Param
from api.nuxbill.call import Call
from api.nuxbill.replies import Refused
from core.customers.accounts import AccountStatus
from core.directory.types import Draft

FORM = (
    Param("username", "3 to 54 of A-Z a-z 0-9 : + _ . @ -", required=True),
    Param("fullname", required=True),
    Param("password", "3 to 35; may stay empty when a customer is edited.", required=True),
    Param("phonenumber", "Begins with 0 or the country's code.", required=True),
    Param("email"),
    Param("address"),
    Param("city"),
    Param("district"),
    Param("state"),
    Param("zip"),
    Param("coordinates", "lat,lng"),
    Param("pppoe_username"),
    Param("pppoe_password"),
    Param("pppoe_ip"),
    Param("service_type", "Hotspot, PPPoE, VPN or Others"),
    Param("account_type", "Personal or Business"),
    Param("custom_field_name[]"),
    Param("custom_field_value[]"),
)
_SERVICE_TYPES = frozenset({"Hotspot", "PPPoE", "VPN", "Others"})
_ACCOUNT_TYPES = frozenset({"Personal", "Business"})
_PLAIN = ("address", "city", "district", "state", "zip")

Check = tuple[bool, str]


def read_new(call: Call) -> Draft:
    """Raises `Refused`."""
    code = call.preferences.country_code
    username = _username(call.posted("username"))
    name, password, phone = call.posted("fullname"), call.posted("password"), call.posted("phonenumber")
    _refuse(
        (not checks.length(username, 55, 2), "Username should be between 3 to 54 characters"),
        (not checks.length(name, 36, 1), "Full Name should be between 2 to 25 characters"),
        (not checks.length(password, 36, 2), "Password should be between 3 to 35 characters"),
        (not checks.is_phone(phone, code), checks.BAD_PHONE),
        *_common(call),
    )
    return _draft(call, username, name, password, checks.formatted_phone(phone, code))


def read_change(call: Call) -> Draft:
    """What is not sent stays as it is. Raises `Refused`."""
    code = call.preferences.country_code
    username, name, phone = (_sent(call, field) for field in ("username", "fullname", "phonenumber"))
    username = None if username is None else _username(username)
    status = call.posted("status")
    _refuse(
        (
            username is not None and not checks.length(username, 55, 2),
            "Username should be between 3 to 54 characters",
        ),
        (
            name is not None and not checks.length(name, 36, 1),
            "Full Name should be between 2 to 25 characters",
        ),
        (phone is not None and not checks.is_phone(phone, code), checks.BAD_PHONE),
        (bool(status) and status not in set(AccountStatus), "Invalid request"),
        *_common(call),
    )
    phone = None if phone is None else checks.formatted_phone(phone, code)
    return _draft(call, username, name, call.posted("password") or None, phone)


def _draft(
    call: Call, username: str | None, name: str | None, password: str | None, phone: str | None
) -> Draft:
    place = checks.place(call.posted("coordinates"))
    status = call.posted("status")
    plain = {field: _sent(call, field) for field in _PLAIN}
    return Draft(
        username=username,
        name=name,
        password=password,
        phone=phone,
        email=_sent(call, "email"),
        **plain,
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
        kind=call.posted("account_type") or None,
        service_type=call.posted("service_type") or None,
        status=AccountStatus(status) if status else None,
        line_username=_sent(call, "pppoe_username"),
        line_secret=call.posted("pppoe_password") or None,
        line_address=_sent(call, "pppoe_ip"),
        attributes=_attributes(call),
        dropped_attributes=tuple(call.texts("delete_custom_fields")),
    )


def _common(call: Call) -> Iterable[Check]:
    email, address, place = call.posted("email"), call.posted("pppoe_ip"), call.posted("coordinates")
    service, kind = call.posted("service_type"), call.posted("account_type")
    return (
        (bool(email) and not checks.is_email(email), checks.BAD_EMAIL),
        (bool(address) and not checks.is_address(address), "Invalid IP address"),
        (bool(place) and checks.place(place) is None, "Invalid coordinates"),
        (bool(service) and service not in _SERVICE_TYPES, "Invalid service type"),
        (bool(kind) and kind not in _ACCOUNT_TYPES, "Invalid account type"),
    )


def _refuse(*found: Check) -> None:
    problems = [text for is_wrong, text in found if is_wrong]
    if problems:
        raise Refused(replies.lines(problems))


def _sent(call: Call, field: str) -> str | None:
    return call.body.given.text(field)


def _username(raw: str) -> str:
    return re.sub(r"[^A-Za-z0-9:+_.@-]", "", raw)


def _attributes(call: Call) -> dict[str, str]:
    """New answers in two lists side by side, changed ones by name."""
    names, values = call.texts("custom_field_name"), call.texts("custom_field_value")
    listed = dict(zip(names, values, strict=False)) if len(names) == len(values) else {}
    return {
        name.strip(): value
        for name, value in (listed | dict(call.pairs("custom_fields"))).items()
        if name.strip()
    }
