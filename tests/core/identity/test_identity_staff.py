"""Staff are found by their phone or by a linked chat, and a chat is proved by its own code only."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from core.identity.commands import create_staff
from core.identity.staff import Staff, member_of_chat
from core.identity.types import Expired, Role, Verified
from core.messaging.recipients import StaffAddress, staff_addresses
from core.platform.errors import Forbidden, Throttled
from core.platform.outbox import outbox
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings

PHONE = "6281100000001"


@pytest.fixture
async def staff(uow: UnitOfWork, settings: Settings, keyring: Keyring) -> Staff:
    async with uow.write() as tx:
        for username, phone, role in (("admin", PHONE, Role.ADMIN), ("agen", None, Role.AGENT)):
            await create_staff(
                tx, username=username, name=username, phone=phone, role=role, password_hash=None
            )
    return Staff(uow, settings, keyring)


async def sent_code(uow: UnitOfWork) -> str:
    async with uow.read() as tx:
        payload = await tx.scalar(select(outbox.c.payload).order_by(outbox.c.id.desc()))
    return "".join(filter(str.isdigit, payload["text"].splitlines()[0]))


async def test_a_linked_chat_is_its_members_and_reaches_them(staff: Staff, uow: UnitOfWork) -> None:
    assert await staff.link_chat("telegram", "77", "6281299999999") is None
    linked = await staff.link_chat("telegram", "77", PHONE)
    assert linked is not None
    async with uow.read() as tx:
        assert await member_of_chat(tx, "telegram", "77") == linked
        assert await member_of_chat(tx, "telegram", "78") is None
        reached = await staff_addresses(tx, {Role.ADMIN, Role.AGENT}, channels=("whatsapp", "telegram"))
        assert reached == (StaffAddress(linked.id, "telegram", "77"),)
    assert await staff.linked_chats("telegram") == (("77", linked),)


async def test_the_code_of_one_chat_proves_no_other(staff: Staff, uow: UnitOfWork) -> None:
    await staff.link_chat("telegram", "77", PHONE)
    await staff.start_proof("telegram", "77", request_id="a")
    code = await sent_code(uow)
    await staff.link_chat("telegram", "78", PHONE)
    assert await staff.check_proof("telegram", "78", code, request_id="b") == Expired()
    assert await staff.check_proof("telegram", "77", code, request_id="c") == Verified("")
    assert await staff.check_proof("telegram", "77", code, request_id="c") == Verified("")
    assert await staff.check_proof("telegram", "77", code, request_id="d") == Expired()


async def test_ten_guesses_at_once_spend_no_more_than_there_are(staff: Staff, uow: UnitOfWork) -> None:
    await staff.start_proof("whatsapp", PHONE, request_id="a")
    wrong = "000000" if await sent_code(uow) != "000000" else "111111"
    guesses = [staff.check_proof("whatsapp", PHONE, wrong, request_id=f"g{n}") for n in range(10)]
    found = [type(each).__name__ for each in await asyncio.gather(*guesses)]
    assert sorted(found) == ["Expired"] * 5 + ["WrongCode"] * 5


async def test_codes_are_not_sent_without_end_nor_to_strangers(staff: Staff) -> None:
    for number in range(3):
        await staff.start_proof("whatsapp", PHONE, request_id=f"r{number}")
    with pytest.raises(Throttled):
        await staff.start_proof("whatsapp", PHONE, request_id="r4")
    with pytest.raises(Forbidden):
        await staff.start_proof("whatsapp", "628123", request_id="r5")
