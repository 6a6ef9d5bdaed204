"""The demo data: a small provider with customers, bills and tickets, loaded into an empty database.

Facts that the documents' examples show are given by date; the rest is relative to the day of loading.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from core.customers.tables import customers
from core.identity.passwords import Cost, Passwords
from core.platform.errors import Forbidden
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx
from core.services import Services
from core.testing.demo.catalogue import load_catalogue
from core.testing.demo.lines import load_lines
from core.testing.demo.papers import load_bills, load_tickets
from core.testing.demo.partners import load_partners
from core.testing.demo.people import (
    CUSTOMER_PASSWORD,
    CUSTOMERS,
    STAFF,
    DemoCustomer,
    load_customers,
    load_keys,
    load_staff,
)
from core.testing.demo.rows import advance_sequences

__all__ = ["CUSTOMERS", "CUSTOMER_PASSWORD", "DemoCustomer", "load_demo"]


#: The passwords are published, so their hashes need not be dear; a login replaces them by proper ones.
_LIGHT = Cost(memory_kib=64, passes=1)


async def load_demo(services: Services) -> bool:
    """Fill an empty database, all or nothing; False when somebody is in it already.

    Raises `Forbidden("demo_in_production")`: every password in it is published.
    """
    if services.settings.env == "production":
        raise Forbidden("demo_in_production")
    async with services.uow.read() as glance:
        if await _is_inhabited(glance):
            return False
    secret, *staff_secrets = await _hashed(CUSTOMER_PASSWORD, *(member.password for member in STAFF))
    keyring, zone = Keyring(services.settings.masters), services.settings.zone
    async with services.uow.write() as tx:
        if await _is_inhabited(tx):
            return False
        await load_catalogue(tx, keyring)
        await load_customers(tx, secret, keyring)
        await load_staff(tx, staff_secrets)
        await load_keys(tx, keyring)
        await load_partners(tx, keyring)
        await load_bills(tx, zone, isolation_after_days=services.settings.isolation_after_days)
        await load_tickets(tx, zone)
        await load_lines(tx)
        await advance_sequences(tx)
    return True


async def _is_inhabited(tx: ReadTx) -> bool:
    return await tx.scalar(select(customers.c.id).limit(1)) is not None


async def _hashed(*secrets: str) -> list[str]:
    passwords = Passwords(_LIGHT)
    try:
        return await asyncio.gather(*map(passwords.hash, secrets))
    finally:
        passwords.close()
