"""Whether this process can serve."""

from __future__ import annotations

import structlog
from msgspec import Struct
from quart import Blueprint, Response

from api.http import answer
from core.migrations import versions
from core.services import Services

log = structlog.get_logger(__name__)


class Health(Struct, frozen=True):
    status: str


class Readiness:
    """Asks the database. That the schema is current is asked until it is: it does not grow old while a process runs."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._schema_is_current = False

    async def can_serve(self) -> bool:
        """Never raises: whatever keeps the database from answering is the answer."""
        try:
            await self._check_schema()
            await self._services.catalog.regions()
        except Exception:  # a driver has many ways to say that nobody is there
            log.exception("health_check_failed")
            return False
        return self._schema_is_current

    async def _check_schema(self) -> None:
        if not self._schema_is_current:
            present, newest = await versions(self._services.settings.database_url)
            self._schema_is_current = present == newest


def blueprint(services: Services) -> Blueprint:
    """`GET /healthz`: 200 once the database answers and its schema is this code's, else 503."""
    routes = Blueprint("health", __name__)
    readiness = Readiness(services)

    @routes.get("/healthz")
    async def show_health() -> Response:
        if await readiness.can_serve():
            return answer(Health("ok"))
        return answer(Health("unavailable"), 503)

    return routes
