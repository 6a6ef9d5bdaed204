"""Looks at a line on after the chat has been answered, and tells what comes of it: for routers that are slow or out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from core.messaging.notices import send_text
from core.network import line_texts
from core.network.ports import Outages
from core.network.types import ConnectionReport
from core.network.usecases import Network
from core.platform import outbox
from core.platform.errors import DomainError, Unavailable
from core.platform.i18n import Language, Message, message
from core.platform.outbox import Done, Job, Outcome, Priority, Retry, RetryPolicy
from core.platform.uow import UnitOfWork
from core.settings import Settings

WATCH_TOPIC = "line.watch"
#: How long a router that cannot be seen is looked for, as the customer was told.
PATIENCE = timedelta(minutes=10)
#: One look, well over what a slow router takes.
DEADLINE_S = 30.0
#: Soon at first, because somebody is waiting; ten minutes are over before the tries are.
RETRIES = RetryPolicy(first_s=15, factor=1.4, longest_s=60, limit=60)


class Watched(Struct, frozen=True):
    """Whose line, what of it, and which chat is to hear; `until` is in seconds since the epoch."""

    channel: str
    address: str
    language: Language
    customer_id: int
    number: str
    wants_usage: bool
    until: int


class Watching:
    """The use case of asking for it."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def watch(
        self,
        customer_id: int,
        number: str,
        *,
        chat: tuple[str, str],
        language: Language,
        wants_usage: bool,
    ) -> None:
        """Look on for ten minutes and tell the chat once; asked again meanwhile, it is still told once."""
        channel, address = chat
        async with self._uow.write() as tx:
            window = int(tx.now.timestamp() // PATIENCE.total_seconds())
            watched = Watched(
                # What a terminal stands for is a phone.
                channel="whatsapp" if channel == "terminal" else channel,
                address=address,
                language=language,
                customer_id=customer_id,
                number=number,
                wants_usage=wants_usage,
                until=int((tx.now + PATIENCE).timestamp()),
            )
            await outbox.post(
                tx,
                WATCH_TOPIC,
                msgspec.to_builtins(watched),
                key=f"watch:{channel}:{address}:{number}:{window}",
                priority=Priority.REPLY,
            )


class LineWatch:
    """The consumer: a look outside any transaction, then the text, named by the job so that a repeat is no second one."""

    def __init__(self, uow: UnitOfWork, network: Network, outages: Outages, settings: Settings) -> None:
        self._uow, self._network, self._outages, self._settings = uow, network, outages, settings

    async def __call__(self, job: Job) -> Outcome:
        watched = msgspec.convert(job.payload, Watched)
        sections = frozenset({"connection", "usage"} if watched.wants_usage else {"connection"})
        async with self._uow.read() as tx:
            now = tx.now
        try:
            report = await self._network.report_for(watched.customer_id, watched.number, sections)
        except Unavailable as unseen:
            if now < datetime.fromtimestamp(watched.until, UTC):
                return Retry(unseen.reason)
            known = await self._outages.explain(watched.customer_id, now, is_seen_off=False)
            gave_up = message("connection_check.gave_up", number=watched.number)
            return await self._tell(job, watched, known or (gave_up,))
        except DomainError as gone:
            return Done(detail=gone.reason)
        return await self._tell(job, watched, await self._told(watched, report, now))

    async def _told(self, watched: Watched, report: ConnectionReport, now: datetime) -> Sequence[Message]:
        seen = report.connection
        if seen is None or not seen.is_online:
            offline = message("connection_check.offline", number=watched.number)
            known = await self._outages.explain(watched.customer_id, now, is_seen_off=True)
            return offline, *(known or (message("connection_check.next_offline"),))
        usage = [line_texts.used(report.usage)] if watched.wants_usage else []
        return [*usage, line_texts.online(watched.number, seen.uptime, now, self._settings.zone)]

    async def _tell(self, job: Job, watched: Watched, lines: Sequence[Message]) -> Outcome:
        async with self._uow.write() as tx:
            await send_text(
                tx,
                to=watched.address,
                channel=watched.channel,
                text="\n".join(line.render(watched.language) for line in lines),
                key=f"{job.key}:told",
                priority=Priority.REPLY,
            )
        return Done()
