"""Bringing a file somebody sent from Telegram, once somebody wants to see it."""

from __future__ import annotations

from telegram import Bot
from telegram.error import TelegramError

from core.platform.errors import Invalid, Unavailable
from core.proofs.rules import LARGEST_PICTURE


async def fetched(bot: Bot, file_id: str, size: int) -> bytes:
    """The file's bytes; raises `Invalid("picture_large")` before it is fetched, `Unavailable("picture")`."""
    if size > LARGEST_PICTURE:
        raise Invalid("picture_large")
    try:
        file = await bot.get_file(file_id)
        if (file.file_size or 0) > LARGEST_PICTURE:
            raise Invalid("picture_large")
        return bytes(await file.download_as_bytearray())
    except TelegramError as error:
        raise Unavailable("picture") from error
