"""What an account owes, as a partner may see it: read, remembered, nothing locked (bill-partner contract §4.1, §7.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import Row, and_, bindparam, exists, literal_column, or_, outerjoin, select

from core.billing.tables import invoices
from core.billing.types import InvoiceStatus
from core.customers.rules import masked_name
from core.customers.tables import customers
from core.partners import queries
from core.partners.availability import Block, why_closed
from core.partners.codes import Code
from core.partners.rules import INQUIRY_LIFETIME
from core.partners.scenarios import CUSTOMER, scenario
from core.partners.tables import partner_blocks, partner_inquiries, partner_transactions
from core.partners.types import BillItem, Declined, Inquiry, PartnerKey, Product
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus

#: Long past its half hour, an inquiry that was not paid is of no use to anybody.
_KEPT_FOR = timedelta(days=7)


class _Owed(Struct, frozen=True):
    """What was found for an account number, by whatever product."""

    customer_name: str
    bills: tuple[BillItem, ...]
    customer_id: int | None = None
    is_expired: bool = False


async def inquire(
    tx: WriteTx,
    settings: Settings,
    key: PartnerKey,
    *,
    account_number: str,
    product_code: str,
    month: int | None,
) -> Inquiry:
    """Remember what an account owes now; every call makes a new inquiry. Raises `Declined`."""
    row = await queries.product_of(tx, key, product_code)
    if row is None:
        raise Declined(Code.INQUIRY_NO_PRODUCT)
    if closed := why_closed(settings, row, tx.now):
        raise Declined(closed.on_inquiry)
    product = queries.as_product(row)
    if product.is_sandbox:
        owed = _sandboxed(account_number)
    else:
        owed = await _owed(tx, row, account_number, month)
    return await _remembered(tx, key, product, owed, account_number=account_number, month=month)


def _sandboxed(account_number: str) -> _Owed:
    played = scenario(account_number)
    if played.inquiry is not Code.INQUIRY_OK:
        raise Declined(played.inquiry)
    return _Owed(CUSTOMER, played.bills, is_expired=played.is_expired)


async def _owed(tx: ReadTx, terms: Row[Any], account_number: str, month: int | None) -> _Owed:
    """What the account owes, on the terms of the partner that asks."""
    typed = account_number.strip()
    owners = await tx.rows(_OWNER, typed=typed, upper=typed.upper())
    if not owners:
        raise Declined(Code.NO_SUCH_ACCOUNT)
    owner = owners[0]
    if owner.block is not None:
        raise Declined(Block(owner.block).on_inquiry)
    if owner.has_left:
        raise Declined(Code.AT_THE_COUNTER)
    unpaid = [BillItem(*row) for row in await tx.rows(_UNPAID, customer_id=owner.id)]
    if not unpaid:
        raise Declined(await _why_nothing(tx, owner.id))
    if terms.rejects_arrears and len(unpaid) > terms.max_arrears:
        raise Declined(Code.TOO_MANY_MONTHS)
    shown = unpaid[: min(month or terms.max_arrears, terms.max_arrears)]
    return _Owed(masked_name(owner.name) if terms.masks_names else owner.name, tuple(shown), owner.id)


_lines = select(subscriptions.c.id).where(subscriptions.c.customer_id == customers.c.id)
#: Every subscription has ended: what is still owed is settled with people, at the counter.
_has_left = and_(
    _lines.exists(), ~_lines.where(subscriptions.c.status != ServiceStatus.INACTIVE.value).exists()
)
#: Whose number it is, however its letters are typed.
_OWNER = Prepared(
    select(
        customers.c.id,
        customers.c.name,
        partner_blocks.c.kind.label("block"),
        _has_left.label("has_left"),
    )
    .select_from(outerjoin(customers, partner_blocks, partner_blocks.c.customer_id == customers.c.id))
    .where(
        or_(
            customers.c.service_number == bindparam("typed"), customers.c.service_number == bindparam("upper")
        )
    )
)
_IS_UNPAID = invoices.c.status == literal_column(f"'{InvoiceStatus.UNPAID.value}'")
#: Oldest first: no bill is skipped.
_UNPAID = Prepared(
    select(
        invoices.c.id,
        invoices.c.year,
        invoices.c.month,
        (invoices.c.amount - invoices.c.settled).label("owed"),
    )
    .where(invoices.c.customer_id == bindparam("customer_id"), _IS_UNPAID)
    .order_by(invoices.c.year, invoices.c.month, invoices.c.id)
)


async def _why_nothing(tx: ReadTx, customer_id: int) -> Code:
    """Paid, or never billed (§13.8)."""
    any_invoice = select(invoices.c.id).where(invoices.c.customer_id == customer_id).limit(1)
    return Code.NO_BILL if await tx.scalar(any_invoice) is None else Code.ALREADY_PAID


async def _remembered(
    tx: WriteTx, key: PartnerKey, product: Product, owed: _Owed, *, account_number: str, month: int | None
) -> Inquiry:
    admin = product.admin_fee * (len(owed.bills) if product.admin_per == "bill" else 1)
    amount = sum(bill.amount for bill in owed.bills) + admin + product.processing_fee
    if product.max_amount is not None and amount > product.max_amount:
        raise Declined(Code.OVER_LIMIT)
    created_at = tx.now - INQUIRY_LIFETIME if owed.is_expired else tx.now
    inquiry_id = await tx.insert(
        partner_inquiries,
        partner_id=key.partner_id,
        product_id=product.id,
        customer_id=owed.customer_id,
        account_number=account_number,
        customer_name=owed.customer_name,
        bills=[astuple(bill) for bill in owed.bills],
        admin=admin,
        processing_fee=product.processing_fee,
        amount=amount,
        month=month,
        is_used=False,
        created_at=created_at,
    )
    return Inquiry(
        inquiry_id,
        account_number,
        owed.customer_name,
        product,
        owed.bills,
        admin,
        product.processing_fee,
        amount,
        month,
        tx.now,
    )


async def purge_unpaid(tx: WriteTx, *, batch: int = 2000) -> int:
    """Forget old inquiries that nobody paid, a batch at a time; returns how many."""
    inquiry = partner_inquiries.c
    is_paid = exists().where(partner_transactions.c.inquiry_id == inquiry.id)
    old = select(inquiry.id).where(inquiry.created_at < tx.now - _KEPT_FOR, ~is_paid).limit(batch)
    return await tx.execute(partner_inquiries.delete().where(inquiry.id.in_(old)))


async def unpaid_as_shown(tx: ReadTx, inquiry: Row[Any]) -> Code | None:
    """Why an inquiry's bills cannot be paid any more, its invoices locked until commit; None when they can (§7.2)."""
    if (inquiry.service_number or "").upper() != inquiry.account_number.upper():
        return Code.WRONG_ACCOUNT
    if inquiry.block is not None:
        return Code.BLOCKED_BY_BILLER
    rows = await tx.rows(_HELD_UNPAID, customer_id=inquiry.customer_id)
    owed = {row.id: row.owed for row in rows}
    as_shown = all(owed.get(bill.invoice_id) == bill.amount for bill in queries.as_bills(inquiry.bills))
    return None if as_shown else Code.AMOUNT_MISMATCH


#: No index can answer this: SQLite would walk through everybody's unpaid bills rather than one customer's.
_IS_UNPAID_OF_FEW = invoices.c.status.concat(literal_column("''")) == InvoiceStatus.UNPAID.value
#: Locked in one order for everybody.
_HELD_UNPAID = Prepared(
    select(invoices.c.id, (invoices.c.amount - invoices.c.settled).label("owed"))
    .where(invoices.c.customer_id == bindparam("customer_id"), _IS_UNPAID_OF_FEW)
    .order_by(invoices.c.id)
    .with_for_update(key_share=True)
)
