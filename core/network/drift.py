"""What a router has written down compared with what is wanted of its lines; no database, no network."""

from __future__ import annotations

import enum
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct

from core.network.rules import is_as_wanted, is_same_rate, login_wanted, static_address
from core.network.types import Book, LineKind, Survey
from core.network.wishes import Wish

#: A line that was refused for good is tried again after this long: somebody may have seen to it without telling us.
REFUSAL_KEPT_FOR = timedelta(hours=20)
#: So many lines missing at once look like the wrong router, or one that was reset, rather than like drift.
_DOUBTFUL_FROM = 10


class Finding(enum.StrEnum):
    """What one line's comparison comes to."""

    AS_WANTED = "as_wanted"
    DIFFERS = "differs"
    MISSING = "missing"  # and can be made again
    WAITING = "waiting"  # its router has yet to follow the latest wish
    STUCK = "stuck"  # it takes somebody to look
    UNREAD = "unread"  # the router does not show it


class Found(Struct, frozen=True):
    """What was found about one line."""

    wish: Wish
    finding: Finding


def compare(wishes: Collection[Wish], survey: Survey, now: datetime) -> list[Found]:
    """One finding for each line; users that belong to no line of ours are not looked at."""
    return [Found(wish, _finding(wish, survey, now)) for wish in wishes]


def is_doubtful(found: Collection[Found]) -> bool:
    """Whether more than half of the lines are missing, and not just a few."""
    missing = sum(each.finding in {Finding.MISSING, Finding.STUCK} for each in found)
    return missing >= _DOUBTFUL_FROM and missing * 2 > len(found)


def _finding(wish: Wish, survey: Survey, now: datetime) -> Finding:
    if wish.refused_at is not None and now - wish.refused_at < REFUSAL_KEPT_FOR:
        return Finding.STUCK
    if wish.applied_revision < wish.revision:
        return Finding.WAITING
    if wish.place is None or wish.kind is LineKind.ABSENT:
        # What was removed once may have been made anew for somebody else.
        return Finding.AS_WANTED
    if wish.is_contested:
        return Finding.STUCK
    if wish.left_behind is not None or wish.desired.is_secret_new:
        return Finding.DIFFERS
    if wish.place.mode == "STATIC":
        return _static(wish.place.user, survey, is_closed=wish.kind is LineKind.ISOLATED)
    return _login(wish, wish.place.user, survey.hotspot if wish.place.mode == "HOTSPOT" else survey.ppp)


def _static(user: str, survey: Survey, *, is_closed: bool) -> Finding:
    address = static_address(user)
    if address is None or survey.isolated is None:
        return Finding.UNREAD
    return Finding.AS_WANTED if (str(address) in survey.isolated) == is_closed else Finding.DIFFERS


def _login(wish: Wish, user: str, book: Book | None) -> Finding:
    if book is None:
        return Finding.UNREAD
    login, desired = book.logins.get(user), wish.desired
    if login is None:
        return Finding.STUCK if desired.secret_sealed is None else Finding.MISSING
    wanted = login_wanted(wish.kind, desired.profile, desired.isolation, book.rate_limits)
    if not is_as_wanted(login, wanted, desired.isolation) or _is_unlimited(wish, book):
        return Finding.DIFFERS
    return Finding.AS_WANTED


def _is_unlimited(wish: Wish, book: Book) -> bool:
    """Whether the profile of an open line does not limit as its plan says."""
    rate, profile = wish.desired.rate_limit, wish.desired.profile
    if wish.kind is not LineKind.OPEN or rate is None or profile is None:
        return False
    return not is_same_rate(book.rate_limits.get(profile, ""), rate)
