"""The Telegram bot of an installation, composed: polling or webhook, whatever the settings say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from quart import Blueprint
from telegram import Bot
from telegram.error import TelegramError

from bot.telegram import commands, webhook
from bot.telegram.client import client
from bot.telegram.desk import CHANNEL, Desk
from bot.telegram.inbox import POLICY, TOPIC, Answering, Inbox
from bot.telegram.poller import Poller
from bot.telegram.updates import ALLOWED_UPDATES
from conversations.engine.book import AnyFlow
from conversations.engine.runtime import Conversation
from core.platform.dispatcher import Consumer, Dispatcher
from core.services import Services

log = structlog.get_logger(__name__)

#: The API is asked who we are until it answers; it may start after us.
_HELLO_PAUSES_S = (0.2, 1.0, 5.0, 15.0, 60.0)


class TelegramBot:
    """Receives, answers and, beside that, carries the texts of the outbox.

    `blueprint` is None when updates are polled. `run` works until it is cancelled; `nudge` is to be called after commits.
    """

    def __init__(
        self, services: Services, conversation: Conversation, flows: Sequence[AnyFlow], bot: Bot
    ) -> None:
        settings = services.settings
        self._services, self._flows, self._bot = services, tuple(flows), bot
        self._webhook_secret = settings.telegram_webhook_secret
        self._inbox = Inbox(services.uow, _bot_id(settings.telegram_token))
        answering = Answering(bot, Desk(bot, conversation, flows, services))
        self._dispatcher = Dispatcher(
            services.uow, services.clock, {TOPIC: Consumer(answering, policy=POLICY)}
        )

    @property
    def blueprint(self) -> Blueprint | None:
        if not self._webhook_secret:
            return None
        return webhook.create_blueprint(self._inbox.keep, self._webhook_secret)

    @property
    def client(self) -> Bot:
        """What a channel for the outbox's texts sends through."""
        return self._bot

    def nudge(self) -> None:
        self._dispatcher.nudge()

    async def run(self) -> None:
        """Introduce ourselves, then receive and answer until cancelled."""
        await self._say_hello()
        await commands.publish(self._bot, self._flows)
        for chat, member in await self._services.staff.linked_chats(CHANNEL):
            await commands.publish_for_staff(self._bot, self._flows, chat, member)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._dispatcher.run())
            if not self._webhook_secret:
                tasks.create_task(Poller(self._bot, self._inbox).run())

    async def _say_hello(self) -> None:
        attempt = 0
        while True:
            try:
                await self._bot.initialize()
                await self._register()
            except TelegramError as error:
                log.warning("telegram_not_reached", reason=type(error).__name__)
                await asyncio.sleep(_HELLO_PAUSES_S[min(attempt, len(_HELLO_PAUSES_S) - 1)])
                attempt += 1
            else:
                log.info("telegram_started", webhook=bool(self._webhook_secret))
                return

    async def _register(self) -> None:
        """Say where updates go; what waits at Telegram is kept either way."""
        if not self._webhook_secret:
            await self._bot.delete_webhook()
            return
        await self._bot.set_webhook(
            self._services.settings.base_url + webhook.PATH,
            secret_token=self._webhook_secret,
            allowed_updates=ALLOWED_UPDATES,
        )


@asynccontextmanager
async def telegram_bot(
    services: Services, conversation: Conversation, flows: Sequence[AnyFlow]
) -> AsyncIterator[TelegramBot]:
    """A bot on the configured token, not yet running; its connections are closed on leaving."""
    settings = services.settings
    async with client(settings.telegram_token, settings.telegram_api_url) as bot:
        yield TelegramBot(services, conversation, flows, bot)


def _bot_id(token: str) -> int:
    """The first part of a token is the bot's id."""
    return int(token.partition(":")[0])
