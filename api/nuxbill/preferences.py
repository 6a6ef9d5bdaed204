"""The settings table as clients spell it: strings by name, from the typed preferences of core (phpnuxbill-1 contract §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from core.preferences.types import CodeChannel, LoginBy, MonthEnd, Preferences, Registration
from core.settings import Settings

__all__ = ["SPELLINGS", "Preferences", "Spelling", "spelled"]


class Spelling(Struct, frozen=True):
    """How one preference is written and read as a string; `read` raises `ValueError` for what cannot be."""

    field: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]


def _text(field: str) -> Spelling:
    return Spelling(field, str, str)


def _whole(field: str) -> Spelling:
    return Spelling(field, str, int)


def _yes(field: str) -> Spelling:
    return Spelling(
        field, lambda on: "yes" if on else "no", lambda raw: raw.lower() in {"yes", "1", "true", "on"}
    )


def _digit(field: str) -> Spelling:
    return Spelling(
        field, lambda on: "1" if on else "0", lambda raw: raw.lower() in {"yes", "1", "true", "on"}
    )


def _listed(field: str) -> Spelling:
    return Spelling(field, ",".join, lambda raw: [part.strip() for part in raw.split(",") if part.strip()])


_REGISTRATIONS = {"no": Registration.OPEN, "yes": Registration.VOUCHER, "noreg": Registration.CLOSED}
_REGISTRATION_WORDS = {state: word for word, state in _REGISTRATIONS.items()}


def _registration(raw: str) -> Registration:
    return _REGISTRATIONS.get(raw, Registration.OPEN)


SPELLINGS = {
    "address": _text("address"),
    "phone": _text("phone"),
    "note": _text("invoice_note"),
    "currency_code": _text("currency"),
    "dec_point": _text("decimal_point"),
    "thousands_sep": _text("thousands_separator"),
    "date_format": _text("date_format"),
    "country_code_phone": _text("country_code"),
    "registration_username": Spelling("login_by", str, LoginBy),
    "disable_registration": Spelling("registration", lambda state: _REGISTRATION_WORDS[state], _registration),
    "man_fields_fname": _yes("needs_full_name"),
    "man_fields_email": _yes("needs_email"),
    "man_fields_address": _yes("needs_address"),
    "photo_register": _yes("asks_for_photo"),
    "sms_otp_registration": _yes("proves_phone"),
    "phone_otp_type": Spelling("code_channel", str, CodeChannel),
    "allow_phone_otp": _yes("phone_changes_by_code"),
    "allow_email_otp": _yes("email_changes_by_code"),
    "otp_wait": _whole("code_wait_s"),
    "otp_expiry": _whole("code_lifetime_s"),
    "reg_nofify_admin": _yes("tells_staff_of_registrations"),
    "single_session": _yes("single_session"),
    "nux_legacy_admin_tokens": _yes("legacy_staff_tokens"),
    "maintenance_mode": _digit("maintenance"),
    "maintenance_mode_logout": _digit("maintenance_logs_out"),
    "maintenance_date": _text("maintenance_until"),
    "enable_balance": _yes("balance"),
    "allow_balance_transfer": _yes("balance_transfer"),
    "minimum_transfer": _whole("smallest_transfer"),
    "allow_balance_custom": _yes("custom_top_up"),
    "enable_coupons": _yes("coupons"),
    "payment_gateway": _listed("gateways"),
    "payment_usings": _listed("ways_to_pay"),
    "extend_expired": _digit("extends_expired"),
    "extend_days": _whole("extension_days"),
    "extend_confirmation": _text("extension_text"),
    "extend_expiry": _yes("same_plan_extends"),
    "month_end": Spelling("month_end", str, MonthEnd),
    "reset_day": _whole("accounting_starts_on"),
    "customer_per_page": _whole("customers_per_page"),
    "voucher_per_page": _whole("vouchers_per_page"),
    "check_customer_online": _yes("checks_customers_online"),
    "radius_enable": _digit("radius"),
}


def spelled(preferences: Preferences, settings: Settings) -> dict[str, str]:
    """Every setting that core knows, under the names and in the strings of the dialect."""
    known = {name: each.write(getattr(preferences, each.field)) for name, each in SPELLINGS.items()}
    layouts = {f"dashboard_{user}": layout for user, layout in preferences.dashboards.items()}
    languages = {"id": "indonesia", "en": "english"}
    return (
        known
        | layouts
        | {
            "CompanyName": settings.business_name,
            "timezone": settings.timezone,
            "language": languages[settings.language],
            "enable_tax": "yes" if preferences.tax_percent else "no",
            "welcome_package_enable": "no" if preferences.welcome_plan_id is None else "yes",
            "welcome_package_plan": str(preferences.welcome_plan_id or ""),
        }
    )
