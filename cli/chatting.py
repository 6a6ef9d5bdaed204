"""`loket chat`: the bot in this terminal, with the messages that would reach that phone."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from bot.terminal import Keep, Keyboard, chat
from cli.serving import channels_of, prepare_database
from conversations.flows import conversation
from core.bootstrap import Bell, bootstrap
from core.messaging.attachments import Renderers
from core.messaging.ports import Accepted, Attachment, OutgoingText, SendOutcome, TextChannel
from core.platform import i18n, logging, phones
from core.platform.errors import NotFound
from core.settings import Settings
from core.testing.demo import load_demo
from core.workers import dispatcher

_PROMPT = "> "


class PhoneInTerminal:
    """A channel that shows one phone's messages here and passes everybody else's on to the real one."""

    def __init__(self, phone: str, others: TextChannel, show: Callable[[str], None], keep: Keep) -> None:
        self._phone, self._others, self._show, self._keep = phone, others, show, keep

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        if message.to != self._phone:
            return await self._others.send(message, idempotency_key=idempotency_key)
        self._show(f"[WhatsApp] {message.text}")
        if message.attachment is not None:
            self._show(await self._keep(message.attachment))
        return Accepted(provider_id=None)

    async def aclose(self) -> None:
        await self._others.aclose()


class Shelf:
    """Puts files into a folder of their own, which stays for the person to look at."""

    def __init__(self, renderers: Renderers, settings: Settings) -> None:
        self._renderers, self._language = renderers, settings.language
        self._folder: Path | None = None

    async def __call__(self, attachment: Attachment) -> str:
        """Where the file is now, or that it is gone."""
        try:
            file = await self._renderers.render(attachment)
        except NotFound:
            return i18n.text("error.attachment", self._language)
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="loket-"))
        path = self._folder / attachment.name
        await asyncio.to_thread(path.write_bytes, file.content)
        return f"[{attachment.name}] {path}"


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
        keep = Shelf(services.renderers, settings)
        channels = await stack.enter_async_context(channels_of(services))
        whatsapp = PhoneInTerminal(phone, channels["whatsapp"], _show, keep)
        outbox = dispatcher(services, {**channels, "whatsapp": whatsapp})
        bell.wake(outbox.nudge)
        draining = asyncio.create_task(outbox.run())
        _show(f"Chatting as +{phone}. Type `menu` to see what is possible, Ctrl-D to leave.")
        await chat(conversation(services), phone, Keyboard(), _show, keep=keep, language=settings.language)
        await outbox.drain()
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)


def _show(text: str) -> None:
    """Print above the prompt that is waiting for a line."""
    if sys.stdin.isatty():
        print(f"\r{text}\n{_PROMPT}", end="", flush=True)
    else:
        print(text, flush=True)
