"""One number in all its spellings."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.platform import phones
from core.platform.phones import SplitPhone


@pytest.mark.parametrize(
    "typed",
    [
        "08123456789",
        "628123456789",
        "+628123456789",
        "8123456789",
        "+62 812-3456-789",
        "+62 (0)812 3456 789",
        "62 812 3456 789",
        "0812.3456.789",
        "0812/3456/789",
        "(0812) 3456789",
        "00628123456789",
        "620 8123456789",
        "  0812 3456 789 ",
        "\u202a+62 812\u20113456\u2011789\u202c",  # as a chat copies it: marks of direction, long hyphens
        "٠٨١٢٣٤٥٦٧٨٩",
    ],
)
def test_every_local_spelling_is_one_number(typed: str) -> None:
    assert phones.normalise(typed) == "628123456789"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+60 12-345 6789", "60123456789"),
        ("+65 8123 4567", "6581234567"),
        ("+1 (202) 555-0123", "12025550123"),
        ("+44 20 7946 0958", "442079460958"),
        ("+39 06 1234 5678", "390612345678"),  # Italy keeps its zero
        ("0044 20 7946 0958", "442079460958"),
        ("021 5551234", "62215551234"),
    ],
)
def test_foreign_and_fixed_numbers_are_understood(typed: str, stored: str) -> None:
    assert phones.normalise(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "0812",
        "62",
        "+62",
        "0",
        "+",
        "-",
        "0812345678901234567",
        "+999 12345678",
        "0812-CALL-NOW",
        "saya",
        "john@example.com",
        "628123456789@s.whatsapp.net",
        "1234567890123456@lid",
        "tel:+628123456789",
        "08123456789 atau 08987654321",
        "0812-3456-789 ext. 3",
        "🙂",
        "08123456789;ext=3",
        "²³¹²³⁴⁵⁶⁷⁸",
    ],
)
def test_what_cannot_be_a_phone_number_is_none(typed: str) -> None:
    assert phones.normalise(typed) is None


@pytest.mark.parametrize(
    ("code", "number", "whole"),
    [
        (62, "08123456789", "628123456789"),
        (62, "8123456789", "628123456789"),
        (62, "628123456789", "628123456789"),
        (62, "+628123456789", "628123456789"),
        (65, "81234567", "6581234567"),
        (1, "2025550123", "12025550123"),
    ],
)
def test_a_calling_code_and_a_number_are_put_together_once(code: int, number: str, whole: str) -> None:
    assert phones.join(code, number) == whole


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("08", 62),
        ("0", 62),
        (8, 62),
        ("8", 62),
        (0, 62),
        ("62", 62),
        ("+62", 62),
        (65, 65),
        ("1", 1),
        ("999", None),
        ("", None),
        ("x", None),
        ("-62", None),
        ("²", None),
    ],
)
def test_calling_codes_are_read_as_clients_write_them(raw: int | str, code: int | None) -> None:
    assert phones.calling_code(raw) == code


def test_a_number_is_taken_apart_into_two_integers() -> None:
    assert phones.split("628123456789") == SplitPhone(62, 8123456789)
    assert phones.split("6581234567") == SplitPhone(65, 81234567)
    assert phones.split("999123") == SplitPhone(62, 999123)


def test_a_mask_shows_its_owner_enough_and_a_stranger_little() -> None:
    assert phones.mask("628123456789") == "62812****789"
    assert phones.mask("6281234") == "****"


MOBILES = st.from_regex(r"8[1-9][0-9]{7,9}", fullmatch=True)


@settings(max_examples=60)
@given(national=MOBILES, gaps=st.lists(st.sampled_from(["", " ", "-", "."]), min_size=12, max_size=12))
def test_spacing_and_prefix_never_change_the_number(national: str, gaps: list[str]) -> None:
    spaced = "".join(digit + gap for digit, gap in zip(national, gaps, strict=False))
    for prefix in ("0", "62", "+62", "+62 ", ""):
        assert phones.normalise(prefix + spaced) == f"62{national}"


@settings(max_examples=60)
@given(region=st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_every_countrys_number_survives_with_its_plus(region: str) -> None:
    example = phonenumbers.example_number(region)
    if example is not None:
        digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164).lstrip("+")
        assert phones.normalise(f"+{digits}") == digits


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_any_text_is_a_number_of_digits_or_none(typed: str) -> None:
    number = phones.normalise(typed)
    assert number is None or (
        number.isascii() and number.isdigit() and phones.normalise(f"+{number}") == number
    )
