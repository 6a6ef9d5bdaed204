"""Short signed addresses in what customers are told, and none where nobody could follow them."""

from __future__ import annotations

import re

import msgspec
import pytest
from sqlalchemy import select

from core.billing import links, reminders
from core.billing.tables import invoices
from core.billing.usecases import Billing
from core.messaging.notices import TEXT_TOPIC
from core.settings import Settings
from tests.core.conftest import Shop

URL = "https://loket.example"


@pytest.fixture
def public(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, public_url=f"{URL}/")


def test_a_link_is_short_and_leads_back(public: Settings) -> None:
    for number in (1, 255, 256, 10**12):
        link = links.pay_link(public, number)
        assert len(link) < len(URL) + 28
        assert links.invoice_behind(public, link.rpartition("/")[2]) == number
        assert links.payment_behind(public, links.receipt_link(public, number).rpartition("/")[2]) == number
    assert len({links.pay_link(public, number) for number in range(1000)}) == 1000


def test_the_sandbox_is_its_own_public_address(settings: Settings) -> None:
    assert links.pay_link(settings, 1) == ""
    sandbox = msgspec.structs.replace(settings, sandbox=True, port=8144)
    assert links.pay_link(sandbox, 1).startswith("http://127.0.0.1:8144/p/")


async def paid_text(shop: Shop, settings: Settings) -> str:
    billing = Billing(shop.uow, settings)
    await billing.settle(
        source="counter", reference="R", invoice_number="230130001", service_number="ISP00123"
    )
    (payload,) = await shop.queued(TEXT_TOPIC)
    return str(payload["text"])


async def test_a_payment_is_told_with_where_its_receipt_is(shop: Shop, public: Settings) -> None:
    (link,) = re.findall(rf"^Kwitansi: {URL}/p/(.+)$", await paid_text(shop, public), re.MULTILINE)
    number = select(invoices.c.number).where(invoices.c.id == links.invoice_behind(public, link))
    assert (await shop.one(number)).number == "230130001"


async def test_without_a_public_address_no_link_is_told(shop: Shop, settings: Settings) -> None:
    said = await paid_text(shop, settings)
    assert "http" not in said
    assert said == said.strip()
    assert "Kwitansi" not in said


async def test_reminders_say_where_to_pay(shop: Shop, public: Settings) -> None:
    async with shop.uow.write() as tx:
        await tx.execute(invoices.update().values(reminder=0))
    assert await reminders.remind(shop.uow, public) > 0
    for payload in await shop.queued(TEXT_TOPIC):
        (link,) = re.findall(rf"Lihat tagihan dan cara membayar: {URL}/p/(\S+)$", payload["text"])
        assert links.invoice_behind(public, link)
