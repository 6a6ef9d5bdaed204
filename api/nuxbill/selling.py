"""What controllers that sell share: who sells, by which means, how a refusal reads, what a sale's answer shows."""

from __future__ import annotations

from urllib.parse import quote

from api.nuxbill import replies
from api.nuxbill.actions import OFFICE
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused
from api.nuxbill.rows import sale_row
from api.nuxbill.slips import WHATSAPP_COLUMNS, Slip, slip
from core.identity.staff_accounts import StaffAccount
from core.platform.errors import DomainError
from core.platform.ids import new_id
from core.prepaid.types import Means, Sale, Seller, Source

MENU = "plan"
NO_PLAN = "Plan not found"
NO_CUSTOMER = "Customer not found"
ALL_REQUIRED = "All field is required"

_LONGEST_TOKEN = 60
_SAID = {
    "customer": NO_CUSTOMER,
    "plan": NO_PLAN,
    "router": NO_PLAN,
    "plan_disabled": replies.NO_PERMISSION,
    "insufficient_balance": "insufficient balance",
    "billed_monthly": "Customer has a monthly subscription on this router",
    "credit_spent": "insufficient balance",
    "balance_off": "Failed, balance is not available",
    "own_account": "Cannot send to yourself",
    "receiver_banned": "Username not found",
    "extension_off": "cannot extend",
    "extended_already": "You already extend for this month",
    "package_runs": "Plan is not expired",
    "voucher": "Voucher Not Valid",
    "voucher_used": "Voucher Not Valid",
}


def refused(error: DomainError, otherwise: str) -> Refused:
    """A refusal of core in the words of the original; what it has no words for is told by `otherwise`."""
    if error.reason == "account_status":
        return Refused(f"This account status : {error.facts['status']}")
    return Refused(_SAID.get(error.reason, otherwise))


def seller(call: Call) -> Seller:
    """Whoever calls, as somebody who sells."""
    match call.caller:
        case StaffAccount() as staff:
            may = staff.role in OFFICE
            return Seller(actor=call.actor, staff_id=staff.id, may_sell_disabled=may, ip=call.ip)
        case _:
            return Seller(actor=call.actor, ip=call.ip)


def means(call: Call, using: str) -> Means:
    """What a word for paying stands for. Raises `Refused` where it is not allowed."""
    name = call.staff.name
    match using.lower():
        case "balance":
            if not call.preferences.balance:
                raise Refused("Balance not enabled")
            return Means(gateway="Recharge Balance", channel=name, source=Source.BALANCE)
        case "zero":
            if call.staff.role not in OFFICE:
                raise Refused(replies.NO_PERMISSION)
            return Means(gateway="Recharge Zero", channel=name, source=Source.NOTHING)
        case _:
            return Means(gateway=using.title()[:60], channel=name, source=Source.COUNTER)


def key(call: Call, name: str) -> str:
    """What makes a repeat harmless: the token the client names, in its caller's own space; a new one where it names none."""
    token = call.text(name)[:_LONGEST_TOKEN]
    return f"{call.actor}-{token}" if token else new_id("sale")


async def receipt(call: Call, sale_id: int, *, title: str = "Invoice") -> Page:
    """A sale as its answer shows it: the row, the slip, and the slip as a chat would carry it."""
    sale = await call.services.prepaid.sale(sale_id)
    if sale is None:
        raise Refused("Data Not Found")
    return Page(title, MENU, {"id": sale.id, **shown(call, sale)})


def shown(call: Call, sale: Sale) -> dict[str, object]:
    """The keys `in`, `invoice` and `whatsapp`."""
    own = Slip(call.preferences, call.services.settings, sale)
    for_chat = slip(own, WHATSAPP_COLUMNS)
    return {
        "in": sale_row(sale, call.services.settings.zone),
        "invoice": slip(own),
        "whatsapp": quote(f"```{for_chat}```"),
    }


def done(message: str, **result: object) -> Done:
    return Done(message, result)
