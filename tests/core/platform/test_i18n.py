"""Texts: two catalogs that say the same, values written the reader's way, a missing text is an error."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

import core
from core.platform import i18n
from core.platform.i18n import LANGUAGES, Argument, DataSize, Day, Language, Month, Rupiah, TimeOfDay

CORE = Path(core.__file__).parent


def arguments(texts: list[str]) -> set[str]:
    """What texts ask for; a doubled brace is one to be read."""
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def catalog(language: Language) -> dict[str, list[str]]:
    """Key to its texts: one, or one for each plural form."""
    with (CORE / "locales" / language / "messages.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale=language) if entry.id]
    return {
        str(entry.id[0] if isinstance(entry.id, tuple) else entry.id): (
            list(entry.string) if isinstance(entry.string, tuple | list) else [str(entry.string)]
        )
        for entry in entries
    }


def test_both_catalogs_have_the_same_keys() -> None:
    assert i18n.keys("id") == i18n.keys("en") == frozenset(catalog("id")) == frozenset(catalog("en"))


def test_both_catalogs_ask_for_the_same_arguments() -> None:
    indonesian, english = catalog("id"), catalog("en")
    differing = {
        key: (indonesian[key], english[key])
        for key in indonesian
        if arguments(indonesian[key]) != arguments(english[key])
    }
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_has_a_text_that_can_be_filled_in(language: Language) -> None:
    for key, texts in catalog(language).items():
        assert all(text.strip() for text in texts), key
        filled = dict.fromkeys(arguments(texts), "x")
        for text in texts:
            text.format_map(filled)  # a stray brace would raise


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_core_can_raise_has_a_text(language: Language) -> None:
    assert {f"error.{code}" for code in refusal_codes()} - i18n.keys(language) == set()


def refusal_codes() -> set[str]:
    kinds = {"Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "Throttled", "Unavailable"}
    codes = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower() for kind in kinds}
    for path in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                codes |= {
                    arg.value
                    for arg in node.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    return codes


def test_a_missing_key_or_argument_raises() -> None:
    with pytest.raises(KeyError, match="no id text"):
        i18n.text("notice.nothing", "id")
    with pytest.raises(KeyError, match="amount"):
        i18n.text("notice.receipt", "id", name="John")


def test_braces_in_a_customers_name_stay_braces() -> None:
    assert "{amount}" in i18n.text("notice.phone_changed", "id", service="{amount}", phone="x")


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        (Rupiah(350_000), "Rp350.000", "Rp350,000"),
        (Day(date(2024, 1, 10)), "10 Januari 2024", "10 January 2024"),
        (Month(2024, 8), "Agustus 2024", "August 2024"),
        (
            TimeOfDay(datetime(2024, 1, 1, 6, 2, tzinfo=UTC), ZoneInfo("Asia/Jakarta")),
            "13.02 WIB",
            "13:02 WIB",
        ),
        (
            TimeOfDay(datetime(2024, 1, 1, 6, 2, tzinfo=UTC), ZoneInfo("Asia/Jayapura")),
            "15.02 WIT",
            "15:02 WIT",
        ),
        (TimeOfDay(datetime(2024, 1, 1, 6, 2, tzinfo=UTC), ZoneInfo("Europe/Paris")), "07.02", "07:02"),
        (5, "5", "5"),
        ("a_b", "a_b", "a_b"),
    ],
)
def test_values_are_written_the_readers_way(value: Argument, indonesian: str, english: str) -> None:
    assert i18n.spelled(value, "id") == indonesian
    assert i18n.spelled(value, "en") == english


def test_a_message_waits_for_its_language() -> None:
    receipt = i18n.message(
        "notice.receipt",
        name="John",
        amount=Rupiah(1),
        period=Month(2024, 1),
        service="S",
        invoice="I",
        link="",
    )
    assert "Januari" in receipt.render("id")
    assert "January" in receipt.render("en")


def test_a_count_chooses_between_singular_and_plural() -> None:
    plurals = {key: texts for key, texts in catalog("en").items() if len(texts) > 1}
    for key, (singular, plural) in plurals.items():
        names = arguments([singular, plural]) - {"count"}
        rest: dict[str, Argument] = dict.fromkeys(names, "x")
        filled = dict.fromkeys(names, "x")
        assert i18n.text(key, "en", count=1, **rest) == singular.format_map({"count": "1", **filled})
        assert i18n.text(key, "en", count=2, **rest) == plural.format_map({"count": "2", **filled})


@pytest.mark.parametrize(
    ("octets", "indonesian", "english"),
    [(0, "0 MB", "0 MB"), (999_000_000, "999 MB", "999 MB"), (1_500_000_000_000, "1.500 GB", "1,500 GB")],
)
def test_data_sizes_are_written_the_readers_way(octets: int, indonesian: str, english: str) -> None:
    assert i18n.spelled(DataSize(octets), "id") == indonesian
    assert i18n.spelled(DataSize(octets), "en") == english
