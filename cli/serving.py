"""Running Loket: the parts of an installation composed into one process that stops cleanly."""

from __future__ import annotations

import asyncio
import enum
import gc
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from socket import socket
from typing import TYPE_CHECKING

import structlog
import uvicorn
from quart import Quart
from typing_extensions import override

from api.app import create_app
from cli.welcome import welcome
from core.bootstrap import Bell, bootstrap
from core.messaging.ports import OutgoingText, SendOutcome, TextChannel
from core.migrations import versions
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo

if TYPE_CHECKING:
    from bot.telegram.service import TelegramBot
    from conversations.engine.runtime import Conversation

log = structlog.get_logger(__name__)

Stop = Callable[[], Awaitable[None]]

#: A stop takes less than ten seconds: this long for requests under way, the rest for tries of the outbox.
_GRACE_S = 4


class Part(enum.Enum):
    API = "api"
    BOT = "bot"
    WORKER = "worker"


class _Server(uvicorn.Server):
    """Greets once it listens, and tells long-lived streams to end when a stop is asked for: uvicorn waits for them."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None], on_stop: Stop) -> None:
        super().__init__(config)
        self._on_start, self._on_stop = on_start, on_stop

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    @override
    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        await self._on_stop()
        await super().shutdown(sockets)


async def run(settings: Settings, parts: Collection[Part]) -> None:
    """Serve the given parts until SIGINT or SIGTERM."""
    await prepare_database(settings)
    bell = Bell()
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(bootstrap(settings, bell=bell))
        if settings.demo and await load_demo(services):
            log.info("demo_loaded")
        opened = asyncio.Event()
        app, on_stop = await _web(stack, services, bell, parts, opened)
        if Part.WORKER in parts:
            await stack.enter_async_context(working(services, bell))
        await _serve(app, settings, opened, on_stop)
    log.info("stopped")


async def run_worker(settings: Settings) -> None:
    """Work without serving until SIGINT or SIGTERM."""
    await prepare_database(settings)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bell = Bell()
    async with bootstrap(settings, bell=bell) as services, working(services, bell):
        log.info("worker_started")
        await stop.wait()
    log.info("worker_stopped")


async def prepare_database(settings: Settings) -> None:
    """The demo migrates by itself; a real installation is told to, because a migration is a decision."""
    if settings.demo:
        from core.migrations.moves import upgrade

        await upgrade(settings.database_url)
        return
    current, newest = await versions(settings.database_url)
    if current != newest:
        print("The database's schema is not up to date. Run: loket db upgrade", file=sys.stderr)
        raise SystemExit(1)


async def _web(
    stack: AsyncExitStack, services: Services, bell: Bell, parts: Collection[Part], opened: asyncio.Event
) -> tuple[Quart, Stop]:
    settings = services.settings
    app = create_app(services, settings) if Part.API in parts else Quart(__name__, static_folder=None)
    if Part.BOT in parts:
        await _open_chats(stack, services, bell, app, opened)
    if not settings.sandbox or parts == {Part.BOT}:
        return app, _nothing
    from cli.sandboxing import mount

    return app, await mount(app, services)


async def _open_chats(
    stack: AsyncExitStack, services: Services, bell: Bell, app: Quart, opened: asyncio.Event
) -> None:
    """Answer the chats of WhatsApp as it is spoken here, and of Telegram where a token is set."""
    from conversations.flows import conversation

    settings, talk = services.settings, conversation(services)
    await _open_whatsapp(stack, services, bell, app, talk)
    if not settings.telegram_token:
        return
    if settings.telegram_webhook_secret:
        bot = await stack.enter_async_context(_telegram(services, talk, bell))
        if bot.blueprint is not None:
            app.register_blueprint(bot.blueprint)
        await stack.enter_async_context(_running(bot.run()))
    else:
        await stack.enter_async_context(_running(_poll_telegram(services, talk, bell, opened)))


async def _open_whatsapp(
    stack: AsyncExitStack, services: Services, bell: Bell, app: Quart, talk: Conversation
) -> None:
    from bot.web import create_blueprint
    from bot.whatsapp.service import WhatsAppBot
    from conversations.flows import FLOWS
    from core.whatsapp import listened_to

    settings = services.settings
    if settings.whatsapp == "wire" or settings.sandbox:
        app.register_blueprint(create_blueprint(services, talk, settings))
    for dialect in listened_to(settings):
        bot = WhatsAppBot(services, talk, FLOWS, dialect)
        bell.wake(bot.nudge)
        app.register_blueprint(bot.blueprint)
        await stack.enter_async_context(_running(bot.run()))


@asynccontextmanager
async def _telegram(services: Services, talk: Conversation, bell: Bell) -> AsyncIterator[TelegramBot]:
    from bot.telegram.service import telegram_bot
    from conversations.flows import FLOWS

    async with telegram_bot(services, talk, FLOWS) as bot:
        bell.wake(bot.nudge)
        yield bot


async def _poll_telegram(services: Services, talk: Conversation, bell: Bell, opened: asyncio.Event) -> None:
    """Begin once we are open: loading Telegram's library is nothing anybody at a browser should wait for."""
    await opened.wait()
    async with _telegram(services, talk, bell) as bot:
        await bot.run()


