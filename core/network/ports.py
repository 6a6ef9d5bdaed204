"""What core asks of routers: look at one line, switch one, read what is written down about all; and of who knows outages."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from core.network.types import (
    ConnectionReport,
    Declined,
    DesiredLine,
    Isolation,
    Line,
    OutOfReach,
    Survey,
    Switched,
)
from core.platform.i18n import Message


class RouterGateway(Protocol):
    """Looks at lines through their routers."""

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        """Report the asked sections of a line; raises `Unavailable("router")` when the router cannot be seen."""
        ...


class Outages(Protocol):
    """Knows what is out of order for many."""

    async def explain(self, customer_id: int, now: datetime, *, is_seen_off: bool) -> tuple[Message, ...]:
        """What to tell somebody whose line is off because of a known outage, who counts as having complained; else nothing.

        Of a line that was not seen itself, only what the last scan has seen it go down with explains anything.
        """
        ...


class LineSwitch(Protocol):
    """Changes lines at their routers. Both calls may be repeated at will: they read, compare and write the difference."""

    async def apply(self, line: Line, desired: DesiredLine) -> Switched:
        """Bring one line to what is desired, and read back that it is; touches no other customer's rows."""
        ...

    async def survey(
        self, router_id: int, router_alias: str, isolation: Isolation
    ) -> Survey | OutOfReach | Declined:
        """Read everything about switched lines at once, changing nothing."""
        ...
