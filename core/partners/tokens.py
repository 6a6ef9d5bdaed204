"""The TOKEN of a request: a compact JWT whose claims are the request itself (bill-partner contract §3.1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

LONGEST_TOKEN = 8 * 1024
_SEGMENT = re.compile(r"[A-Za-z0-9+/]+")
_LENIENTLY = str.maketrans("-_", "+/")


class BadToken(Exception):
    """The token proves nothing; `reason` is for the audit log only."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Claims(Struct, frozen=True):
    """What was signed, by lower-case name: partners write `accountNumber` and `AccountNumber` (§3.1 rule 4)."""

    by_name: Mapping[str, object]
    is_ambiguous: bool  # two names differed only in their case


def read(token: str, secret: str) -> Claims:
    """Verify the signature over the received characters, then read the claims. Raises `BadToken`."""
    if len(token) > LONGEST_TOKEN:
        raise BadToken("too long")
    signed, _, signature = token.rpartition(".")
    head, dot, body = signed.partition(".")
    if not dot or "." in body:
        raise BadToken("not three segments")
    expected = hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    if not hmac.compare_digest(_decoded(signature), expected):
        raise BadToken("signature")
    if _algorithm(head) != "HS256":
        raise BadToken("algorithm")
    return _folded(_object(body))


@lru_cache(maxsize=64)
def _algorithm(head: str) -> object:
    """Signers write the same head on every token."""
    return dict(_object(head)).get("alg")


def _decoded(segment: str) -> bytes:
    """Both base64 alphabets, with padding or without: partners' recipes produce all of them (§3.1 rule 2)."""
    plain = segment.rstrip("=").translate(_LENIENTLY)
    if not _SEGMENT.fullmatch(plain):
        raise BadToken("not base64")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise BadToken("not base64") from error


def _object(segment: str) -> list[tuple[str, object]]:
    try:
        raw = _decoded(segment)
        pairs = _JSON.decode(raw.decode(json.detect_encoding(raw), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise BadToken("not JSON") from error
    if not isinstance(pairs, _Pairs):
        raise BadToken("not an object")
    return [(name, _plain(value)) for name, value in pairs]


class _Pairs(list[tuple[str, object]]):
    """An object as it was written, names that come twice included."""


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=_no_constant)


def _plain(value: object) -> object:
    match value:
        case _Pairs():
            return {name: _plain(each) for name, each in value}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def _folded(pairs: Iterable[tuple[str, object]]) -> Claims:
    found: dict[str, object] = {}
    is_ambiguous = False
    for name, value in pairs:
        is_ambiguous = is_ambiguous or name.lower() in found
        found.setdefault(name.lower(), value)
    return Claims(found, is_ambiguous)


def minified(body: bytes) -> bytes:
    """A JSON body without its blanks, as the hardened profile hashes it; anything else stays as it is (§3.3)."""
    try:
        return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return body


def request_signature(secret: str, *, method: str, path: str, token: str, body: bytes, timestamp: str) -> str:
    """`X-Signature` of the hardened profile (§3.3)."""
    digest = hashlib.sha256(minified(body)).hexdigest()
    text = f"{method}:{path}:{token}:{digest}:{timestamp}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha512).digest()).decode()
