"""A router described by its facts: who may log in, whose sessions are up, what the queues have counted.

Bytes are counted from the customer's side here (upload, download); `rows` writes them as a router does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

#: Everything an API user may need: `test` is for ping, `sensitive` shows passwords.
ALL_POLICIES = frozenset({"read", "write", "test", "api", "sensitive"})


@dataclass(frozen=True)
class ApiUser:
    """Who may log in over the API, and what its group permits."""

    name: str
    password: str
    policies: frozenset[str] = ALL_POLICIES


@dataclass(frozen=True)
class PppProfile:
    """What PPP sessions of one kind get; without a rate limit they have none."""

    name: str
    rate_limit: str = ""
    local_address: str = ""
    remote_address: str = ""


@dataclass(frozen=True)
class PppSecret:
    """A PPPoE customer the router knows itself; customers known to RADIUS have none."""

    name: str
    password: str = ""
    profile: str = "default"
    remote_address: str = ""
    is_disabled: bool = False
    #: In the router's own time, without a zone; None for never.
    last_logged_out: datetime | None = None
    last_caller_id: str = ""
    last_disconnect_reason: str = ""
    comment: str = ""


@dataclass(frozen=True)
class PppActive:
    """A PPPoE session that is up. Its counters live on its dynamic interface."""

    name: str
    address: str
    caller_id: str = ""
    uptime: str = "1h"
    upload: int = 0
    download: int = 0
    session_id: str = "0x81300001"
    is_radius: bool = False
    #: The dynamic interface, `<pppoe-NAME>` when None; empty for a session without one.
    interface: str | None = None
    #: Upload/download in bits per second; empty for an unlimited session, which has no dynamic queue.
    max_limit: str = ""


@dataclass(frozen=True)
class HotspotProfile:
    """What hotspot sessions of one kind get."""

    name: str
    rate_limit: str = ""
    shared_users: int = 1


@dataclass(frozen=True)
class HotspotCookie:
    """A device that will be let in again without a password."""

    user: str
    mac_address: str = ""


@dataclass(frozen=True)
class HotspotUser:
    """A hotspot login with what its finished sessions have added up to."""

    name: str
    password: str = ""
    profile: str = "default"
    uptime: str = "0s"
    upload: int = 0
    download: int = 0
    limit_uptime: str = ""
    limit_bytes_total: int = 0
    is_disabled: bool = False
    comment: str = ""


@dataclass(frozen=True)
class HotspotActive:
    """A hotspot session that is up."""

    user: str
    address: str
    mac_address: str = ""
    uptime: str = "1h"
    upload: int = 0
    download: int = 0
    max_limit: str = ""


@dataclass(frozen=True)
class ArpEntry:
    """A neighbour; an empty `mac_address` is one that was asked for and did not answer."""

    address: str
    mac_address: str = ""
    interface: str = "bridge"
    #: Only newer routers print it: reachable, stale, delay, probe, failed, permanent …
    status: str = ""
    is_disabled: bool = False


@dataclass(frozen=True)
class Lease:
    """A DHCP lease: bound, waiting or offered."""

    address: str
    mac_address: str
    status: str = "bound"
    last_seen: str = "5s"
    host_name: str = ""


@dataclass(frozen=True)
class SimpleQueue:
    """A queue somebody configured, with what it has counted."""

    name: str
    target: str
    upload: int = 0
    download: int = 0
    max_limit: str = "0/0"
    is_disabled: bool = False
    is_dynamic: bool = False


@dataclass(frozen=True)
class Interface:
    """A port or bridge of the router itself."""

    name: str
    kind: str = "ether"
    received: int = 0
    sent: int = 0


@dataclass(frozen=True)
class AddressListEntry:
    """An address on one of the firewall's lists, such as the one of isolated lines."""

    list: str
    address: str
    comment: str = ""
    is_disabled: bool = False


@dataclass(frozen=True)
class ManagerUser:
    """A login of the User Manager."""

    name: str
    password: str = ""
    group: str = "default"
    is_disabled: bool = False


@dataclass(frozen=True)
class ManagerSession:
    """A session in the User Manager's books, counted from the customer's side."""

    user: str
    id: str
    uptime: str = "0s"
    download: int = 0
    upload: int = 0
    nas_ip: str = ""
    caller_id: str = ""
    address: str = ""
    is_active: bool = False
    started: datetime = datetime(2026, 1, 1, 8, 0)  # noqa: DTZ001 - routers print their own time, without a zone
    terminate_cause: str = ""


@dataclass(frozen=True)
class Router:
    """One router, as it stands when the simulator starts."""

    identity: str = "MikroTik"
    version: str = "7.18.2"
    users: Sequence[ApiUser] = (ApiUser("admin", ""),)
    #: Besides `default` and those that secrets and users name.
    ppp_profiles: Sequence[PppProfile] = ()
    hotspot_profiles: Sequence[HotspotProfile] = ()
    secrets: Sequence[PppSecret] = ()
    ppp_active: Sequence[PppActive] = ()
    hotspot_users: Sequence[HotspotUser] = ()
    hotspot_active: Sequence[HotspotActive] = ()
    hotspot_cookies: Sequence[HotspotCookie] = ()
    arp: Sequence[ArpEntry] = ()
    leases: Sequence[Lease] = ()
    queues: Sequence[SimpleQueue] = ()
    interfaces: Sequence[Interface] = (Interface("ether1"),)
    address_list: Sequence[AddressListEntry] = ()
    #: None for a router without the User Manager package.
    manager_users: Sequence[ManagerUser] | None = ()
    manager_sessions: Sequence[ManagerSession] = ()
    #: Whether the modems of those who were online dial in again by themselves whenever they may.
    has_modems: bool = False
    #: Addresses that answer a ping.
    answers_ping: frozenset[str] = frozenset()

    @property
    def release(self) -> tuple[int, ...]:
        """`7.18.2` as numbers that compare."""
        return tuple(int(part) for part in self.version.split(".") if part.isdecimal())

    @property
    def says_empty(self) -> bool:
        """Whether an answer without rows carries `!empty` (since 7.18)."""
        return self.release >= (7, 18)

    @property
    def challenges(self) -> bool:
        """Whether a login is answered by a challenge (before 6.43)."""
        return self.release < (6, 43)
