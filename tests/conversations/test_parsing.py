"""Reading one expected answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.parsing import (
    NamedMonth,
    RelativeMonth,
    parse_amount,
    parse_choice,
    parse_month,
    parse_otp,
    parse_phone,
    parse_service_number,
    parse_yes_no,
)

SERVICES = [("28900001", "28900001 · Siti Rahma"), ("28900002", "28900002 · Siti Rahma (Warung)")]
CHANNELS = [("va_bni", "BNI Virtual Account"), ("alfamart", "Alfamart"), ("indomaret", "Indomaret")]


@pytest.mark.parametrize(
    "written",
    [
        "08123456789",
        "628123456789",
        "+628123456789",
        "8123456789",
        "0812-3456-789",
        "+62 812.3456.789",
        "(0812) 3456 789",
        "nomor saya 0812 3456 789 ya",
        "+62 0812 3456 789",
        "０８１２３４５６７８９",
        "٠٨١٢٣٤٥٦٧٨٩",
    ],
)
def test_every_way_to_write_a_mobile_number_is_one_number(written: str) -> None:
    assert parse_phone(written) == "628123456789"


def test_landline_is_a_phone_too() -> None:
    assert parse_phone("(021) 555-1234") == "62215551234"


@pytest.mark.parametrize(
    "written", ["28900001", "0812", "080012345678", "+1 415 555 0100", "halo", "", "261122001"]
)
def test_what_cannot_be_an_indonesian_phone_is_none(written: str) -> None:
    assert parse_phone(written) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ISP00123", "ISP00123"),
        ("isp 00123", "ISP00123"),
        ("28900001", "28900001"),
        ("2890 0001", "28900001"),
        ("nomor layanan saya 28900001 min", "28900001"),
        ("131172106210", "131172106210"),
        ("08123456789", None),
        ("+628123456789", None),
        ("INV-2401-001", None),
        ("lupa", None),
    ],
)
def test_service_numbers_are_read_and_phones_are_not(text: str, number: str | None) -> None:
    assert parse_service_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["482913", "482 913", "482-913", "kodenya 482913", "4 8 2 9 1 3", "４８２９１３", "٤٨٢٩١٣", "482.913."],
)
def test_code_is_read_however_it_is_spaced(text: str) -> None:
    assert parse_otp(text) == "482913"


@pytest.mark.parametrize("text", ["48291", "4829134", "482913 atau 111111", "08123456789", "kode", ""])
def test_anything_but_one_group_of_six_digits_is_no_code(text: str) -> None:
    assert parse_otp(text) is None


@pytest.mark.parametrize(
    "text", ["ya", "Iya kak", "y", "yes", "OK", "betul", "benar", "lanjut", "sip", "gas", "yaaa", "oke lanjut aja", "👍", "ya, kirim", "setuju pak", "muhun", "nggih", "that's right", "yes, that is right"]
)  # fmt: skip
def test_yes_is_heard(text: str) -> None:
    assert parse_yes_no(text) is True


@pytest.mark.parametrize(
    "text", ["tidak", "nggak", "gak", "ga", "no", "jangan", "batal", "ga jadi", "tidak usah kak", "belum", "salah", "ora", "teu", "gak mau", "no thanks"]
)  # fmt: skip
def test_no_is_heard(text: str) -> None:
    assert parse_yes_no(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mungkin",
        "ya batal",
        "ya tapi besok",
        "berapa",
        "28900001",
        "internet saya mati",
        "kak",
        "ya atau tidak",
    ],
)
def test_unclear_answers_are_neither_yes_nor_no(text: str) -> None:
    assert parse_yes_no(text) is None


@pytest.mark.parametrize(
    "text",
    ["2", "2.", "no 2", "yang kedua", "kedua", "the second", "second one", "nomor dua", "28900002", "yg warung", "warungg", "yang warung aja kak", "terakhir"],
)  # fmt: skip
def test_choice_by_number_ordinal_id_and_word(text: str) -> None:
    assert parse_choice(text, SERVICES) == "28900002"


@pytest.mark.parametrize(
    "text",
    ["siti", "siti rahma", "3", "0", "bukan yang warung", "wifi di warung saya mati lagi", "", "yang mana"],
)
def test_a_choice_that_fits_none_or_several_is_none(text: str) -> None:
    assert parse_choice(text, SERVICES) is None


@pytest.mark.parametrize(
    ("text", "option"),
    [("bni", "va_bni"), ("alfamrt", "alfamart"), ("lewat indomaret", "indomaret"), ("1", "va_bni")],
)
def test_payment_channels_are_chosen_by_name(text: str, option: str) -> None:
    assert parse_choice(text, CHANNELS) == option


def test_exact_label_wins_over_a_number_with_the_same_digits() -> None:
    assert parse_choice("2", [("2", "Dua Mbps"), ("1", "Satu Mbps")]) == "2"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("350rb", 350_000),
        ("350 ribu", 350_000),
        ("350k", 350_000),
        ("350.000", 350_000),
        ("Rp350.000,00", 350_000),
        ("Rp 350.000,-", 350_000),
        ("Rp 1,5 jt", 1_500_000),
        ("1.25 juta", 1_250_000),
        ("1jt 500rb", 1_500_000),
        ("277500", 277_500),
        ("saya transfer 300rb tadi", 300_000),
        ("tidak ada", None),
        ("", None),
    ],
)
def test_amounts_are_whole_rupiah(text: str, amount: int | None) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("jan", NamedMonth(1)),
        ("januari 2024", NamedMonth(1, 2024)),
        ("Tagihan bulan Agustus", NamedMonth(8)),
        ("01/2024", NamedMonth(1, 2024)),
        ("2024-12", NamedMonth(12, 2024)),
        ("bulan 3", NamedMonth(3)),
        ("may 2024", NamedMonth(5, 2024)),
        ("bulan ini", RelativeMonth(0)),
        ("bln kmrn", RelativeMonth(-1)),
        ("next month", RelativeMonth(1)),
        ("may I pay later", None),
        ("besok", None),
    ],
)
def test_months_named_or_relative(text: str, month: NamedMonth | RelativeMonth | None) -> None:
    assert parse_month(text) == month


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_an_error_to_any_parser(text: str) -> None:
    for parse in (parse_phone, parse_service_number, parse_otp):
        assert parse(text) is None or str(parse(text)).isalnum()
    assert parse_yes_no(text) in {True, False, None}
    assert (parse_amount(text) or 0) >= 0
    assert isinstance(parse_month(text), NamedMonth | RelativeMonth | None)
    assert parse_choice(text, SERVICES) in {None, *(key for key, _ in SERVICES)}
