"""Updates on their way to the desk: kept before Telegram is told, so that a crash loses none, and handled in order per chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import TelegramError

from bot.telegram.desk import Desk
from bot.telegram.outcome import is_our_mistake, outcome_of
from core.messaging.ports import ChannelDown
from core.platform import outbox
from core.platform.errors import Throttled, Unavailable
from core.platform.outbox import Done, Job, Outcome, Park, Priority, Retry, RetryPolicy
from core.platform.uow import UnitOfWork, WriteTx

log = structlog.get_logger(__name__)

TOPIC = "inbound.telegram"
#: Somebody is waiting: a few quick tries, then it is over.
POLICY = RetryPolicy(first_s=1, factor=2, longest_s=60, limit=7)


class Inbox:
    """Keeps raw updates of one bot as jobs; an update that comes twice is kept once (telegram contract §3)."""

    def __init__(self, uow: UnitOfWork, bot_id: int) -> None:
        self._uow, self._bot_id = uow, bot_id

    async def keep(self, updates: Iterable[Mapping[str, Any]]) -> None:
        """Once this returns, Telegram may forget them."""
        async with self._uow.write() as tx:
            for update in updates:
                await self._post(tx, update)

    async def _post(self, tx: WriteTx, update: Mapping[str, Any]) -> None:
        await outbox.post(
            tx,
            TOPIC,
            {"update": dict(update)},
            key=f"telegram:{self._bot_id}:{update['update_id']}",
            ordering_key=f"telegram-in:{_chat_id(update)}",
            priority=Priority.URGENT,
            sensitive=True,  # what people write is erased once it is answered
        )


class Answering:
    """The consumer of kept updates."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot, self._desk = bot, desk

    async def __call__(self, job: Job) -> Outcome:
        update = Update.de_json(job.payload["update"], self._bot)
        try:
            await self._desk.receive(update)
        except (Throttled, Unavailable) as busy:
            return Retry(busy.reason, busy.retry_after_s)
        except TelegramError as error:
            return self._undelivered(update, error)
        return Done()

    def _undelivered(self, update: Update, error: TelegramError) -> Outcome:
        """The turn is done and its answer kept; only bringing it to the person is tried again."""
        outcome = outcome_of(error)
        if isinstance(outcome, ChannelDown):
            return Retry(outcome.reason, outcome.retry_after_s)
        if is_our_mistake(error):
            log.error("telegram_answer_refused", update_id=update.update_id, reason=outcome.reason)
            return Park(outcome.reason)
        log.info("telegram_person_unreachable", update_id=update.update_id)
        return Done(detail=outcome.reason)


def _chat_id(update: Mapping[str, Any]) -> int:
    """The chat an update belongs to, which is all that is read before it is kept; 0 for kinds without one."""
    query = update.get("callback_query") or {}
    kinds = ("message", "edited_message", "my_chat_member")
    holder = next((update[kind] for kind in kinds if kind in update), query.get("message") or {})
    return int((holder.get("chat") or {}).get("id", 0))
