"""Identifiers: random where a stranger must not guess them, ordered by time where an index should like them."""

from __future__ import annotations

import secrets
import uuid

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def new_uuid() -> str:
    """A random UUID in its usual spelling."""
    return str(uuid.uuid4())


def new_token(size_bytes: int = 24) -> str:
    """A URL-safe secret with `size_bytes` bytes of entropy."""
    return secrets.token_urlsafe(size_bytes)


def new_id(prefix: str) -> str:
    """A short public id such as `cst-4h8x0w2k9m7q`, 60 bits of chance."""
    return f"{prefix}-{''.join(secrets.choice(_CROCKFORD) for _ in range(12))}"


def spelled_code(entropy_hex: str) -> str:
    """The first 60 bits of a hash as twelve characters that can be read aloud."""
    bits = int(entropy_hex[:15], 16)
    return "".join(_CROCKFORD[bits >> 5 * place & 31] for place in range(12))
