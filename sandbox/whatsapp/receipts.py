"""Answers by idempotency key, so that a repeated call does nothing twice (whatsapp contract §1.1)."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

MAX_RECEIPTS = 2000


class Receipt(Struct, frozen=True, omit_defaults=True):
    """A success as the gateway words it."""

    status: str = ""
    id: str = ""
    duplicate: bool = False
    handoff: bool | None = None

    def body(self) -> bytes:
        return msgspec.json.encode({"ok": True, **msgspec.to_builtins(self)})

    def as_duplicate(self) -> "Receipt":
        return msgspec.structs.replace(self, duplicate=True)


class Receipts:
    """The last `MAX_RECEIPTS` answers."""

    def __init__(self) -> None:
        self._receipts: dict[str, Receipt] = {}

    def knows(self, key: str) -> bool:
        return key in self._receipts

    def once(self, key: str, act: Callable[[], Receipt]) -> Receipt:
        """What `act` answered when this key was new; the second time the same answer, marked as a duplicate."""
        known = self._receipts.get(key)
        if known is not None:
            return known.as_duplicate()
        receipt = self._receipts[key] = act()
        while len(self._receipts) > MAX_RECEIPTS:
            del self._receipts[next(iter(self._receipts))]
        return receipt
