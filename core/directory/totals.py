"""How many customers there are of each standing, counted now and then: a list needs the number with every page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, func, select

from core.customers.accounts import AccountStatus
from core.customers.tables import customer_accounts, customers
from core.directory.types import Wanted
from core.platform.uow import ReadTx

#: Counting takes no more than a hundredth of the time; a second between two counts is the least.
_SHARE, _LEAST_S = 100, 1.0
_BY_STATUS = select(customer_accounts.c.status, func.count()).group_by(customer_accounts.c.status)
_PLACED = select(func.count()).select_from(customers).where(customers.c.latitude.is_not(None))


class Totals:
    """Exact for what this process has changed through the directory; what others change is seen a moment later."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._held: dict[str, tuple[dict[str, int], float]] = {}

    async def of(self, tx: ReadTx, wanted: Wanted) -> int:
        """How many customers a list without a search has."""
        if wanted.has_place:
            return (await self._counted(tx, "placed", _PLACED))[""]
        by_status = await self._counted(tx, "status", _BY_STATUS)
        if wanted.status is None:
            return sum(by_status.values())
        return by_status.get(AccountStatus(wanted.status), 0)

    def forget(self) -> None:
        """Count anew at the next list: somebody came, went, or stands otherwise."""
        self._held.clear()

    async def _counted(self, tx: ReadTx, name: str, statement: Select[Any]) -> dict[str, int]:
        held = self._held.get(name)
        began = self._monotonic()
        if held is not None and began < held[1]:
            return held[0]
        counts = {"" if len(row) == 1 else row[0]: int(row[-1]) for row in await tx.all(statement)}
        ended = self._monotonic()
        self._held[name] = (counts, ended + max(_LEAST_S, (ended - began) * _SHARE))
        return counts
