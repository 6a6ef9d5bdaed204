"""The one interface behind which every way of reaching WhatsApp stands (whatsapp contract §2.7)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from core.adapters.whatsapp.answer import Answer
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import OutgoingText, Refused, SendOutcome
from core.messaging.received import Batch, Media

Quote = Callable[[str], str]
"""Makes a gateway's own words fit for a reason."""


class HookCall(Struct, frozen=True):
    """A call of ours by a gateway: header names in lower case, the body as it came over the wire."""

    headers: Mapping[str, str]
    body: bytes


class OutsideWindow(Struct, frozen=True):
    """The person last wrote too long ago: only an approved template may be sent."""


class Slow(Struct, frozen=True):
    """The whole number is to be slowed down; nothing was sent."""

    reason: str
    wait_s: float


Verdict = SendOutcome | OutsideWindow | Slow


class Dialect(Protocol):
    """How one provider is spoken to, and understood. It holds settings and no state, and never waits."""

    @property
    def name(self) -> str:
        """The word in `LOKET_WHATSAPP`, in the webhook's address and in front of message ids."""
        ...

    @property
    def signed(self) -> bool:
        """Whether calls prove where they come from; those of an unsigned dialect must know the secret in the address."""
        ...

    @property
    def taps(self) -> bool:
        """Whether buttons and lists can be shown; otherwise choices are numbered lines."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be repeated in a reason."""
        ...

    @property
    def origin(self) -> str:
        """Where requests go, without anything secret, for `loket doctor`."""
        ...

    def problems(self) -> list[str]:
        """Everything that keeps these settings from working, each beginning with the setting's name."""
        ...

    def requests(
        self, message: OutgoingText, *, key: str, free: bool, file_url: str | None = None
    ) -> Sequence[WireRequest] | Refused | OutsideWindow:
        """The requests that carry a message, in order; unless `free`, only an approved template may be sent.

        `file_url` is where the provider, or else the reader, fetches the attachment; without it the text goes alone.
        """
        ...

    def outcome(self, answer: Answer, *, now: datetime, quoted: Quote) -> Verdict:
        """What an answer means."""
        ...

    def is_genuine(self, call: HookCall) -> bool:
        """Whether a call is signed by the provider; looked at before anything in it is read, in constant time."""
        ...

    def read(self, call: HookCall) -> Batch:
        """What a genuine call brings; raises `Malformed`. What is no concern of ours is left out."""
        ...

    def status_request(self) -> WireRequest:
        """How to ask, changing nothing, whether we are let in; anything but a 200 says no."""
        ...

    def media_request(self, media: Media) -> WireRequest | None:
        """How to ask for something that came along; None when this dialect cannot."""
        ...

    def media_location(self, answer: Answer) -> WireRequest | None:
        """Where the first answer says the bytes are; None when it says nothing usable."""
        ...


def is_signed(call: HookCall, header: str, secret: str, algorithm: str, *, prefix: str = "") -> bool:
    """Whether a header holds the hex HMAC of the raw body; never without a secret."""
    presented = call.headers.get(header, "")
    expected = prefix + hmac.new(secret.encode(), call.body, getattr(hashlib, algorithm)).hexdigest()
    return bool(secret) and hmac.compare_digest(presented.lower().encode(), expected.encode())
