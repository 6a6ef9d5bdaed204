"""Access tokens: signed claims and nothing more. Whether a token was revoked since is the database's answer."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import msgspec
from msgspec import Struct

from core.platform.errors import Unauthenticated
from core.platform.ids import new_uuid
from core.platform.secrets import Keyring

LIFETIME = timedelta(hours=1)
#: A chain of refreshes ends this long after its first token (mywifi contract §1).
CHAIN_LIFETIME = timedelta(days=14)

_ISSUER, _AUDIENCE, _ALGORITHM = "loket", "mywifi", "HS256"
_LONGEST_TOKEN = 2048
_CACHED_TOKENS = 10_000


class Claims(Struct, frozen=True):
    """What a token says; times are Unix seconds."""

    sub: str  # uid of the login
    lid: int  # login
    cst: int  # customer
    ver: int  # token version of the login when it was issued
    chn: int  # when the first token of this chain of refreshes was issued
    jti: str
    iat: int
    nbf: int
    exp: int

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.exp, UTC)

    @property
    def chain_ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.chn, UTC) + CHAIN_LIFETIME

    def is_current(self, now: datetime) -> bool:
        return self.nbf <= now.timestamp() < self.exp


class Subject(Struct, frozen=True):
    """Who a token is made out to."""

    uid: str
    login_id: int
    customer_id: int
    token_version: int


#: Times are compared with the injected clock, by whoever asks: refreshing takes expired tokens too.
_OPTIONS: Any = {
    "require": ["iss", "aud", *Claims.__struct_fields__],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


class Tokens:
    """Signs with the newest master secret, verifies with all of them, and remembers what it has verified.

    Only claims whose signature was good are remembered, by the hash of the whole token, so a stranger can neither
    fill the memory nor read a token out of it.
    """

    def __init__(self, keyring: Keyring, *, cached: int = _CACHED_TOKENS) -> None:
        self._keys = {_name(key): key for key in keyring.derived("jwt")}
        self._newest = next(iter(self._keys))
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()
        self._cached = cached

    def issue(self, subject: Subject, now: datetime, *, chain_started: int | None = None) -> str:
        """A token good for an hour from now; a refreshed one keeps the start of its chain."""
        issued = int(now.timestamp())
        claims = Claims(
            sub=subject.uid,
            lid=subject.login_id,
            cst=subject.customer_id,
            ver=subject.token_version,
            chn=issued if chain_started is None else chain_started,
            jti=new_uuid(),
            iat=issued,
            nbf=issued,
            exp=issued + int(LIFETIME.total_seconds()),
        )
        payload = {"iss": _ISSUER, "aud": _AUDIENCE, **msgspec.structs.asdict(claims)}
        return jwt.encode(payload, self._keys[self._newest], _ALGORITHM, headers={"kid": self._newest})

    def verified(self, token: str) -> Claims:
        """The claims of a token we signed, expired or not; raises `Unauthenticated` for any other text."""
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._verified.get(digest)
        if claims is None:
            claims = self._decoded(token)
            self._remember(digest, claims)
        else:
            self._verified.move_to_end(digest)
        return claims

    def _decoded(self, token: str) -> Claims:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            payload = jwt.decode(
                token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, issuer=_ISSUER, options=_OPTIONS
            )
            return msgspec.convert(payload, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError, KeyError, TypeError, ValueError) as error:
            raise Unauthenticated from error

    def _remember(self, digest: bytes, claims: Claims) -> None:
        self._verified[digest] = claims
        if len(self._verified) > self._cached:
            self._verified.popitem(last=False)


def _name(key: bytes) -> str:
    """A key's public name: it tells two keys apart and nothing about either."""
    return hashlib.sha256(b"key name" + key).hexdigest()[:12]
