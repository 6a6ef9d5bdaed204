"""Notices over Telegram, from the transaction that causes one to the phone that shows it, and away from a shut chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from bot.telegram.sender import TelegramChannel
from core.messaging.attachments import Renderers
from core.messaging.delivery import TextDelivery
from core.messaging.kinds import Notice, StaffNotice
from core.messaging.notices import TEXT_TOPIC, notify, tell_staff
from core.messaging.ports import Accepted, OutgoingText, SendOutcome, TextChannel
from core.platform.dispatcher import Consumer, Dispatcher
from tests.bot.telegram_stage import ADMIN, JOHN, Office, office

CUSTOMER = 1


class Gateway:
    """The WhatsApp side, which takes everything."""

    def __init__(self) -> None:
        self.sent: list[OutgoingText] = []

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        self.sent.append(message)
        return Accepted("wa-1")

    async def aclose(self) -> None:
        return None


class Post:
    """The outbox of an installation with a bot, and what leaves by it."""

    def __init__(self, desk: Office) -> None:
        services = desk.inside.services
        self.desk, self.whatsapp = desk, Gateway()
        self.settings = msgspec.structs.replace(services.settings, telegram_token="42:a-token-of-a-test")
        channels: dict[str, TextChannel] = {
            "telegram": TelegramChannel(desk.bot, Renderers({})),
            "whatsapp": self.whatsapp,
        }
        delivery = TextDelivery(channels, services.uow)
        self.worker = Dispatcher(services.uow, services.clock, {TEXT_TOPIC: Consumer(delivery)})

    async def notice(self, key: str) -> None:
        async with self.desk.inside.services.uow.write() as tx:
            await notify(tx, self.settings, customer_id=CUSTOMER, kind=Notice.REOPENED, key=key, args={})
        await self.worker.drain()

    async def shown(self) -> int:
        """How many such notices the customer sees in Telegram."""
        return sum(
            "sudah dibuka lagi" in each.get("text", "") for each in await self.desk.outside.messages(JOHN)
        )


@pytest.fixture
async def post(demo_url: str) -> AsyncIterator[Post]:
    async with office(demo_url) as desk:
        yield Post(desk)


async def test_a_notice_follows_its_reader_from_chat_to_chat(post: Post) -> None:
    desk, clock = post.desk, post.desk.inside.clock
    await post.notice("n-1")
    assert [each.to for each in post.whatsapp.sent] == [JOHN.phone]
    clock.move(timedelta(minutes=1))
    await desk.done(JOHN, ("start", {}), ("contacts", {}))
    await post.notice("n-2")
    assert (await post.shown(), len(post.whatsapp.sent)) == (1, 1)
    await desk.outside.do(JOHN, "block")  # we hear of it from the refusal alone
    await post.notice("n-3")
    assert len(post.whatsapp.sent) == 2
    await post.notice("n-4")
    assert len(post.whatsapp.sent) == 3
    await desk.work()
    await desk.done(JOHN, ("unblock", {}))
    await post.notice("n-5")
    assert (await post.shown(), len(post.whatsapp.sent)) == (2, 3)


async def test_staff_are_told_in_the_chat_they_linked(post: Post) -> None:
    await post.desk.done(ADMIN, ("start", {}), ("contacts", {}))
    args = {"ticket": "1", "name": "Dewi", "service": "S", "help_type": "Lain", "description": "Mati"}
    async with post.desk.inside.services.uow.write() as tx:
        told = await tell_staff(tx, post.settings, kind=StaffNotice.TICKET_OPENED, key="t-1", args=args)
    await post.worker.drain()
    assert (told, post.whatsapp.sent) == (1, [])
    assert any("Tiket baru 1" in each.get("text", "") for each in await post.desk.outside.messages(ADMIN))