@asynccontextmanager
async def _running(*works: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Keep background work going while the block runs, and wait for its end afterwards."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing() -> None:
    return None


@asynccontextmanager
async def working(services: Services, bell: Bell) -> AsyncIterator[None]:
    """Drain the outbox and run the chores in the background of the block."""
    from core.workers import dispatcher, handoff_gateway, line_dispatcher, scheduler

    async with channels_of(services) as channels, aclosing(handoff_gateway(services)) as handoffs:
        drain, lines = dispatcher(services, channels, handoffs), line_dispatcher(services)
        bell.wake(drain.nudge)
        bell.wake(lines.nudge)
        async with _running(drain.run(), lines.run(), scheduler(services).run()):
            yield


@asynccontextmanager
async def channels_of(services: Services) -> AsyncIterator[dict[str, TextChannel]]:
    """What carries texts, by the channel's name; closed on leaving."""
    from core.workers import text_channel

    channels: dict[str, TextChannel] = {"whatsapp": text_channel(services)}
    if services.settings.telegram_token:
        channels["telegram"] = LateTelegram(services)
    try:
        yield channels
    finally:
        for channel in channels.values():
            await channel.aclose()


class LateTelegram:
    """The Telegram channel, loaded at the first text for it: the library is large, and most processes never need it."""

    def __init__(self, services: Services) -> None:
        self._services, self._stack = services, AsyncExitStack()
        self._channel: TextChannel | None = None

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        channel = self._channel or await self._opened()
        return await channel.send(message, idempotency_key=idempotency_key)

    async def aclose(self) -> None:
        if self._channel is not None:
            await self._channel.aclose()
        await self._stack.aclose()

    async def _opened(self) -> TextChannel:
        from bot.telegram.client import client
        from bot.telegram.sender import TelegramChannel

        settings = self._services.settings
        opening = client(settings.telegram_token, settings.telegram_api_url)
        bot = await self._stack.enter_async_context(opening)
        self._channel = TelegramChannel(bot, self._services.renderers)
        return self._channel


async def _serve(app: Quart, settings: Settings, opened: asyncio.Event, on_stop: Stop) -> None:
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        proxy_headers=False,  # client addresses are decided by LOKET_TRUSTED_PROXIES
        ws="none",
    )

    def greet() -> None:
        gc.collect()
        gc.freeze()  # what is here stays: looking through it again would hold up every chat for a tenth of a second
        opened.set()
        log.info("started", url=settings.base_url)
        if settings.demo:
            print(welcome(settings), flush=True)

    # uvicorn raises the signal that stopped it once more, which would end the process before the rest is closed.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    await _Server(config, greet, on_stop).serve()
