"""A Bot API stand-in on a real loopback port, a python-telegram-bot client before it, and the people who hold phones."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import httpx
from quart import Quart, request
from telegram import Bot, Message, Update

from sandbox.telegram import BotApi, Faults, Person, create_blueprint
from sandbox.web.feed import News
from tests.sandbox.whatsapp_stage import PATIENCE_S, MovableClock, serving

#: The library's own switch to the type it will have next; without it every 429 is a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "true"

N = TypeVar("N", bound=News)

TOKEN = "4242424242:sandbox-token_of-this-test"
JOHN = Person("628123456789", "John Doe", "ISP00123 · 2 tagihan belum dibayar")
SITI = Person("6281200000001", "Siti Rahma", "28900001 dan 28900002")
RINA = Person("6281200000009", "Rina", "belum berlangganan", language_code="en")
SECRET = "rahasia-webhook_1"


@dataclass
class Hook:
    """A webhook that answers with `status` and remembers what it was sent."""

    status: int = 200
    heard: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self) -> tuple[str, int]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.get_json()))
        self.rung.set()
        return "", self.status

    async def until(self, count: int) -> None:
        """Wait until so many updates were pushed."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.heard) < count:
                self.rung.clear()
                await self.rung.wait()


@dataclass
class Stage:
    """Everything a test drives: the Bot API as a client library sees it, the phones' API, and the clock."""

    api: BotApi
    bot: Bot
    clock: MovableClock
    http: httpx.AsyncClient
    hook: Hook

    @property
    def base_url(self) -> str:
        """What a client library is given as the address of the Bot API."""
        return f"{self.http.base_url}bot"

    async def do(self, person: Person, action: str, **body: Any) -> dict[str, Any]:
        """Let somebody do something with their phone; refusals fail the test."""
        response = await self.http.post(f"phone/api/chats/{person.id}/{action}", json=body)
        assert response.status_code == 202, response.text
        return cast("dict[str, Any]", response.json())

    async def say(self, person: Person, text: str) -> dict[str, Any]:
        return await self.do(person, "messages", text=text)

    async def updates(self, *, offset: int = 0) -> tuple[Update, ...]:
        return await self.bot.get_updates(offset=offset, timeout=0)

    async def next_update(self) -> Update:
        """The one update that waits, which is confirmed."""
        [update] = await self.updates()
        await self.updates(offset=update.update_id + 1)
        return update

    async def greet(self, person: Person = JOHN, text: str = "Halo", **extra: Any) -> Message:
        """A message from the bot to somebody who has started it."""
        if not self.api.chats.find(person.id):
            await self.do(person, "start")
            await self.next_update()
        return await self.bot.send_message(person.id, text, **extra)

    async def messages(self, person: Person = JOHN) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", (await self._chat(person))["messages"])

    async def state(self, person: Person = JOHN) -> dict[str, Any]:
        return cast("dict[str, Any]", (await self._chat(person))["state"])

    async def choose_fault(self, mode: str, **more: Any) -> None:
        response = await self.http.post("phone/api/faults", json={"mode": mode, **more})
        assert response.status_code == 200, response.text

    async def journal(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", (await self.http.get("phone/api/server")).json()["received"])

    @asynccontextmanager
    async def news(self, kind: type[N]) -> AsyncIterator[list[N]]:
        """Leave when news of this kind was told; the list then holds it."""
        found: list[N] = []
        with self.api.feed.listen() as inbox:
            yield found
            async with asyncio.timeout(PATIENCE_S):
                while not found:
                    told = await inbox.get()
                    if isinstance(told, kind):
                        found.append(told)

    async def _chat(self, person: Person) -> dict[str, Any]:
        response = await self.http.get(f"phone/api/chats/{person.id}/messages")
        return cast("dict[str, Any]", response.json())


@asynccontextmanager
async def staged(
    *,
    hang_s: float = 60.0,
    retry_delays_s: Sequence[float] = (0.01,),
    people: Sequence[Person] = (JOHN, SITI, RINA),
) -> AsyncIterator[Stage]:
    clock, hook, http = MovableClock(), Hook(), httpx.AsyncClient(timeout=PATIENCE_S)
    api = BotApi(
        token=TOKEN,
        clock=clock,
        people=people,
        faults=Faults(slow_s=0.05, hang_s=hang_s),
        retry_delays_s=retry_delays_s,
    )
    app = Quart("sandbox_under_test")
    app.add_url_rule("/hook", view_func=hook.take, methods=["POST"])
    app.register_blueprint(create_blueprint(api))
    async with http, serving(app) as url:
        http.base_url = httpx.URL(f"{url}/sandbox/telegram/")
        base = str(http.base_url)
        async with Bot(TOKEN, base_url=f"{base}bot", base_file_url=f"{base}file/bot") as bot:
            yield Stage(api, bot, clock, http, hook)
        await api.close()
