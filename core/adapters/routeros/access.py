"""Where a router is reached and how: read from the database, kept for a few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import select

from core.adapters.routeros.errors import Misconfigured
from core.network.tables import routers
from core.network.types import Transport
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork

_record = select(
    routers.c.id,
    routers.c.alias,
    routers.c.host,
    routers.c.port,
    routers.c.transport,
    routers.c.ca_pem,
    routers.c.username,
    routers.c.password_sealed,
    routers.c.is_active,
)


class Access(Struct, frozen=True):
    """One router as configured. The password stays sealed until the moment of logging in."""

    id: int
    alias: str
    host: str
    port: int
    transport: Transport
    ca_pem: str | None
    username: str
    password_sealed: str

    def password(self, keyring: Keyring) -> str:
        """Raises `Misconfigured` when the master secret it was sealed with is lost."""
        password = keyring.unseal(self.password_sealed)
        if password is None:
            raise Misconfigured("password cannot be unsealed")
        return password


class Directory:
    """Looks routers up; a changed record is used after `kept_for` at the latest."""

    def __init__(self, uow: UnitOfWork, *, kept_for: timedelta) -> None:
        self._uow, self._kept_for = uow, kept_for
        self._known: dict[int, tuple[datetime, Access]] = {}

    async def find(self, router_id: int, now: datetime) -> Access:
        """Raises `Misconfigured` for a router that is unknown or switched off."""
        read_at, access = self._known.get(router_id, (None, None))
        if access is None or read_at is None or now - read_at >= self._kept_for:
            access = await self._read(router_id)
            self._known[router_id] = (now, access)
        return access

    async def _read(self, router_id: int) -> Access:
        self._known.pop(router_id, None)
        async with self._uow.read() as tx:
            row = await tx.first(_record.where(routers.c.id == router_id))
        if row is None or not row.is_active:
            raise Misconfigured("unknown or switched off")
        return Access(
            id=row.id,
            alias=row.alias,
            host=row.host,
            port=row.port,
            transport=Transport(row.transport),
            ca_pem=row.ca_pem,
            username=row.username,
            password_sealed=row.password_sealed,
        )
