"""Raw chat text to plain lower-case tokens: bounded, accent-free and the same however it was typed."""

import re

from conversations.parsing import plain

_TOKEN = re.compile(r"[a-z]+|\d+|[👍👌🙏❤😊🤝🥰😁💯✅]")
_APOSTROPHES = re.compile(r"['`´‘’ʼ]")
_REPEATED = re.compile(r"([a-z])\1{2,}")
# "putus2", "muter2nya": the Indonesian shorthand for a doubled word.
_DOUBLED_WORD = re.compile(r"([a-z]{3,})2(?![0-9])")
_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")


def clean(text: str) -> str:
    """The text as `plain` makes it, without links and e-mail addresses."""
    return _LINK.sub(" ", plain(text))


def tokens_of(cleaned: str) -> list[str]:
    """Split cleaned text into words, numbers and the few emoji that answer; adjacent repeats count once."""
    text = _APOSTROPHES.sub("", cleaned)
    text = _DOUBLED_WORD.sub(r"\1 ", text)
    text = _REPEATED.sub(r"\1", text)
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if not found or found[-1] != token:
            found.append(token)
    return found
