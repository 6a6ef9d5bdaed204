"""What an aggregator remembers of a sale, and what each response code makes of it."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, field
from typing import Any


class Stage(enum.StrEnum):
    REFUSED = "refused"  # the inquiry said no; the buyer never paid
    PROCESSING = "processing"
    PAID = "paid"
    REFUNDED = "refunded"
    STUCK = "stuck"  # a code that an order cannot end by: somebody has to look


#: After these the buyer gets his money back.
_REFUNDS = frozenset({*range(100, 200), 312, 313, 401, 402, 403, 490, 495})
#: These name a payment that exists: Status decides.
_EXISTS = frozenset({102, 108})
_UNKNOWN = 188


@dataclass
class Order:
    """One bill a buyer paid the aggregator for."""

    ref_number: str
    account: str
    product: str
    amount: int = 0
    stage: Stage = Stage.PROCESSING
    code: int | None = None
    token: str = ""
    transaction_id: int = 0
    tries: int = 0
    polls: int = 0
    callbacks: int = 0
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    def apply(self, body: dict[str, Any], *, is_status: bool) -> None:
        """Take in an answer that came with HTTP 200. An order that has ended stays as it is."""
        code = int(body["responseCode"])
        data = body.get("data") or {}
        self.transaction_id = int(data.get("transactionId") or 0) or self.transaction_id
        if self.has_ended.is_set():
            return
        self.code = code
        match code:
            case _ if 0 <= code < 100:
                self.token = str(data.get("token") or "")
                self._end(Stage.PAID)
            case _ if 200 <= code < 300 or code in _EXISTS:
                return
            case _ if is_status and code == _UNKNOWN:
                return
            case _ if code in _REFUNDS:
                self._end(Stage.REFUNDED)
            case _ if not is_status:
                self._end(Stage.STUCK)
            case _:
                return

    def refuse(self, code: int) -> None:
        self.code = code
        self._end(Stage.REFUSED)

    def _end(self, stage: Stage) -> None:
        self.stage = stage
        self.has_ended.set()
