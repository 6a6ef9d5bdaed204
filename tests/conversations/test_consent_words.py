"""BERHENTI and MULAI are whole messages; a sentence in which they occur is left to be understood."""

from __future__ import annotations

import pytest

from conversations.consent_words import Wish, wish
from core.messaging.kinds import STOPPABLE, Category


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("BERHENTI", Wish(is_stop=True)),
        (" Stop. ", Wish(is_stop=True)),
        ("stop promo", Wish(is_stop=True, categories=(Category.INFO,))),
        ("berhenti info tagihan", Wish(is_stop=True, categories=(Category.BILLING,))),
        ("tolong stop info gangguan ya", Wish(is_stop=True, categories=(Category.SERVICE,))),
        ("hentikan semua", Wish(is_stop=True, categories=STOPPABLE)),
        ("please stop bill reminders", Wish(is_stop=True, categories=(Category.BILLING,))),
        ("stop everything", Wish(is_stop=True, categories=STOPPABLE)),
        ("MULAI", Wish(is_stop=False)),
        ("start", Wish(is_stop=False)),
        ("mulai info tagihan lagi", Wish(is_stop=False, categories=(Category.BILLING,))),
        ("start offers", Wish(is_stop=False, categories=(Category.INFO,))),
    ],
)
def test_whole_messages_are_read(text: str, meant: Wish) -> None:
    assert wish(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/start",
        "/stop",
        "stop dulu ya nanti saya bayar",
        "kapan gangguan berhenti",
        "internet berhenti total",
        "mulai kapan promo berlaku",
        "start my connection",
        "jangan berhenti",
        "tagihan",
        "berhenti langganan internet",
    ],
)
def test_anything_longer_is_left_alone(text: str) -> None:
    assert wish(text) is None
