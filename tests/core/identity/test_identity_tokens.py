"""What is taken for one of our tokens, and everything that is not."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from core.identity.tokens import LIFETIME, Subject, Tokens
from core.platform.errors import Unauthenticated
from core.platform.secrets import Keyring

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SUBJECT = Subject("9c1d", login_id=7, customer_id=3, token_version=2)
MASTER = "a-test-secret-of-more-than-thirty-two-characters"
FORMER = "an-older-secret-of-more-than-thirty-two-characters"


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(Keyring([MASTER]))


def forged(payload: dict[str, Any], key: bytes | str, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(payload, key, algorithm, headers=header)


def parts_of(tokens: Tokens) -> tuple[dict[str, Any], str, bytes]:
    """The payload, key name and key of a good token."""
    token = tokens.issue(SUBJECT, NOW)
    payload = jwt.decode(token, options={"verify_signature": False})
    return payload, jwt.get_unverified_header(token)["kid"], Keyring([MASTER]).derived("jwt")[0]


def test_a_token_says_what_the_contract_lists(tokens: Tokens) -> None:
    payload, _, _ = parts_of(tokens)
    assert set(payload) == {"iss", "aud", "sub", "lid", "cst", "ver", "chn", "jti", "iat", "nbf", "exp"}
    assert payload["exp"] - payload["iat"] == 3600
    assert payload["sub"] == "9c1d"


def test_a_token_of_ours_is_read_back(tokens: Tokens) -> None:
    claims = tokens.verified(tokens.issue(SUBJECT, NOW))
    assert (claims.lid, claims.cst, claims.ver, claims.chn) == (7, 3, 2, int(NOW.timestamp()))
    assert claims.is_current(NOW)
    assert claims.is_current(NOW + LIFETIME - timedelta(seconds=1))
    assert not claims.is_current(NOW + LIFETIME)
    assert not claims.is_current(NOW - timedelta(seconds=1))


def test_a_refreshed_token_keeps_the_start_of_its_chain(tokens: Tokens) -> None:
    claims = tokens.verified(
        tokens.issue(SUBJECT, NOW + timedelta(days=3), chain_started=int(NOW.timestamp()))
    )
    assert claims.chain_ends_at == NOW + timedelta(days=14)


def test_a_token_forged_by_the_same_means_is_taken(tokens: Tokens) -> None:
    """The forgeries below fail for the one thing each changes, not for the way they are made."""
    payload, kid, key = parts_of(tokens)
    assert tokens.verified(forged(payload, key, kid=kid)).lid == 7


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused(tokens: Tokens, algorithm: str) -> None:
    payload, kid, key = parts_of(tokens)
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = forged(payload, key, algorithm, kid=kid)
    with pytest.raises(Unauthenticated):
        tokens.verified(token)


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_no_algorithm_is_refused(tokens: Tokens, spelling: str, signature: str) -> None:
    payload, kid, _ = parts_of(tokens)
    pieces = [{"alg": spelling, "typ": "JWT", "kid": kid}, payload]
    encoded = [base64.urlsafe_b64encode(json.dumps(piece).encode()).rstrip(b"=").decode() for piece in pieces]
    with pytest.raises(Unauthenticated):
        tokens.verified(".".join([*encoded, signature]))


def test_another_key_is_refused(tokens: Tokens) -> None:
    payload, kid, _ = parts_of(tokens)
    with pytest.raises(Unauthenticated):
        tokens.verified(forged(payload, b"x" * 32, kid=kid))


def test_a_key_of_this_installation_for_another_purpose_is_refused(tokens: Tokens) -> None:
    payload, kid, _ = parts_of(tokens)
    with pytest.raises(Unauthenticated):
        tokens.verified(forged(payload, Keyring([MASTER]).derived("seal")[0], kid=kid))


@pytest.mark.parametrize("kid", [None, "", "0" * 12, "../../etc/passwd", 5, ["a"], {"a": 1}])
def test_an_unknown_key_name_is_refused(tokens: Tokens, kid: Any) -> None:
    payload, _, key = parts_of(tokens)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode())
    _, body, signature = forged(payload, key).split(".")
    with pytest.raises(Unauthenticated):
        tokens.verified(f"{head.rstrip(b'=').decode()}.{body}.{signature}")


def test_a_token_without_a_key_name_is_refused(tokens: Tokens) -> None:
    payload, _, key = parts_of(tokens)
    with pytest.raises(Unauthenticated):
        tokens.verified(forged(payload, key))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "staff"}, {"aud": ["staff"]}, {"iss": "somebody"}, {"sub": 5}, {"lid": "7"}, {"lid": None}, {"ver": 1.5},
        {"exp": "tomorrow"}, {"exp": None}, {"jti": 5}, {"chn": []}, {"cst": True},
    ],
)  # fmt: skip
def test_a_changed_claim_is_refused_even_with_our_signature(tokens: Tokens, change: dict[str, Any]) -> None:
    payload, kid, key = parts_of(tokens)
    try:
        token = forged(payload | change, key, kid=kid)
    except TypeError:  # the library will not even write such an issuer
        return
    with pytest.raises(Unauthenticated):
        tokens.verified(token)


@pytest.mark.parametrize(
    "missing", ["iss", "aud", "sub", "lid", "cst", "ver", "chn", "jti", "iat", "nbf", "exp"]
)
def test_a_missing_claim_is_refused(tokens: Tokens, missing: str) -> None:
    payload, kid, key = parts_of(tokens)
    del payload[missing]
    with pytest.raises(Unauthenticated):
        tokens.verified(forged(payload, key, kid=kid))


def test_no_changed_character_is_overlooked(tokens: Tokens) -> None:
    """The last character of a part holds unused bits in base64; every other one must matter."""
    token = tokens.issue(SUBJECT, NOW)
    for place in range(0, len(token) - 1, 3):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        if _means_the_same(token, changed):
            continue
        with pytest.raises(Unauthenticated):
            tokens.verified(changed)


def _means_the_same(one: str, other: str) -> bool:
    return [_decoded(part) for part in one.split(".")] == [_decoded(part) for part in other.split(".")]


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize(
    "junk", ["", ".", "..", "a.b.c", "Bearer x", "\ud800", "é.é.é", "x" * 5000, "eyJhbGciOiJIUzI1NiJ9.e30.x"]
)
def test_junk_is_refused(tokens: Tokens, junk: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verified(junk)


def test_a_rotated_secret_keeps_everybody_logged_in() -> None:
    before, after = Tokens(Keyring([FORMER])), Tokens(Keyring([MASTER, FORMER]))
    assert after.verified(before.issue(SUBJECT, NOW)).lid == 7
    with pytest.raises(Unauthenticated):
        before.verified(after.issue(SUBJECT, NOW))
    with pytest.raises(Unauthenticated):
        Tokens(Keyring([MASTER])).verified(before.issue(SUBJECT, NOW))


def test_the_memory_is_bounded_and_holds_no_token() -> None:
    tokens = Tokens(Keyring([MASTER]), cached=2)
    issued = [tokens.issue(SUBJECT, NOW) for _ in range(3)]
    for token in (issued[0], issued[1], issued[0], issued[2]):
        tokens.verified(token)
    kept = list(tokens._verified)
    assert kept == [hashlib.sha256(token.encode()).digest() for token in (issued[0], issued[2])]


def test_what_was_refused_is_not_remembered(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verified("a.b.c")
    assert not tokens._verified
