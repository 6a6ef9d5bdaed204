"""Taking a successful payment back: a row of its own, the deposit returned, the bills open again (bill-partner contract §7)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from core.billing.corrections import reverse_payment
from core.billing.tables import payments
from core.partners import ledger
from core.partners.settlement import references
from core.partners.tables import partner_reversals
from core.partners.types import State
from core.platform.errors import Conflict, Invalid
from core.platform.uow import WriteTx
from core.settings import Settings

_LONGEST_REASON = 200


async def reverse(tx: WriteTx, settings: Settings, row: Row[Any], *, reason: str, actor: str) -> bool:
    """Take back a payment that is held; False when it was taken back before. The payment itself stays a success.

    Raises `Invalid("reason")`, `Conflict("not_successful")` for one that has not succeeded or was the sandbox's.
    """
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise Invalid("reason")
    if row.state != State.SUCCESS or row.product_is_sandbox:
        raise Conflict("not_successful")
    facts = {"transaction_id": row.id, "partner_id": row.partner_id, "amount": row.amount}
    if not await tx.insert_new(
        partner_reversals, reason=reason.strip(), actor=actor, created_at=tx.now, **facts
    ):
        return False
    await ledger.take_back(tx, row.partner_id, row.id, row.amount)
    named = payments.c.reference.in_([reference for _, reference in references(row)])
    paid = await tx.all(
        select(payments.c.id)
        .where(payments.c.source == f"partner:{row.partner_id}", named)
        .order_by(payments.c.id)
    )
    for payment in paid:
        await reverse_payment(tx, settings, payment.id, reason=reason, actor=actor)
    return True
