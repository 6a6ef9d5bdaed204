"""What a new password and a typed code must look like; decisions only, nothing is stored or sent here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

from core.platform.errors import Invalid

SHORTEST_PASSWORD, LONGEST_PASSWORD = 6, 128

#: Paths fingers take over the keys; a password that is a stretch of one, in either direction, is no secret.
_TRACKS = (
    "0123456789" * 13,
    "abcdefghijklmnopqrstuvwxyz" * 5,
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
_CODE = re.compile(r"[0-9]{6}")


def check_password(password: str) -> None:
    """Refuse what nobody should choose: `Invalid` with `password_short`, `password_long` or `password_common`."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("password_short", shortest=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise Invalid("password_long", longest=LONGEST_PASSWORD)
    folded = password.casefold()
    if folded in _commonest() or _is_one_character(folded) or _is_straight(folded):
        raise Invalid("password_common")


def check_not_personal(password: str, facts: Iterable[str | None]) -> None:
    """Refuse a password that is printed on the person's bill: `Invalid("password_common")`.

    Only for callers who have proved who they are: to anybody else the refusal would confirm the guess.
    """
    folded = password.casefold()
    if any(folded in _spellings(fact) for fact in facts if fact):
        raise Invalid("password_common")


def is_code(text: str) -> bool:
    """Whether the text is six ASCII digits, as every code is (mywifi contract §3)."""
    return _CODE.fullmatch(text) is not None


def _is_one_character(folded: str) -> bool:
    return len(set(folded)) == 1


def _is_straight(folded: str) -> bool:
    return any(folded in track or folded[::-1] in track for track in _TRACKS)


def _spellings(fact: str) -> frozenset[str]:
    """The ways a name, an e-mail address or a number is written as one word."""
    folded = fact.casefold()
    ways = {folded, "".join(folded.split()), folded.partition("@")[0]}
    if folded.startswith("62") and folded.isdigit():
        ways |= {f"0{folded[2:]}", folded[2:]}
    return frozenset(ways)


@cache
def _commonest() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
