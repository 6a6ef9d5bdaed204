"""The outermost layer, plain ASGI: request ids, body limits, headers for every answer, CORS, access facts."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

import structlog

from core.platform.ids import new_token

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

#: Longer bodies are refused before they are read (mywifi contract §9).
LARGEST_BODY = 64 * 1024
#: A body that takes longer to arrive is not coming.
BODY_PATIENCE_S = 30.0

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_EVERYWHERE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
]
_NO_STORE = (b"cache-control", b"no-store")
_TELLING_PATHS = ("/p/", "/v/", "/f/", "/webhooks/")
_ALLOWED_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ALLOWED_HEADERS = b"Authorization, Content-Type, Idempotency-Key, X-Request-Id"
_EXPOSED_HEADERS = b"Idempotent-Replayed, Retry-After, X-Request-Id"


class Edge:
    """Wraps an app; the app receives a body as one message and never one that is too long."""

    def __init__(
        self,
        app: App,
        *,
        allowed_origins: Iterable[str] = (),
        larger_bodies: Mapping[str, int] | None = None,
        body_patience_s: float = BODY_PATIENCE_S,
    ) -> None:
        """`larger_bodies` names path prefixes whose bodies may have more bytes than `LARGEST_BODY`."""
        self._app = app
        self._larger_bodies = tuple((larger_bodies or {}).items())
        self._origins = frozenset(origin.encode() for origin in allowed_origins)
        self._patience_s = body_patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _Asked(scope)
        answer = _Answer(send, asked, self._cors(asked.origin))
        structlog.contextvars.bind_contextvars(request_id=asked.request_id)
        if asked.is_preflight and asked.origin in self._origins:
            await answer.plain(204, b"")
        else:
            await self._with_body(scope, receive, asked, answer)
        log.debug(
            "http_answered",
            method=scope["method"],
            path=shown_path(scope["path"]),
            status=answer.status,
            ms=round((time.perf_counter() - asked.at) * 1000, 1),
        )

    async def _with_body(self, scope: Scope, receive: Receive, asked: _Asked, answer: _Answer) -> None:
        if not asked.has_body:
            await self._app(scope, receive, answer.send)
            return
        try:
            async with asyncio.timeout(self._patience_s):
                body = await _whole_body(receive, asked.body_length, self._limit(scope["path"]))
        except _TooLarge:
            await answer.plain(413, b'{"message":"Payload Too Large."}')
        except TimeoutError:
            await answer.plain(408, b'{"message":"Request Timeout."}')
        else:
            if body is not None:
                await self._app(scope, _once(body, receive), answer.send)

    def _limit(self, path: str) -> int:
        return next((size for prefix, size in self._larger_bodies if path.startswith(prefix)), LARGEST_BODY)

    def _cors(self, origin: bytes | None) -> Headers:
        if origin is None or origin not in self._origins:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", _ALLOWED_METHODS),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-expose-headers", _EXPOSED_HEADERS),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Origin"),
        ]


def shown_path(path: str) -> str:
    """A path for the log: what follows these beginnings is a token or a secret."""
    return next((f"{prefix}…" for prefix in _TELLING_PATHS if path.startswith(prefix)), path)


class _Asked:
    """What the edge needs of a request, read in one pass over its headers."""

    __slots__ = ("at", "body_length", "has_body", "is_preflight", "origin", "request_id")

    def __init__(self, scope: Scope) -> None:
        self.at = time.perf_counter()
        self.body_length = 0
        self.has_body = self.is_preflight = False
        self.origin: bytes | None = None
        self.request_id = ""
        for name, value in scope["headers"]:
            if name in _LOOKED_AT:
                self._note(name, value)
        self.is_preflight = self.is_preflight and scope["method"] == "OPTIONS"
        self.request_id = self.request_id or new_token(12)

    def _note(self, name: bytes, value: bytes) -> None:
        match name:
            case b"content-length":
                self.body_length = int(value) if value.isdigit() else 0
                self.has_body = self.has_body or self.body_length > 0
            case b"transfer-encoding":
                self.has_body = True
            case b"origin":
                self.origin = value
            case b"access-control-request-method":
                self.is_preflight = True
            case b"x-request-id" if _REQUEST_ID.fullmatch(value):
                self.request_id = value.decode()


_LOOKED_AT = frozenset(
    {
        b"content-length",
        b"transfer-encoding",
        b"origin",
        b"access-control-request-method",
        b"x-request-id",
    }
)


class _Answer:
    """The way out: adds what every answer carries, and remembers how it went."""

    __slots__ = ("_extra", "_send", "status")

    def __init__(self, send: Send, asked: _Asked, cors: Headers) -> None:
        self._send = send
        self._extra = [*_EVERYWHERE, (b"x-request-id", asked.request_id.encode()), *cors]
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            if all(name != b"cache-control" for name, _ in headers):
                headers.append(_NO_STORE)
            headers += self._extra
        await self._send(message)

    async def plain(self, status: int, body: bytes) -> None:
        """Answer from here, without the app."""
        headers = [(b"content-length", str(len(body)).encode())]
        if body:
            headers.append((b"content-type", b"application/json"))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


class _TooLarge(Exception):
    """More was announced, or came, than is read here."""


async def _whole_body(receive: Receive, announced: int, limit: int) -> bytes | None:
    """The body in one piece; None when the caller hung up before its end."""
    if announced > limit:
        raise _TooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > limit:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """Hand out the body, then whatever comes after it."""
    waiting = [body]

    async def handed_out() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return handed_out
