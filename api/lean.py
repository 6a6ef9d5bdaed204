"""Quart's HTTP connection without what this app does not use: the edge has read the body, answers are one piece.

Quart runs a second task per request that waits for more body or a disconnect, and sends every body in two messages.
Leaving both out costs cancellation on disconnect, which is no loss: a use case that has begun is finished. Streams keep
it. The overridden methods are Quart's internals, so its version is pinned and tests/api/test_lean.py watches them.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from quart import Request, Response
from quart.asgi import ASGIHTTPConnection
from quart.wrappers.response import DataBody
from typing_extensions import override
from werkzeug.datastructures import Headers

_BODYLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class LeanConnection(ASGIHTTPConnection):
    """One request, answered in the task it came in."""

    @override
    async def __call__(self, receive: Any, send: Any) -> None:
        request = self._create_request_from_scope(send)
        message = {} if self.scope["method"] in _BODYLESS else await receive()
        request.body.set_result(message.get("body", b""))
        response = await self.app.handle_request(request)
        if isinstance(response, Response) and isinstance(response.response, DataBody):
            await self._send_whole(send, response, response.response)
        else:
            await self._stream(receive, send, response)

    @override
    def _create_request_from_scope(self, send: Any) -> Request:
        scope: Any = self.scope
        headers = Headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        )
        return self.app.request_class(
            scope["method"],
            scope["scheme"],
            scope["path"],
            scope["query_string"],
            headers,
            scope.get("root_path", ""),
            scope["http_version"],
            send_push_promise=partial(self._send_push_promise, send),
            scope=scope,
        )

    async def _send_whole(self, send: Any, response: Response, body: DataBody) -> None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers
        ]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        data = b"" if self.scope["method"] == "HEAD" else body.data
        await send({"type": "http.response.body", "body": data})

    async def _stream(self, receive: Any, send: Any, response: Any) -> None:
        """Send piece by piece until the end, or until nobody listens any more."""
        sending = asyncio.ensure_future(self._send_response(send, response))
        listening = asyncio.ensure_future(_disconnected(receive))
        try:
            done, _ = await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            sending.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)
        if sending in done:
            sending.result()


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
