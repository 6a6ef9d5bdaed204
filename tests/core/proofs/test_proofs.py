"""Proofs of payment on both databases: of taps at the same moment one books, and the books balance."""

from __future__ import annotations

import asyncio

from core.identity.commands import create_staff
from core.identity.staff import StaffMember
from core.identity.types import Role
from core.messaging.notices import TEXT_TOPIC
from core.proofs.types import Confirmed, DecidedBefore, NothingOwed, Picture, ProofState, Rejected, Submitted
from core.proofs.usecases import Proofs
from core.settings import Settings
from tests.core.conftest import Shop

PNG = Picture(b"\x89PNG\r\n\x1a\n", "image/png")


def staff(number: int) -> StaffMember:
    return StaffMember(number, f"Orang {number}", Role.ADMIN, is_proved=True)


async def sent(shop: Shop, proofs: Proofs, name: str = "a") -> int:
    (bill,) = await shop.billing.invoices_of(6)
    kept = await proofs.keep("whatsapp", "6281200000005", PNG, language="id", request_id=name)
    assert await proofs.keep("whatsapp", "6281200000005", PNG, language="id", request_id=name) == kept
    assert await proofs.submit(kept, 6, bill.number) == Submitted(kept)
    assert await proofs.submit(kept, 6, bill.number) == Submitted(kept)
    return kept


async def test_of_many_taps_at_once_one_books(shop: Shop, settings: Settings) -> None:
    proofs = Proofs(shop.uow, settings)
    number = await sent(shop, proofs)
    found = await asyncio.gather(*(proofs.confirm(number, staff(1 + n % 3)) for n in range(9)))
    assert all(isinstance(each, Confirmed | DecidedBefore) for each in found)
    assert len(await shop.billing.payments_of(6, limit=9)) == 1
    assert (await proofs.proof(number)).state is ProofState.CONFIRMED


async def test_taps_on_many_pictures_of_one_bill_book_once_and_wait_for_nobody_for_ever(
    shop: Shop, settings: Settings
) -> None:
    proofs = Proofs(shop.uow, settings)
    (bill,) = await shop.billing.invoices_of(6)
    pictures = []
    for number in range(6):
        picture = Picture(PNG.content + bytes([number]), "image/png")
        kept = await proofs.keep("whatsapp", "62812", picture, language="id", request_id=f"p{number}")
        await proofs.submit(kept, 6, bill.number)
        pictures.append(kept)
    found = await asyncio.gather(*(proofs.confirm(each, staff(each)) for each in pictures))
    assert [type(each) for each in found].count(Confirmed) == 1
    assert len(await shop.billing.payments_of(6, limit=9)) == 1


async def test_a_picture_that_paid_before_is_pointed_out_to_staff(shop: Shop, settings: Settings) -> None:
    async with shop.uow.write() as tx:
        await create_staff(tx, username="ani", name="Ani", phone="62811", role=Role.ADMIN, password_hash=None)
    proofs = Proofs(shop.uow, settings)
    first = await sent(shop, proofs)
    await proofs.confirm(first, staff(1))
    older, _ = await shop.billing.invoices_of(1)
    kept = await proofs.keep("whatsapp", "62812", PNG, language="id", request_id="again")
    await proofs.submit(kept, 1, older.number)
    told = [each["text"] for each in await shop.queued(TEXT_TOPIC) if each["to"] == "62811"]
    assert [f"bukti bayar {first}." in each for each in told] == [False, True]


async def test_a_second_tap_tells_what_was_booked(shop: Shop, settings: Settings) -> None:
    proofs = Proofs(shop.uow, settings)
    number = await sent(shop, proofs)
    (bill,) = await shop.billing.invoices_of(6)
    await shop.billing.confirm_payment([bill.id], 50_000, actor="staff:2", reference="K")
    first = await proofs.confirm(number, staff(1))
    assert first == await proofs.confirm(number, staff(1)) == Confirmed(bill.amount - 50_000)


async def test_a_tap_and_a_refusal_at_once_leave_one_truth(shop: Shop, settings: Settings) -> None:
    proofs = Proofs(shop.uow, settings)
    number = await sent(shop, proofs)
    yes, no = await asyncio.gather(
        proofs.confirm(number, staff(1)), proofs.reject(number, staff(2), "tidak terbaca")
    )
    assert isinstance(yes, Confirmed) != isinstance(no, Rejected)
    assert len(await shop.billing.payments_of(6, limit=9)) == isinstance(yes, Confirmed)


async def test_a_tap_beside_another_payment_books_once(shop: Shop, settings: Settings) -> None:
    proofs = Proofs(shop.uow, settings)
    number = await sent(shop, proofs)
    (bill,) = await shop.billing.invoices_of(6)
    other = shop.billing.settle(
        source="key:1", reference="r", invoice_number=bill.number, service_number="28900005"
    )
    _, tapped = await asyncio.gather(other, proofs.confirm(number, staff(1)))
    assert isinstance(tapped, Confirmed | NothingOwed)
    assert len(await shop.billing.payments_of(6, limit=9)) == 1
