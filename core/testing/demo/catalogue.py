"""What the demo's provider sells, can help with, and takes money through."""

from __future__ import annotations

from typing import Any

from core.billing.tables import payment_channels
from core.catalog.tables import plan_categories, plans, regions
from core.customers.tables import identity_types
from core.network.tables import routers
from core.network.types import Transport
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx
from core.testing.demo.rows import add
from core.tickets.commands import clean_solution
from core.tickets.tables import help_solutions, help_types

#: Rupiah a month by plan.
PRICES = {12: 300_000, 13: 450_000, 14: 2_000_000, 15: 100_000, 21: 250_000}


async def load_catalogue(tx: WriteTx, keyring: Keyring) -> None:
    await add(tx, regions, [{"id": 1, "name": "Region Jakarta"}, {"id": 2, "name": "Region Bandung"}])
    await _load_plans(tx)
    kinds = ("Identity Card (KTP)", "Passport", "Driving License (SIM)")
    await add(tx, identity_types, [{"id": number, "name": name} for number, name in enumerate(kinds, 1)])
    await _load_help(tx)
    # Nothing listens on the second router's port: it is the one that can never be seen.
    await add(tx, routers, [_router(1, "RT-01", 8728, keyring), _router(2, "RT-02", 9, keyring)])
    await _load_payment_channels(tx)


async def _load_plans(tx: WriteTx) -> None:
    await add(tx, plan_categories, [{"id": 3, "name": "Internet"}])
    await add(
        tx,
        plans,
        [
            _plan(12, 1, "Home 50 Mbps", 50),
            _plan(13, 1, "Home 100 Mbps", 100),
            _plan(14, 1, "Corporate 200 Mbps", 200, is_public=False),
            _plan(15, 1, "Legacy 10 Mbps", 10, is_active=False),
            _plan(21, 2, "Bandung 30 Mbps", 30),
        ],
    )


def _plan(
    number: int, region: int, name: str, mbps: int, *, is_public: bool = True, is_active: bool = True
) -> dict[str, Any]:
    return {
        "id": number,
        "region_id": region,
        "category_id": 3,
        "name": name,
        "description": "Unlimited broadband",
        "price": PRICES[number],
        "is_public": is_public,
        "is_active": is_active,
        "rate_limit": f"{mbps}M/{mbps}M",
    }


async def _load_help(tx: WriteTx) -> None:
    await add(tx, help_types, [{"id": 1, "name": "Gangguan koneksi"}, {"id": 2, "name": "Tagihan"}])
    await add(
        tx,
        help_solutions,
        [
            _solution(1, 1, "Restart modem", "Silakan matikan lalu nyalakan router."),
            _solution(2, 1, "Kunjungan teknisi", "Teknisi akan menghubungi Anda untuk janji kunjungan."),
            _solution(3, 2, "Cek pembayaran", "Siapkan bukti pembayaran, petugas akan mencocokkannya."),
        ],
    )


def _solution(number: int, help_type: int, name: str, solution: str) -> dict[str, Any]:
    return {"id": number, "help_type_id": help_type, "name": name, "solution": clean_solution(solution)}


def _router(number: int, alias: str, port: int, keyring: Keyring) -> dict[str, Any]:
    return {
        "id": number,
        "alias": alias,
        "host": "127.0.0.1",
        "port": port,
        "transport": Transport.PLAIN,  # the simulator's; a real router is reached over TLS
        "username": "loket",
        "password_sealed": keyring.seal("loket"),
        "is_active": True,
    }


async def _load_payment_channels(tx: WriteTx) -> None:
    await add(
        tx,
        payment_channels,
        [
            _channel("va_bni", "BNI Virtual Account", "999001", 1),
            _channel("alfamart", "Alfamart", "ALFA", 2),
            _channel("indomaret", "Indomaret", "INDO", 3),
        ],
    )


def _channel(code: str, title: str, prefix: str, position: int) -> dict[str, Any]:
    return {
        "code": code,
        "title": title,
        "prefix": prefix,
        "digits_only": False,
        "length": None,
        "is_enabled": True,
        "position": position,
    }
