"""Notices find their reader: the right words, by the way they were last used, or a record of why they did not leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from core.customers import chat_access
from core.customers.tables import chat_links
from core.customers.types import ChatRole
from core.identity.commands import create_staff
from core.identity.staff import Permission, Staff, tell
from core.identity.types import Role
from core.messaging.delivery import TextDelivery
from core.messaging.kinds import COMMON, KINDS, Given, Notice, StaffNotice
from core.messaging.notices import TEXT_TOPIC, notify, tell_staff
from core.messaging.ports import Accepted, Gone, OutgoingText, SendOutcome
from core.messaging.tables import chats, notice_consents
from core.messaging.templates import catalog_text
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.i18n import LANGUAGES, Language, Rupiah, message
from core.platform.outbox import State, outbox
from core.platform.secrets import Keyring
from core.settings import Settings
from tests.core.conftest import Shop

JOHN, SITI, AGUS, DEWI = 1, 2, 4, 5
DEWIS_PHONE, DEWIS_CHAT = "6281200000004", "777000777"


@pytest.fixture
def telegram_settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, telegram_token="4242424242:a-token-of-a-test")


async def linked(shop: Shop, customer_id: int, address: str, **more: Any) -> None:
    async with shop.uow.write() as tx:
        link = {"channel": "telegram", "address": address, "role": "owner", "linked_at": tx.now} | more
        await tx.insert(chat_links, customer_id=customer_id, **link)


async def wrote(
    shop: Shop, channel: str, address: str, at: datetime | None = None, language: str = "id"
) -> None:
    async with shop.uow.write() as tx:
        await tx.insert(
            chats, channel=channel, address=address, language=language, revision=1, touched_at=at or tx.now
        )


async def notified(
    shop: Shop, settings: Settings, customer_id: int = DEWI, kind: Notice = Notice.REOPENED, key: str = "n-1"
) -> bool:
    args = KINDS[kind].samples
    async with shop.uow.write() as tx:
        return await notify(tx, settings, customer_id=customer_id, kind=kind, key=key, args=args)


async def job(shop: Shop, key: str = "n-1") -> Any:
    return await shop.one(select(outbox).where(outbox.c.key == key))


async def way_of(shop: Shop, key: str = "n-1") -> tuple[str, str]:
    payload = (await job(shop, key)).payload
    return payload["channel"], payload["to"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Notice)
def test_every_notice_has_words(kind: Notice, language: Language) -> None:
    known = KINDS[kind]
    text = catalog_text(kind, {**COMMON, **known.samples}, language, is_plain=False)
    assert "{" not in text
    assert text.count("\n") < 10
    shown = catalog_text(kind, {name: f"<{name}>" for name in known.fields}, language, is_plain=True)
    assert {name for name in known.needs if f"<{name}>" not in shown} == set()


async def test_a_phone_that_never_wrote_is_written_to(shop: Shop, settings: Settings) -> None:
    assert await notified(shop, settings)
    assert await way_of(shop) == ("whatsapp", DEWIS_PHONE)
    assert "28900004" in (await job(shop)).payload["text"]


async def test_the_chat_used_last_is_written_to_in_its_language(
    shop: Shop, telegram_settings: Settings
) -> None:
    await linked(shop, DEWI, DEWIS_CHAT)
    assert await notified(shop, telegram_settings, key="linked just now")
    assert await way_of(shop, "linked just now") == ("telegram", DEWIS_CHAT)
    shop.clock.move(timedelta(hours=1))
    await wrote(shop, "whatsapp", DEWIS_PHONE)
    await notified(shop, telegram_settings, key="whatsapp since")
    assert await way_of(shop, "whatsapp since") == ("whatsapp", DEWIS_PHONE)
    shop.clock.move(timedelta(hours=1))
    await wrote(shop, "telegram", DEWIS_CHAT, language="en")
    await notified(shop, telegram_settings, key="telegram again")
    assert await way_of(shop, "telegram again") == ("telegram", DEWIS_CHAT)
    assert "is open again" in (await job(shop, "telegram again")).payload["text"]


@pytest.mark.parametrize("flaw", [{"revoked_at": 1}, {"blocked_at": 1}, {"role": "technical"}])
async def test_a_chat_that_is_not_the_owners_any_more_is_left_out(
    shop: Shop, telegram_settings: Settings, flaw: dict[str, Any]
) -> None:
    at = shop.clock.now()
    await linked(
        shop, DEWI, DEWIS_CHAT, **{name: at if value == 1 else value for name, value in flaw.items()}
    )
    await notified(shop, telegram_settings)
    assert await way_of(shop) == ("whatsapp", DEWIS_PHONE)


async def test_without_a_bot_its_chats_are_no_way(shop: Shop, settings: Settings) -> None:
    await linked(shop, DEWI, DEWIS_CHAT)
    await notified(shop, settings)
    assert await way_of(shop) == ("whatsapp", DEWIS_PHONE)


async def test_a_code_goes_to_the_phone_only(shop: Shop, telegram_settings: Settings) -> None:
    await linked(shop, DEWI, DEWIS_CHAT)
    async with shop.uow.write() as tx:
        await notify(
            tx,
            telegram_settings,
            customer_id=DEWI,
            kind=Notice.OTP,
            key="otp-1",
            args={"code": "123456", "minutes": 5},
            to_phone="6281299990000",
        )
    queued = await job(shop, "otp-1")
    assert (queued.payload["channel"], queued.payload["to"]) == ("whatsapp", "6281299990000")
    assert queued.sensitive
    assert queued.ordering_key is None


async def test_nobody_to_write_to_is_on_record(shop: Shop, settings: Settings) -> None:
    assert not await notified(shop, settings, AGUS)
    noted = await job(shop)
    assert (noted.state, noted.reason) == (State.STOPPED, "there is nowhere to send it")


async def test_what_was_stopped_is_on_record_and_the_essential_still_comes(
    shop: Shop, settings: Settings
) -> None:
    async with shop.uow.write() as tx:
        for category in ("billing", "essential"):
            said = {"stopped_at": tx.now, "changed_at": tx.now, "turn_id": "whatsapp:1"}
            await tx.execute(notice_consents.insert().values(customer_id=DEWI, category=category, **said))
    assert not await notified(shop, settings, kind=Notice.REMINDER_7, key="reminder")
    assert await notified(shop, settings, kind=Notice.PAYMENT_RECEIVED, key="receipt")
    assert await notified(shop, settings, kind=Notice.TICKET_CHANGED, key="ticket")
    noted = await job(shop, "reminder")
    assert (noted.state, noted.reason) == (State.STOPPED, "stopped by the customer: billing")
    assert noted.payload == {"customer_id": DEWI, "kind": "reminder_7"}
    await shop.change(notice_consents.update().values(stopped_at=None))
    assert not await notified(shop, settings, kind=Notice.REMINDER_7, key="reminder")
    assert await notified(shop, settings, kind=Notice.REMINDER_7, key="next month's")


async def test_one_reason_is_one_notice(shop: Shop, settings: Settings) -> None:
    assert await notified(shop, settings)
    assert not await notified(shop, settings)
    assert len(await shop.queued(TEXT_TOPIC)) == 1


async def test_plainly_amounts_are_spelled_and_nothing_is_bold(shop: Shop, settings: Settings) -> None:
    plain = msgspec.structs.replace(settings, plain_notices=True)
    await notified(shop, plain, kind=Notice.PAYMENT_RECEIVED)
    text = (await job(shop)).payload["text"]
    assert "277.500 rupiah" in text
    assert "*" not in text


async def test_a_sentence_among_the_values_is_put_into_the_readers_language(
    shop: Shop, settings: Settings
) -> None:
    await wrote(shop, "whatsapp", DEWIS_PHONE, language="en")
    async with shop.uow.write() as tx:
        args: dict[str, Given] = {
            "ticket": "1",
            "status": message("notice.status_closed"),
            "remark": "{amount} is no blank",
        }
        await notify(tx, settings, customer_id=DEWI, kind=Notice.TICKET_CHANGED, key="n-1", args=args)
    text = (await job(shop)).payload["text"]
    assert "ticket 1: done" in text
    assert "{amount} is no blank" in text


class Mouth:
    """A channel that says what it is told to."""

    def __init__(self, *outcomes: SendOutcome) -> None:
        self.outcomes, self.sent = list(outcomes), list[OutgoingText]()

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        self.sent.append(message)
        return self.outcomes.pop(0) if self.outcomes else Accepted("1")

    async def aclose(self) -> None:
        return None


async def deliver(shop: Shop, telegram: Mouth, whatsapp: Mouth) -> None:
    delivery = TextDelivery({"telegram": telegram, "whatsapp": whatsapp}, shop.uow)
    await Dispatcher(shop.uow, shop.clock, {TEXT_TOPIC: Consumer(delivery)}).drain()


async def test_a_blocked_chat_is_left_for_the_next_way(shop: Shop, telegram_settings: Settings) -> None:
    await linked(shop, DEWI, DEWIS_CHAT)
    await notified(shop, telegram_settings)
    whatsapp = Mouth()
    await deliver(shop, Mouth(Gone("the person has blocked the bot")), whatsapp)
    (said,) = whatsapp.sent
    assert said.to == DEWIS_PHONE
    assert "28900004" in said.text
    assert (await job(shop)).state == State.DONE
    await notified(shop, telegram_settings, key="n-2")
    assert await way_of(shop, "n-2") == ("whatsapp", DEWIS_PHONE)
    await shop.customers.mark_chat("telegram", DEWIS_CHAT, is_blocked=False)
    await notified(shop, telegram_settings, key="n-3")
    assert await way_of(shop, "n-3") == ("telegram", DEWIS_CHAT)


async def test_a_blocked_chat_without_another_way_is_parked(shop: Shop, telegram_settings: Settings) -> None:
    await linked(shop, AGUS, DEWIS_CHAT)
    await notified(shop, telegram_settings, AGUS)
    await deliver(shop, Mouth(Gone("the person has blocked the bot")), Mouth())
    parked = await job(shop)
    assert (parked.state, parked.reason) == (State.PARKED, "the person has blocked the bot")


async def test_what_waited_while_its_chat_was_removed_goes_to_the_owner(
    shop: Shop, telegram_settings: Settings
) -> None:
    await linked(shop, DEWI, DEWIS_CHAT)
    await notified(shop, telegram_settings)
    async with shop.uow.write() as tx:
        await chat_access.unlink(tx, "telegram", DEWIS_CHAT, DEWI)
    telegram, whatsapp = Mouth(), Mouth()
    await deliver(shop, telegram, whatsapp)
    assert telegram.sent == []
    assert [each.to for each in whatsapp.sent] == [DEWIS_PHONE]


async def test_a_chat_that_moved_is_followed(shop: Shop, telegram_settings: Settings) -> None:
    await linked(shop, DEWI, DEWIS_CHAT)
    await wrote(shop, "telegram", DEWIS_CHAT)
    await notified(shop, telegram_settings)
    await deliver(shop, Mouth(Accepted("1", moved_to="-100777")), Mouth())
    await notified(shop, telegram_settings, key="n-2")
    assert await way_of(shop, "n-2") == ("telegram", "-100777")


async def test_staff_who_can_be_reached_are_told_once(shop: Shop, settings: Settings) -> None:
    async with shop.uow.write() as tx:
        for name, role, phone in (
            ("ani", Role.ADMIN, "62811"),
            ("budi", Role.ADMIN, None),
            ("cici", Role.SALES, "62812"),
        ):
            await create_staff(tx, username=name, name=name, phone=phone, role=role, password_hash=None)
    args = {"ticket": "1", "name": "Dewi", "service": "S", "help_type": "Lain", "description": "Mati"}
    for expected in (1, 0):
        async with shop.uow.write() as tx:
            told = await tell_staff(tx, settings, kind=StaffNotice.TICKET_OPENED, key="t-1", args=args)
        assert told == expected
    (text,) = await shop.queued(TEXT_TOPIC)
    assert text["to"] == "62811"
    assert "Dewi" in text["text"]


async def test_staff_hear_in_every_chat_they_linked_and_no_key_names_a_phone(
    shop: Shop, telegram_settings: Settings, keyring: Keyring
) -> None:
    async with shop.uow.write() as tx:
        for name, phone in (("ani", "6281100000009"), ("budi", "6281100000008")):
            await create_staff(tx, username=name, name=name, phone=phone, role=Role.ADMIN, password_hash=None)
    staff = Staff(shop.uow, telegram_settings, keyring)
    for address in ("77", "78"):
        await staff.link_chat("telegram", address, "6281100000009")
    async with shop.uow.write() as tx:
        assert await tell(tx, telegram_settings, permission=Permission.CHATS, text="t", key="k") == 3
    jobs = await shop.all(select(outbox.c.key, outbox.c.payload).order_by(outbox.c.id))
    assert [each.payload["to"] for each in jobs] == ["77", "78", "6281100000008"]
    assert not any("62811" in each.key for each in jobs)


async def test_a_number_that_was_given_up_hears_nothing_more(shop: Shop, telegram_settings: Settings) -> None:
    async with shop.uow.write() as tx:
        await chat_access.unlink(tx, "whatsapp", DEWIS_PHONE, DEWI)
    assert not await notified(shop, telegram_settings)
    assert (await job(shop)).reason == "there is nowhere to send it"
    await linked(shop, DEWI, DEWIS_CHAT)
    await notified(shop, telegram_settings, key="n-2")
    assert await way_of(shop, "n-2") == ("telegram", DEWIS_CHAT)
    async with shop.uow.write() as tx:
        await chat_access.link(tx, "whatsapp", DEWIS_PHONE, DEWI, ChatRole.OWNER)
        await chat_access.unlink(tx, "telegram", DEWIS_CHAT, DEWI)
    await notified(shop, telegram_settings, key="n-3")
    assert await way_of(shop, "n-3") == ("whatsapp", DEWIS_PHONE)


async def test_money_is_written_the_readers_way(shop: Shop, settings: Settings) -> None:
    async with shop.uow.write() as tx:
        args = {**KINDS[Notice.INVOICE_NEW].samples, "amount": Rupiah(1_250_000)}
        await notify(tx, settings, customer_id=JOHN, kind=Notice.INVOICE_NEW, key="n-1", args=args)
    assert "Rp1.250.000" in (await job(shop)).payload["text"]
