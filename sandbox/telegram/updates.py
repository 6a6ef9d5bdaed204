"""What waits for the bot: updates in order, handed out by polling or pushed to its webhook, until they are confirmed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.telegram.errors import ApiError
from sandbox.telegram.objects import Update

MAX_PENDING = 1000
LAST_KEPT = 50
_TERMINATED = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)


@dataclass(eq=False)
class Pending:
    """An update on its way. A repeated one is handed out once more, whatever the bot has confirmed."""

    update: Update
    repeated: bool = False
    handed_out: bool = False


class Updates:
    """Ids begin with `first_id` and rise by one; `on_taken` is told of each update the bot has confirmed."""

    def __init__(self, *, first_id: int, on_taken: Callable[[Update], None]) -> None:
        self._next_id = first_id
        self._on_taken = on_taken
        self._pending: list[Pending] = []
        self._sent: list[Update] = []
        self._arrived = asyncio.Event()
        self._poll: asyncio.Event | None = None
        self.allowed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._pending)

    def next_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def post(self, update: Update) -> None:
        """Queue an update, unless the bot has said that it does not care for this kind."""
        if self.allowed and update.kind not in self.allowed:
            return
        self._sent = [*self._sent[-LAST_KEPT:], update]
        self._queue(Pending(update))

    def repeat_last(self, chat_id: int) -> Update | None:
        """Send the last update of a chat again, as Telegram does when it has missed the bot's answer."""
        last = next((update for update in reversed(self._sent) if update.chat_id == chat_id), None)
        if last is not None:
            self._queue(Pending(last, repeated=True))
        return last

    def drop_all(self) -> None:
        self._pending.clear()

    def confirm(self, offset: int) -> None:
        """Forget everything before `offset`; a negative one keeps only so many of the last."""
        if offset < 0:
            self._pending = self._pending[offset:]
            return
        for pending in list(self._pending):
            is_over = pending.handed_out if pending.repeated else pending.update.update_id < offset
            if is_over:
                self.settle(pending)

    def settle(self, pending: Pending) -> None:
        """The bot has this one."""
        if pending in self._pending:
            self._pending.remove(pending)
            self._on_taken(pending.update)

    def waiting(self) -> list[Pending]:
        return list(self._pending)

    async def poll(self, *, limit: int, timeout_s: float, closed: asyncio.Event) -> list[Update]:
        """Up to `limit` updates, as soon as there are any; a second poll ends this one with a conflict."""
        if self._poll is not None:
            self._poll.set()
        terminated = self._poll = asyncio.Event()
        await self._wait(timeout_s, terminated, closed)
        if terminated.is_set():
            raise ApiError(409, _TERMINATED)
        self._poll = None
        handed = self._pending[:limit]
        for pending in handed:
            pending.handed_out = True
        return [pending.update for pending in handed]

    async def arrival(self) -> None:
        """Return when something new may be waiting."""
        await self._arrived.wait()
        self._arrived.clear()

    async def _wait(self, timeout_s: float, *ends: asyncio.Event) -> None:
        ends_at = asyncio.get_running_loop().time() + timeout_s
        while not self._pending and not any(end.is_set() for end in ends):
            left_s = ends_at - asyncio.get_running_loop().time()
            if left_s <= 0:
                return
            self._arrived.clear()
            await _first_of(left_s, self._arrived, *ends)

    def _queue(self, pending: Pending) -> None:
        self._pending.append(pending)
        del self._pending[:-MAX_PENDING]
        self._arrived.set()


async def _first_of(timeout_s: float, *events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
