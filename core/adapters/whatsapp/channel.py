"""Sending through a dialect: its requests in order, one honest outcome, and the number's own pace."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct

from core.adapters.whatsapp.client import GatewayClient
from core.adapters.whatsapp.dialects.dialect import Dialect, OutsideWindow, Slow
from core.adapters.whatsapp.keys import clean_key
from core.adapters.whatsapp.payload import fit_for_chat
from core.adapters.whatsapp.quoting import quoted
from core.adapters.whatsapp.request import WireRequest
from core.messaging.attachments import FileLinks
from core.messaging.ports import (
    Accepted,
    ChannelDown,
    Declined,
    Misconfigured,
    OutgoingText,
    Refused,
    SendOutcome,
)
from core.messaging.received import Media


class TooLarge(Struct, frozen=True):
    """A file beyond `MAX_MEDIA_BYTES`, which is not read to its end."""


Window = Callable[[str], Awaitable[bool]]
"""Whether a chat may be written to freely: its person wrote within the last 24 hours."""

#: The largest file people may send us.
MAX_MEDIA_BYTES = 16 * 1024 * 1024
_CONNECT_S, _READ_S = 5.0, 15.0
_OUTSIDE = Refused(
    "the person last wrote more than 24 hours ago, and there is no approved template for this text"
)


async def always(_chat: str) -> bool:
    """The window of gateways that know none."""
    return True


class DialectChannel:
    """A `TextChannel` over any dialect; `now` returns an aware UTC time. Message ids are told as `<dialect>:<id>`."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        now: Callable[[], datetime],
        window: Window = always,
        files: FileLinks | None = None,
        max_connections: int = 64,
    ) -> None:
        """`files` lends attachments the address they are fetched from; without it texts go alone."""
        self.dialect, self._now, self._window, self._files = dialect, now, window, files
        self._problems = dialect.problems()
        self._rests_until: datetime | None = None
        self._client = GatewayClient(
            connect_timeout_s=_CONNECT_S,
            read_timeout_s=_READ_S,
            max_connections=max_connections,
            reuse_connections=True,
        )

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        """Make one attempt; where the window turns out to be closed, a second one with a template."""
        key = clean_key(idempotency_key)
        if self._problems:
            return Misconfigured("; ".join(self._problems))
        if (left_s := self._left_to_rest()) > 0:
            return ChannelDown("the number rests, as the provider asked", retry_after_s=left_s)
        free = await self._window(message.to)
        outcome = await self._attempt(message, key, free=free)
        if isinstance(outcome, OutsideWindow) and free:
            outcome = await self._attempt(message, key, free=False)
        return _OUTSIDE if isinstance(outcome, OutsideWindow) else outcome

    async def look(self) -> SendOutcome:
        """Whether the provider answers and lets us in; nothing is sent."""
        answer = await self._client.exchange(self.dialect.status_request())
        if isinstance(answer, ChannelDown):
            return answer
        judged = self.dialect.outcome(
            answer, now=self._now(), quoted=partial(quoted, secrets=self.dialect.secrets, private="")
        )
        return Declined("it asks us to wait") if isinstance(judged, OutsideWindow | Slow) else judged

    def can_download(self, media: Media) -> bool:
        return self.dialect.media_request(media) is not None

    async def download(self, media: Media) -> bytes | ChannelDown | Refused | TooLarge:
        """The bytes of something that came along, at most 16 MiB and as they were announced."""
        asked = self.dialect.media_request(media)
        if asked is None:
            return Refused("this gateway hands out no files")
        where = await self._client.exchange(asked)
        if isinstance(where, ChannelDown):
            return where
        location = self.dialect.media_location(where)
        if location is None:
            return Refused(f"the provider does not say where the file is (HTTP {where.status})")
        answer = await self._client.exchange(location, largest_answer=MAX_MEDIA_BYTES)
        if isinstance(answer, ChannelDown):
            return answer
        if answer.status != 200:
            return Refused(f"the file cannot be had (HTTP {answer.status})")
        if not answer.complete:
            return TooLarge()
        return (
            answer.body
            if _is_as_announced(answer.body, media)
            else Refused("the file is not the announced one")
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _attempt(self, message: OutgoingText, key: str, *, free: bool) -> SendOutcome | OutsideWindow:
        lent = self._files.to(message.attachment, self._now()) if self._files and message.attachment else None
        message, lent = fit_for_chat(message, lent)
        requests = self.dialect.requests(message, key=key, free=free, file_url=lent)
        if isinstance(requests, Refused | OutsideWindow):
            return requests
        return await self._in_order(requests, message)

    async def _in_order(
        self, requests: Sequence[WireRequest], message: OutgoingText
    ) -> SendOutcome | OutsideWindow:
        """All requests, until one fails; the message goes by the id of its last part, which holds what it asks."""
        outcome: SendOutcome | OutsideWindow = Refused("the message has no text")
        for request in requests:
            outcome = await self._one(request, message)
            if not isinstance(outcome, Accepted):
                return outcome
        return outcome

    async def _one(self, request: WireRequest, message: OutgoingText) -> SendOutcome | OutsideWindow:
        answer = await self._client.exchange(request)
        if isinstance(answer, ChannelDown):
            return answer
        quote = partial(quoted, secrets=(*self.dialect.secrets, message.to), private=message.text)
        match self.dialect.outcome(answer, now=self._now(), quoted=quote):
            case Slow(reason, wait_s):
                self._rests_until = self._now() + timedelta(seconds=wait_s)
                return ChannelDown(reason, retry_after_s=wait_s)
            case Accepted(str(provider_id), certain):
                return Accepted(named(self.dialect, provider_id), certain)
            case outcome:
                return outcome

    def _left_to_rest(self) -> float:
        return 0 if self._rests_until is None else (self._rests_until - self._now()).total_seconds()


def named(dialect: Dialect, provider_id: str) -> str:
    """A message's id as we keep it: two gateways may number alike."""
    return f"{dialect.name}:{provider_id}"[:128]


def _is_as_announced(content: bytes, media: Media) -> bool:
    if not media.sha256:
        return True
    return base64.b64encode(hashlib.sha256(content).digest()).decode() == media.sha256
