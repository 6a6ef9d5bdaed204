"""The Telegram bot on real services and a real Bot API stand-in, worked one poll at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from telegram import Bot

from bot.telegram.client import client
from bot.telegram.desk import Desk
from bot.telegram.inbox import POLICY, TOPIC, Answering, Inbox
from bot.telegram.updates import ALLOWED_UPDATES
from conversations.engine.book import AnyFlow
from conversations.flows import FLOWS
from core.platform.dispatcher import Consumer, Dispatcher
from sandbox.telegram import Person
from tests.conversations import stage as conversations
from tests.sandbox import telegram_stage as telegram

JOHN = Person(conversations.JOHN, "John Doe")
SITI = Person(conversations.SITI, "Siti Rahma")
STRANGER = Person(conversations.STRANGER, "Tamu Asing", language_code="en")
ADMIN = Person(conversations.ADMIN, "Admin")


@dataclass
class Office:
    """Both sides of the counter: the people with their phones, and the bot that answers them."""

    outside: telegram.Stage
    inside: conversations.Stage
    bot: Bot
    desk: Desk
    inbox: Inbox
    dispatcher: Dispatcher
    offset: int = 0

    async def work(self) -> int:
        """Take what waits and answer it; how many tries that took."""
        updates = await self.bot.get_updates(offset=self.offset, timeout=0, allowed_updates=ALLOWED_UPDATES)
        if updates:
            self.offset = updates[-1].update_id + 1
            await self.inbox.keep(update.to_dict() for update in updates)
        return await self.dispatcher.drain()

    async def say(self, person: Person, *texts: str) -> list[dict[str, Any]]:
        """Write, have it answered, and look at what is new on the phone."""
        return await self.done(person, *(("messages", {"text": text}) for text in texts))

    async def tap(self, person: Person, label: str) -> list[dict[str, Any]]:
        """Tap the newest button with this label; the whole chat as it is afterwards."""
        for message in reversed(await self.outside.messages(person)):
            for button in buttons(message):
                if button["text"] == label:
                    body = {"message_id": message["message_id"], "data": button["callback_data"]}
                    await self.done(person, ("taps", body))
                    return await self.outside.messages(person)
        raise AssertionError(f"no button says {label!r}")

    async def done(self, person: Person, *actions: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Do something on the phone and have it answered; the bot's new messages."""
        before = {each["message_id"] for each in await self.outside.messages(person)}
        for action, body in actions:
            await self.outside.do(person, action, **body)
            await self.work()
        after = await self.outside.messages(person)
        return [each for each in after if each["message_id"] not in before and each["from"]["is_bot"]]


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for button in buttons(message)]


@asynccontextmanager
async def office(url: str, *, flows: Iterable[AnyFlow] = FLOWS, **sandbox: Any) -> AsyncIterator[Office]:
    async with (
        telegram.staged(people=(JOHN, SITI, STRANGER, ADMIN), **sandbox) as outside,
        conversations.staged(url, flows=flows, LOKET_TELEGRAM_TOKEN=telegram.TOKEN) as inside,
        client(telegram.TOKEN, outside.base_url.removesuffix("/bot")) as bot,
    ):
        await bot.initialize()
        services = inside.services
        desk = Desk(bot, inside.conversation, tuple(flows), services)
        consumer = Consumer(Answering(bot, desk), policy=POLICY)
        yield Office(
            outside,
            inside,
            bot,
            desk,
            Inbox(services.uow, bot.id),
            Dispatcher(services.uow, services.clock, {TOPIC: consumer}, chance=lambda: 0.5),
        )
