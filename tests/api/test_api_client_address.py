"""Whose address a request comes from, behind proxies that are trusted and in front of others."""

from __future__ import annotations

import pytest

from core.platform.addresses import behind_proxies
from core.settings import networks

PROXIES = networks("10.0.0.0/8, 127.0.0.1, ::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "127.0.0.1", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.7, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.7, garbage", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("::1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
        ("unix", "198.51.100.7", "unix"),
    ],
)
def test_the_rightmost_untrusted_address_is_the_callers(peer: str, forwarded: str, address: str) -> None:
    assert behind_proxies(peer, forwarded, PROXIES) == address


def test_without_trusted_proxies_the_header_is_noise() -> None:
    assert behind_proxies("127.0.0.1", "198.51.100.7", ()) == "127.0.0.1"
