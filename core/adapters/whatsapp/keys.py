"""Idempotency keys: how they are made, and the form in which they travel (whatsapp contract §1.1)."""

import re
import secrets

_LONGEST = 128
_RANDOM_HEX = 32


def new_idempotency_key(context: str) -> str:
    """Make a fresh `<context>-<32 hex>`; make it once, when the message is queued, and keep it over retries."""
    name = re.sub("[^A-Za-z0-9_.-]", "", context) or "wa"
    return f"{name[: _LONGEST - _RANDOM_HEX - 1]}-{secrets.token_hex(_RANDOM_HEX // 2)}"


def clean_key(key: str) -> str:
    """Keep what both a header and JSON carry unchanged, at most 128 characters; raises ValueError if none is left."""
    cleaned = re.sub("[^!-~]", "", key)[:_LONGEST]
    if not cleaned:
        raise ValueError("a send needs an idempotency key")
    return cleaned
