"""What an aggregator signs, and how it checks what was signed for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from msgspec import Struct

#: How far the clock of a callback may be from ours.
_SKEW_S = 300


class Credentials(Struct, frozen=True):
    """What the biller gave the aggregator."""

    partner_id: str
    secret: str
    callback_secret: str
    key: str = ""  # the KEY header; the partnerId where it is empty

    def headers(self, claims: Mapping[str, object]) -> dict[str, str]:
        """KEY and TOKEN of a request: the claims are the request."""
        head = _segment({"alg": "HS256", "typ": "JWT"})
        signed = f"{head}.{_segment({'partnerId': self.partner_id, **claims})}"
        mac = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).digest()
        return {"KEY": self.key or self.partner_id, "TOKEN": f"{signed}.{_encoded(mac)}", "VERSION": "2.0"}

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        """Whether a callback was signed for us, and not long ago; header names in lower case."""
        stamp = headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(now - int(stamp)) > _SKEW_S:
            return False
        signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
        mac = hmac.new(self.callback_secret.encode(), signed, hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(mac).decode()}"
        given = headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(each.encode(), expected.encode()) for each in given)


def _segment(content: Mapping[str, object]) -> str:
    return _encoded(json.dumps(content).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
