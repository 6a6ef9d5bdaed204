"""Long polling: asks Telegram for updates until it is cancelled, whatever happens in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut

from bot.telegram.inbox import Inbox
from bot.telegram.outcome import wait_s
from bot.telegram.pace import Sleep
from bot.telegram.updates import ALLOWED_UPDATES

log = structlog.get_logger(__name__)

POLL_S = 25
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


class Poller:
    """One per token: a second one makes Telegram end the first with a conflict."""

    def __init__(
        self,
        bot: Bot,
        inbox: Inbox,
        *,
        poll_s: int = POLL_S,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._bot, self._inbox = bot, inbox
        self._poll_s, self._sleep, self._chance = poll_s, sleep, chance
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled; updates are confirmed only after they are kept."""
        while True:
            try:
                await self._keep(await self._next())
                self._failures = 0
            except TimedOut:  # a poll that nothing came of
                continue
            except TelegramError as error:
                await self._pause(error)
            except Exception:  # the database may be away for a moment; nothing was confirmed
                log.exception("telegram_updates_not_kept")
                await self._pause(None)

    async def _next(self) -> Sequence[Update]:
        return await self._bot.get_updates(
            offset=self._offset, timeout=self._poll_s, allowed_updates=ALLOWED_UPDATES
        )

    async def _keep(self, updates: Sequence[Update]) -> None:
        if updates:
            await self._inbox.keep(update.to_dict() for update in updates)
            self._offset = updates[-1].update_id + 1

    async def _pause(self, error: TelegramError | None) -> None:
        self._failures += 1
        await self._sleep(self._pause_s(error))

    def _pause_s(self, error: TelegramError | None) -> float:
        if isinstance(error, RetryAfter):
            return wait_s(error)
        jitter = 0.8 + 0.4 * self._chance()
        if isinstance(error, Conflict | InvalidToken):  # a person has to end this: another bot, a wrong token
            log.error("telegram_poll_refused", reason=type(error).__name__)
            return LONGEST_PAUSE_S * jitter
        if error is not None:
            log.warning("telegram_poll_failed", reason=type(error).__name__, failures=self._failures)
        return min(FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 10), LONGEST_PAUSE_S) * jitter
