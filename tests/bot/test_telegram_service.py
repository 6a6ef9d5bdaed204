"""The composed bot, running: polling and webhook from start to stop, and the menu of commands."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quart import Quart

from bot.telegram import commands
from bot.telegram.service import TelegramBot, telegram_bot
from conversations.engine.flow import Flow
from conversations.engine.turn import Audience
from conversations.flows import FLOWS, conversation
from core.bootstrap import Bell, bootstrap
from core.identity.staff import StaffMember
from core.identity.types import Role
from core.platform.clock import SystemClock
from core.services import Services
from sandbox.telegram.news import MessageNews
from tests.bot.telegram_stage import JOHN, SITI, STRANGER
from tests.conversations.stage import settings_for
from tests.sandbox.telegram_stage import TOKEN, Stage, staged
from tests.sandbox.whatsapp_stage import PATIENCE_S, serving

SECRET = "a-webhook-secret-1"


@asynccontextmanager
async def running(url: str, outside: Stage, **settings: str) -> AsyncIterator[TelegramBot]:
    api_url = outside.base_url.removesuffix("/bot")
    named = {
        "LOKET_TELEGRAM_TOKEN": TOKEN,
        "LOKET_TELEGRAM_API_URL": api_url,
        "LOKET_SANDBOX": "1",
        **settings,
    }
    bell = Bell()
    async with (
        bootstrap(settings_for(url, **named), clock=SystemClock(), bell=bell) as services,
        _composed(services) as bot,
    ):
        bell.wake(bot.nudge)
        task = asyncio.create_task(bot.run())
        yield bot
        task.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _composed(services: Services) -> AsyncIterator[TelegramBot]:
    async with telegram_bot(services, conversation(services), FLOWS) as bot:
        yield bot


async def answered(outside: Stage, text: str) -> str:
    """Write as John and wait for the bot's answer."""
    with outside.api.feed.listen() as inbox:
        await outside.say(JOHN, text)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                news = await inbox.get()
                if isinstance(news, MessageNews) and news.message.from_ == outside.api.user:
                    return news.message.text or ""


async def test_a_polling_bot_answers_and_stops(demo_url: str) -> None:
    async with staged(people=(JOHN, SITI, STRANGER)) as outside, running(demo_url, outside) as bot:
        assert bot.blueprint is None
        assert "nomor layanan" in await answered(outside, "cek tagihan")


async def test_a_bot_that_starts_before_its_peer_says_hello_until_it_answers(demo_url: str) -> None:
    async with staged(people=(JOHN,)) as outside:
        await outside.choose_fault("server_error", method="getMe", times=1)
        async with running(demo_url, outside):
            assert await answered(outside, "halo")


async def test_a_bot_at_its_webhook_answers(demo_url: str) -> None:
    app = Quart("loket_under_test")
    async with staged(people=(JOHN,)) as outside, serving(app) as url:
        settings = {"LOKET_TELEGRAM_WEBHOOK_SECRET": SECRET, "LOKET_PUBLIC_URL": url}
        async with running(demo_url, outside, **settings) as bot:
            assert bot.blueprint is not None
            app.register_blueprint(bot.blueprint)
            assert "nomor layanan" in await answered(outside, "cek tagihan")
            info = await outside.bot.get_webhook_info()
            assert (info.url, info.last_error_message) == (f"{url}/webhooks/telegram", None)
            await outside.bot.delete_webhook()


async def test_the_commands_menu_is_there_in_both_languages(demo_url: str) -> None:
    async with staged(people=(JOHN, STRANGER)) as outside, running(demo_url, outside):
        await answered(outside, "halo")
        shown = {code: outside.api.commands.shown(JOHN.id, code) for code in ("id", "en")}
    described = {code: {each.command: each.description for each in listed} for code, listed in shown.items()}
    assert (described["id"]["tagihan"], described["en"]["bill"]) == ("Cek tagihan", "Check my bill")
    assert {"menu", "batal", "english"} <= {each.command for each in shown["id"]}


async def test_staff_are_shown_more_in_their_own_chats() -> None:
    flow = Flow(
        "siaran",
        type(FLOWS[0].state()),
        label="topic.check_bill",
        commands=("siaran",),
        audience=Audience.STAFF,
    )
    assert commands.commands([flow], "id")[0].command == "menu"
    admin = StaffMember(1, "Admin", Role.ADMIN)
    async with staged(people=(JOHN, SITI)) as outside:
        await outside.do(SITI, "start")
        await commands.publish(outside.bot, [flow])
        await commands.publish_for_staff(outside.bot, [flow], str(SITI.id), admin)
        shown = [
            [each.command for each in outside.api.commands.shown(person.id, "id")[:2]]
            for person in (JOHN, SITI)
        ]
    assert shown == [["menu", "bantuan"], ["staf", "siaran"]]


async def test_a_menu_that_cannot_be_set_stops_nobody() -> None:
    async with staged() as outside:
        await outside.choose_fault("server_error", method="setMyCommands")
        await commands.publish(outside.bot, FLOWS)
        assert list(outside.api.commands.shown(JOHN.id, "id")) == []


def test_without_a_token_the_library_is_never_loaded() -> None:
    code = (
        "import sys, bot.web, bot.inbound, core.workers, conversations.flows;"
        "sys.exit('telegram' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_command_is_one_telegram_takes() -> None:
    for language in ("id", "en"):
        for command in commands.commands(FLOWS, language, StaffMember(1, "Admin", Role.SUPERADMIN)):
            assert command.command.isascii()
            assert 1 <= len(command.command) <= 32
            assert 1 <= len(command.description) <= 256
