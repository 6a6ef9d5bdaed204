"""Changing how one is reached: both numbers are proved, the old one is told and can take it back for a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.customers.tables import customers
from core.customers.types import ChatRole
from core.customers.usecases import Customers
from core.identity.access import Access
from core.identity.contacts import Contacts
from core.identity.tables import logins
from core.identity.types import Expired, Verified, WrongCode
from core.identity.usecases import Identity
from core.messaging import chats
from core.messaging.chats import Chat
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Forbidden, Invalid, Throttled
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings
from tests.core.identity.people import AddCustomer, SentCode, other_than

OLD, NEW, OTHER = "628123456789", "6281200000042", "6281200000043"
HERE = ("whatsapp", OLD)


@pytest.fixture
def contacts(uow: UnitOfWork, settings: Settings, keyring: Keyring) -> Contacts:
    return Contacts(uow, settings, keyring)


@pytest.fixture
def people(uow: UnitOfWork, settings: Settings, keyring: Keyring) -> Customers:
    return Customers(uow, settings, keyring)


class Prover:
    """Gets the grants that a change needs, the way a chat does."""

    def __init__(self, identity: Identity, contacts: Contacts, sent_code: SentCode) -> None:
        self._identity, self._contacts, self._sent_code = identity, contacts, sent_code
        self._count = 0

    async def owner(self, service_number: str = "28900001") -> str:
        self._count += 1
        await self._identity.start_recovery(service_number, ip="chat:1", request_id=f"own-{self._count}")
        code = await self._sent_code()
        checked = await self._identity.check_code(service_number, code, request_id=f"owned-{self._count}")
        assert isinstance(checked, Verified)
        return checked.grant

    async def phone(self, phone: str) -> str:
        self._count += 1
        await self._contacts.start_proof(
            phone, origin="chat:1", language="id", request_id=f"new-{self._count}"
        )
        checked = await self._contacts.check_proof(
            phone, await self._sent_code(), request_id=f"newed-{self._count}"
        )
        assert isinstance(checked, Verified)
        return checked.grant


@pytest.fixture
def prove(identity: Identity, contacts: Contacts, sent_code: SentCode) -> Prover:
    return Prover(identity, contacts, sent_code)


async def row_of(uow: UnitOfWork, customer_id: int) -> Any:
    async with uow.read() as tx:
        return await tx.first(select(customers).where(customers.c.id == customer_id))


async def moved(
    contacts: Contacts, prove: Prover, who: int, phone: str = NEW, request_id: str = "move"
) -> None:
    await contacts.change_phone(
        who,
        phone,
        grant=await prove.owner(),
        proof=await prove.phone(phone),
        asked_in=HERE,
        request_id=request_id,
    )


async def test_a_number_is_changed_once_both_are_proved_and_the_old_one_is_told(
    contacts: Contacts, prove: Prover, add_customer: AddCustomer, uow: UnitOfWork
) -> None:
    who = await add_customer(phone=OLD)
    await moved(contacts, prove, who)
    row = await row_of(uow, who)
    assert (row.phone, row.recovery_phone) == (NEW, OLD)


async def test_neither_a_foreign_grant_nor_a_used_one_changes_a_number(
    contacts: Contacts, prove: Prover, add_customer: AddCustomer, uow: UnitOfWork
) -> None:
    who = await add_customer(phone=OLD)
    other = await add_customer("28900009", email="other@example.com", phone=OTHER)
    foreign, proof = await prove.owner("28900009"), await prove.phone(NEW)
    for grant in (foreign, proof, "nonsense"):
        with pytest.raises(Conflict, match="grant_over"):
            await contacts.change_phone(who, NEW, grant=grant, proof=proof, asked_in=HERE, request_id="steal")
    grant = await prove.owner()
    with pytest.raises(Conflict, match="grant_over"):  # proved was another number than the one that is wanted
        await contacts.change_phone(who, OTHER, grant=grant, proof=proof, asked_in=HERE, request_id="wrong")
    await contacts.change_phone(who, NEW, grant=grant, proof=proof, asked_in=HERE, request_id="right")
    await contacts.change_phone(who, NEW, grant=grant, proof=proof, asked_in=HERE, request_id="right")
    with pytest.raises(Conflict, match="grant_over"):
        await contacts.change_phone(who, NEW, grant=grant, proof=proof, asked_in=HERE, request_id="later")
    assert [(await row_of(uow, each)).phone for each in (who, other)] == [NEW, OTHER]


async def test_a_wrong_code_proves_no_number_and_five_end_it(contacts: Contacts, sent_code: SentCode) -> None:
    await contacts.start_proof(NEW, origin="chat:1", language="en", request_id="r1")
    await contacts.start_proof(NEW, origin="chat:1", language="en", request_id="r1")
    code = await sent_code()
    wrong = other_than(code)
    left = [await contacts.check_proof(NEW, wrong, request_id=f"w{number}") for number in range(5)]
    assert left == [WrongCode(each) for each in (4, 3, 2, 1, 0)]
    assert await contacts.check_proof(NEW, code, request_id="late") == Expired()


async def test_tries_at_one_code_at_once_are_all_counted(contacts: Contacts, sent_code: SentCode) -> None:
    await contacts.start_proof(NEW, origin="chat:1", language="id", request_id="r1")
    wrong = other_than(await sent_code())
    answers = await asyncio.gather(
        *(contacts.check_proof(NEW, wrong, request_id=f"w{number}") for number in range(8))
    )
    assert sorted(each.attempts_left for each in answers if isinstance(each, WrongCode)) == [0, 1, 2, 3, 4]


async def test_a_number_is_not_flooded_with_codes(contacts: Contacts) -> None:
    for number in range(3):
        await contacts.start_proof(NEW, origin=f"chat:{number}", language="id", request_id=f"r{number}")
    with pytest.raises(Throttled):
        await contacts.start_proof(NEW, origin="chat:9", language="id", request_id="r9")


async def test_a_first_number_gets_no_recovery_code_for_a_day(
    people: Customers, identity: Identity, add_customer: AddCustomer, clock: ManualClock
) -> None:
    who = await add_customer(phone=None)
    await people.change_phone(who, NEW)
    with pytest.raises(Invalid, match="no_destination"):
        await identity.start_recovery("28900001", ip="1.2.3.4", request_id="r1")
    clock.move(timedelta(hours=24))
    assert (await identity.start_recovery("28900001", ip="1.2.3.4", request_id="r2")).masked_phone


async def test_an_email_is_changed_by_grant_and_a_refused_one_costs_nothing(
    contacts: Contacts, prove: Prover, add_customer: AddCustomer, uow: UnitOfWork
) -> None:
    who = await add_customer(phone=OLD)
    await add_customer("28900009", email="taken@example.com", phone=OTHER)
    grant = await prove.owner()
    with pytest.raises(Conflict, match="email_taken"):
        await contacts.change_email(who, "Taken@example.com", grant=grant, request_id="r1")
    await contacts.change_email(who, "baru@example.com", grant=grant, request_id="r2")
    await contacts.change_email(who, "baru@example.com", grant=grant, request_id="r2")
    with pytest.raises(Conflict, match="grant_over"):
        await contacts.change_email(who, "lain@example.com", grant=grant, request_id="r3")
    assert (await row_of(uow, who)).email == "baru@example.com"


async def test_a_verified_email_stays(
    contacts: Contacts, prove: Prover, add_customer: AddCustomer, uow: UnitOfWork, clock: ManualClock
) -> None:
    who = await add_customer(phone=OLD)
    async with uow.write() as tx:
        await tx.execute(customers.update().values(email_verified_on=clock.now().date()))
    with pytest.raises(Forbidden, match="verified"):
        await contacts.change_email(who, "b@example.com", grant=await prove.owner(), request_id="r1")


@pytest.fixture
async def who(add_customer: AddCustomer) -> int:
    return await add_customer(phone=OLD)


async def test_the_old_number_takes_it_back_within_a_day_and_nobody_else(
    contacts: Contacts, prove: Prover, people: Customers, who: int, clock: ManualClock
) -> None:
    await people.link_chat("telegram", "11", who)  # long before
    clock.move(timedelta(days=2))
    await moved(contacts, prove, who)
    await people.link_chat("telegram", "66", who)  # by whoever did it
    clock.move(timedelta(hours=23))
    assert await contacts.undo_move("telegram", OLD) == ()
    assert await contacts.undo_move("whatsapp", OTHER) == ()
    assert await contacts.services_moved_from("whatsapp", OLD) == ("28900001",)
    assert await contacts.undo_move("whatsapp", OLD) == ("28900001",)
    assert await contacts.undo_move("whatsapp", OLD) == ()
    assert [each.customer_id for each in await people.services_of_chat("whatsapp", OLD)] == [who]
    assert [
        await people.services_of_chat(*chat) != () for chat in (("telegram", "11"), ("telegram", "66"))
    ] == [True, False]
    assert await people.services_of_chat("whatsapp", NEW) == ()


async def test_taking_it_back_ends_the_sessions_and_the_day_of_waiting(
    contacts: Contacts, prove: Prover, who: int, uow: UnitOfWork
) -> None:
    await moved(contacts, prove, who)
    await contacts.undo_move("whatsapp", OLD)
    row = await row_of(uow, who)
    assert (row.phone, row.recovery_phone, row.recovery_phone_until) == (OLD, None, None)
    async with uow.read() as tx:
        assert await tx.scalar(select(logins.c.token_version)) == 2


async def test_after_a_day_it_is_too_late_to_take_back(
    contacts: Contacts, prove: Prover, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await moved(contacts, prove, await add_customer(phone=OLD))
    clock.move(timedelta(hours=24))
    assert await contacts.undo_move("whatsapp", OLD) == ()


async def test_chats_of_the_old_number_prove_anew_and_others_stay(
    contacts: Contacts, prove: Prover, people: Customers, who: int, uow: UnitOfWork
) -> None:
    for chat in (HERE, ("whatsapp", "123@lid"), ("telegram", "11")):
        await people.link_chat(*chat, who)
    for chat in (HERE, ("terminal", OLD)):
        async with uow.write() as tx:
            await chats.save_turn(tx, Chat(*chat, dialogue={"tries": 1}), message_id="m", replies=[])
    await moved(contacts, prove, who)
    asked = [HERE, ("terminal", OLD), ("whatsapp", NEW), ("whatsapp", "123@lid"), ("telegram", "11")]
    assert [bool(await people.services_of_chat(*chat)) for chat in asked] == [False, False, True, True, True]
    async with uow.read() as tx:
        open_still = [(await chats.load(tx, *chat)).dialogue for chat in (HERE, ("terminal", OLD))]
    assert open_still == [{"tries": 1}, None]  # the chat that asked is still having its turn


# --- other chats


@pytest.fixture
def access(uow: UnitOfWork, settings: Settings, keyring: Keyring) -> Access:
    return Access(uow, settings, keyring)


async def test_an_invited_chat_joins_once_in_its_role_and_is_removed(
    access: Access, people: Customers, prove: Prover, who: int, uow: UnitOfWork
) -> None:
    grant = await prove.owner()
    code = await access.invite(who, ChatRole.PAYER, grant=grant, request_id="i1")
    assert await access.invite(who, ChatRole.PAYER, grant=grant, request_id="i1") == code
    with pytest.raises(Conflict, match="grant_over"):
        await access.invite(who, ChatRole.OWNER, grant=grant, request_id="i2")
    assert (await access.invited_to(code, origin="chat:2")).role is ChatRole.PAYER
    joining = [access.join(code, "telegram", str(chat), request_id=f"j{chat}") for chat in range(4)]
    outcomes = await asyncio.gather(*joining, return_exceptions=True)
    assert [type(each).__name__ for each in outcomes].count("ServiceOfChat") == 1
    (link,) = await access.chats_of(who)
    assert link.role is ChatRole.PAYER
    assert [each.role for each in await people.services_of_chat("telegram", link.address)] == [ChatRole.PAYER]
    repeated = await access.join(code, "telegram", link.address, request_id=f"j{link.address}")
    assert repeated.service_number == "28900001"
    async with uow.write() as tx:
        chat = Chat("telegram", link.address, dialogue={"tries": 1})
        await chats.save_turn(tx, chat, message_id="m", replies=[])
    await access.revoke(who, link.id)
    await access.revoke(who, link.id)
    assert await people.services_of_chat("telegram", link.address) == ()
    async with uow.read() as tx:
        assert (await chats.load(tx, "telegram", link.address)).dialogue is None


async def test_an_invitation_is_over_after_a_quarter_of_an_hour(
    access: Access, prove: Prover, add_customer: AddCustomer, clock: ManualClock
) -> None:
    who = await add_customer(phone=OLD)
    code = await access.invite(who, ChatRole.OWNER, grant=await prove.owner(), request_id="i1")
    clock.move(timedelta(minutes=15))
    for refused in (
        access.invited_to(code, origin="chat:2"),
        access.join(code, "telegram", "7", request_id="j"),
    ):
        with pytest.raises(Exception, match="invite"):
            await refused


async def test_guessing_invitations_is_throttled(access: Access) -> None:
    for number in range(10):
        with pytest.raises(Exception, match="invite"):
            await access.invited_to(f"guess{number}", origin="chat:2")
    with pytest.raises(Throttled):
        await access.invited_to("guess", origin="chat:2")


async def test_an_owner_who_follows_an_invitation_stays_the_owner(
    access: Access, people: Customers, prove: Prover, add_customer: AddCustomer
) -> None:
    who = await add_customer(phone=OLD)
    code = await access.invite(who, ChatRole.TECHNICAL, grant=await prove.owner(), request_id="i1")
    await access.join(code, *HERE, request_id="j")
    assert [each.role for each in await people.services_of_chat(*HERE)] == [ChatRole.OWNER]


async def test_whose_number_it_is_no_more_can_leave_and_comes_back_only_by_proof(
    access: Access, people: Customers, add_customer: AddCustomer
) -> None:
    who = await add_customer(phone=OLD)
    await access.leave(who, *HERE)
    assert await people.services_of_chat(*HERE) == ()
    await people.link_chat(*HERE, who)
    assert [each.customer_id for each in await people.services_of_chat(*HERE)] == [who]
