"""What monitoring asks of routers: everything about who is online, in one read."""

from __future__ import annotations

from typing import Protocol

from core.monitoring.types import Snapshot, Wanted
from core.network.types import Declined, OutOfReach


class RouterScanner(Protocol):
    """Reads routers, changing nothing."""

    async def scan(
        self, router_id: int, router_alias: str, wanted: Wanted
    ) -> Snapshot | OutOfReach | Declined:
        """Who is online behind a router; only a `Snapshot` says anything about its lines."""
        ...
