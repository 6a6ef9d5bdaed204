"""A bot that kills itself while it answers: `python -m tests.bot.dying <moment> <database> [<Bot API>]`.

Without a Bot API it is the wire gateway's webhook, whose address it prints.
"""

from __future__ import annotations

import asyncio
import enum
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from quart import Quart
from typing_extensions import override

from bot.telegram.client import client
from bot.telegram.desk import Desk
from bot.telegram.inbox import TOPIC, Answering, Inbox
from bot.telegram.poller import Poller
from bot.web import create_blueprint
from conversations.engine.incoming import Incoming
from conversations.engine.runtime import Conversation
from conversations.engine.say import Reply, Say, phrase
from conversations.flows import FLOWS
from core.bootstrap import bootstrap
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.i18n import Language
from core.services import Services
from tests.conversations.stage import morning, settings_for
from tests.sandbox.telegram_stage import TOKEN
from tests.sandbox.whatsapp_stage import serving

WIRE_SECRET = "a-webhook-secret-nobody-guesses"


class Moment(enum.StrEnum):
    """When it dies, in the order of things."""

    FETCHED = "fetched"  # Telegram's updates, which nobody has kept yet
    KEPT = "kept"
    PLAYED = "played"  # what the turn does elsewhere is done, the turn itself is not committed
    COMMITTED = "committed"  # the answer has not left


class _Dying:
    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def reach(self, moment: Moment) -> None:
        if moment is self._moment:
            os.kill(os.getpid(), signal.SIGKILL)


class _Conversation(Conversation):
    def __init__(self, services: Services, dying: _Dying) -> None:
        super().__init__(services, FLOWS, phrase=self._phrased)
        self._dying = dying

    def _phrased(self, what: Say, language: Language) -> Reply:
        self._dying.reach(Moment.PLAYED)
        return phrase(what, language)

    @override
    async def receive(self, incoming: Incoming) -> tuple[Reply, ...]:
        replies = await super().receive(incoming)
        self._dying.reach(Moment.COMMITTED)
        return replies


class _Inbox(Inbox):
    def __init__(self, services: Services, bot_id: int, dying: _Dying) -> None:
        super().__init__(services.uow, bot_id)
        self._dying = dying

    @override
    async def keep(self, updates: Iterable[Mapping[str, Any]]) -> None:
        self._dying.reach(Moment.FETCHED)
        await super().keep(updates)
        self._dying.reach(Moment.KEPT)


async def telegram(dying: _Dying, url: str, api_url: str) -> None:
    """Poll and answer until the end."""
    settings = settings_for(url, LOKET_TELEGRAM_TOKEN=TOKEN)
    async with bootstrap(settings, clock=morning()) as services, client(TOKEN, api_url) as bot:
        await bot.initialize()
        desk = Desk(bot, _Conversation(services, dying), FLOWS, services)
        dispatcher = Dispatcher(services.uow, services.clock, {TOPIC: Consumer(Answering(bot, desk))})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatcher.run())
            tasks.create_task(Poller(bot, _Inbox(services, bot.id, dying)).run())


async def wire(dying: _Dying, url: str) -> None:
    """Serve until the end."""
    settings = settings_for(url, LOKET_WA_WEBHOOK_SECRET=WIRE_SECRET)
    app = Quart("loket_that_dies")
    async with bootstrap(settings, clock=morning()) as services:
        app.register_blueprint(create_blueprint(services, _Conversation(services, dying), settings))
        async with serving(app) as address:
            sys.stdout.write(f"{address}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


if __name__ == "__main__":
    named, database, *api = sys.argv[1:]
    how = _Dying(Moment(named))
    asyncio.run(telegram(how, database, *api) if api else wire(how, database))
