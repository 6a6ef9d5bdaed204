"""A chat on the real services and a real database with the demo data; time stands still until a test moves it."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from bot.rendering import as_text
from conversations.engine.book import AnyFlow
from conversations.engine.incoming import Incoming
from conversations.engine.runtime import Conversation
from conversations.engine.say import Reply, Say, phrase
from conversations.flows import FLOWS
from core.bootstrap import bootstrap
from core.messaging import chats
from core.messaging.chats import Chat
from core.network.usecases import Network
from core.platform.clock import ManualClock
from core.platform.i18n import Language
from core.platform.outbox import State, outbox
from core.services import Services
from core.settings import Settings, load
from core.testing.demo import load_demo
from tests.conversations.routers import ToldRouters

JOHN = "628123456789"  # ISP00123, two unpaid bills
SITI = "6281200000001"  # 28900001 and 28900002, the second one isolated
DEWI = "6281200000004"  # 28900004, all paid
BAMBANG = "6281200000005"  # 28900005, one unpaid bill
STRANGER = "6281299999999"
ADMIN = "6281100000001"  # staff, SuperAdmin

SECRET = "a-test-secret-of-more-than-thirty-two-characters"


def morning() -> ManualClock:
    """Sunday 22 November 2026, ten in the morning in Jakarta."""
    return ManualClock(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))


def settings_for(url: str, language: str = "id", **more: str) -> Settings:
    return load({"LOKET_SECRET_KEY": SECRET, "LOKET_DATABASE_URL": url, "LOKET_LANGUAGE": language, **more})


def copied(template: Path, folder: Path) -> str:
    """The URL of a copy of a database file with whatever SQLite keeps beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for piece in template.parent.iterdir():
        shutil.copy(piece, folder / piece.name)
    return f"sqlite+aiosqlite:///{folder / template.name}"


def filled_with_demo(template: Path, folder: Path) -> Path:
    """A copy of a migrated file with the demo data in it."""

    async def fill(url: str) -> None:
        async with bootstrap(settings_for(url), clock=morning()) as services:
            await load_demo(services)

    asyncio.run(fill(copied(template, folder)))
    return folder / template.name


class Sent(msgspec.Struct, frozen=True):
    """A message that was queued for a phone."""

    to: str
    text: str


class Stage:
    """What a test holds: the services, the engine, and the messages that went out beside the answers."""

    def __init__(
        self,
        services: Services,
        clock: ManualClock,
        flows: Iterable[AnyFlow] = FLOWS,
        *,
        channel: str = "whatsapp",
    ) -> None:
        self.services, self.clock, self.channel = services, clock, channel
        self.says: list[Say] = []
        self.conversation = Conversation(services, flows, phrase=self._noted)
        self._count = 0

    def _noted(self, what: Say, language: Language) -> Reply:
        self.says.append(what)
        return phrase(what, language)

    def message(self, chat: str, text: str, **more: Any) -> Incoming:
        self._count += 1
        named = {"message_id": f"message-{self._count}", "channel": self.channel} | more
        phone = None if chat.endswith("@lid") else chat
        return Incoming(chat_address=chat, phone=phone, text=text, received_at=self.clock.now(), **named)

    async def deliver(self, message: Incoming) -> str:
        return as_text(await self.conversation.receive(message))

    async def say(self, chat: str, *texts: str, **more: Any) -> str:
        """Send texts one after another; the answer to the last is returned."""
        answer = ""
        for text in texts:
            answer = await self.deliver(self.message(chat, text, **more))
        return answer

    async def chat(self, address: str) -> Chat:
        async with self.services.uow.read() as tx:
            return await chats.load(tx, self.channel, address)

    async def place(self, address: str) -> str:
        """Where the chat stands, as `flow.step` of the frame on top; empty when nothing is open."""
        dialogue = (await self.chat(address)).dialogue or {}
        frames = dialogue.get("frames", [])
        return f"{frames[-1]['flow']}.{frames[-1]['step']}" if frames else ""

    async def sent(self) -> list[Sent]:
        """What was queued for phones, oldest first."""
        async with self.services.uow.read() as tx:
            rows = await tx.all(
                select(outbox.c.payload)
                .where(outbox.c.topic == "message.text", outbox.c.state != State.STOPPED)
                .order_by(outbox.c.id)
            )
        return [Sent(row.payload["to"], row.payload["text"]) for row in rows]

    async def code(self) -> str:
        """The newest one-time code, as its owner reads it; zeros when none was sent."""
        codes = (re.search(r"\*(\d{6})\*", each.text) for each in reversed(await self.sent()))
        return next((found[1] for found in codes if found), "000000")

    async def wrong_code(self) -> str:
        code = await self.code()
        return "111111" if code != "111111" else "222222"


@asynccontextmanager
async def staged(
    url: str,
    clock: ManualClock | None = None,
    *,
    language: str = "id",
    flows: Iterable[AnyFlow] = FLOWS,
    routers: ToldRouters | None = None,
    **more: str,
) -> AsyncIterator[Stage]:
    """Open the services on a database; opened again on the same one, it is a restart."""
    clock = clock or morning()
    async with bootstrap(settings_for(url, language, **more), clock=clock) as services:
        network = Network(services.uow, routers or ToldRouters())
        yield Stage(dataclasses.replace(services, network=network), clock, flows)
