"""Proofs of payment, from the picture to the receipt: in any order, once, decided by one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from conversations.engine.incoming import Fetch
from core.billing.tables import payments
from core.identity.staff import StaffMember
from core.identity.types import Role
from core.messaging.ports import Attachment
from core.platform.errors import Forbidden, Unavailable
from core.platform.i18n import text
from core.platform.outbox import outbox
from core.proofs.rules import LARGEST_PICTURE
from core.proofs.tables import payment_proofs, proof_pictures
from core.proofs.types import Confirmed
from tests.conversations.stage import ADMIN, BAMBANG, DEWI, JOHN, Stage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
ADMIN_MEMBER = StaffMember(1, "Admin", Role.SUPERADMIN, is_proved=True)


def bringing(content: bytes | Exception) -> Fetch:
    async def fetch() -> bytes:
        if isinstance(content, Exception):
            raise content
        return content

    return fetch


async def send(stage: Stage, chat: str, content: bytes | Exception = PNG, said: str = "", **more: str) -> str:
    return await stage.say(chat, said, attachments=("image",), fetch=bringing(content), **more)


async def sign_in(stage: Stage) -> None:
    await stage.say(ADMIN, "/cekbukti")
    await stage.say(ADMIN, await stage.code())


async def count(stage: Stage, table: object) -> int:
    async with stage.services.uow.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)))  # type: ignore[arg-type]


async def told(stage: Stage, phone: str) -> list[str]:
    return [message.text for message in await stage.sent() if message.to == phone]


async def test_a_photo_first_then_the_bill_then_one_tap_then_the_receipt(stage: Stage) -> None:
    await sign_in(stage)
    assert "tagihan yang mana" in await send(stage, JOHN)
    assert "bukti bayar 1" in await stage.say(JOHN, "2")
    assert "INV-2401-001" in (await told(stage, ADMIN))[-1]
    async with stage.services.uow.read() as tx:
        payload = await tx.scalar(select(outbox.c.payload).where(outbox.c.key.like("proof-1-%")))
    file = Attachment("image", "bukti-1.png", "payment_proof", {"proof_id": 1})
    assert payload["extras"]["attachment"] == {
        "kind": file.kind,
        "name": file.name,
        "source": file.source,
        "args": file.args,
    }
    assert (await stage.services.renderers.render(file)).content == PNG
    assert "Rp350.000" in await stage.say(ADMIN, "konfirmasi 1")
    assert "350.000" in (await told(stage, JOHN))[-1]
    assert "Rp350.000" in await stage.say(ADMIN, "konfirmasi 1")
    assert await count(stage, payments.join(payment_proofs, payments.c.reference == "proof:1")) == 1


async def test_ten_taps_at_once_book_once(stage: Stage) -> None:
    await send(stage, BAMBANG)
    people = [StaffMember(1 + number % 2, "Orang", Role.ADMIN, is_proved=True) for number in range(10)]
    found = await asyncio.gather(*(stage.services.proofs.confirm(1, who) for who in people))
    assert any(isinstance(each, Confirmed) for each in found)
    async with stage.services.uow.read() as tx:
        made = select(func.count()).where(payments.c.reference == "proof:1")
        assert await tx.scalar(made) == 1


async def test_the_words_first_then_the_photo(stage: Stage) -> None:
    assert "Kirim foto buktinya" in await stage.say(BAMBANG, "udh transfer min")
    assert "bukti bayar 1" in await send(stage, BAMBANG)


async def test_a_photo_with_words_is_seen(stage: Stage) -> None:
    assert "bukti bayar 1" in await send(stage, BAMBANG, said="udah transfer ya min")


async def test_by_command_the_photo_is_asked_for(stage: Stage) -> None:
    assert "Kirim foto" in await stage.say(BAMBANG, "/bukti")
    assert text("payment_proof.no_picture", "id") in await stage.say(BAMBANG, "bentar")
    assert "bukti bayar 1" in await send(stage, BAMBANG)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"GIF89a", "error.no_picture"),
        (b"", "error.no_picture"),
        (b"MZ\x90" + bytes(99), "error.no_picture"),
        (b"\xff\xd8\xff" + bytes(LARGEST_PICTURE), "error.picture_large"),
        (Unavailable("picture"), "error.picture"),
    ],
)
async def test_what_is_no_picture_is_refused_with_a_reason(
    stage: Stage, content: bytes | Exception, key: str
) -> None:
    assert text(key, "id") in await send(stage, BAMBANG, content)
    assert await count(stage, proof_pictures) == 0


async def test_the_same_picture_twice_is_one_proof(stage: Stage) -> None:
    await send(stage, BAMBANG)
    assert "sudah kami terima" in await send(stage, BAMBANG)
    assert len(await stage.services.proofs.waiting()) == 1


async def test_a_repeated_message_keeps_one_picture(stage: Stage) -> None:
    first = await send(stage, BAMBANG, message_id="again")
    assert await send(stage, BAMBANG, message_id="again") == first
    assert await count(stage, proof_pictures) == 1


async def test_who_owes_nothing_is_told_so(stage: Stage) -> None:
    assert "Tidak ada tagihan" in await send(stage, DEWI)


async def test_paid_meanwhile_needs_no_proof(stage: Stage) -> None:
    await sign_in(stage)
    await send(stage, BAMBANG)
    (bill,) = await stage.services.billing.invoices_of(6)
    await stage.services.billing.settle(
        source="test", reference="t", invoice_number=bill.number, service_number="28900005"
    )
    assert text("staff_proofs.paid_already", "id") in await stage.say(ADMIN, "konfirmasi 1")
    assert "sudah lunas" in (await told(stage, BAMBANG))[-1]


async def test_a_refusal_tells_why_and_what_to_do(stage: Stage) -> None:
    await sign_in(stage)
    await send(stage, BAMBANG)
    await stage.say(ADMIN, "tolak 1")
    assert text("staff_proofs.rejected", "id") in await stage.say(ADMIN, "1")
    assert "tidak terbaca" in (await told(stage, BAMBANG))[-1]
    assert text("staff_proofs.decided_by", "id", name="Admin") in await stage.say(ADMIN, "konfirmasi 1")
    assert "bukti bayar 2" in await send(stage, BAMBANG, PNG + b"2")


async def test_a_listed_reason_reaches_the_customer_in_their_own_language(stage: Stage) -> None:
    await sign_in(stage)
    await stage.say(BAMBANG, "english")
    await send(stage, BAMBANG)
    await stage.say(ADMIN, "tolak 1")
    assert text("staff_proofs.rejected", "id") in await stage.say(ADMIN, "1")
    assert text("staff_proofs.unreadable", "en") in (await told(stage, BAMBANG))[-1]
    async with stage.services.uow.read() as tx:
        kept = await tx.scalar(select(payment_proofs.c.reason))
    assert kept == text("staff_proofs.unreadable", "id"), "staff read it in theirs"


async def test_staff_look_before_they_tap(stage: Stage) -> None:
    await sign_in(stage)
    await send(stage, BAMBANG)
    assert "Bambang Wijaya" in await stage.say(ADMIN, "cekbukti")
    assert "28900005" in await stage.say(ADMIN, "1")
    assert "Tercatat" in await stage.say(ADMIN, "konfirmasi")
    assert text("staff_proofs.empty", "id") in await stage.say(ADMIN, "cekbukti")
    assert "77" in await stage.say(ADMIN, "konfirmasi 77")


async def test_a_photo_in_the_middle_of_a_question_is_no_proof(stage: Stage) -> None:
    await stage.say(JOHN, "ganti password")
    place = await stage.place(JOHN)
    assert text("engine.attachment_alone", "id") in await send(stage, JOHN)
    assert await stage.place(JOHN) == place


async def test_only_those_who_may_confirm(stage: Stage) -> None:
    await send(stage, BAMBANG)
    with pytest.raises(Forbidden):
        await stage.services.proofs.confirm(1, StaffMember(9, "Sales", Role.SALES, is_proved=True))


async def test_pictures_are_forgotten_in_time(stage: Stage) -> None:
    await send(stage, JOHN)
    await send(stage, BAMBANG)
    await stage.services.proofs.confirm(2, ADMIN_MEMBER)
    assert await stage.services.proofs.purge() == 0
    stage.clock.move(timedelta(days=2))
    assert await stage.services.proofs.purge() == 1
    stage.clock.move(timedelta(days=180))
    assert await stage.services.proofs.purge() == 1
    assert await count(stage, proof_pictures) == 0
