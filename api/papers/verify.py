"""What the code on a receipt leads to: whether we took that money, and nothing more about whose it was."""

from __future__ import annotations

from quart import Blueprint, Response

from api.auth import services
from api.papers.pages import page, said, wrong_link
from api.papers.reader import language
from core.customers.rules import masked_name
from core.papers.types import Receipt
from core.platform.clock import local_day
from core.platform.errors import NotFound
from core.platform.i18n import Day, Month, Rupiah, TimeOfDay, spelled

blueprint = Blueprint("papers_verify", __name__)


@blueprint.get("/v/<token>")
async def show(token: str) -> Response:
    """Confirms number, amount, date and the masked name; a changed code is none of ours, and a payment taken back is said to be."""
    try:
        receipt = await services().papers.receipt_behind(token)
    except NotFound:
        return await wrong_link(said("verify_page.unknown"), said("verify_page.not_ours"))
    return await page(
        "papers_receipt.html",
        title=said("verify_page.title", number=receipt.number),
        is_reversed=receipt.is_reversed,
        state=said("verify_page.reversed" if receipt.is_reversed else "verify_page.genuine"),
        amount=spelled(Rupiah(receipt.amount), language()),
        compare=said("verify_page.void" if receipt.is_reversed else "verify_page.compare"),
        facts=_facts(receipt),
    )


def _facts(receipt: Receipt) -> list[tuple[str, str]]:
    zone = services().settings.zone
    day = spelled(Day(local_day(receipt.paid_at, zone)), language())
    facts = [
        (said("paper.number"), receipt.number),
        (said("paper.paid_at"), f"{day}, {spelled(TimeOfDay(receipt.paid_at, zone), language())}"),
        (said("paper.from"), masked_name(receipt.customer_name)),
    ]
    bill = receipt.bill
    if bill is None:
        return [*facts, (said("paper.purpose"), said("paper.advance"))]
    purpose = said("paper.of_bill", invoice=bill.number, period=Month(bill.year, bill.month))
    return [*facts, (said("paper.purpose"), purpose)]
