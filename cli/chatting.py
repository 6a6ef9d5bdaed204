"""`loket chat`: the bot in this terminal, with the messages that would reach that phone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

from bot.terminal import Keyboard, chat
from cli.serving import prepare_database
from conversations.flows import conversation
from core.bootstrap import Bell, bootstrap
from core.messaging.ports import Accepted, OutgoingText, SendOutcome, TextChannel
from core.platform import logging, phones
from core.settings import Settings
from core.testing.demo import load_demo
from core.workers import dispatcher, text_channel

_PROMPT = "> "


class PhoneInTerminal:
    """A channel that shows one phone's messages here and passes everybody else's on to the real one."""

    def __init__(self, phone: str, others: TextChannel, show: Callable[[str], None]) -> None:
        self._phone, self._others, self._show = phone, others, show

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        if message.to != self._phone:
            return await self._others.send(message, idempotency_key=idempotency_key)
        self._show(f"[WhatsApp] {message.text}")
        return Accepted(provider_id=None)

    async def aclose(self) -> None:
        await self._others.aclose()


async def run_chat(settings: Settings, as_phone: str) -> None:
    """Chat until the input ends. Only the customer's own words and ours are shown; logs stay quiet."""
    phone = phones.normalise(as_phone)
    if phone is None:
        print(f"{as_phone} is not a phone number; try 628123456789.", file=sys.stderr)
        raise SystemExit(2)
    logging.configure("error", as_json=False)
    await prepare_database(settings)
    bell = Bell()
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(bootstrap(settings, bell=bell))
        if settings.demo:
            await load_demo(services)
        channel = PhoneInTerminal(phone, text_channel(services), _show)
        stack.push_async_callback(channel.aclose)
        outbox = dispatcher(services, channel)
        bell.wake(outbox.nudge)
        draining = asyncio.create_task(outbox.run())
        _show(f"Chatting as +{phone}. Type `menu` to see what is possible, Ctrl-D to leave.")
        await chat(conversation(services), phone, Keyboard(), _show, language=settings.language)
        await outbox.drain()
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)


def _show(text: str) -> None:
    """Print above the prompt that is waiting for a line."""
    if sys.stdin.isatty():
        print(f"\r{text}\n{_PROMPT}", end="", flush=True)
    else:
        print(text, flush=True)
