"""The Telegram channel of queued texts: one message in, one call out, one honest outcome back."""

from __future__ import annotations

import msgspec
from telegram import Bot, InputFile, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.offers import NOTICE
from bot.telegram.markup import Upload, Written, fits_caption, pieces, plain
from bot.telegram.outcome import outcome_of
from bot.telegram.pace import Pace
from core.messaging.attachments import Renderers
from core.messaging.ports import Accepted, Attachment, ChannelDown, OutgoingText, Refused, SendOutcome
from core.platform.errors import NotFound


async def send(bot: Bot, chat_id: int, message: Written) -> Message:
    """Send a message, in parts when it is long; the buttons stand under the last one. Raises `TelegramError`.

    A file has the message as its caption, or above it when it is too long for one.
    """
    if message.file is not None:
        if fits_caption(message.html):
            return await _send_file(bot, chat_id, message.file, message)
        await _send_file(bot, chat_id, message.file, None)
    *before, last = pieces(message.html)
    for part in before:
        await bot.send_message(chat_id, part, parse_mode=ParseMode.HTML)
    return await bot.send_message(chat_id, last, parse_mode=ParseMode.HTML, reply_markup=message.keyboard)


async def _send_file(bot: Bot, chat_id: int, file: Upload, caption: Written | None) -> Message:
    bring = bot.send_photo if file.kind == "image" else bot.send_document
    upload = InputFile(file.content, filename=file.name)
    if caption is None:
        return await bring(chat_id, upload)
    return await bring(
        chat_id, upload, caption=caption.html, parse_mode=ParseMode.HTML, reply_markup=caption.keyboard
    )


async def with_file(message: Written, attachment: Attachment | None, renderers: Renderers) -> Written:
    """The message with its file made; raises `NotFound` when what the file shows is gone."""
    if attachment is None:
        return message
    made = await renderers.render(attachment)
    return msgspec.structs.replace(message, file=Upload(attachment.kind, attachment.name, made.content))


async def edit(bot: Bot, chat_id: int, message_id: int, message: Written) -> None:
    """Put a message in the place of another; where Telegram will not have that, send it below. Raises `TelegramError`."""
    parts = list(pieces(message.html))
    try:
        if len(parts) == 1 and message.file is None:
            await bot.edit_message_text(
                parts[0], chat_id, message_id, parse_mode=ParseMode.HTML, reply_markup=message.keyboard
            )
            return
    except BadRequest as refusal:
        if "not modified" in refusal.message.lower():
            return  # it says that already
    await send(bot, chat_id, message)


class TelegramChannel:
    """A `TextChannel` whose addresses are chat ids. Telegram knows no idempotency keys: after a lost answer a text may come twice."""

    def __init__(self, bot: Bot, renderers: Renderers, *, pace: Pace | None = None) -> None:
        self._bot, self._renderers, self._pace = bot, renderers, pace or Pace()
        self._closed = False

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        """Make one attempt; retrying is the outbox's part."""
        if self._closed:
            return ChannelDown("the sender is shutting down")
        if not message.to.lstrip("-").isdigit():
            return Refused("the address is no Telegram chat id")
        try:
            shown = await with_file(
                plain(message.text, message.choices, NOTICE), message.attachment, self._renderers
            )
        except NotFound:
            return Refused("what the attachment shows is gone")
        await self._pace.wait()
        return await self._attempt(int(message.to), shown)

    async def aclose(self) -> None:
        """The client's connections belong to whoever opened it; from now on nothing is sent."""
        self._closed = True

    async def _attempt(self, chat_id: int, message: Written) -> SendOutcome:
        try:
            return Accepted(str((await send(self._bot, chat_id, message)).message_id))
        except ChatMigrated as moved:
            return await self._attempt_there(moved.new_chat_id, message)
        except TelegramError as error:
            return outcome_of(error)

    async def _attempt_there(self, chat_id: int, message: Written) -> SendOutcome:
        """A group that became a supergroup goes on under a new id, which cannot move again in the same breath."""
        try:
            sent = await send(self._bot, chat_id, message)
        except TelegramError as error:
            return outcome_of(error)
        return Accepted(str(sent.message_id), moved_to=str(chat_id))
