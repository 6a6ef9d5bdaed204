"""Decisions about lines that need neither database nor router."""

from __future__ import annotations

import re
from collections.abc import Container
from ipaddress import IPv4Address, IPv6Address, ip_address

from core.network.types import Isolation, LineKind, Login

_RATE = re.compile(r"(\d+)([kmg])")
_THOUSANDS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def login_wanted(
    kind: LineKind, profile: str | None, isolation: Isolation, profiles: Container[str]
) -> tuple[str | None, bool]:
    """The profile a user shall have, None for any, and whether it shall be disabled.

    A line whose own profile nobody has written down is closed by disabling it: moved to another one, it could not be
    brought back.
    """
    if kind is not LineKind.ISOLATED:
        return profile, False
    if profile is not None and isolation.profile in profiles:
        return isolation.profile, False
    return None, True


def is_as_wanted(login: Login, wanted: tuple[str | None, bool], isolation: Isolation) -> bool:
    """Whether a user is as `login_wanted` says; an open one of no known profile must not be in that of isolated ones."""
    profile, is_disabled = wanted
    if profile is None:
        return login.is_disabled == is_disabled and (is_disabled or login.profile != isolation.profile)
    return login.profile == profile and login.is_disabled == is_disabled


def is_same_rate(written: str, wanted: str) -> bool:
    """`10M/50M` is `10000000/50000000`; whatever else belongs to a limit is compared as text."""
    return _in_bits(written) == _in_bits(wanted)


def _in_bits(rate: str) -> list[str]:
    plain = _RATE.sub(lambda found: str(int(found[1]) * _THOUSANDS[found[2]]), rate.lower())
    return plain.split()


def rates_of(limit: str) -> tuple[int, int] | None:
    """The customer's upload and download in bits a second of a limit as RouterOS writes it; None where there is none."""
    upload, _, download = next(iter(_in_bits(limit)), "").partition("/")
    pair = (upload, download or upload)
    return (int(pair[0]), int(pair[1])) if all(part.isdecimal() for part in pair) else None


def static_address(text: str) -> IPv4Address | IPv6Address | None:
    """A static line's address, also where it is written as a network of one; None for a name."""
    host, _, prefix = text.partition("/")
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address if prefix in {"", str(address.max_prefixlen)} else None
