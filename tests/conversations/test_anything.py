"""Whatever is typed or tapped, wherever: never an exception, never silence, and the state reads back equal."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.engine.book import FlowBook
from conversations.engine.dialogue import dump, load
from conversations.flows import FLOWS
from tests.conversations.stage import DEWI, JOHN, SITI, STRANGER, Stage, copied, staged

BOOK = FlowBook(FLOWS)

#: Words that get somewhere, so that deep places are reached, among texts that mean nothing.
KNOWN_WORDS = (
    "cek tagihan", "lupa password", "28900004", "28900002", "28999999", "{code}", "111111", "kopi-senja-7", "ya",
    "tidak", "1", "2", "3", "7", "yang kedua", "lihat semua", "layanan lain", "kirim ulang", "batal", "menu", "bantuan",
    "english", "bahasa", "makasih", "bayar", "tagihan januari", "lanjut", "mulai ulang", "/reset", "/tagihan", "stop",
    "pasang wifi di bandung", "ganti paket", "upgrade paket", "ubah", "Toni Wijaya", "Jl. Kenanga No. 8", "081277770001",
    "akses", "undang chat lain", "putuskan", "/start r3wb136q2vqm", "bukan saya", "ganti nomor hp", "ubah email",
    "baru@example.com", "unduh data", "hapus data",
)  # fmt: skip
TAPS = ("cancel", "yes", "no", "resend", "back", "other_service", "more", "resume", "restart", "flow:otp_reset", "subscribe", "change", "withdraw", "edit", "another", "invite", "leave", "payer", "change_data",
        "change_phone", "change_email", "my_data", "copy", "erase",
        "flow:nothing", "intent:check_bill", "intent:nonsense", "language:en", "28900001", "INV-2401-001", "")  # fmt: skip

messages = st.one_of(
    st.sampled_from(KNOWN_WORDS).map(lambda said: (said, None)),
    st.sampled_from(TAPS).map(lambda tap: ("", tap)),
    st.text(max_size=60).map(lambda said: (said, None)),
    st.sampled_from([20, 40, 2000]).map(lambda minutes: (minutes, None)),
)
chats = st.sampled_from((JOHN, SITI, DEWI, STRANGER))


@pytest.fixture(scope="module")
def place(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all examples: chats that begin in the middle of an earlier one are examples too."""
    return copied(demo_template, tmp_path_factory.mktemp("anything"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chat=chats, said=st.lists(messages, min_size=1, max_size=12))
def test_anything_may_be_said(place: str, chat: str, said: list[tuple[str | int, str | None]]) -> None:
    assert asyncio.run(_play(place, chat, said)) == len(said)


_numbers = count()


async def _play(url: str, chat: str, said: list[tuple[str | int, str | None]]) -> int:
    """How many of the messages were answered as they should be."""
    async with staged(url) as stage:
        for text, tap in said:
            await _one(stage, chat, text, tap)
    return len(said)


async def _one(stage: Stage, chat: str, text: str | int, tap: str | None) -> None:
    if isinstance(text, int):
        stage.clock.move(timedelta(minutes=text))
        return
    typed = text.replace("{code}", await stage.code())
    answer = await stage.say(chat, typed, message_id=f"any-{next(_numbers)}", choice_id=tap)
    # Only while a person of the business has the chat does the bot keep silent.
    assert answer.strip() or await stage.services.handovers.open_of(stage.channel, chat)
    assert answer.count("\n") < 10
    stored = (await stage.chat(chat)).dialogue
    assert stored is not None
    dialogue = load(stored, BOOK)
    assert load(dump(dialogue), BOOK) == dialogue
