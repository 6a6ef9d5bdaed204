"""A router stand-in, its record in the database, and the gateway that looks at lines through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from core.adapters.routeros import Limits, RouterOsGateway
from core.network.tables import routers
from core.network.types import ConnectionReport, Line
from core.platform.clock import ManualClock
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from sandbox.routeros import Simulator

ALL = frozenset({"connection", "usage", "session"})
#: Nothing is remembered, so that every look is one.
FORGETFUL = Limits(kept_for=timedelta(0), record_kept_for=timedelta(0))
RT_01 = 1


def line_of(user: str, mode: str = "PPPOE", **changes: Any) -> Line:
    values = {
        "service_number": f"SN-{user}",
        "customer_name": f"Customer {user}",
        "mode": mode,
        "router_id": RT_01,
        "router_alias": "RT-01",
        "user": user,
        "profile": "REG50M",
        "is_isolated": False,
    }
    return Line(**{**values, **changes})


JOHN = line_of("john_pppoe")
SITI = line_of("siti_hs", "HOTSPOT")
SHOP = line_of("10.20.0.5", "STATIC", is_isolated=True)
DEWI = line_of("dewi_pppoe")


@dataclass
class Stage:
    """What a test drives."""

    uow: UnitOfWork
    keyring: Keyring
    clock: ManualClock
    opened: list[RouterOsGateway] = field(default_factory=list)

    async def record(self, simulator: Simulator, *, router_id: int = RT_01, **changes: Any) -> None:
        """Write down where the router is, in place of what was written before."""
        values = {
            "alias": f"RT-{router_id:02}",
            "host": simulator.host,
            "port": simulator.port,
            "transport": "plain",
            "ca_pem": None,
            "username": "loket",
            "password_sealed": self.keyring.seal("loket"),
            "is_active": True,
        }
        async with self.uow.write() as tx:
            await tx.execute(routers.delete().where(routers.c.id == router_id))
            await tx.insert(routers, id=router_id, **{**values, **changes})

    def gateway(self, limits: Limits = FORGETFUL, *, allow_loopback: bool = True) -> RouterOsGateway:
        made = RouterOsGateway(
            self.uow, self.keyring, self.clock, limits=limits, allow_loopback=allow_loopback
        )
        self.opened.append(made)
        return made

    async def look(self, line: Line, sections: frozenset[str] = ALL) -> ConnectionReport:
        return await self.gateway().look(line, sections)

    async def aclose(self) -> None:
        for gateway in self.opened:
            await gateway.aclose()


@asynccontextmanager
async def staged(uow: UnitOfWork, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Stage]:
    stage = Stage(uow, keyring, clock)
    try:
        yield stage
    finally:
        await stage.aclose()
