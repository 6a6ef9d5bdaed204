"""Chatting in a terminal on the same engine that answers WhatsApp."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TextIO

from bot.inbound import Incoming, replies
from bot.rendering import as_text
from conversations.engine.runtime import Conversation
from core.messaging.ports import Attachment
from core.platform.clock import Clock, SystemClock
from core.platform.errors import DomainError
from core.platform.i18n import Language
from core.platform.ids import new_uuid

CHANNEL = "terminal"

ReadLine = Callable[[], Awaitable[str | None]]
Write = Callable[[str], None]
#: Puts a file where the person at the terminal finds it, and says where.
Keep = Callable[[Attachment], Awaitable[str]]


async def chat(
    conversation: Conversation,
    address: str,
    read_line: ReadLine,
    write: Write,
    *,
    keep: Keep | None = None,
    language: Language = "id",
    clock: Clock | None = None,
) -> None:
    """Answer line after line until `read_line` gives None; `address` is the phone the terminal stands for.

    Without `keep` this chat takes no files.
    """
    clock = clock or SystemClock()
    while (line := await read_line()) is not None:
        incoming = Incoming(
            channel=CHANNEL,
            message_id=new_uuid(),
            chat_address=address,
            phone=address,
            text=line,
            answered_in_text=keep is None,
            received_at=clock.now(),
        )
        try:
            answered = await replies(conversation, incoming, language=language)
            if answered:  # while a person answers, we say nothing
                write(as_text(answered))
            for reply in answered:
                if reply.attachment is not None and keep is not None:
                    write(await keep(reply.attachment))
        except DomainError as refusal:
            write(f"({refusal.reason})")


class Keyboard:
    """Lines typed at a terminal, read in a thread of their own so that the event loop goes on working.

    The thread is a daemon: one that waits for a line nobody types must not hold up the end of the process.
    """

    def __init__(self, stream: TextIO = sys.stdin) -> None:
        self._stream = stream
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, daemon=True, name="keyboard").start()

    async def __call__(self) -> str | None:
        """The next line without its end, None when there are no more."""
        return await self._lines.get()

    def _read(self) -> None:
        for line in self._stream:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line.rstrip("\n"))
        self._loop.call_soon_threadsafe(self._lines.put_nowait, None)
