"""Telling the gateway who answers a chat: its `/ai` surface beside `/wa` (whatsapp contract §1.10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import msgspec

from core.adapters.whatsapp.answer import outcome_of
from core.adapters.whatsapp.client import GatewayClient
from core.adapters.whatsapp.config import GatewayConfig, problems, uses_post
from core.adapters.whatsapp.keys import clean_key
from core.adapters.whatsapp.quoting import quoted
from core.adapters.whatsapp.request import WireRequest, auth_headers, resolve_url
from core.handover.ports import Route, Switch
from core.messaging.ports import Accepted, ChannelDown, Misconfigured, SendOutcome

#: Where texts are posted; hand-over stands beside it.
_SENDING, _SWITCHING = "/wa", "/ai"


class WhatsAppHandoff:
    """A `HandoffGateway`. A gateway without the `/ai` surface has nothing to switch, so it is told nothing."""

    def __init__(self, config: GatewayConfig, *, now: Callable[[], datetime]) -> None:
        self._config, self._now = config, now
        self._problems = problems(config)
        self._client = GatewayClient(
            connect_timeout_s=config.connect_timeout_s,
            read_timeout_s=config.read_timeout_s,
            max_connections=4,
            reuse_connections=True,
        )

    async def switch(self, wish: Switch, *, idempotency_key: str) -> SendOutcome:
        """Make one attempt."""
        if self._problems:
            return Misconfigured("; ".join(self._problems))
        url = resolve_url(self._config)
        if not uses_post(self._config) or not url.endswith(_SENDING):
            return Accepted(None)
        answer = await self._client.exchange(self._request(url, wish, clean_key(idempotency_key)))
        if isinstance(answer, ChannelDown):
            return answer
        quote = partial(quoted, secrets=(self._config.secret, wish.to, wish.session), private="")
        return outcome_of(answer, now=self._now(), quoted=quote)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _request(self, url: str, wish: Switch, key: str) -> WireRequest:
        body: dict[str, object] = {"route": wish.route, "session_id": wish.session, "to": wish.to}
        if wish.route is Route.HANDOFF:
            body["handoff_timeout_sec"] = wish.timeout_s
        headers = {"Content-Type": "application/json", "Idempotency-Key": key} | auth_headers(self._config)
        return WireRequest(
            method="POST",
            url=url.removesuffix(_SENDING) + _SWITCHING,
            headers=headers,
            body=msgspec.json.encode(body),
        )
