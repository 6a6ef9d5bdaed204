"""Pushing updates to the bot's own address: with the secret, one at a time per chat, until it says 2xx (telegram contract §3)."""

import asyncio
import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Struct

from sandbox.telegram.errors import bad_request
from sandbox.telegram.objects import WebhookInfo
from sandbox.telegram.updates import Pending, Updates
from sandbox.web.journal import Journal

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
TIMEOUT = httpx.Timeout(30, connect=5)
PORTS = (443, 80, 88, 8443)
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}\Z")


class Webhook(Struct, frozen=True):
    url: str
    secret_token: str = ""
    max_connections: int = 40


def checked(webhook: Webhook) -> Webhook:
    """A webhook Telegram would take; plain HTTP and any port pass on loopback only, where there is no TLS to be had."""
    if not _SECRET.match(webhook.secret_token):
        raise bad_request("secret token contains unallowed characters")
    if not 1 <= webhook.max_connections <= 100:
        raise bad_request("max_connections must be between 1 and 100")
    parts = urlsplit(webhook.url)
    if _is_loopback(parts.hostname or ""):
        return webhook
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    return webhook


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Pusher:
    """Delivers what waits as long as a webhook is set; chats do not wait for each other."""

    def __init__(
        self,
        updates: Updates,
        journal: Journal,
        *,
        clock: Callable[[], datetime],
        retry_delays_s: Sequence[float],
    ) -> None:
        self._updates, self._journal, self._clock = updates, journal, clock
        self._retry_delays_s = tuple(retry_delays_s)
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        self._watch: asyncio.Task[None] | None = None
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._error: tuple[int, str] | None = None
        self.webhook: Webhook | None = None

    async def use(self, webhook: Webhook | None) -> None:
        """Push to this address from now on, or to none."""
        await self._stop()
        self.webhook, self._error = webhook, None
        if webhook is not None:
            self._watch = asyncio.create_task(self._run(webhook), name="sandbox telegram webhook")

    def info(self) -> WebhookInfo:
        webhook, count = self.webhook, len(self._updates)
        if webhook is None:
            return WebhookInfo(url="", has_custom_certificate=False, pending_update_count=count)
        at, message = self._error or (None, None)
        return WebhookInfo(
            url=webhook.url,
            has_custom_certificate=False,
            pending_update_count=count,
            max_connections=webhook.max_connections,
            allowed_updates=self._updates.allowed or None,
            last_error_date=at,
            last_error_message=message,
        )

    async def close(self) -> None:
        await self._stop()
        await self._client.aclose()

    async def _stop(self) -> None:
        tasks = [task for task in (self._watch, *self._busy.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watch = None
        self._busy.clear()

    async def _run(self, webhook: Webhook) -> None:
        free = asyncio.Semaphore(webhook.max_connections)
        while True:
            for chat_id in {pending.update.chat_id for pending in self._updates.waiting()}:
                if chat_id not in self._busy:
                    self._busy[chat_id] = asyncio.create_task(self._serve(webhook, chat_id, free))
            await self._updates.arrival()

    async def _serve(self, webhook: Webhook, chat_id: int, free: asyncio.Semaphore) -> None:
        """Deliver everything of one chat, in order."""
        try:
            while pending := self._first_of(chat_id):
                async with free:
                    await self._deliver(webhook, pending)
                self._updates.settle(pending)
        finally:
            self._busy.pop(chat_id, None)

    def _first_of(self, chat_id: int) -> Pending | None:
        return next((each for each in self._updates.waiting() if each.update.chat_id == chat_id), None)

    async def _deliver(self, webhook: Webhook, pending: Pending) -> None:
        """Try until the bot takes it; the last delay goes on for ever, as Telegram does for a day."""
        attempt = 0
        while (problem := await self._post(webhook, pending)) is not None:
            self._error = int(self._clock().timestamp()), problem
            await asyncio.sleep(self._retry_delays_s[min(attempt, len(self._retry_delays_s) - 1)])
            attempt += 1

    async def _post(self, webhook: Webhook, pending: Pending) -> str | None:
        """What went wrong, in Telegram's words; None when the bot has taken it."""
        body = msgspec.json.encode(pending.update)
        headers = {"Content-Type": "application/json"}
        if webhook.secret_token:
            headers[SECRET_HEADER] = webhook.secret_token
        try:
            response = await self._client.post(webhook.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            return self._failed(pending, body, 0, f"Connection failed: {type(problem).__name__}")
        if not response.is_success:
            reason = f"{response.status_code} {response.reason_phrase}"
            return self._failed(
                pending, body, response.status_code, f"Wrong response from the webhook: {reason}"
            )
        self._record(pending, body, response.status_code, "")
        return None

    def _failed(self, pending: Pending, body: bytes, status: int, why: str) -> str:
        self._record(pending, body, status, why)
        return why

    def _record(self, pending: Pending, body: bytes, status: int, why: str) -> None:
        summary = f"{pending.update.kind} {pending.update.update_id}"
        self._journal.record(
            "webhook", status=status, summary=f"{summary} {why}".strip(), body=body, failed=bool(why)
        )
