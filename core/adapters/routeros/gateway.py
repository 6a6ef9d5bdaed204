"""Looks at customers' lines through their routers and switches them: the `RouterGateway` and `LineSwitch` of production."""

from __future__ import annotations

import asyncio
from datetime import datetime
from ipaddress import ip_address
from typing import NoReturn, TypeVar

import structlog

from core.adapters.routeros import hotspot, pppoe, static
from core.adapters.routeros.access import Access, Directory
from core.adapters.routeros.address_lists import AddressSwitch
from core.adapters.routeros.dialling import Dialler
from core.adapters.routeros.errors import (
    BROKEN,
    Denied,
    LoginRefused,
    Misconfigured,
    Refused,
    Resting,
    RouterTrouble,
)
from core.adapters.routeros.findings import report
from core.adapters.routeros.link import Limits, Link, Work
from core.adapters.routeros.reports import Flights, Reports
from core.adapters.routeros.scanning import scan
from core.adapters.routeros.sight import Sight
from core.adapters.routeros.surveying import survey
from core.adapters.routeros.talk import Talk
from core.adapters.routeros.users import HOTSPOT, PPP, PPPOE, UserSwitch
from core.monitoring.types import Snapshot, Wanted
from core.network.types import (
    Applied,
    ConnectionReport,
    Declined,
    DesiredLine,
    Isolation,
    Line,
    OutOfReach,
    Survey,
    Switched,
)
from core.platform.clock import Clock
from core.platform.errors import Unavailable
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork

_MODES = {"PPPOE": pppoe.look, "HOTSPOT": hotspot.look, "STATIC": static.look}
_USERS = {"PPPOE": PPPOE, "HOTSPOT": HOTSPOT, "VPN": PPP}
T = TypeVar("T")
_DEFAULT_LIMITS = Limits()
_log = structlog.get_logger()


