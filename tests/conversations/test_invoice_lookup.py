"""Bills that are not there: none ever, or one that was taken back while it was on offer."""

from __future__ import annotations

from core.billing.tables import invoice_lines, invoices, ledger_entries
from core.platform.i18n import text
from tests.conversations.stage import BAMBANG, JOHN, Stage


async def _take_back(stage: Stage, customer_id: int, number: str | None = None) -> None:
    async with stage.services.uow.write() as tx:
        await tx.execute(invoice_lines.delete())
        await tx.execute(ledger_entries.delete())
        gone = invoices.delete().where(invoices.c.customer_id == customer_id)
        await tx.execute(gone if number is None else gone.where(invoices.c.number == number))


async def test_a_customer_without_any_bill_is_told_so(stage: Stage) -> None:
    await _take_back(stage, 6)
    assert await stage.say(BAMBANG, "cek tagihan") == text("invoice_lookup.no_bills", "id", name="Bambang")


async def test_a_bill_that_was_taken_back_is_not_shown(stage: Stage) -> None:
    await stage.say(JOHN, "cek tagihan")
    await _take_back(stage, 1, "230130001")
    assert await stage.say(JOHN, "1") == text("invoice_lookup.no_such_bill", "id")
