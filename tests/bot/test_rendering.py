"""Choices are numbered through, so that a number is an answer on a channel without buttons."""

from __future__ import annotations

from bot.rendering import as_text
from conversations.engine.say import Reply
from core.messaging.ports import Choice

ROWS = (Choice("a", "Januari"), Choice("b", "Februari"))


def test_rows_stand_below_each_other_and_short_actions_beside() -> None:
    reply = Reply("Dua tagihan.", ROWS, "Balas angka.", (Choice("x", "Kirim ulang"), Choice("y", "Batal")))
    assert as_text([reply]) == (
        "Dua tagihan.\n1. Januari\n2. Februari\nBalas angka.\n3. Kirim ulang · 4. Batal"
    )


def test_long_actions_stand_below_each_other() -> None:
    reply = Reply(
        "Lalu?", actions=(Choice("x", "Hubungkan dengan layanan 28900004"), Choice("y", "Lain kali saja"))
    )
    assert as_text([reply]) == "Lalu?\n1. Hubungkan dengan layanan 28900004\n2. Lain kali saja"


def test_the_numbers_are_those_of_the_choices() -> None:
    reply = Reply("?", ROWS, "", (Choice("x", "Batal"),))
    shown = as_text([reply])
    assert all(f"{number}. {choice.label}" in shown for number, choice in enumerate(reply.choices, 1))


def test_several_replies_are_one_text() -> None:
    assert as_text([Reply("Satu."), Reply("Dua.")]) == "Satu.\n\nDua."
