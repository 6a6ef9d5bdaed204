"""What core asks of a router: look at one line."""

from __future__ import annotations

from typing import Protocol

from core.network.types import ConnectionReport, Line


class RouterGateway(Protocol):
    """Looks at lines through their routers."""

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        """Report the asked sections of a line; raises `Unavailable("router")` when the router cannot be seen."""
        ...
