"""Keys and what is done with them: keyed hashes for codes and API keys, sealing for what must be read back (design §3.9)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MINIMUM_SECRET_LENGTH = 32


def fingerprint(sealed: str) -> str:
    """Tells one sealed value from another without holding it; the same secret sealed again has another one."""
    return hashlib.sha256(sealed.encode()).hexdigest()


class Keyring:
    """Purpose-bound keys derived from the installation's master secrets, newest first.

    The first master signs and seals; the others only verify and open, so that a master can be rotated without
    logging everybody out or losing sealed values.
    """

    def __init__(self, masters: Sequence[str]) -> None:
        if not masters:
            raise ValueError("a keyring needs at least one master secret")
        self._masters = tuple(master.encode() for master in masters)
        self._mac_key = self.derived("keyed-hash")[0]
        self._sealer = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in self.derived("seal")])

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Thirty-two bytes per master for one purpose; two purposes never share a key."""
        return tuple(
            HKDF(algorithm=SHA256(), length=32, salt=b"loket", info=purpose.encode()).derive(master)
            for master in self._masters
        )

    def keyed_hash(self, *parts: str) -> str:
        """HMAC-SHA256 over unambiguously joined parts, in hex: one-way storage for what lives for minutes.

        Made with the newest master only; what is stored for years keeps one hash per `derived` key instead.
        """
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.new(self._mac_key, message, hashlib.sha256).hexdigest()

    def seal(self, text: str) -> str:
        """Encrypt for storage; `unseal` reads it back."""
        return self._sealer.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """Decrypt; None when no key of this ring made it (the master was lost or the value damaged)."""
        try:
            return self._sealer.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
