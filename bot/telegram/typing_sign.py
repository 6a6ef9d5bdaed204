"""The sign that an answer is coming, for those that take a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

#: Answers quicker than this need no sign; Telegram shows one for five seconds.
AFTER_S, EVERY_S = 0.7, 4.5


@asynccontextmanager
async def typing(bot: Bot, chat_id: int, *, after_s: float = AFTER_S) -> AsyncIterator[None]:
    """Show "typing…" while the block runs, if it runs for longer than `after_s`."""
    sign = asyncio.create_task(_show(bot, chat_id, after_s))
    try:
        yield
    finally:
        sign.cancel()
        await asyncio.wait([sign])


async def _show(bot: Bot, chat_id: int, after_s: float) -> None:
    await asyncio.sleep(after_s)
    with suppress(TelegramError):  # a sign that does not arrive harms nobody
        while True:
            await bot.send_chat_action(chat_id, ChatAction.TYPING)
            await asyncio.sleep(EVERY_S)
