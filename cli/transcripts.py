"""`loket transcript …`: a real chat written down without its owner, and played again on a scratch demo."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import select

from bot.rendering import as_text
from conversations.engine.incoming import Incoming
from conversations.engine.runtime import Conversation
from conversations.engine.say import Reply
from conversations.flows import conversation
from conversations.transcripts import CODE, Disguise, Line, Transcript
from core.bootstrap import bootstrap
from core.messaging import chats
from core.messaging.notices import TEXT_TOPIC
from core.migrations.moves import upgrade
from core.platform import logging
from core.platform.outbox import outbox
from core.platform.secrets import Keyring
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo

#: What is typed where a secret was.
_NEW_PASSWORD = "kopi-senja-7"  # noqa: S105 - a stand-in


async def exported(settings: Settings, named: str) -> Transcript | None:
    """What is still kept of a chat, disguised; None when there is nothing."""
    keyring = Keyring(settings.masters)
    async with bootstrap(settings) as services:
        async with services.uow.read() as tx:
            found = await chats.named(tx, named)
            said = [] if found is None else await chats.exchanges(tx, found[0])
        if found is None or not said:
            return None
        chat = found[1]
        own = await services.customers.services_of_chat(chat.channel, chat.address)
    disguise = Disguise(own)
    lines = tuple(
        Line(
            None if each.said is None else disguise.said(keyring.unseal(each.said) or ""),
            disguise.answered(as_text(msgspec.convert(each.replies, tuple[Reply, ...]))),
        )
        for each in said
    )
    return Transcript(disguise.chat, chat.language or settings.language, lines)


async def replayed(settings: Settings, before: Transcript) -> tuple[Line, ...]:
    """The same messages with today's answers."""
    logging.configure("error", as_json=False)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'scratch.db'}"
        language = "en" if before.language == "en" else "id"
        scratch = msgspec.structs.replace(settings, env="development", database_url=url, language=language)
        await upgrade(url)
        async with bootstrap(scratch) as services:
            await load_demo(services)
            own = await services.customers.services_of_chat("whatsapp", before.chat)
            chat = _Rehearsal(services, conversation(services), Disguise(own))
            return tuple([await chat.say(number, line) for number, line in enumerate(before.lines)])


class _Rehearsal(Struct, frozen=True):
    """A chat that is played again."""

    services: Services
    talk: Conversation
    disguise: Disguise

    async def say(self, number: int, line: Line) -> Line:
        typed = _NEW_PASSWORD if line.said is None else line.said
        tapped = re.fullmatch(r"\[(.+)\]", typed)
        incoming = Incoming(
            channel="whatsapp",
            message_id=f"replayed-{number}",
            chat_address=self.disguise.chat,
            phone=self.disguise.chat,
            text="" if tapped else await _newest_code(self.services) if typed == CODE else typed,
            choice_id=tapped[1] if tapped else None,
            received_at=self.services.clock.now(),
        )
        return Line(line.said, self.disguise.answered(as_text(await self.talk.receive(incoming))))


async def _newest_code(services: Services) -> str:
    """The code that was sent last, as its owner would read it."""
    async with services.uow.read() as tx:
        rows = await tx.all(
            select(outbox.c.payload)
            .where(outbox.c.topic == TEXT_TOPIC)
            .order_by(outbox.c.id.desc())
            .limit(10)
        )
    found = (re.search(r"\b\d{6}\b", row.payload["text"]) for row in rows)
    return next((code[0] for code in found if code), "000000")
