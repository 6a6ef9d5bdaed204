"""Short signed tokens for links: whoever holds one may see what it names, and nobody can make one up."""

from __future__ import annotations

import base64
import binascii
import hmac

from core.platform.secrets import Keyring

#: 96 bits: nobody guesses that over a network, and a link stays short enough to be read out.
_MAC_BYTES = 12
_LONGEST = 1024


class Signer:
    """Signs with the newest master secret and verifies with all of them; two purposes never accept each other's tokens."""

    def __init__(self, keyring: Keyring, purpose: str) -> None:
        self._keys = keyring.derived(f"link:{purpose}")

    def sign(self, payload: bytes, *, about: str = "") -> str:
        """A URL-safe token of the payload, which can be read by anybody; `about` is signed without being in it."""
        signed = payload + _mac(self._keys[0], payload, about)
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def read(self, token: str, *, about: str = "") -> bytes | None:
        """The payload of a token of ours, else None; compared in constant time."""
        if len(token) > _LONGEST:
            return None
        try:
            signed = base64.b64decode(f"{token}{'=' * (-len(token) % 4)}", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        payload, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
        genuine = [hmac.compare_digest(_mac(key, payload, about), mac) for key in self._keys]
        return payload if any(genuine) else None


def _mac(key: bytes, payload: bytes, about: str) -> bytes:
    message = len(payload).to_bytes(4, "big") + payload + about.encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256")[:_MAC_BYTES]
