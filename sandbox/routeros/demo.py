"""RT-01 of the demo data: the router behind the demo customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sandbox.routeros.world import (
    AddressListEntry,
    ApiUser,
    ArpEntry,
    HotspotActive,
    HotspotCookie,
    HotspotProfile,
    HotspotUser,
    Interface,
    ManagerSession,
    ManagerUser,
    PppActive,
    PppProfile,
    PppSecret,
    Router,
    SimpleQueue,
)

_POLICIES = frozenset({"read", "write", "test", "api"})


def demo_router() -> Router:
    """John online over PPPoE, Siti over the hotspot, her shop's static line isolated, Dewi offline."""
    return Router(
        identity="RT-01",
        users=(ApiUser("loket", "loket", _POLICIES),),
        ppp_profiles=(
            PppProfile("REG50M", "50M/50M", "10.10.10.1"),
            PppProfile("REG30M", "30M/30M", "10.10.10.1"),
            PppProfile("EXPIRED", "256k/256k", "10.10.10.1"),
        ),
        hotspot_profiles=(HotspotProfile("REG50M", "50M/50M"),),
        secrets=(
            PppSecret("john_pppoe", "john-line", "REG50M", remote_address="10.10.10.2"),
            PppSecret(
                "dewi_pppoe",
                "dewi-line",
                "REG30M",
                last_logged_out=datetime(2026, 11, 20, 22, 15, 3),  # noqa: DTZ001 - the router's own time
                last_caller_id="AA:BB:CC:00:00:04",
                last_disconnect_reason="peer-request",
            ),
        ),
        ppp_active=(
            PppActive(
                "john_pppoe",
                "10.10.10.2",
                caller_id="AA:BB:CC:DD:EE:FF",
                uptime="1d2h3m4s",
                upload=125_000,
                download=250_000,
                session_id="0x81300077",
            ),
        ),
        hotspot_users=(
            HotspotUser("siti_hs", "siti-line", "REG50M", "2d4h", upload=7_000_000, download=52_000_000),
        ),
        hotspot_active=(
            HotspotActive(
                "siti_hs",
                "10.5.50.21",
                "AA:BB:CC:00:00:02",
                uptime="3h12m5s",
                upload=1_250_000,
                download=9_500_000,
            ),
        ),
        hotspot_cookies=(HotspotCookie("siti_hs", "AA:BB:CC:00:00:02"),),
        arp=(ArpEntry("10.20.0.5", "AA:BB:CC:00:00:03", "ether3", status="reachable"),),
        queues=(SimpleQueue("28900002", "10.20.0.5/32", 640_000, 5_120_000, "25000000/50000000"),),
        interfaces=(
            Interface("ether1", received=250_000_000, sent=90_000_000),
            Interface("bridge", "bridge"),
            Interface("ether3"),
        ),
        address_list=(AddressListEntry("isolir", "10.20.0.5", "28900002"),),
        manager_users=(ManagerUser("john_pppoe", "john-line"),),
        manager_sessions=_johns_sessions(),
        answers_ping=frozenset({"10.10.10.2", "10.5.50.21", "10.20.0.5"}),
    )


def _johns_sessions() -> tuple[ManagerSession, ...]:
    """The example of the MyWifi document: two sessions, 94,000 seconds, 450,000 and 200,000 bytes in all."""
    before = ManagerSession(
        "john_pppoe",
        "R123455",
        "1d5m40s",
        download=300_000,
        upload=125_000,
        nas_ip="10.10.10.1",
        caller_id="AA:BB:CC:DD:EE:FF",
        address="10.10.10.2",
        terminate_cause="user-request",
    )
    now = replace(
        before,
        id="R123456",
        uptime="2h1m",
        download=150_000,
        upload=75_000,
        is_active=True,
        terminate_cause="",
    )
    return (before, now)


def crowded(router: Router, sessions: int) -> Router:
    """The router with so many more PPPoE customers online, each with an address and counters of its own."""
    crowd = tuple(
        PppActive(
            f"customer{number:05d}",
            f"10.{100 + number // 65_536}.{number // 256 % 256}.{number % 256}",
            uptime=f"{number % 20}h{number % 60}m",
            upload=1_000_000 + number,
            download=2_000_000 + number,
            session_id=f"0x{0x82000000 + number:08x}",
        )
        for number in range(sessions)
    )
    return replace(router, ppp_active=(*router.ppp_active, *crowd))


#: The box in John's street, and who is joined to the fibre there besides him.
BOX = "ODP-JKT-07"
NEIGHBOURS = tuple(f"fiber-{number:02}" for number in range(2, 15))


def with_neighbours(router: Router) -> Router:
    """The router with the rest of John's street online, too."""
    street = tuple(
        PppActive(
            user,
            f"10.10.11.{number}",
            uptime=f"{number % 6}d{number}h",
            upload=40_000_000 * number,
            download=500_000_000 * number,
            session_id=f"0x{0x81400000 + number:08x}",
        )
        for number, user in enumerate(NEIGHBOURS, 2)
    )
    secrets = tuple(PppSecret(user, profile="REG50M") for user in NEIGHBOURS)
    return replace(router, ppp_active=(*router.ppp_active, *street), secrets=(*router.secrets, *secrets))
