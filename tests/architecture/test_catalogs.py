"""Every text the code asks for is in both catalogs, with the same blanks to fill in; and nothing else is."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from core.platform.i18n import LANGUAGES, Language

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "conversations", "bot", "api", "cli")
_KEY = re.compile(r"[a-z_]+\.[a-z_]+")
_DYNAMIC = "error."  # the engine says `error.<reason>` for a refusal that has words of its own


@cache
def catalog(language: Language) -> Catalog:
    with (ROOT / f"core/locales/{language}/messages.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def entries(language: Language) -> dict[str, Message]:
    return {_key(entry): entry for entry in catalog(language) if entry.id}


def _key(entry: Message) -> str:
    return str(entry.id if isinstance(entry.id, str) else entry.id[0])


def _forms(entry: Message) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())


def _blanks(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


@cache
def _literals() -> frozenset[str]:
    """Every string in the code; a key that is put together from pieces cannot be found, so none is."""
    trees = (
        ast.parse(path.read_text())
        for path in chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES)
    )
    return frozenset(
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _asked_for() -> set[str]:
    """String literals that look like keys of a section the catalog has."""
    sections = {key.partition(".")[0] for key in entries("id")}
    return {
        literal
        for literal in _literals()
        if _KEY.fullmatch(literal) and literal.partition(".")[0] in sections
    }


#: Names in the code that only look like keys of a text.
NO_TEXTS = {"broadcast.step", "broadcast.text", "message.text"}


def test_both_catalogs_have_the_same_keys() -> None:
    assert set(entries("id")) ^ set(entries("en")) == set()


def test_every_key_the_code_asks_for_has_a_text() -> None:
    assert _asked_for() - NO_TEXTS - set(entries("id")) == set()


def test_no_text_is_left_that_nobody_asks_for() -> None:
    reasons = {_DYNAMIC + literal for literal in _literals()}
    assert set(entries("id")) - _literals() - reasons == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_doubtful(language: Language) -> None:
    doubtful = [key for key, entry in entries(language).items() if entry.fuzzy or not all(_forms(entry))]
    assert doubtful == []
    plurals = catalog(language).num_plurals
    assert [key for key, entry in entries(language).items() if len(_forms(entry)) not in {1, plurals}] == []


def test_both_languages_fill_in_the_same_blanks() -> None:
    different = {
        key: (indonesian, english)
        for key, entry in entries("id").items()
        if (indonesian := set().union(*map(_blanks, _forms(entry))))
        != (english := set().union(*map(_blanks, _forms(entries("en")[key]))))
    }
    assert different == {}
