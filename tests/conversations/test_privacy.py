"""A stranger learns nothing, and a secret is nowhere once it was used."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.platform.errors import Unauthenticated
from core.platform.i18n import text
from tests.conversations.stage import DEWI, JOHN, SITI, STRANGER, Stage, staged

KNOWN, UNKNOWN, PHONELESS = "28900004", "28999999", "28900003"
LID = "98765432109876@lid"


@pytest.fixture
async def stage(demo_url: str) -> AsyncIterator[Stage]:
    async with staged(demo_url) as opened:
        yield opened


async def _as_seen_by(stage: Stage, stranger: str, number: str, opening: str) -> list[str]:
    """Everything a stranger is told who asks for a service and guesses codes, one of them late."""
    seen = [
        await stage.say(stranger, said)
        for said in (opening, number, "111111", "tunggu", "2222", "kirim ulang")
    ]
    seen += [await stage.say(stranger, "111111") for _ in range(5)]
    return [said.replace(number, "N") for said in seen]


@pytest.mark.parametrize("opening", ["cek tagihan", "lupa password"])
async def test_known_unknown_and_phoneless_numbers_look_alike(stage: Stage, opening: str) -> None:
    known, unknown, phoneless = [
        await _as_seen_by(stage, f"62813999990{n}0", number, opening)
        for n, number in enumerate((KNOWN, UNKNOWN, PHONELESS))
    ]
    assert known == unknown == phoneless
    assert not any(name in said for said in known for name in ("Dewi", "Agus", "****"))


async def test_a_late_code_looks_alike_too(stage: Stage) -> None:
    answers = []
    for number, stranger in ((KNOWN, "6281399999011"), (UNKNOWN, "6281399999012")):
        await stage.say(stranger, "lupa password", number)
        stage.clock.move(timedelta(minutes=5))
        answers.append(await stage.say(stranger, "111111"))
    assert answers[0] == answers[1]
    assert text("prove_owner.code_expired", "id") in answers[0]


async def test_asking_too_often_looks_alike_too(stage: Stage) -> None:
    answers = []
    for number, stranger in ((KNOWN, "6281399999021"), (UNKNOWN, "6281399999022")):
        await stage.say(stranger, "lupa password", number)
        answers.append([await stage.say(stranger, "kirim ulang") for _ in range(4)])
    assert answers[0] == answers[1]


async def test_a_known_chat_cannot_read_a_foreign_service(stage: Stage) -> None:
    answer = await stage.say(JOHN, "tagihan 28900002")
    assert "Kalau nomor itu terdaftar" in answer
    assert "Siti" not in answer


async def test_a_lid_is_a_stranger_until_it_is_linked(stage: Stage) -> None:
    assert "belum terhubung" in await stage.say(LID, "cek tagihan")
    await stage.say(LID, KNOWN)
    await stage.say(LID, await stage.code())
    assert "Dewi" in await stage.say(LID, "ya")
    assert "Dewi" in await stage.say(LID, "cek tagihan")


async def test_a_number_that_only_looks_like_a_customers_is_a_stranger(stage: Stage) -> None:
    for address in (f"{DEWI}@lid", f"{DEWI}0", DEWI[1:]):
        assert "belum terhubung" in await stage.say(address, "cek tagihan"), address


async def test_the_new_password_works_and_old_tokens_do_not(stage: Stage) -> None:
    identity = stage.services.identity
    before = await identity.sign_in(KNOWN, "rahasia123", ip="127.0.0.1")
    await stage.say(DEWI, "lupa password")
    await stage.say(DEWI, await stage.code(), "kopi-senja-7")
    await identity.sign_in(KNOWN, "kopi-senja-7", ip="127.0.0.1")
    for attempt in (
        identity.sign_in(KNOWN, "rahasia123", ip="127.0.0.1"),
        identity.authenticate(before.token),
    ):
        with pytest.raises(Unauthenticated):
            await attempt


async def test_an_own_service_without_a_phone_is_told_the_truth(stage: Stage) -> None:
    await stage.services.customers.link_chat("whatsapp", STRANGER, 4)  # 28900003 has no phone
    assert await stage.say(STRANGER, "lupa password") == text("error.no_destination", "id")


async def test_declining_the_link_leaves_the_chat_a_stranger(stage: Stage) -> None:
    await stage.say(STRANGER, "cek tagihan", KNOWN)
    await stage.say(STRANGER, await stage.code())
    await stage.say(STRANGER, "tidak")
    assert await stage.services.customers.services_of_chat("whatsapp", STRANGER) == ()


def _bytes_in(folder: Path) -> bytes:
    return b"".join(piece.read_bytes() for piece in folder.iterdir())


async def test_no_byte_of_the_database_is_the_password_that_was_typed(stage: Stage, tmp_path: Path) -> None:
    await stage.say(SITI, "lupa password", "2")
    await stage.say(SITI, await stage.code())
    await stage.say(SITI, "abc", "kopi-senja-7-rahasia")
    stored = _bytes_in(tmp_path)
    assert b"28900002" in stored
    assert b"kopi-senja" not in stored


async def test_a_finished_reset_keeps_no_grant(stage: Stage) -> None:
    await stage.say(STRANGER, "lupa password", KNOWN)
    await stage.say(STRANGER, await stage.code(), "kopi-senja-7")
    assert await stage.place(STRANGER) == "link_account.ask"
    dialogue = (await stage.chat(STRANGER)).dialogue
    assert dialogue is not None
    assert dialogue["frames"][0]["state"]["grant"] == ""


async def test_the_log_names_no_phone_text_or_code(stage: Stage) -> None:
    with capture_logs() as logged:
        await stage.say(JOHN, "lupa password", "apa saja yang ditulis")
        code = await stage.code()
        await stage.say(JOHN, code, "kopi-senja-7")
    told = " ".join(str(entry) for entry in logged)
    assert "turn_played" in told
    assert not re.search(f"{JOHN}|{code}|kopi-senja|apa saja|lupa password", told)
