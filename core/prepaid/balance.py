"""A customer's balance, which is the credit of the books: topped up, given back, moved to somebody else (§A6)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import select

from core.audit.log import record
from core.billing import commands, ledger
from core.billing.commands import Payment
from core.billing.corrections import give_back
from core.platform.errors import Conflict, Invalid
from core.platform.uow import WriteTx
from core.preferences.types import Preferences
from core.prepaid import people
from core.prepaid.people import Holder
from core.prepaid.sales import NewSale, add_sale, earlier_sale, invoice_number, source_name
from core.prepaid.tables import purchases
from core.prepaid.types import Means, OrderStatus, PlanKind, PrepaidPlan, Seller, Sold, Source

#: Where a top-up stands in lists.
BALANCE = "balance"
_GIVEN_BACK = "given back over the counter"


class Moved(Struct, frozen=True):
    """A move of balance, with what the sender has left; `is_new` is False for the repeat of an earlier one."""

    purchase_id: int
    balance: int
    is_new: bool = True


async def top_up(
    tx: WriteTx,
    holder: Holder,
    amount: int,
    means: Means,
    seller: Seller,
    *,
    key: str,
    plan: PrepaidPlan | None = None,
    note: str = "",
) -> Sold:
    """Add to a locked holder's balance; less than nothing is handed back, as far as there is any.

    Raises `Invalid("amount")`, `Conflict` (`credit_spent`, `reference_reused`).
    """
    if (earlier := await earlier_sale(tx, key, holder.id)) is not None:
        return earlier
    if amount == 0 or means.source in {Source.BALANCE, Source.NOTHING, Source.GIFT}:
        raise Invalid("amount")
    sale = NewSale(
        key=key,
        holder=holder,
        plan_id=None if plan is None else plan.id,
        plan_name="Balance" if plan is None else plan.name,
        kind=PlanKind.BALANCE,
        price=amount,
        means=means,
        router=BALANCE,
        note=note,
        expires_at=tx.now,
    )
    sale_id = await add_sale(tx, sale, seller)
    await _move_money(tx, sale, sale_id, seller)
    return Sold(
        sale_id=sale_id,
        number=invoice_number(sale_id),
        subscription_id=None,
        expires_at=tx.now,
        paid=amount,
        balance=await people.balance_of(tx, holder.id),
    )


async def _move_money(tx: WriteTx, sale: NewSale, sale_id: int, seller: Seller) -> None:
    if sale.price < 0:
        reason, key = sale.note.strip()[:255] or _GIVEN_BACK, f"sale:{sale_id}"
        await give_back(tx, sale.holder.id, -sale.price, reason=reason, actor=seller.actor, key=key)
        return
    reference = sale.means.reference or f"sale-{sale_id}"
    payment = Payment(source_name(sale.means), reference, sale.price, actor=seller.actor)
    if await commands.pay_in_advance(tx, sale.holder.id, payment) is None:
        raise Conflict("reference_reused")


async def transfer(
    tx: WriteTx, preferences: Preferences, sender_id: int, target_id: int, amount: int, *, key: str
) -> Moved:
    """Move balance from one customer to another: all of it or nothing, once per `key`.

    Raises, in this order, `Conflict` (`balance_off`, `account_status`), `Invalid("amount")`, `Conflict`
    (`insufficient_balance`, `below_smallest_transfer`, `own_account`, `receiver_banned`).
    """
    if not (preferences.balance and preferences.balance_transfer):
        raise Conflict("balance_off")
    people_of = await people.locked_all(tx, {sender_id, target_id})
    sender, target = people_of[sender_id], people_of[target_id]
    earlier = await tx.first(select(purchases).where(purchases.c.key == key))
    left = await people.balance_of(tx, sender_id)
    if earlier is not None:
        if earlier.customer_id != sender_id:
            raise Conflict("reference_reused")
        return Moved(earlier.id, left, is_new=False)
    _must_be_movable(preferences, sender, target, amount, left)
    sent = await _side(tx, sender, target, amount, key=key)
    await _side(tx, target, sender, amount, key=None)
    await _book(tx, sent, sender_id, target_id, amount)
    facts = {"purchase": sent, "amount": amount, "to": target_id}
    about, who = f"customer:{sender_id}", f"customer:{sender_id}"
    await record(tx, actor=who, action="balance_moved", subject=about, details=facts)
    return Moved(sent, left - amount)


def _must_be_movable(
    preferences: Preferences, sender: Holder, target: Holder, amount: int, left: int
) -> None:
    sender.must_be_active()
    if amount <= 0:
        raise Invalid("amount")
    if left < amount:
        raise Conflict("insufficient_balance")
    if amount < preferences.smallest_transfer:
        raise Conflict("below_smallest_transfer", amount=preferences.smallest_transfer)
    if sender.id == target.id:
        raise Conflict("own_account")
    if target.status == "Banned":
        raise Conflict("receiver_banned")


async def _side(tx: WriteTx, own: Holder, other: Holder, amount: int, *, key: str | None) -> int:
    """One of the two rows of a move; the sender's bears the key."""
    return await tx.insert(
        purchases,
        key=key,
        customer_id=own.id,
        username=own.username,
        gateway=other.username,
        gateway_reference="",
        plan_name="Receive Balance" if key is None else "Send Balance",
        router=BALANCE,
        price=amount,
        url=BALANCE,
        method="Customer",
        channel="Balance",
        created_at=tx.now,
        expires_at=tx.now,
        paid_at=tx.now,
        invoice="",
        status=OrderStatus.PAID,
    )


async def _book(tx: WriteTx, purchase_id: int, sender_id: int, target_id: int, amount: int) -> None:
    gone = {ledger.CREDIT: amount, ledger.TRANSFERS: -amount}
    come = {ledger.TRANSFERS: amount, ledger.CREDIT: -amount}
    await ledger.book(tx, f"transfer:{purchase_id}:sent", sender_id, gone)
    await ledger.book(tx, f"transfer:{purchase_id}:received", target_id, come)
