"""What is recorded: money, identity and keys, by whom, and nothing that is secret."""

from __future__ import annotations

import json

from sqlalchemy import select

from core.audit.tables import audit_log
from core.customers.tables import customers
from core.identity import keys
from core.identity.types import Scope
from core.platform.secrets import Keyring
from tests.core.conftest import Shop

JOHN = 1


async def newest(shop: Shop) -> tuple[str, str, str, dict[str, object]]:
    row = (await shop.all(select(audit_log).order_by(audit_log.c.id)))[-1]
    return row.actor, row.action, row.subject, row.details


async def test_a_payment_is_recorded_with_who_brought_it(shop: Shop) -> None:
    await shop.billing.settle(
        source="key:7", reference="R", invoice_number="INV-2401-001", service_number="ISP00123"
    )
    actor, action, subject, details = await newest(shop)
    assert (actor, action) == ("key:7", "payment_booked")
    assert subject.startswith("invoice:")
    assert details["amount"] == 350_000


async def test_a_change_of_phone_is_recorded_without_the_number(shop: Shop) -> None:
    await shop.customers.change_phone(JOHN, "6281299999999")
    actor, action, subject, details = await newest(shop)
    assert (actor, action, subject) == ("customer:1", "phone_changed", "customer:1")
    assert "628" not in json.dumps(details)


async def test_a_refused_change_is_not_recorded(shop: Shop) -> None:
    before = await shop.all(select(audit_log.c.id))
    phone = (await shop.one(select(customers.c.phone).where(customers.c.id == JOHN))).phone
    await shop.customers.change_phone(JOHN, phone)
    assert await shop.all(select(audit_log.c.id)) == before


async def test_a_new_key_is_recorded_without_the_key(shop: Shop, keyring: Keyring) -> None:
    async with shop.uow.write() as tx:
        await keys.add(tx, keyring, "very-secret", name="kasir", scopes=[Scope.PAY], networks=["10.0.0.0/8"])
    actor, action, subject, details = await newest(shop)
    assert (actor, action, subject.partition(":")[0]) == ("system", "key_created", "key")
    assert details == {"scopes": "pay", "networks": 1}


async def test_a_link_of_a_chat_is_recorded(shop: Shop) -> None:
    await shop.customers.link_chat("telegram", "4711", JOHN)
    _, action, subject, details = await newest(shop)
    assert (action, subject, details["channel"]) == ("chat_linked", "customer:1", "telegram")
