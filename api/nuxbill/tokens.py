"""The dialect's own tokens: `a.<staff id>.<time>.<sig>`, `c.<customer id>.<time>.<sig>` (phpnuxbill-1 contract §2.1, §11.1)."""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

#: A token that was issued at time 0 never expires.
LIFETIME = timedelta(seconds=7_776_000)
_SHAPE = re.compile(r"([a-z])\.(\d{1,18})\.(\d{1,12})\.([0-9a-f]{40})")


class Kind(enum.StrEnum):
    STAFF = "a"
    CUSTOMER = "c"


class Claim(Struct, frozen=True):
    """What a good token says; `issued_at` is None for one that never expires."""

    kind: Kind
    id: int
    issued_at: datetime | None


class Bad(enum.StrEnum):
    """What is wrong with a token, in the words clients know."""

    INVALID = "Token is invalid"
    EXPIRED = "Token Expired"
    UNKNOWN = "Unknown Token"


def first_second_after(moment: datetime) -> int:
    """The first Unix second at which a token is certainly younger than `moment`."""
    return int(moment.timestamp()) + 1


class Tokens:
    """Signs and reads tokens with one secret; whether a token was revoked since is the database's answer."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def issue(self, kind: Kind, owner_id: int, now: datetime, *, valid_from: datetime | None) -> str:
        """A token that is good for ninety days.

        Tokens know whole seconds only: one that follows a logout within the second is dated to the next one, so that
        the ones before it are worthless and it is not.
        """
        at = max(int(now.timestamp()), first_second_after(valid_from) if valid_from else 0)
        return f"{kind}.{owner_id}.{at}.{self._signature(kind, owner_id, at)}"

    def read(self, token: str, now: datetime, *, legacy_staff: bool) -> Claim | Bad:
        """The claim of a token, or what is wrong with it.

        The original signs without the prefix, so that anybody's `c.` turns into an `a.`: its signatures are taken for
        customers, and for staff only while `legacy_staff` (§11.1).
        """
        parts = token.split(".")
        if len(parts) == 4 and parts[0] not in {"a", "c", "u"}:
            return Bad.UNKNOWN
        shape = _SHAPE.fullmatch(token)
        if shape is None:
            return Bad.INVALID
        kind = Kind.STAFF if shape[1] == "a" else Kind.CUSTOMER
        owner_id, at, shown = int(shape[2]), int(shape[3]), shape[4]
        is_ours = hmac.compare_digest(shown, self._signature(kind, owner_id, at))
        is_theirs = hmac.compare_digest(shown, self._legacy(owner_id, at))
        if not (is_ours or (is_theirs and (legacy_staff or kind is Kind.CUSTOMER))):
            return Bad.INVALID
        if at == 0:
            return Claim(kind, owner_id, None)
        issued_at = datetime.fromtimestamp(at, UTC)
        return Bad.EXPIRED if now - issued_at > LIFETIME else Claim(kind, owner_id, issued_at)

    def _signature(self, kind: Kind, owner_id: int, at: int) -> str:
        message = f"{kind}.{owner_id}.{at}".encode()
        return hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()[:40]

    def _legacy(self, owner_id: int, at: int) -> str:
        return hashlib.sha1(f"{owner_id}.{at}.{self._secret}".encode(), usedforsecurity=False).hexdigest()
