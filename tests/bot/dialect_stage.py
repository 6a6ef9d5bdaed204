"""Loket and a provider's stand-in on two real loopback ports, talking to each other in one dialect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from quart import Quart
from sqlalchemy import func, select

from bot.whatsapp.service import WhatsAppBot
from cli.environment import pointed_at_stand_ins
from cli.sandboxing import providers
from conversations.flows import FLOWS, conversation
from core.bootstrap import Bell, bootstrap
from core.platform.clock import ManualClock
from core.platform.outbox import outbox
from core.services import Services
from core.settings import Settings
from core.whatsapp import dialect
from sandbox.whatsapp import Contact, Faults, Gateway
from sandbox.whatsapp import create_blueprint as create_sandbox
from tests.conversations.stage import JOHN, morning, settings_for

PATIENCE_S = 20.0


@dataclass
class Stage:
    """What a test holds: both sides, and the person with the phone."""

    services: Services
    settings: Settings
    clock: ManualClock
    gateway: Gateway
    bot: WhatsAppBot
    http: httpx.AsyncClient
    loket: str

    async def type(self, text: str, *, phone: str = JOHN, choice_id: str = "") -> None:
        body = {"text": text} | ({"choice_id": choice_id} if choice_id else {})
        response = await self.http.post(f"phone/api/chats/{phone}/messages", json=body)
        assert response.status_code == 202, response.text

    async def say(self, text: str, *, phone: str = JOHN, choice_id: str = "") -> dict[str, Any]:
        """Send a message and wait for the next one of the business."""
        before = len(await self.answers(phone))
        await self.type(text, phone=phone, choice_id=choice_id)

        async def answered() -> bool:
            return len(await self.answers(phone)) > before

        await until(answered)
        return (await self.answers(phone))[before]

    async def answers(self, phone: str = JOHN) -> list[dict[str, Any]]:
        shown = (await self.http.get(f"phone/api/chats/{phone}/messages")).json()["messages"]
        return [each["content"] for each in shown if each["sender"] == "business"]

    async def hook(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """Call Loket as anybody could."""
        return await self.http.post(f"{self.loket}/webhooks/whatsapp/{path}", content=body, headers=headers)

    async def count(self, table: Any, *conditions: Any) -> int:
        async with self.services.uow.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(table).where(*conditions)))

    async def jobs(self) -> list[Any]:
        """What was kept to be answered."""
        kept = select(outbox).where(outbox.c.topic.startswith("inbound.")).order_by(outbox.c.id)
        async with self.services.uow.read() as tx:
            return list(await tx.all(kept))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - asked over HTTP, where nobody rings
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _listening(app: Quart, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical", ws="none"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield
    server.should_exit = True
    await serving


@asynccontextmanager
async def dialect_stage(url: str, name: str, *, working: bool = True, **more: str) -> AsyncIterator[Stage]:
    """Both sides, connected; unless `working`, what is received is kept and not answered."""
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as theirs:
        loket, sandbox = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in (ours, theirs))
        port = str(theirs.getsockname()[1])
        asked = {"LOKET_WHATSAPP": name, "LOKET_PORT": port, "LOKET_SANDBOX": "1", **more}
        settings = pointed_at_stand_ins(settings_for(url, **asked), {})
        clock, bell = morning(), Bell()
        async with bootstrap(settings, clock=clock, bell=bell) as services:
            spoken = dialect(settings)
            assert spoken is not None
            assert spoken.problems() == []
            bot = WhatsAppBot(services, conversation(services), FLOWS, spoken)
            bell.wake(bot.nudge)
            gateway = Gateway(
                secret="s",
                webhook_url="",
                contacts=[Contact(JOHN, "John Doe", "ISP00123")],
                clock=clock.now,
                providers=providers(settings, f"{sandbox}/sandbox"),
                hooks_url=f"{loket}/webhooks/whatsapp",
                spoken=name,
                faults=Faults(slow_s=0.05, hang_s=60),
                retry_delays_s=(0.05, 0.05),
            )
            app, beside = Quart("loket", static_folder=None), Quart("sandbox", static_folder=None)
            app.register_blueprint(bot.blueprint)
            beside.register_blueprint(create_sandbox(gateway))
            async with (
                _listening(app, ours),
                _listening(beside, theirs),
                httpx.AsyncClient(base_url=f"{sandbox}/sandbox/", timeout=PATIENCE_S) as http,
            ):
                work = asyncio.create_task(bot.run()) if working else None
                yield Stage(services, settings, clock, gateway, bot, http, loket)
                await gateway.close()
                if work is not None:
                    work.cancel()
                    await asyncio.gather(work, return_exceptions=True)
                await bot.aclose()
