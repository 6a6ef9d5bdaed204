"""Texts without what tells whose they are: numbers masked, links and addresses out, names after what announces them."""

from __future__ import annotations

import re

from conversations.parsing import plain
from conversations.understanding import concepts_in

_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")
_DIGIT = re.compile(r"\d")
#: What announces a name: up to three words that follow are it.
_NAMED = re.compile(
    r"\b(atas nama|a\.n\.?|a/n|an|nama saya|namaku|my name is|name is)\s+[a-z'.]+(\s+[a-z'.]+){0,2}"
)
#: How people are addressed: what follows is a name only when it is no word we know.
_ADDRESSED = re.compile(r"\b(pak|bu|bapak|ibu|mas|mbak|kak|bang|kang|teh|mr|mrs|ms|dear)\.?\s+([a-z']+)")
#: What names a place, up to the end of the clause.
_PLACE = re.compile(
    r"\b(jl|jln|jalan|gang|gg|komplek|kompleks|perum|perumahan|blok|rt|rw|desa|kampung|kp|dusun|street)\b[^,;!?]*"
)


def redacted(text: str) -> str:
    """The text in small letters, on one line, every digit a 0; what is taken out is said in brackets."""
    return _DIGIT.sub("0", without_names(text))


def without_names(text: str) -> str:
    """The same with its numbers."""
    flat = " ".join(_LINK.sub("(link)", plain(text)).split())
    return _PLACE.sub(r"\1 (place)", _ADDRESSED.sub(_unnamed, _NAMED.sub(r"\1 (name)", flat)))


def _unnamed(found: re.Match[str]) -> str:
    return f"{found[1]} (name)" if concepts_in(found[2]).unknown else found[0]
