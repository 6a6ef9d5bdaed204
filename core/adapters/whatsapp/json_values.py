"""Loose JSON, as staff type it and gateways answer it, read without surprises."""

from typing import TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, object]


def decoded(text: str | bytes) -> object | None:
    """Return the decoded value, or None for what is not JSON (or is `null`)."""
    try:
        value: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value


def objects(value: object) -> list[JsonObject]:
    """Return the objects of a list, leaving out everything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def word(value: object) -> str:
    """Return a trimmed string, or a whole number as a string; anything else counts as absent."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
