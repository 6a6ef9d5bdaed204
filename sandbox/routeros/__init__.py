"""A stand-in for MikroTik routers: the RouterOS API at wire level, with a describable world and faults on demand."""

from sandbox.routeros.demo import crowded, demo_router
from sandbox.routeros.faults import (
    Babbles,
    Closes,
    Dies,
    Drip,
    Faults,
    HalfWord,
    Hang,
    Lies,
    Reboots,
    Refuses,
    Slow,
)
from sandbox.routeros.simulator import Simulator
from sandbox.routeros.wire import Request
from sandbox.routeros.world import (
    AddressListEntry,
    ApiUser,
    ArpEntry,
    HotspotActive,
    HotspotUser,
    Interface,
    Lease,
    ManagerSession,
    ManagerUser,
    PppActive,
    PppSecret,
    Router,
    SimpleQueue,
)

__all__ = [
    "AddressListEntry",
    "ApiUser",
    "ArpEntry",
    "Babbles",
    "Closes",
    "Dies",
    "Drip",
    "Faults",
    "HalfWord",
    "Hang",
    "HotspotActive",
    "HotspotUser",
    "Interface",
    "Lease",
    "Lies",
    "ManagerSession",
    "ManagerUser",
    "PppActive",
    "PppSecret",
    "Reboots",
    "Refuses",
    "Request",
    "Router",
    "SimpleQueue",
    "Simulator",
    "Slow",
    "crowded",
    "demo_router",
]
