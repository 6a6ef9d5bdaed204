"""What the gateways that carry plain text only have in common: numbered choices, one JSON request, one kind of answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from core.adapters.whatsapp.answer import Answer, outcome_of
from core.adapters.whatsapp.dialects.dialect import HookCall, Quote, Verdict
from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.payload import fallback_text, payload_of
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import Misconfigured, OutgoingText, Refused
from core.messaging.received import Media

_NOT_LET_IN = {401, 403}


class TextDialect:
    """The half of `Dialect` that is the same for all of them; a gateway signs nothing unless it says so."""

    name: str
    signed = False
    taps = False
    url: str
    secrets: tuple[str, ...]

    @property
    def origin(self) -> str:
        return origin_of(self.url)

    def requests(
        self, message: OutgoingText, *, key: str, free: bool, file_url: str | None = None
    ) -> Sequence[WireRequest] | Refused:
        text = plain(message, file_url)
        if not text.strip():
            return Refused("the message has no text")
        try:
            request = self.request(message.to, text)
        except UnicodeEncodeError:
            return Refused("the message holds broken characters")
        return request if isinstance(request, Refused) else (request,)

    def request(self, to: str, text: str) -> WireRequest | Refused:
        """The request for one text to a chat's address."""
        raise NotImplementedError

    def status_request(self) -> WireRequest:
        raise NotImplementedError

    def outcome(self, answer: Answer, *, now: datetime, quoted: Quote) -> Verdict:
        if answer.status in _NOT_LET_IN:
            return Misconfigured(
                f"the gateway answered HTTP {answer.status}: it does not accept our credentials"
            )
        return outcome_of(answer, now=now, quoted=quoted)

    def is_genuine(self, call: HookCall) -> bool:
        """What comes in knew the secret in the address; there is nothing else to look at."""
        return True

    def media_request(self, media: Media) -> WireRequest | None:
        return None

    def media_location(self, answer: Answer) -> WireRequest | None:
        return None


def plain(message: OutgoingText, file_url: str | None = None) -> str:
    """Everything a message says, in words: choices are numbered, a file is its address."""
    return fallback_text(payload_of(message, interactive=False, file_url=file_url))


def json_post(url: str, headers: Mapping[str, str], body: JsonObject) -> WireRequest:
    """A JSON request; raises `UnicodeEncodeError` for half characters."""
    all_headers = {"Content-Type": "application/json", **headers}
    return WireRequest(method="POST", url=url, headers=all_headers, body=msgspec.json.encode(body))


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def address_problems(name: str, url: str) -> list[str]:
    """What is wrong with a base address."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    return [] if usable else [f"{name}: must be an http(s) address"]


def missing(**values: str) -> list[str]:
    """One problem for each setting without a value; the names are those of the environment."""
    return [f"{name}: missing" for name, value in values.items() if not value.strip()]


def unsendable(*names_and_values: tuple[str, str]) -> list[str]:
    """One problem for each value that no header can carry."""
    return [
        f"{name}: has characters that no header can carry"
        for name, value in names_and_values
        if not (value.isascii() and value.isprintable())
    ]
