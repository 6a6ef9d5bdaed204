"""The providers' stand-ins on a loopback port, with somebody who hears what they tell the chatbot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from quart import Quart, request

from sandbox import telegram
from sandbox.whatsapp import Contact, Faults, Gateway, create_blueprint
from sandbox.whatsapp.providers import (
    CloudApi,
    EvolutionServer,
    FonnteServer,
    GowaServer,
    WablasServer,
    WahaServer,
)
from tests.sandbox.whatsapp_stage import JOHN, MovableClock, serving

NUMBER = "106540352242922"
TOKEN = "4242424242:sandbox-token-of-the-stand-in"


@dataclass
class Hooks:
    """Takes every call back, and remembers where it went and what it said."""

    heard: list[tuple[str, bytes]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, path: str) -> tuple[str, int]:
        self.heard.append((path, await request.get_data(cache=True, as_text=False, parse_form_data=False)))
        self.came.set()
        return "", 200


@dataclass
class Stage:
    gateway: Gateway
    clock: MovableClock
    hooks: Hooks
    http: httpx.AsyncClient

    async def cloud(self, body: object, *, token: str = "t", number: str = NUMBER) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.post(f"cloud/v23.0/{number}/messages", json=body, headers=headers)

    def wrote(self, phone: str = JOHN) -> None:
        """This person wrote just now."""
        self.gateway.phones.chats.open(phone).written_at = self.clock.now

    def shown(self, phone: str = JOHN) -> list[str]:
        chat = self.gateway.phones.chats.peek(phone)
        return [message.content.text for message in chat.messages if message.sender == "business"]

    async def until_heard(self, count: int) -> list[tuple[str, bytes]]:
        async with asyncio.timeout(10):
            while len(self.hooks.heard) < count:
                self.hooks.came.clear()
                await self.hooks.came.wait()
        return self.hooks.heard


@asynccontextmanager
async def staged(spoken: str = "cloud") -> AsyncIterator[Stage]:
    """All providers at once, and Telegram beside them."""
    clock, hooks, http = MovableClock(), Hooks(), httpx.AsyncClient(timeout=10)
    gateway = Gateway(
        secret="s",
        webhook_url="",
        contacts=[Contact(JOHN, "John Doe", "ISP00123"), Contact("6281200000001", "Siti Rahma", "28900001")],
        clock=clock,
        providers=[
            CloudApi(token="t", app_secret="s", number_id=NUMBER),
            WahaServer(key="t", hmac_key="s"),
            EvolutionServer(key="t", instance="loket", hook_secret="hook"),
            GowaServer(username="u", password="t", webhook_secret="s", device="d"),
            FonnteServer(token="t", hook_secret="hook"),
            WablasServer(token="t", secret="k", hook_secret="hook"),
        ],
        hooks_url=lambda: f"{http.base_url.copy_with(path='/hooks')}",
        spoken=spoken,
        faults=Faults(slow_s=0.05, hang_s=60),
        retry_delays_s=(0.0, 0.0),
    )
    people = [
        telegram.Person(JOHN, "John Doe", "ISP00123"),
        telegram.Person("6281200000001", "Siti Rahma", ""),
    ]
    api = telegram.BotApi(token=TOKEN, clock=lambda: datetime.now(UTC), people=people)
    app = Quart("providers_under_test")
    app.add_url_rule("/hooks/<path:path>", view_func=hooks.take, methods=["POST"])
    app.register_blueprint(create_blueprint(gateway))
    app.register_blueprint(telegram.create_blueprint(api))
    async with http, serving(app) as url:
        http.base_url = httpx.URL(f"{url}/sandbox/")
        yield Stage(gateway, clock, hooks, http)
        await gateway.close()
        await api.close()
