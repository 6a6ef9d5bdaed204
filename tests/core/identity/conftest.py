"""People to log in, and what identity needs to know them: cheap hashes, a look into the outbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from core.customers.tables import customers
from core.identity.commands import create_login
from core.identity.passwords import Cost, Passwords
from core.identity.usecases import Identity
from core.platform.clock import ManualClock
from core.platform.outbox import outbox
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, open_uow
from core.settings import Settings
from tests.core.identity.people import AddCustomer, SentCode


@pytest.fixture(scope="session")
def passwords() -> Iterator[Passwords]:
    """The real hashes at a price that a test can pay."""
    hasher = Passwords(Cost(memory_kib=64, passes=1))
    yield hasher
    hasher.close()


@pytest.fixture
def identity(uow: UnitOfWork, settings: Settings, keyring: Keyring, passwords: Passwords) -> Identity:
    return Identity(uow, settings, keyring, passwords)


@pytest.fixture
def echoing(uow: UnitOfWork, settings: Settings, keyring: Keyring, passwords: Passwords) -> Identity:
    return Identity(uow, replace(settings, otp_echo=True), keyring, passwords)


@pytest.fixture
def uniform(uow: UnitOfWork, settings: Settings, keyring: Keyring, passwords: Passwords) -> Identity:
    return Identity(uow, replace(settings, recovery_uniform=True), keyring, passwords)


@pytest.fixture
async def elsewhere(
    database_url: str, clock: ManualClock, settings: Settings, keyring: Keyring, passwords: Passwords
) -> AsyncIterator[Identity]:
    """The same installation in a second process."""
    unit = open_uow(database_url, clock)
    yield Identity(unit, settings, keyring, passwords)
    await unit.aclose()


@pytest.fixture
def add_customer(uow: UnitOfWork, passwords: Passwords) -> AddCustomer:
    """Store a customer with a login; returns the customer's id. `password_hash` overrides `password`."""

    async def add(
        service_number: str | None = "28900001",
        *,
        email: str | None = "siti@example.com",
        phone: str | None = "628123456789",
        password: str = "kopi-tubruk-7",
        password_hash: str | None = None,
        **facts: object,
    ) -> int:
        hashed = password_hash or await passwords.hash(password)
        async with uow.write() as tx:
            values = {"name": "Siti Rahma", "image": "default1.jpg", "created_at": tx.now} | facts
            customer_id = await tx.insert(
                customers,
                uid=f"cst-{service_number or email}",
                service_number=service_number,
                email=email,
                phone=phone,
                **values,
            )
            await create_login(tx, customer_id, hashed)
        return customer_id

    return add


@pytest.fixture
def sent_code(uow: UnitOfWork) -> SentCode:
    """The code in the newest message of the outbox, as its owner reads it."""

    async def read() -> str:
        async with uow.read() as tx:
            payload = await tx.scalar(select(outbox.c.payload).order_by(outbox.c.id.desc()).limit(1))
        found = re.search(r"\*(\d{6})\*", payload["text"])
        assert found is not None
        return found[1]

    return read
