"""Who is in the demo: customers with their lines, staff, and the API keys of partners. Every secret here is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from core.customers.accounts import open_account
from core.customers.tables import customers
from core.identity import keys
from core.identity.commands import create_login, create_staff
from core.identity.tables import logins
from core.identity.types import Role, Scope
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx
from core.subscriptions.tables import subscriptions
from core.testing.demo.catalogue import PRICES
from core.testing.demo.rows import add

CUSTOMER_PASSWORD = "rahasia123"  # noqa: S105 - published, refused outside the demo
_LOOPBACK = ("127.0.0.0/8", "::1/128")


class DemoCustomer(Struct, frozen=True):
    """One row of the demo's customer list."""

    id: int
    service_number: str
    name: str
    email: str
    phone: str | None
    mode: str
    line_user: str
    router_id: int
    plan_id: int
    is_isolated: bool = False

    @property
    def line_secret(self) -> str | None:
        """What the modem logs in with; a static line has nothing of the kind."""
        return None if self.mode == "STATIC" else f"{self.line_user.partition('_')[0]}-line"


JOHN = DemoCustomer(
    1, "ISP00123", "John Doe", "john@example.com", "628123456789", "PPPOE", "john_pppoe", 1, 12
)
SITI = DemoCustomer(
    2, "28900001", "Siti Rahma", "siti@example.com", "6281200000001", "HOTSPOT", "siti_hs", 1, 12
)
WARUNG = DemoCustomer(
    3,
    "28900002",
    "Siti Rahma (Warung)",
    "siti.warung@example.com",
    "6281200000001",
    "STATIC",
    "10.20.0.5",
    1,
    12,
    is_isolated=True,
)
AGUS = DemoCustomer(4, "28900003", "Agus Salim", "agus@example.com", None, "PPPOE", "agus_pppoe", 2, 13)
DEWI = DemoCustomer(
    5, "28900004", "Dewi Lestari", "dewi@example.com", "6281200000004", "PPPOE", "dewi_pppoe", 1, 21
)
BAMBANG = DemoCustomer(
    6, "28900005", "Bambang Wijaya", "bambang@example.com", "6281200000005", "PPPOE", "bambang_pppoe", 2, 13
)
CUSTOMERS = (JOHN, SITI, WARUNG, AGUS, DEWI, BAMBANG)

_LINE_PROFILES = {12: "REG50M", 13: "REG100M", 21: "REG30M"}


class DemoStaff(Struct, frozen=True):
    username: str
    password: str
    name: str
    role: Role
    phone: str | None = None


STAFF = (
    DemoStaff("admin", "admin", "Admin", Role.SUPERADMIN, "6281100000001"),
    DemoStaff("budi", "budi1234", "Budi", Role.ADMIN),
    DemoStaff("agen", "agen1234", "Agen", Role.AGENT),
    DemoStaff("sales", "sales1234", "Sales", Role.SALES),
    DemoStaff("laporan", "laporan1234", "Laporan", Role.REPORT),
)
_KEYS = (
    ("demo-partner-key", (Scope.READ, Scope.PAY), _LOOPBACK),
    ("demo-readonly-key", (Scope.READ,), _LOOPBACK),
    ("demo-elsewhere-key", (Scope.READ, Scope.PAY), ("203.0.113.7/32",)),
)


async def load_customers(tx: WriteTx, password_hash: str, keyring: Keyring) -> None:
    """The subscribers, and Rina, who has registered and not subscribed yet."""
    for person in CUSTOMERS:
        await add(tx, customers, [_customer(tx, person, keyring)])
        await open_account(tx, person.id, person.service_number)
        await add(tx, subscriptions, [_subscription(tx, person, keyring)])
    rina = {"name": "Rina", "email": "newuser@example.com", "phone": "6281200000009"}
    await add(tx, customers, [_registered(tx, 7) | rina])
    await open_account(tx, 7, "newuser@example.com")
    for customer_id in range(1, 8):
        await _load_login(tx, customer_id, password_hash)


async def _load_login(tx: WriteTx, customer_id: int, password_hash: str) -> None:
    """A login with the uid that the MyWifi document's examples show."""
    login_id = await create_login(tx, customer_id, password_hash)
    uid = f"2f0d1e6b-1234-4c9f-bc36-6e5d4fabc{customer_id:03d}"
    await tx.execute(logins.update().where(logins.c.id == login_id).values(uid=uid))


def _registered(tx: WriteTx, number: int) -> dict[str, Any]:
    return {"id": number, "uid": f"cst-{number:03d}", "image": "default1.jpg", "created_at": tx.now}


def _customer(tx: WriteTx, person: DemoCustomer, keyring: Keyring) -> dict[str, Any]:
    row = _registered(tx, person.id) | {
        "service_number": person.service_number,
        "region_id": 2 if person.plan_id == 21 else 1,
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "address": f"Jl. Melati No. {person.id}",
        "registered_on": date(2023, 1, 10),
        "activated_on": date(2023, 1, 11),
    }
    return row | (_john(keyring) if person is JOHN else {})


def _john(keyring: Keyring) -> dict[str, Any]:
    """What the MyWifi document shows of its example customer."""
    return {
        "address": "Jl. Fiber No. 1",
        "contact_address": "Jl. Merdeka 123",
        "gender": "Male",
        "identity_type_id": 1,
        "identity_number_sealed": keyring.seal("3201010101010001"),
        "address_verified_on": date(2023, 1, 12),
        "email_verified_on": date(2023, 1, 12),
    }


def _subscription(tx: WriteTx, person: DemoCustomer, keyring: Keyring) -> dict[str, Any]:
    secret = person.line_secret
    return {
        "customer_id": person.id,
        "plan_id": person.plan_id,
        "router_id": person.router_id,
        "quantity": 1,
        "price": PRICES[person.plan_id],
        "discount": 0,
        "status": "active",
        "isolated_at": tx.now - timedelta(days=3) if person.is_isolated else None,
        "mode": person.mode,
        "line_user": person.line_user,
        "line_profile": _LINE_PROFILES[person.plan_id],
        "line_secret_sealed": None if secret is None else keyring.seal(secret),
        "created_at": tx.now,
    }


async def load_staff(tx: WriteTx, password_hashes: Sequence[str]) -> None:
    for member, secret in zip(STAFF, password_hashes, strict=True):
        await create_staff(
            tx,
            username=member.username,
            name=member.name,
            phone=member.phone,
            role=member.role,
            password_hash=secret,
        )


async def load_keys(tx: WriteTx, keyring: Keyring) -> None:
    for key, scopes, networks in _KEYS:
        await keys.add(tx, keyring, key, name=key, scopes=scopes, networks=networks)
