"""A running router: its menus as tables, and what follows in one menu from a change in another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.routeros import rows
from sandbox.routeros.rows import Row
from sandbox.routeros.tables import Table
from sandbox.routeros.world import HotspotActive, HotspotProfile, PppActive, PppProfile, Router

#: Sessions are numbered high on real routers, and anew after every start.
_FIRST_SESSION_ID = 0x80000001


class State:
    """What the router knows at this moment; commands change it, a reboot forgets its sessions."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.uptime = "1w2d03:04:05"
        self.tables = _configuration(router) | _sessions()
        for fact in router.ppp_active:
            self.dial_in(fact)
        for visitor in router.hotspot_active:
            self.let_in(visitor)
        self._modems = router.ppp_active if router.has_modems else ()
        #: Users whose modems cannot dial in whatever the router permits.
        self.without_power: set[str] = set()

    def table(self, menu: str) -> Table | None:
        return self.tables.get(menu)

    def dial_in(self, session: PppActive) -> None:
        """A PPPoE session comes up, with its interface and, when it is limited, its queue."""
        self.tables["/ppp/active"].append(rows.ppp_active(session))
        if session.interface != "":
            self.tables["/interface"].append(rows.ppp_interface(session))
        if session.max_limit:
            self.tables["/queue/simple"].append(rows.session_queue("pppoe", session))

    def let_in(self, session: HotspotActive) -> None:
        """A hotspot session comes up."""
        self.tables["/ip/hotspot/active"].append(rows.hotspot_active(session))
        if session.max_limit:
            self.tables["/queue/simple"].append(rows.session_queue("hotspot", session))

    def end_session(self, menu: str, row: Row) -> None:
        """A session ends: what the router made for it goes with it."""
        self.tables[menu].drop(row)
        kind, user = ("pppoe", row["name"]) if menu == "/ppp/active" else ("hotspot", row["user"])
        for other in ("/interface", "/queue/simple"):
            for made in self.tables[other].select((f"?name=<{kind}-{user}>",))[:1]:
                self.tables[other].drop(made)

    def settle(self) -> None:
        """What people's devices do after a change: a modem that has no session and may have one dials in."""
        for modem in self._modems:
            is_up = self.tables["/ppp/active"].select((f"?name={modem.name}",))
            secret = self.tables["/ppp/secret"].select((f"?name={modem.name}",))
            may_dial = modem.name not in self.without_power and secret and secret[0]["disabled"] == "false"
            if not is_up and may_dial:
                self.dial_in(replace(modem, uptime="1s", upload=0, download=0))

    def reboot(self) -> None:
        """Sessions are gone, ids are new, the clock starts again."""
        self.uptime = "0s"
        for menu in ("/ppp/active", "/ip/hotspot/active"):
            for row in list(self.tables[menu]):
                self.end_session(menu, row)
        for table in self.tables.values():
            table.renumber()

    def resource(self) -> Row:
        return {
            "uptime": self.uptime,
            "version": f"{self.router.version} (stable)",
            "build-time": "2025-02-24 11:12:39",
            "free-memory": "912261120",
            "total-memory": "1073741824",
            "cpu": "ARM64",
            "cpu-count": "4",
            "cpu-frequency": "1400",
            "cpu-load": "3",
            "free-hdd-space": "101650432",
            "total-hdd-space": "134479872",
            "architecture-name": "arm64",
            "board-name": "RB5009UG+S+",
            "platform": "MikroTik",
        }

    def identity(self) -> Row:
        return {"name": self.router.identity}


def _configuration(router: Router) -> dict[str, Table]:
    """What stays over a restart."""
    return {
        "/ppp/secret": Table(
            (rows.secret(fact, router.release) for fact in router.secrets),
            writable="name password profile service caller-id routes remote-address local-address "
            "limit-bytes-in limit-bytes-out disabled comment",
            unique="name",
        ),
        "/ip/hotspot/user": Table(
            map(rows.hotspot_user, router.hotspot_users),
            writable="server name password profile address mac-address limit-uptime limit-bytes-in "
            "limit-bytes-out limit-bytes-total disabled comment",
            unique="name",
        ),
        "/ppp/profile": Table(
            map(rows.ppp_profile, _ppp_profiles(router)),
            writable="name local-address remote-address rate-limit only-one on-up on-down comment",
            unique="name",
        ),
        "/ip/hotspot/user/profile": Table(
            map(rows.hotspot_profile, _hotspot_profiles(router)),
            writable="name shared-users rate-limit address-pool on-login on-logout comment",
            unique="name",
        ),
        "/ip/hotspot/cookie": Table(
            map(rows.hotspot_cookie, router.hotspot_cookies), key="user", can_remove=True
        ),
        "/queue/simple": Table(
            map(rows.queue, router.queues),
            writable="name target parent priority queue max-limit limit-at burst-limit disabled comment",
            unique="name",
        ),
        "/ip/firewall/address-list": Table(
            map(rows.address_list, router.address_list),
            key="address",
            writable="list address timeout disabled comment",
            unique="list address",
        ),
        "/ipv6/firewall/address-list": Table(
            key="address", writable="list address timeout disabled comment", unique="list address"
        ),
        "/interface": Table(map(rows.interface, router.interfaces), writable="name mtu disabled comment"),
        "/ip/arp": Table(
            map(rows.arp, router.arp),
            key="address",
            writable="address mac-address interface published disabled comment",
        ),
        "/ip/dhcp-server/lease": Table(map(rows.lease, router.leases), key="address", can_remove=True),
    } | _user_manager(router)


def _ppp_profiles(router: Router) -> Iterable[PppProfile]:
    """Those described, and what else secrets name: no secret is without its profile."""
    described = {fact.name: fact for fact in router.ppp_profiles}
    named = ["default", *(secret.profile for secret in router.secrets), *described]
    return (described.get(name) or PppProfile(name) for name in dict.fromkeys(named))


def _hotspot_profiles(router: Router) -> Iterable[HotspotProfile]:
    described = {fact.name: fact for fact in router.hotspot_profiles}
    named = ["default", *(user.profile for user in router.hotspot_users), *described]
    return (described.get(name) or HotspotProfile(name) for name in dict.fromkeys(named))


def _sessions() -> dict[str, Table]:
    return {
        "/ppp/active": Table(first_id=_FIRST_SESSION_ID, can_remove=True),
        "/ip/hotspot/active": Table(key="user", first_id=_FIRST_SESSION_ID, can_remove=True),
    }


def _user_manager(router: Router) -> dict[str, Table]:
    """The User Manager moved with version 7; without the package there is no such menu."""
    if router.manager_users is None:
        return {}
    is_old = router.release < (7,)
    menu = "/tool/user-manager" if is_old else "/user-manager"
    return {
        f"{menu}/user": Table(
            (rows.manager_user(fact, router.release) for fact in router.manager_users),
            key="username" if is_old else "name",
            writable="name username customer password group shared-users attributes disabled comment",
            unique="username" if is_old else "name",
        ),
        f"{menu}/session": Table(
            (rows.manager_session(fact, router.release) for fact in router.manager_sessions),
            key="user",
            can_remove=True,
        ),
    }
