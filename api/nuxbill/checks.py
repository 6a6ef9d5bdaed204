"""The original's own ways of checking what people type (phpnuxbill-1 contract §5.1)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address

_EMAIL = re.compile(r"[A-Za-z0-9][^@\s]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_COORDINATES = re.compile(r"\s*(-?\d{1,2}(?:\.\d{1,12})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,12})?)\s*")

BAD_PHONE = "Invalid phone number; start with 62 or 0"
BAD_EMAIL = "Invalid Email address format"


def length(text: str, below: int, above: int) -> bool:
    """Whether the bytes of a text are more than `above` and fewer than `below`, as the original counts them."""
    return above < len(text.encode()) < below


def is_phone(text: str, country_code: str) -> bool:
    """Digits that begin with 0, or with the country's code where there is one."""
    beginning = f"(?:{country_code}|0)" if country_code else "0"
    return re.fullmatch(f"{beginning}[0-9]{{1,18}}", text) is not None


def formatted_phone(text: str, country_code: str) -> str:
    """With the country's code instead of one leading 0; anything but digits is left as it is."""
    digits = text.removeprefix("+")
    if not country_code or not digits.isdigit() or not digits.isascii():
        return text
    return f"{country_code}{digits[1:]}" if digits.startswith("0") else digits


def is_email(text: str) -> bool:
    return len(text) <= 128 and _EMAIL.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """A dotted IPv4 address."""
    try:
        return isinstance(ip_address(text), IPv4Address)
    except ValueError:
        return False


def place(text: str) -> tuple[float, float] | None:
    """Latitude and longitude of `lat,lng`; None when it is nowhere on earth."""
    found = _COORDINATES.fullmatch(text)
    if found is None:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
