"""The WhatsApp channel: one message in, one request out, one honest outcome back."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import partial

from core.adapters.whatsapp.answer import outcome_of
from core.adapters.whatsapp.client import GatewayClient
from core.adapters.whatsapp.config import GatewayConfig, problems, uses_post
from core.adapters.whatsapp.keys import clean_key
from core.adapters.whatsapp.payload import fit_for_chat
from core.adapters.whatsapp.quoting import quoted
from core.adapters.whatsapp.request import request_of
from core.messaging.attachments import FileLinks
from core.messaging.ports import ChannelDown, Misconfigured, OutgoingText, Refused, SendOutcome


class WhatsAppGateway:
    """A `TextChannel` over the business's own gateway (whatsapp contract §1); `now` returns an aware UTC time."""

    def __init__(
        self,
        config: GatewayConfig,
        *,
        now: Callable[[], datetime],
        files: FileLinks | None = None,
        max_connections: int = 64,
    ) -> None:
        """`files` lends attachments the address the gateway fetches them from; without it texts go alone."""
        self._config, self._files = config, files
        self._now = now
        self._problems = problems(config)
        self._secrets = _secrets_of(config)
        self._client = GatewayClient(
            connect_timeout_s=config.connect_timeout_s,
            read_timeout_s=config.read_timeout_s,
            max_connections=max_connections,
            # A GET on a reused connection that breaks would be repeated unasked, and a legacy gateway keeps no keys.
            reuse_connections=uses_post(config),
        )

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        """Make one attempt. Retrying is the outbox's part, with the same key; a key of nothing raises ValueError."""
        key = clean_key(idempotency_key)
        if self._problems:
            return Misconfigured("; ".join(self._problems))
        message, file_url = fit_for_chat(message, self._file_url(message))
        request = request_of(self._config, message, key=key, file_url=file_url)
        if isinstance(request, Refused):
            return request
        answer = await self._client.exchange(request)
        if isinstance(answer, ChannelDown):
            return answer
        quote = partial(quoted, secrets=(*self._secrets, message.to), private=message.text)
        return outcome_of(answer, now=self._now(), quoted=quote)

    def _file_url(self, message: OutgoingText) -> str | None:
        if message.attachment is None or self._files is None:
            return None
        return self._files.to(message.attachment, self._now())

    async def aclose(self) -> None:
        await self._client.aclose()


def _secrets_of(config: GatewayConfig) -> tuple[str, ...]:
    pair = b64encode(f"{config.auth_username}:{config.auth_password}".encode()).decode()
    return config.secret, config.auth_token, config.auth_password, config.auth_username, pair
