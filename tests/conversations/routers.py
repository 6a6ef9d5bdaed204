"""Routers that tell what a test has them tell."""

from __future__ import annotations

from core.network.types import Connection, ConnectionReport, Line, Uptime, Usage
from core.platform.errors import Unavailable


class ToldRouters:
    """A `RouterGateway`; a line that nothing was told of cannot be seen."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Connection, Usage]] = {}

    def tell(self, service_number: str, *, uptime_s: int | None, download: int = 0, upload: int = 0) -> None:
        """From now on the line is up since so many seconds, 0 for an unknown time, or down for None."""
        uptime = Uptime(f"{uptime_s}s", uptime_s) if uptime_s else None
        up = Connection(uptime_s is not None, is_isolated=False, ip_address=None, uptime=uptime)
        self._told[service_number] = (up, Usage(upload_bytes=upload, download_bytes=download))

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        if line.service_number not in self._told:
            raise Unavailable("router")
        connection, usage = self._told[line.service_number]
        return ConnectionReport(line, connection, usage if "usage" in sections else None, None)
