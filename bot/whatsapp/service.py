"""One dialect of an installation, composed: its webhook, its inbox, its desk."""

from __future__ import annotations

from collections.abc import Sequence

from quart import Blueprint

from bot.whatsapp.desk import Desk
from bot.whatsapp.hooks import create_blueprint
from bot.whatsapp.inbox import POLICY, Inbox, topic
from conversations.engine.book import AnyFlow
from conversations.engine.runtime import Conversation
from core.adapters.whatsapp.dialects.dialect import Dialect
from core.platform.dispatcher import Consumer, Dispatcher
from core.services import Services
from core.whatsapp import dialect_channel

#: A turn may look at a router, and an answer may take two requests of 20 s.
_DEADLINE_S = 60.0


class WhatsAppBot:
    """Receives and answers; `run` works until it is cancelled, `nudge` is to be called after commits."""

    def __init__(
        self, services: Services, conversation: Conversation, flows: Sequence[AnyFlow], dialect: Dialect
    ) -> None:
        self.channel = dialect_channel(services, dialect)
        desk = Desk(self.channel, conversation, tuple(flows), services)
        consumer = Consumer(desk, policy=POLICY, deadline_s=_DEADLINE_S)
        self._dispatcher = Dispatcher(services.uow, services.clock, {topic(dialect): consumer})
        inbox = Inbox(services.uow, dialect, services.settings)
        self.blueprint: Blueprint = create_blueprint(dialect, inbox.keep, services.settings)

    def nudge(self) -> None:
        self._dispatcher.nudge()

    async def run(self) -> None:
        """Answer what is kept until cancelled, then let go of the connections."""
        try:
            await self._dispatcher.run()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connections; answers after this wait for the next start."""
        await self.channel.aclose()

    async def drain(self) -> int:
        """Answer everything kept now, and return how many tries that took."""
        return await self._dispatcher.drain()
