"""Phone numbers: E.164 digits without the plus inside, every local spelling accepted at the edge (design §3.6)."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import phonenumbers

HOME_CALLING_CODE = 62

#: What people write between digits. Letters are refused: the parser would dial them (`0812-CALL-NOW`).
_WRITTEN = re.compile(r"\+?[\d\s()./\u2010-\u2015\u2212-]+")


class SplitPhone(NamedTuple):
    """A number as two integers, the way the MyWifi API writes it."""

    calling_code: int
    national: int


def calling_code(raw: int | str) -> int | None:
    """Read a country calling code; `08`, `0` and `8` are how Indonesian clients write 62 (mywifi contract §1).

    None when no country has that code.
    """
    text = str(raw).strip().lstrip("+")
    if not text.isascii() or not text.isdigit():
        return None
    code = HOME_CALLING_CODE if int(text) in {0, 8} else int(text)
    return code if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE else None


def join(code: int, number: str) -> str:
    """Put a calling code and a number in any local spelling together: `(62, "0812…")` is `62812…`."""
    digits = number.strip().lstrip("+")
    if digits.startswith("0"):
        return f"{code}{digits.lstrip('0')}"
    return digits if _has_code(digits, code) else f"{code}{digits}"


def _has_code(digits: str, code: int) -> bool:
    """Tell `628123456789` (code included) from `6281234` style national numbers: the rest must be a possible number."""
    if not digits.startswith(str(code)):
        return False
    rest = phonenumbers.PhoneNumber(country_code=code, national_number=int(digits[len(str(code)) :] or 0))
    return phonenumbers.is_possible_number(rest)


def split(e164: str) -> SplitPhone:
    """Take E.164 digits apart. A number of no known country keeps the home code in front."""
    try:
        parsed = phonenumbers.parse(f"+{e164}")
    except phonenumbers.NumberParseException:
        return SplitPhone(HOME_CALLING_CODE, int(e164))
    return SplitPhone(parsed.country_code or HOME_CALLING_CODE, parsed.national_number or 0)


def normalise(raw: str, region: str = "ID") -> str | None:
    """Read a number a person typed (`08…`, `62…`, `+62…`, `8…`); None when it cannot be a phone number.

    Digits from a channel, which are E.164 already, need a plus in front: without one they are read as local.
    """
    # Numbers pasted from a chat bring invisible marks of writing direction along.
    text = "".join(mark for mark in raw if unicodedata.category(mark) != "Cf").strip()
    if not _WRITTEN.fullmatch(text):
        return None
    if region == "ID" and text.startswith("62"):
        text = f"+{text}"
    elif text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).lstrip("+")


def mask(e164: str) -> str:
    """Hide the middle, keep enough for its owner to recognise: `62812****789` (mywifi contract §9)."""
    return f"{e164[:5]}****{e164[-3:]}" if len(e164) > 8 else "****"
