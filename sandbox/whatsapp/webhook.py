"""Calling the chatbot's webhook, with bounded retries under one request id (whatsapp contract §1.8)."""

import asyncio
from collections.abc import Callable, Sequence

import httpx

from sandbox.whatsapp.providers.provider import Hook
from sandbox.whatsapp.wire import Wire, WireAnswer, read_answer

TIMEOUT = httpx.Timeout(30, connect=5)
ATTEMPTS = 3


class Webhook:
    """`url` may be a callable, because the port is often known only once the server listens."""

    def __init__(self, url: Callable[[], str] | str, *, retry_delays_s: Sequence[float]) -> None:
        self._url = url
        self._retry_delays_s = (*retry_delays_s[: ATTEMPTS - 1], None)
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)

    async def deliver(self, wire: Wire) -> WireAnswer:
        """The chatbot's answer; raises `httpx.TransportError` when the last attempt met one, too."""
        for delay_s in self._retry_delays_s:
            try:
                return await self._post(wire)
            except httpx.TransportError:
                if delay_s is None:
                    raise
                await asyncio.sleep(delay_s)
        raise AssertionError("the last attempt returns or raises")

    async def call(self, url: str, hook: Hook) -> int:
        """The status a provider's call back is answered with; tried again after a failure, as all of them do."""
        for delay_s in self._retry_delays_s:
            try:
                response = await self._client.post(url, content=hook.body, headers=hook.headers)
            except httpx.TransportError:
                if delay_s is None:
                    raise
            else:
                if response.is_success or delay_s is None:
                    return response.status_code
            await asyncio.sleep(delay_s)
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, wire: Wire) -> WireAnswer:
        url = self._url if isinstance(self._url, str) else self._url()
        if wire.photo is None:
            headers = {**wire.headers(), "Content-Type": "application/json"}
            response = await self._client.post(url, content=wire.body(), headers=headers)
        else:
            form = {"payload": wire.body().decode(), "sessionid": wire.session_id}
            files = {"file0": (wire.photo.filename, wire.photo.content, wire.photo.mimetype)}
            response = await self._client.post(url, data=form, files=files, headers=wire.headers())
        return read_answer(response.status_code, response.text)
