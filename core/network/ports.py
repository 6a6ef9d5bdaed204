"""What core asks of routers: look at one line, switch one, read what is written down about all."""

from __future__ import annotations

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


class RouterGateway(Protocol):
    """Looks at lines through their routers."""

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        """Report the asked sections of a line; raises `Unavailable("router")` when the router cannot be seen."""
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
