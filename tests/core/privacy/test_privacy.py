"""A copy holds what is kept and nobody else's; being forgotten comes in a week, keeps the books, and leaves no name."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit.tables import audit_log
from core.billing.tables import invoices
from core.broadcasts.tables import broadcast_recipients, broadcasts
from core.customers.tables import chat_links, customers
from core.handover.tables import handover_lines, handovers
from core.identity.passwords import Cost, Passwords
from core.identity.tables import logins
from core.identity.types import Verified
from core.identity.usecases import Identity
from core.messaging import chats
from core.messaging.chats import Chat
from core.messaging.notices import TEXT_TOPIC
from core.messaging.tables import inbound_messages
from core.platform.clock import ManualClock
from core.platform.db import metadata
from core.platform.errors import Conflict, NotFound
from core.platform.outbox import State, outbox
from core.platform.secrets import Keyring
from core.privacy.usecases import Privacy
from core.proofs.tables import payment_proofs, proof_pictures
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.tickets.tables import tickets
from tests.core.conftest import Shop

JOHN, SITI, WARUNG, DEWI = 1, 2, 3, 5
DEWIS, JOHNS = "6281200000004", "628123456789"


@pytest.fixture
def privacy(shop: Shop, settings: Settings, keyring: Keyring) -> Privacy:
    return Privacy(shop.uow, settings, keyring)


class Owners:
    """Proves owners, the way a chat does."""

    def __init__(self, shop: Shop, settings: Settings, keyring: Keyring) -> None:
        self._shop = shop
        self._identity = Identity(shop.uow, settings, keyring, Passwords(Cost(memory_kib=64, passes=1)))
        self._count = 0

    async def grant(self, number: str) -> str:
        self._count += 1
        await self._identity.start_recovery(number, ip="chat:1", request_id=f"own-{self._count}")
        code = (await self._shop.queued(TEXT_TOPIC))[-1]["text"].split("*")[1]
        checked = await self._identity.check_code(number, code, request_id=f"owned-{self._count}")
        assert isinstance(checked, Verified)
        return checked.grant


@pytest.fixture
def owners(shop: Shop, settings: Settings, keyring: Keyring) -> Owners:
    return Owners(shop, settings, keyring)


async def test_a_copy_holds_the_own_data_and_is_soon_over(
    privacy: Privacy, owners: Owners, clock: ManualClock
) -> None:
    copy = await privacy.copy(JOHN, grant=await owners.grant("ISP00123"), request_id="c1")
    render = privacy.renderers()[copy.file.source]
    data = json.loads((await render(copy.file.args)).content)
    assert data["person"]["name"] == "John Doe"
    assert data["person"]["identity_number"] == "3201010101010001"
    assert {"230130001", "INV-2401-001"} <= {bill["number"] for bill in data["invoices"]}
    assert "Dewi" not in json.dumps(data)
    assert "sealed" not in json.dumps(data)
    assert (copy.name, copy.phone) == ("John Doe", JOHNS)
    assert copy.bills == len(data["invoices"])
    clock.move(timedelta(minutes=31))
    with pytest.raises(NotFound, match="attachment"):
        await render(copy.file.args)


async def test_neither_comes_without_a_fresh_proof_of_this_owner(privacy: Privacy, owners: Owners) -> None:
    foreign = await owners.grant("ISP00123")
    for refused in (
        privacy.copy(DEWI, grant=foreign, request_id="c1"),
        privacy.request_erasure(DEWI, grant=foreign, request_id="e1"),
    ):
        with pytest.raises(Conflict, match="grant_over"):
            await refused


async def test_who_owes_is_told_to_pay_first(privacy: Privacy, owners: Owners) -> None:
    assert (await privacy.standing(JOHN)).unpaid == 627_500
    with pytest.raises(Conflict, match="unpaid_bills"):
        await privacy.request_erasure(JOHN, grant=await owners.grant("ISP00123"), request_id="e1")


async def test_nothing_is_erased_before_the_week_is_over_or_after_a_change_of_mind(
    shop: Shop, privacy: Privacy, owners: Owners, clock: ManualClock
) -> None:
    due = await privacy.request_erasure(DEWI, grant=await owners.grant("28900004"), request_id="e1")
    assert due == clock.now() + timedelta(days=7)
    clock.move(timedelta(days=6, hours=23))
    assert await privacy.erase_due() == 0
    assert await privacy.withdraw_erasure(DEWI)
    assert not await privacy.withdraw_erasure(DEWI)
    clock.move(timedelta(days=30))
    assert await privacy.erase_due() == 0
    assert (await shop.one(select(customers.c.name).where(customers.c.id == DEWI))).name == "Dewi Lestari"


async def test_a_forgotten_customer_leaves_bills_and_no_name(
    shop: Shop, privacy: Privacy, owners: Owners, clock: ManualClock
) -> None:
    await shop.customers.link_chat("telegram", "42", DEWI)
    async with shop.uow.write() as tx:
        for number, chat in enumerate(
            (Chat("whatsapp", DEWIS), Chat("telegram", "42"), Chat("whatsapp", JOHNS))
        ):
            await chats.save_turn(tx, chat, message_id=f"m{number}", replies=[{"text": "Dewi"}])
    bills = await shop.billing.invoices_of(DEWI, status=None)
    await privacy.request_erasure(DEWI, grant=await owners.grant("28900004"), request_id="e1")
    clock.move(timedelta(days=7))
    assert sum(await asyncio.gather(privacy.erase_due(), privacy.erase_due())) == 1
    row = await shop.one(select(customers).where(customers.c.id == DEWI))
    assert (row.name, row.phone, row.email, row.address, row.service_number) == (
        "-",
        None,
        None,
        None,
        "28900004",
    )
    assert await shop.billing.invoices_of(DEWI, status=None) == bills
    assert (
        await shop.one(select(subscriptions).where(subscriptions.c.customer_id == DEWI))
    ).status == "inactive"
    assert await shop.all(select(chat_links).where(chat_links.c.customer_id == DEWI)) == []
    assert await shop.customers.services_of_chat("whatsapp", DEWIS) == ()
    assert [each.message_id for each in await shop.all(select(inbound_messages))] == ["m2"]
    login = await shop.one(select(logins).where(logins.c.customer_id == DEWI))
    assert (login.is_active, login.password_hash, login.token_version) == (False, None, 2)
    assert {
        each.description for each in await shop.all(select(tickets).where(tickets.c.customer_id == DEWI))
    } <= {"-"}
    assert "Dewi" not in str(await shop.queued(TEXT_TOPIC))
    assert "customer_erased" in {each.action for each in await shop.all(select(audit_log.c.action))}
    await shop.check_books()


async def test_a_chat_shared_with_another_service_keeps_its_words(
    shop: Shop, privacy: Privacy, owners: Owners, clock: ManualClock
) -> None:
    async with shop.uow.write() as tx:
        await chats.save_turn(tx, Chat("whatsapp", "6281200000001"), message_id="m", replies=[])
    for bill in await shop.billing.invoices_of(SITI):
        await shop.billing.settle(
            source="t", reference=bill.number, invoice_number=bill.number, service_number="28900001"
        )
    await privacy.request_erasure(SITI, grant=await owners.grant("28900001"), request_id="e1")
    clock.move(timedelta(days=7))
    assert await privacy.erase_due() == 1
    assert len(await shop.all(select(inbound_messages))) == 1
    own = await shop.customers.services_of_chat("whatsapp", "6281200000001")
    assert [each.customer_id for each in own] == [WARUNG]


async def traces(shop: Shop, *words: str) -> list[str]:
    """Where any of these words still stands, in any column of any table."""
    found = []
    for table in metadata.sorted_tables:
        rows = await shop.all(select(table))
        for column in table.columns:
            texts = " ".join(str(row._mapping[column.name]) for row in rows)
            found += [f"{table.name}.{column.name}: {word}" for word in words if word in texts]
    return found


async def test_no_column_of_any_table_names_the_forgotten(
    shop: Shop, privacy: Privacy, owners: Owners, clock: ManualClock
) -> None:
    bill = (await shop.billing.invoices_of(DEWI, status=None))[0]
    async with shop.uow.write() as tx:
        chat = {"channel": "whatsapp", "address": DEWIS, "language": "id"}
        invoice = await tx.scalar(select(invoices.c.id).where(invoices.c.number == bill.number))
        proof = await tx.insert(
            payment_proofs,
            **chat,
            invoice_id=invoice,
            state="rejected",
            media_type="image/png",
            sha256="-",
            request_id="p1",
            sent_at=tx.now,
        )
        await tx.execute(proof_pictures.insert().values(proof_id=proof, content=b"Dewi Lestari"))
        talk = await tx.insert(
            handovers, **chat, customer_id=DEWI, state="closed", request_id="h1", requested_at=tx.now
        )
        await tx.insert(
            handover_lines, handover_id=talk, message_key="l1", text="Saya Dewi Lestari", said_at=tx.now
        )
        anybody = await tx.scalar(select(logins.c.id).where(logins.c.customer_id == JOHN))
        broadcast = await tx.insert(
            broadcasts,
            staff_id=anybody,
            request_id="b1",
            audience="all",
            body="Halo {nama}",
            state="done",
            expected=1,
            cursor=9,
            step=1,
            queued=1,
            stopped=0,
            created_at=tx.now,
        )
        await tx.insert(
            broadcast_recipients, broadcast_id=broadcast, person=DEWIS, customer_id=DEWI, job_key="b-1"
        )
        await chats.save_turn(
            tx, Chat("whatsapp", DEWIS), message_id="m1", replies=[{"text": "Halo Dewi Lestari"}]
        )
    await privacy.request_erasure(DEWI, grant=await owners.grant("28900004"), request_id="e1")
    await shop.change(outbox.update().values(state=State.DONE))
    await shop.change(outbox.update().where(outbox.c.sensitive).values(payload={}))
    named = ("Dewi Lestari", DEWIS, "dewi@example.com")
    assert {each.split(":")[0] for each in await traces(shop, *named)} >= {
        "customers.name",
        "payment_proofs.address",
        "proof_pictures.content",
        "handover_lines.text",
        "broadcast_recipients.person",
    }
    clock.move(timedelta(days=7))
    assert await privacy.erase_due() == 1
    assert await traces(shop, *named) == []
    assert await shop.billing.invoices_of(DEWI, status=None)
    await shop.check_books()
