"""Quoting a gateway's words to the operator without repeating a secret, a number or the message itself."""

import re
from collections.abc import Iterable
from urllib.parse import quote

_LONGEST = 200
_ECHO = 12  # this many characters in a row shared with the message make a quote an echo of it
_SHORTEST_ECHO = 4
_URL = re.compile(r"[a-z]{2,9}://\S+", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d(?:[ .()/-]{0,2}\d){5,}")


def quoted(words: str, *, secrets: Iterable[str], private: str) -> str:
    """Return the words cut to 200 characters and masked; nothing at all if they echo the `private` text."""
    plain = _plain(words)
    if _echoes(plain.casefold(), _plain(private).casefold()):
        return ""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for spelling in (secret, quote(secret, safe="")):
            plain = re.sub(re.escape(spelling), "***", plain, flags=re.IGNORECASE)
    return _LONG_NUMBER.sub("***", _URL.sub("***", plain))[:_LONGEST]


def _plain(words: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _echoes(words: str, private: str) -> bool:
    if len(private) < _SHORTEST_ECHO:
        return False
    width = min(_ECHO, len(private))
    pieces = {private[start : start + width] for start in range(len(private) - width + 1)}
    return any(words[start : start + width] in pieces for start in range(len(words) - width + 1))
