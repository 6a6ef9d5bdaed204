"""Inquiry, payment, status (bill-partner contract §4 to §7)."""

from __future__ import annotations

import asyncio

from quart import Blueprint

from api.bills.access import Replay, Terms
from api.bills.claims import Fields, payment_order, question
from api.bills.direct import Views
from api.bills.door import for_partners
from core.partners import bodies
from core.partners.bodies import Envelope
from core.partners.codes import Code
from core.partners.scenarios import SLOW_ANSWER_S, scenario
from core.partners.types import Declined, PartnerKey, Scope, Taken
from core.platform.errors import Throttled, Unavailable
from core.services import Services

blueprint = Blueprint("bills", __name__)

#: Inquiries of one account by one partner (§6, RC 330), and questions about one payment (§7).
SAME_ACCOUNT, SAME_REFERENCE = "10/30 minute", "1/5 second"
_PAYMENT_DEADLINE_S = 5.0

_INQUIRY = Terms(Scope.INQUIRY, "60/3 second")
#: The sandbox's slow answer must outlast the deadline that the payment itself keeps below.
_PAYMENT = Terms(
    Scope.PAYMENT,
    "30/3 second",
    malformed=Code.GENERAL_ERROR,
    deadline_s=SLOW_ANSWER_S + _PAYMENT_DEADLINE_S + 1,
)
_STATUS = Terms(Scope.STATUS, "20/second")


async def check_bill(services: Services, key: PartnerKey, fields: Fields) -> Envelope:
    """What an account owes: RC 300, or why not."""
    asked = question(fields)
    try:
        await services.throttle.hit(
            SAME_ACCOUNT, "partner-account", str(key.partner_id), asked.account_number.upper()
        )
        inquiry = await services.partners.inquire(
            key,
            account_number=asked.account_number,
            product_code=asked.product_code,
            month=asked.month,
        )
    except Throttled as often:
        raise Declined(Code.TOO_OFTEN) from often
    except Unavailable as down:
        raise Declined(Code.INQUIRY_DOWN) from down
    return bodies.of_inquiry(inquiry, services.settings.zone)


async def pay_bill(services: Services, key: PartnerKey, fields: Fields) -> Envelope | Replay:
    """RC 299 once it is certain; the same order again gets the state of the first one."""
    order = payment_order(fields)
    async with asyncio.timeout(_PAYMENT_DEADLINE_S):
        taken = await services.partners.pay(key, order)
    taken = await services.partners.finish(key, taken)
    await _played_slowness(taken)
    body = bodies.of_transaction(taken.transaction, services.settings.zone)
    return Replay(body) if taken.is_replay else body


async def _played_slowness(taken: Taken) -> None:
    """Scenario 0504: the payment stands, the answer takes too long (§11, §13.7)."""
    inquiry = taken.transaction.inquiry
    if inquiry.product.is_sandbox and not taken.is_replay:
        await asyncio.sleep(scenario(inquiry.account_number).answers_after_s)


async def show_status(services: Services, key: PartnerKey, fields: Fields) -> Envelope:
    """What became of a payment: RC 0, 299 or 1xx as it is; 188 when this partner certainly has none of that name."""
    ref_number = fields.reference()
    await services.throttle.hit(SAME_REFERENCE, "partner-status", str(key.partner_id), ref_number)
    transaction = await services.partners.transaction(key, ref_number)
    if transaction is None:
        return bodies.of_nobody()
    return bodies.of_transaction(transaction, services.settings.zone)


_VERSIONS = ("v2", "v1")
_NAMED: Views = {
    "check": (check_bill, _INQUIRY),
    "payment": (pay_bill, _PAYMENT),
    "status": (show_status, _STATUS),
}
#: By path, for whoever answers without Quart.
VIEWS: Views = {f"/api/{version}/bill/{name}": of for version in _VERSIONS for name, of in _NAMED.items()}
for _name, (_view, _terms) in _NAMED.items():
    _endpoint = for_partners(_terms)(_view)
    for _version in _VERSIONS:
        blueprint.post(f"/api/{_version}/bill/{_name}")(_endpoint)
