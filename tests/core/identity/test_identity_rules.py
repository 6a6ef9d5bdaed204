"""What a new password may be."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.identity import rules
from core.platform.errors import Invalid


def _refusal(check: Callable[[], None]) -> str | None:
    """Why a password was refused, None when it was accepted."""
    try:
        check()
    except Invalid as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize(
    "password",
    [
        "123456", "12345678", "password", "PASSWORD", "qwerty", "QwertyUiop", "111111", "rahasia", "Indonesia",
        "bismillah", "sayang", "iloveyou", "1qaz2wsx", "aaaaaaaa", "zzzzzz", "987654321", "34567890123", "abcdefgh",
        "fedcba", "asdfghjkl", "lkjhgf", "......", "abc123",
    ],
)  # fmt: skip
def test_a_password_everybody_uses_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_password(password)
    assert refusal.value.reason == "password_common"


@pytest.mark.parametrize(
    "password",
    [
        "rahasia123",
        "secret123",
        "newpass123",
        "password123",
        "kopi-tubruk-7",
        "Tr0ub4dor",
        "budi1234",
        "nasi goreng",
    ],
)
def test_a_password_of_somebodys_own_is_accepted(password: str) -> None:
    assert _refusal(lambda: rules.check_password(password)) is None


@pytest.mark.parametrize(("length", "reason"), [(5, "password_short"), (129, "password_long")])
def test_length_has_limits(length: int, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_password(("x7" * 65)[:length])
    assert refusal.value.reason == reason


@pytest.mark.parametrize("length", [6, 128])
def test_the_limits_themselves_are_allowed(length: int) -> None:
    assert _refusal(lambda: rules.check_password(("x7" * 64)[:length])) is None


@pytest.mark.parametrize(
    "password",
    [
        "Siti Rahma",
        "sitirahma",
        "siti.r@example.com",
        "SITI.R",
        "28900001",
        "628123456789",
        "08123456789",
        "8123456789",
    ],
)
def test_what_stands_on_the_bill_is_no_password(password: str) -> None:
    with pytest.raises(Invalid):
        rules.check_not_personal(
            password, ("Siti Rahma", "siti.r@example.com", "628123456789", "28900001", None, "")
        )


def test_unknown_facts_forbid_nothing() -> None:
    assert _refusal(lambda: rules.check_not_personal("kopi-tubruk-7", (None, ""))) is None


@given(st.text(min_size=6, max_size=128))
@settings(max_examples=60, deadline=None)
def test_any_text_is_judged_without_a_crash(password: str) -> None:
    assert _refusal(lambda: rules.check_password(password)) in {None, "password_common"}


def test_every_listed_password_could_have_been_chosen() -> None:
    lines = resources.files("core.identity").joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert len(listed) == len(set(listed)) > 500
    assert all(line == line.casefold().strip() and len(line) >= rules.SHORTEST_PASSWORD for line in listed)


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "12345a", "１２３４５６", " 123456", "123456\n", "-12345"]
)
def test_only_six_ascii_digits_are_a_code(text: str) -> None:
    assert not rules.is_code(text)
    assert rules.is_code("012345")
