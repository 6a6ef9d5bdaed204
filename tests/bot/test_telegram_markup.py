"""How replies look in Telegram, checked by the stand-in's own strict reader."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.offers import split
from bot.telegram.markup import MAX_TEXT, as_html, pieces, written
from conversations.engine.say import Reply
from core.messaging.ports import Choice
from sandbox.telegram.html import parse_html

#: What people type, with more of the characters that mean something to Telegram than they would.
TEXTS = st.text(alphabet=st.sampled_from("ab <>&\"'*_/=;#\n😀é"), max_size=60)


@settings(max_examples=150)
@given(TEXTS)
def test_whatever_is_said_reads_back_as_it_was_said(text: str) -> None:
    shown, entities = parse_html(as_html(text))
    marks = sum(entity.type == "bold" for entity in entities)
    assert shown.replace("*", "") == text.strip().replace("*", "")
    assert text.count("*") - shown.count("*") >= 2 * marks


def test_stars_make_words_bold_and_nothing_else() -> None:
    assert as_html("Ketik *menu* kapan saja") == "Ketik <b>menu</b> kapan saja"
    assert as_html("2*3*4, * a *, **") == "2*3*4, * a *, **"
    assert as_html("*<b>*") == "<b>&lt;b&gt;</b>"


def keyboard(reply: Reply) -> list[list[str]]:
    found = written(reply, "stamp").keyboard
    return [[button.text for button in row] for row in found.inline_keyboard] if found else []


def choices(*labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(label, label) for label in labels)


def test_short_choices_stand_in_pairs_and_long_ones_alone() -> None:
    actions = choices("Bayar", "Rincian", "BNI Virtual Account", "Ya", "Tidak")
    assert keyboard(Reply("x", actions=actions)) == [
        ["Bayar", "Rincian"],
        ["BNI Virtual Account"],
        ["Ya", "Tidak"],
    ]


def test_rows_too_wide_for_a_button_are_written_out_and_tapped_by_number() -> None:
    rows = choices(*(f"Januari 202{year} · Rp277.500 · lewat jatuh tempo" for year in range(6)))
    reply = Reply("Tagihan:", rows=rows, footer="Balas angka.", actions=choices("Bayar"))
    assert keyboard(reply) == [["1", "2", "3", "4", "5"], ["6"], ["Bayar"]]
    lines = written(reply, "stamp").html.splitlines()
    assert (lines[0], lines[1][:10], lines[-1]) == ("Tagihan:", "1. Januari", "Balas angka.")


def test_a_reply_without_choices_has_no_keyboard() -> None:
    assert written(Reply("Sama-sama!"), "stamp").keyboard is None


def test_a_choice_telegram_would_refuse_has_no_button() -> None:
    reply = Reply("x", actions=(Choice("é" * 30, "Panjang"), Choice("a", "Pendek")))
    assert keyboard(reply) == [["Pendek"]]


@pytest.mark.parametrize("choice_id", ["flow:menu", "ISP.00.123", "", "a"])
def test_a_button_carries_its_stamp_and_its_choice(choice_id: str) -> None:
    found = written(Reply("x", actions=(Choice(choice_id, "A"),)), "Xy_-12").keyboard
    assert found is not None
    data = found.inline_keyboard[0][0].callback_data
    assert isinstance(data, str)
    assert split(data) == ("Xy_-12", choice_id)


@settings(max_examples=100)
@given(st.lists(st.text(alphabet="ab ", max_size=40), min_size=1, max_size=40))
def test_parts_are_short_enough_and_lose_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    parts = list(pieces(text, limit=50))
    assert all(len(part) <= 50 for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


def test_a_usual_text_is_one_part() -> None:
    assert list(pieces("x" * MAX_TEXT)) == ["x" * MAX_TEXT]
    assert list(pieces("")) == [""]
