"""Text people read: keys in code, sentences in the PO catalogs, Indonesian first and English second."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as CatalogEntry
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from msgspec import Struct

from core.platform.money import rupiah

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")
_MEGABYTE, _GIGABYTE = 10**6, 10**9
_ZONE_NAMES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


class Rupiah(Struct, frozen=True):
    """An amount to be written the reader's way."""

    amount: int


class Day(Struct, frozen=True):
    """A calendar day to be written the reader's way: `10 Januari 2024`."""

    day: date


class Month(Struct, frozen=True):
    """A billing month: `Januari 2024`."""

    year: int
    month: int


class TimeOfDay(Struct, frozen=True):
    """A wall-clock time with its zone's name: `13.02 WIB`."""

    moment: datetime
    zone: ZoneInfo


class DataSize(Struct, frozen=True):
    """Bytes, to be written in megabytes or gigabytes: `1,25 GB`."""

    octets: int


Argument = str | int | Rupiah | Day | Month | TimeOfDay | DataSize


class Message(Struct, frozen=True):
    """A sentence before it has a language: a catalog key and what goes into it."""

    key: str
    args: Mapping[str, Argument] = {}

    def render(self, language: Language) -> str:
        return text(self.key, language, **self.args)


def message(key: str, **args: Argument) -> Message:
    return Message(key, args)


def text(key: str, language: Language, **args: Argument) -> str:
    """Render a catalog entry; an argument named `count` also chooses between singular and plural.

    A key without an entry is a bug that a test finds, so it raises `KeyError`.
    """
    catalog = _catalog(language)
    count = args.get("count")
    found = (
        catalog.ngettext(key, key, count)
        if isinstance(count, int) and key in _plurals(language)
        else catalog.gettext(key)
    )
    if found == key:
        raise KeyError(f"no {language} text for {key!r}")
    return found.format_map({name: spelled(value, language) for name, value in args.items()})


def spelled(value: Argument, language: Language) -> str:
    """Write a value the way a reader of `language` expects it."""
    match value:
        case Rupiah(amount):
            return rupiah(amount, language)
        case Day(day):
            return format_date(day, "d MMMM y", locale=language)
        case Month(year, month):
            return format_date(date(year, month, 1), "MMMM y", locale=language)
        case TimeOfDay(moment, zone):
            pattern = "HH.mm" if language == "id" else "HH:mm"
            return f"{format_time(moment.astimezone(zone), pattern, locale=language)} {_ZONE_NAMES.get(zone.key, '')}".strip()
        case DataSize(octets):
            size, unit = (octets / _GIGABYTE, "GB") if octets >= _GIGABYTE else (octets / _MEGABYTE, "MB")
            return f"{format_decimal(size, '#,##0.##', locale=language)} {unit}"
        case _:
            return str(value)


def keys(language: Language) -> frozenset[str]:
    """Every key that has a text in `language`."""
    return frozenset(_key(entry) for entry in _parsed(language) if entry.id)


@cache
def _parsed(language: Language) -> Catalog:
    raw = resources.files("core").joinpath(f"locales/{language}/messages.po").read_bytes()
    return read_po(io.BytesIO(raw), locale=language, abort_invalid=True)


@cache
def _plurals(language: Language) -> frozenset[str]:
    return frozenset(_key(entry) for entry in _parsed(language) if entry.pluralizable)


def _key(entry: CatalogEntry) -> str:
    return str(entry.id[0] if isinstance(entry.id, tuple | list) else entry.id)


@cache
def _catalog(language: Language) -> gettext.GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, _parsed(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
