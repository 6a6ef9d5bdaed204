"""What customers may change about themselves, who is told, and which chats may act for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.customers import chat_access
from core.customers.tables import chat_links, customers
from core.customers.types import CustomerName, IdentityType, ServiceOfChat
from core.messaging.notices import TEXT_TOPIC
from core.platform.errors import Conflict, Forbidden, Invalid, NotFound
from core.platform.secrets import Keyring
from tests.core.conftest import Shop

JOHN, SITI, WARUNG, AGUS, RINA, NOBODY = 1, 2, 3, 4, 7, 99
JOHNS, SECOND, THIRD = "628123456789", "628123456780", "628123456781"


async def row_of(shop: Shop, customer_id: int) -> Any:
    return await shop.one(select(customers).where(customers.c.id == customer_id))


async def verified(shop: Shop, customer_id: int, fact: str) -> None:
    when = {f"{fact}_verified_on": date(2026, 1, 1)}
    await shop.change(customers.update().where(customers.c.id == customer_id).values(**when))


async def test_a_customer_is_found_by_id_and_by_service_number_in_any_case(shop: Shop) -> None:
    assert await shop.customers.name_of(JOHN) == CustomerName(
        JOHN, "ISP00123", "John Doe", "john@example.com"
    )
    assert [await shop.customers.id_of(typed) for typed in ("ISP00123", " isp00123 ", "28900001")] == [
        JOHN,
        JOHN,
        SITI,
    ]
    assert await shop.customers.id_of("ISP0012") is None


async def test_the_identity_types_are_listed_in_their_order(shop: Shop) -> None:
    assert await shop.customers.identity_types() == (
        IdentityType(1, "Identity Card (KTP)"),
        IdentityType(2, "Passport"),
        IdentityType(3, "Driving License (SIM)"),
    )


Change = Callable[[Shop, int], Awaitable[Any]]
CHANGES: dict[str, Change] = {
    "identity": lambda shop, who: shop.customers.change_identity(
        who, identity_type_id=2, identity_number="P-1"
    ),
    "email": lambda shop, who: shop.customers.change_email(who, "fresh@example.com"),
    "address": lambda shop, who: shop.customers.change_address(who, "Jl. Baru No. 99"),
    "phone": lambda shop, who: shop.customers.change_phone(who, SECOND),
}


@pytest.mark.parametrize("fact", sorted(CHANGES))
@pytest.mark.parametrize("who", [RINA, NOBODY, 10**30])
async def test_only_subscribers_have_something_to_change(shop: Shop, fact: str, who: int) -> None:
    with pytest.raises(NotFound, match="not_subscribed"):
        await CHANGES[fact](shop, who)


@pytest.mark.parametrize("fact", ["identity", "email", "address"])
async def test_what_is_verified_stays_as_it_is(shop: Shop, fact: str) -> None:
    await verified(shop, SITI, fact)
    before = await row_of(shop, SITI)
    with pytest.raises(Forbidden, match="verified"):
        await CHANGES[fact](shop, SITI)
    assert await row_of(shop, SITI) == before


async def test_a_fault_in_the_form_outweighs_the_verification(shop: Shop) -> None:
    await verified(shop, SITI, "identity")
    await verified(shop, SITI, "email")
    with pytest.raises(Invalid, match="identity_type"):
        await shop.customers.change_identity(SITI, identity_type_id=9, identity_number="1")
    with pytest.raises(Conflict, match="email_taken"):
        await shop.customers.change_email(SITI, "John@Example.com")


async def test_an_identity_number_is_stored_sealed(shop: Shop, keyring: Keyring) -> None:
    assert await CHANGES["identity"](shop, JOHN) == IdentityType(2, "Passport")
    row = await row_of(shop, JOHN)
    assert row.identity_type_id == 2
    assert "P-1" not in row.identity_number_sealed
    assert keyring.unseal(row.identity_number_sealed) == "P-1"


async def test_an_address_is_changed_for_this_customer_only(shop: Shop) -> None:
    before = await row_of(shop, WARUNG)
    await CHANGES["address"](shop, SITI)
    assert (await row_of(shop, SITI)).address == "Jl. Baru No. 99"
    assert await row_of(shop, WARUNG) == before


async def test_an_email_is_taken_whatever_its_capitals_but_not_by_oneself(shop: Shop) -> None:
    taken = shop.customers.email_is_taken
    assert await taken("JOHN@example.com")
    assert not await taken("JOHN@example.com", but_not_by=JOHN)
    assert not await taken("free@example.com")
    await shop.customers.change_email(SITI, "Siti@Example.com")
    assert (await row_of(shop, SITI)).email == "Siti@Example.com"


async def test_of_two_who_want_one_email_at_once_one_gets_it(shop: Shop) -> None:
    outcomes = await asyncio.gather(
        *(
            shop.customers.change_email(who, address)
            for who, address in ((SITI, "wanted@example.com"), (WARUNG, "WANTED@example.com"))
        ),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 1
    (refusal,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(refusal, Conflict)
    assert refusal.reason == "email_taken"


# --- the phone


async def test_the_old_number_is_told_of_the_new_one_masked(shop: Shop) -> None:
    await shop.customers.change_phone(JOHN, SECOND)
    (notice,) = await shop.queued(TEXT_TOPIC)
    assert notice["to"] == JOHNS
    assert "ISP00123" in notice["text"]
    assert "62812****780" in notice["text"]
    assert SECOND not in notice["text"]


async def test_codes_go_to_the_old_number_for_a_day(shop: Shop) -> None:
    await shop.customers.change_phone(JOHN, SECOND)
    row = await row_of(shop, JOHN)
    assert (row.phone, row.recovery_phone) == (SECOND, JOHNS)
    assert row.recovery_phone_until == shop.clock.now() + timedelta(hours=24)


async def test_a_second_change_within_a_day_keeps_the_oldest_number(shop: Shop) -> None:
    await shop.customers.change_phone(JOHN, SECOND)
    shop.clock.move(timedelta(hours=23))
    await shop.customers.change_phone(JOHN, THIRD)
    row = await row_of(shop, JOHN)
    assert (row.phone, row.recovery_phone) == (THIRD, JOHNS)
    assert row.recovery_phone_until == shop.clock.now() + timedelta(hours=24)
    assert [notice["to"] for notice in await shop.queued(TEXT_TOPIC)] == [JOHNS, SECOND]


async def test_after_a_day_the_number_before_is_the_old_one(shop: Shop) -> None:
    await shop.customers.change_phone(JOHN, SECOND)
    shop.clock.move(timedelta(hours=24))
    await shop.customers.change_phone(JOHN, THIRD)
    assert (await row_of(shop, JOHN)).recovery_phone == SECOND


async def test_changing_to_the_same_number_does_nothing(shop: Shop) -> None:
    before = await row_of(shop, JOHN)
    await shop.customers.change_phone(JOHN, JOHNS)
    assert await row_of(shop, JOHN) == before
    assert await shop.queued(TEXT_TOPIC) == []


async def test_a_first_number_has_nobody_to_tell(shop: Shop) -> None:
    await shop.customers.change_phone(AGUS, SECOND)
    row = await row_of(shop, AGUS)
    assert (row.phone, row.recovery_phone) == (SECOND, None)
    assert row.recovery_phone_until == shop.clock.now() + timedelta(hours=24)
    assert await shop.queued(TEXT_TOPIC) == []


async def test_two_changes_at_once_tell_each_old_number_once(shop: Shop) -> None:
    await asyncio.gather(shop.customers.change_phone(JOHN, SECOND), shop.customers.change_phone(JOHN, THIRD))
    row = await row_of(shop, JOHN)
    told = [notice["to"] for notice in await shop.queued(TEXT_TOPIC)]
    assert row.recovery_phone == JOHNS
    assert told[0] == JOHNS
    assert {row.phone, told[1]} == {SECOND, THIRD}


# --- the chats


async def test_a_phone_acts_for_all_its_services_where_the_channel_proves_it(shop: Shop) -> None:
    sitis = (
        ServiceOfChat(SITI, "28900001", "Siti Rahma"),
        ServiceOfChat(WARUNG, "28900002", "Siti Rahma (Warung)"),
    )
    assert await shop.customers.services_of_chat("whatsapp", "6281200000001") == sitis
    assert await shop.customers.services_of_chat("terminal", "6281200000001") == sitis
    assert await shop.customers.services_of_chat("telegram", "6281200000001") == ()


async def test_a_stranger_and_somebody_without_a_service_have_none(shop: Shop) -> None:
    assert await shop.customers.services_of_chat("whatsapp", "6280000000000") == ()
    assert await shop.customers.services_of_chat("whatsapp", "6281200000009") == ()


async def test_a_linked_chat_acts_beside_the_own_number(shop: Shop) -> None:
    await shop.customers.link_chat("whatsapp", "6281200000001", JOHN)
    numbers = [
        each.service_number for each in await shop.customers.services_of_chat("whatsapp", "6281200000001")
    ]
    assert numbers == ["28900001", "28900002", "ISP00123"]


async def test_linking_again_is_harmless_and_revives_a_revoked_link(shop: Shop) -> None:
    await asyncio.gather(*(shop.customers.link_chat("telegram", "42", JOHN) for _ in range(4)))
    (link,) = await shop.all(select(chat_links))
    await shop.change(chat_links.update().values(revoked_at=shop.clock.now()))
    assert await shop.customers.services_of_chat("telegram", "42") == ()
    await shop.customers.link_chat("telegram", "42", JOHN)
    assert [each.customer_id for each in await shop.customers.services_of_chat("telegram", "42")] == [JOHN]
    assert (await shop.one(select(chat_links))).id == link.id


async def test_a_number_that_was_given_up_speaks_for_nobody_until_it_is_proved_again(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        assert await chat_access.give_up(tx, "whatsapp", "6281200000001") == 2
        assert await chat_access.give_up(tx, "whatsapp", "6281200000001") == 0
    assert await shop.customers.services_of_chat("whatsapp", "6281200000001") == ()
    await shop.customers.link_chat("whatsapp", "6281200000001", 2)
    assert [
        each.customer_id for each in await shop.customers.services_of_chat("whatsapp", "6281200000001")
    ] == [2]
