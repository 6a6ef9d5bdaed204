"""Places to pay that come and go, and chats that were open before paying had a flow of its own."""

from __future__ import annotations

from conversations.engine.book import FlowBook
from conversations.engine.dialogue import load
from conversations.flows import FLOWS
from core.billing.tables import invoice_lines, invoices, ledger_entries, payment_channels
from core.platform.i18n import text
from tests.conversations.stage import JOHN, Stage

BUSINESS = "Loket"


async def _close_all_but(stage: Stage, *open_places: str) -> None:
    closed = payment_channels.c.code.not_in(open_places)
    async with stage.services.uow.write() as tx:
        await tx.execute(payment_channels.update().where(closed).values(is_enabled=False))


async def test_the_only_place_to_pay_is_not_asked_for(stage: Stage) -> None:
    await _close_all_but(stage, "indomaret")
    answer = await stage.say(JOHN, "bayar")
    assert answer.startswith("Indomaret: INDOISP00123")
    assert text("payment_code.elsewhere", "id") not in answer


async def test_without_any_place_to_pay_that_is_said_and_nothing_is_left_open(stage: Stage) -> None:
    await _close_all_but(stage)
    assert await stage.say(JOHN, "bayar") == text("payment_code.nowhere", "id", business=BUSINESS)
    assert await stage.place(JOHN) == ""


async def test_a_place_that_has_closed_since_it_was_offered_shows_no_code(stage: Stage) -> None:
    await stage.say(JOHN, "bayar")
    await _close_all_but(stage, "alfamart", "indomaret")
    assert await stage.say(JOHN, "", choice_id="va_bni") == text("payment_code.place_closed", "id")


async def test_a_place_without_instructions_of_its_own_gets_general_ones(stage: Stage) -> None:
    await _close_all_but(stage, "alfamart")
    async with stage.services.uow.write() as tx:
        alfamart = payment_channels.c.code == "alfamart"
        await tx.execute(
            payment_channels.update().where(alfamart).values(code="gerai", title="Gerai Sejahtera")
        )
    assert (
        "masukkan atau sebutkan kode tadi di gerai sejahtera"
        in (await stage.say(JOHN, "bayar", "cara bayar")).casefold()
    )


async def test_a_bill_that_was_taken_back_is_not_paid(stage: Stage) -> None:
    await stage.say(JOHN, "bayar")
    async with stage.services.uow.write() as tx:
        await tx.execute(invoice_lines.delete())
        await tx.execute(ledger_entries.delete())
        await tx.execute(invoices.delete().where(invoices.c.number == "230130001"))
    assert await stage.say(JOHN, "bni") == text("invoice_lookup.no_such_bill", "id")


def test_a_chat_that_looked_at_bills_before_paying_had_its_own_flow_goes_on() -> None:
    state = {"customer_id": 1, "number": "ISP00123", "name": "John Doe", "is_paying": True}
    frame = {"flow": "invoice_lookup", "version": 1, "step": "bills", "state": state}
    (today,) = load({"frames": [frame]}, FlowBook(FLOWS)).frames
    assert today.version == 2
    assert "is_paying" not in today.state