class RouterOsGateway:
    """Speaks to MikroTik routers of version 6 and 7 over their API (routeros contract).

    Every refusal of a look is `Unavailable("router")`: what went wrong is the operator's to know, and in the log with the router's
    alias. Routers do not share anything here, so that one that hangs delays only questions about itself.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        keyring: Keyring,
        clock: Clock,
        *,
        limits: Limits = _DEFAULT_LIMITS,
        allow_loopback: bool = False,
    ) -> None:
        self._clock, self._keyring, self._limits = clock, keyring, limits
        self._directory = Directory(uow, kept_for=limits.record_kept_for)
        self._dialler = Dialler(keyring, allow_loopback=allow_loopback)
        self._reports, self._flights = Reports(kept_for=limits.kept_for), Flights()
        self._links: dict[int, Link] = {}

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        """Report the asked sections; an answer may be as old as `Limits.kept_for`, and never of another line."""
        recent = self._reports.recall(line, sections, self._clock.now())
        if recent is not None:
            return recent
        return await self._flights.join(line, sections, lambda: self._look(line, sections))

    async def apply(self, line: Line, desired: DesiredLine) -> Switched:
        """Bring the line to what is desired and read back that it is; a repeat finds nothing left to do."""
        try:
            switch = self._switch(line, desired)
            changes = await self._run(line.router_id, switch.carry_out, self._limits.switching_s)
        except (RouterTrouble, *BROKEN) as trouble:
            return _told(trouble, router=line.router_alias, service_number=line.service_number)
        self._reports.forget(line.router_id, line.user)
        return Applied(changes)

    async def survey(
        self, router_id: int, router_alias: str, isolation: Isolation
    ) -> Survey | OutOfReach | Declined:
        """Read users, profiles and the list of isolated addresses at once."""
        try:
            return await self._run(router_id, lambda talk: survey(talk, isolation), self._limits.survey_s)
        except (RouterTrouble, *BROKEN) as trouble:
            return _told(trouble, router=router_alias)

    async def scan(
        self, router_id: int, router_alias: str, wanted: Wanted
    ) -> Snapshot | OutOfReach | Declined:
        """Read who is online."""
        try:
            return await self._run(router_id, lambda talk: scan(talk, wanted), self._limits.scan_s)
        except (RouterTrouble, *BROKEN) as trouble:
            return _told(trouble, router=router_alias)

    def _switch(self, line: Line, desired: DesiredLine) -> UserSwitch | AddressSwitch:
        if not line.user:
            raise Denied("line without a user")
        if line.mode == "STATIC":
            return AddressSwitch(line, desired)
        if line.mode not in _USERS:
            raise Denied("line without a known mode")
        secret = None
        if desired.secret_sealed is not None:
            secret = self._keyring.unseal(desired.secret_sealed)
            if secret is None:
                raise Denied("the line's secret cannot be unsealed")
        return UserSwitch(_USERS[line.mode], line, desired, secret)

    async def _run(self, router_id: int, work: Work[T], patience_s: float) -> T:
        until = asyncio.get_running_loop().time() + patience_s
        access = await self._directory.find(router_id, self._clock.now())
        return await self._link(access).run(work, until=until)

    async def aclose(self) -> None:
        """Break off what is under way and hang up on every router."""
        await self._flights.aclose()
        for link in self._links.values():
            link.close()

    async def _look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        until = asyncio.get_running_loop().time() + self._limits.deadline_s
        asked_at = self._clock.now()
        try:
            seen = await self._seen(line, sections, asked_at, until)
        except (RouterTrouble, *BROKEN) as trouble:
            _refuse(line, trouble)
        self._reports.keep(line, sections, seen, asked_at)
        return seen

    async def _seen(
        self, line: Line, sections: frozenset[str], now: datetime, until: float
    ) -> ConnectionReport:
        mode = _MODES.get(line.mode)
        if mode is None or not line.user:
            raise Misconfigured("line without a known mode and user")
        access = await self._directory.find(line.router_id, now)
        router_ip = _address(access.host)

        async def work(talk: Talk) -> ConnectionReport:
            return report(line, sections, await mode(Sight(talk, line, sections, router_ip)))

        return await self._link(access).run(work, until=until)

    def _link(self, access: Access) -> Link:
        """The router's link; a changed record begins a new one, with nothing remembered of the old address."""
        link = self._links.get(access.id)
        if link is None or link.access != access:
            if link is not None:
                link.close()
            link = self._links[access.id] = Link(access, self._dialler, self._clock, self._limits)
        return link


def _address(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _refuse(line: Line, trouble: Exception) -> NoReturn:
    """Tell the operator the reason, and the customer that the line is out of sight (design §3.7)."""
    outcome = _told(trouble, router=line.router_alias, service_number=line.service_number)
    if isinstance(outcome, OutOfReach) and outcome.retry_after_s is not None:
        raise Unavailable("router", retry_after_s=outcome.retry_after_s) from trouble
    raise Unavailable("router") from trouble


def _told(trouble: Exception, **facts: str) -> OutOfReach | Declined:
    """What came of it, written down for the operator with the router's alias."""
    match trouble:
        case Resting(retry_after_s=retry_after_s):
            _log.info("router_resting", **facts)
            return OutOfReach("left alone after repeated failures", retry_after_s)
        case Refused():
            _log.error("router_needs_attention", reason=str(trouble), **facts)
            return Declined(str(trouble), is_final=isinstance(trouble, Denied))
        case LoginRefused() | Misconfigured():
            _log.error("router_needs_attention", reason=str(trouble), **facts)
        case _:
            _log.warning("router_unreachable", reason=_reason(trouble), **facts)
    return OutOfReach(_reason(trouble))


def _reason(trouble: Exception) -> str:
    """What the router itself says stays out: it may quote a customer's name."""
    return str(trouble) if isinstance(trouble, RouterTrouble) else type(trouble).__name__
