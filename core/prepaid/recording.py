"""What a sale leaves behind: the package, a settled bill, what the next cycle will cost. Each runs in its caller's transaction."""

from __future__ import annotations

from typing import Any

from core.billing import commands
from core.billing.commands import NewInvoice, Payment
from core.billing.settling import numbered, settle_and_follow_up
from core.billing.types import InvoiceLine, Settled
from core.coupons.tables import coupons
from core.platform.clock import local_day
from core.platform.errors import Conflict
from core.platform.uow import WriteTx
from core.preferences.types import Preferences
from core.prepaid import expiry, people, pricing
from core.prepaid.deals import Deal, Desk
from core.prepaid.sales import NewSale, add_sale, invoice_number, source_name
from core.prepaid.tables import recharges
from core.prepaid.types import Seller, Source, Unit
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus


async def write_package(tx: WriteTx, deal: Deal, seller: Seller) -> int:
    """Begin a package, or put it in the place of the one before; returns its subscription."""
    request, means = deal.request, deal.request.wanted.means
    kind, holder = request.plan.terms.kind, request.holder
    facts: dict[str, Any] = {
        "plan_id": request.plan.id,
        "price": request.plan.price,
        "discount": 0,
        "quantity": 1,
        "status": ServiceStatus.ACTIVE,
        "expires_at": deal.ends,
        "line_plan_id": None,
        "line_user": holder.login(kind),
        "line_secret_sealed": holder.secret_sealed,
    }
    if deal.row is None:
        own = {"customer_id": holder.id, "router_id": request.place.router_id, "mode": kind.mode}
        subscription_id = await tx.insert(subscriptions, **own, **facts, created_at=tx.now)
    else:
        subscription_id = int(deal.row.id)
        await tx.execute(subscriptions.update().where(subscriptions.c.id == subscription_id).values(**facts))
    paid = {
        "recharged_at": tx.now,
        "gateway": means.gateway,
        "channel": means.channel,
        "staff_id": seller.staff_id,
    }
    own = {"subscription_id": subscription_id, "guest_code": holder.guest_code}
    if not await tx.insert_new(recharges, **own, **paid):
        same = recharges.update().where(recharges.c.subscription_id == subscription_id)
        await tx.execute(same.values(**paid))
    return subscription_id


async def write_sale(tx: WriteTx, desk: Desk, deal: Deal, subscription_id: int, seller: Seller) -> int:
    request = deal.request
    sale = NewSale(
        key=request.wanted.key,
        holder=request.holder,
        plan_id=request.plan.id,
        plan_name=request.plan.name,
        kind=request.plan.terms.kind,
        price=deal.quote.recorded,
        means=request.wanted.means,
        router=request.place.name,
        note=_noted(deal, desk.preferences),
        expires_at=deal.ends,
        subscription_id=subscription_id,
    )
    return await add_sale(tx, sale, seller)


def _noted(deal: Deal, preferences: Preferences) -> str:
    note, told = deal.request.wanted.note, deal.quote
    if not told.bills:
        return note
    lines = [*told.bills.items(), (deal.request.plan.name, told.price)]
    written = [f"{name} : {spelled_money(cost, preferences)}" for name, cost in lines]
    return "\n".join([note, *written] if note else written)


def spelled_money(amount: int, preferences: Preferences) -> str:
    """An amount as notes and papers of prepaid clients write it: `Rp. 15.000`."""
    grouped = f"{amount:,}".replace(",", preferences.thousands_separator)
    return f"{preferences.currency} {grouped}"


async def collect(tx: WriteTx, desk: Desk, deal: Deal, sale_id: int, seller: Seller) -> None:
    """Bill the package, and settle the bill with what the means bring. What nobody pays for is a bill of nothing.

    Raises `Conflict("reference_reused")` when the means have paid for something else already.
    """
    invoice_id = await commands.issue(tx, _bill(tx, desk, deal, sale_id))
    invoice = await tx.first(numbered([invoice_id]))
    if invoice is None or not invoice.amount:
        return
    request, means = deal.request, deal.request.wanted.means
    payment = Payment(source_name(means), means.reference or f"sale-{sale_id}", actor=seller.actor)
    is_told = request.plan.terms.sends_receipt and request.holder.guest_code is None
    outcome = await settle_and_follow_up(tx, desk.settings, invoice, payment, receipt=is_told)
    if not isinstance(outcome, Settled):
        raise Conflict("reference_reused")


def _bill(tx: WriteTx, desk: Desk, deal: Deal, sale_id: int) -> NewInvoice:
    today, told, plan = local_day(tx.now, desk.settings.zone), deal.quote, deal.request.plan
    parts = [(plan.name, plan.terms.kind.value, told.price)]
    parts += [(name, pricing.BILL, cost) for name, cost in told.bills.items()]
    return NewInvoice(
        number=invoice_number(sale_id),
        customer_id=deal.request.holder.id,
        year=today.year,
        month=today.month,
        due_on=today,
        isolate_on=today,
        lines=tuple(InvoiceLine(name, category, cost, 1, 0, cost, "") for name, category, cost in parts),
        tax=told.tax,
        discount=told.discount,
    )


async def note_for_next_time(tx: WriteTx, deal: Deal) -> None:
    """Instalments and coupons that were used, and what the next cycle of a fixed period will cost."""
    request = deal.request
    changed = pricing.after_paying(request.holder.attributes) if deal.quote.bills else {}
    is_free = request.wanted.means.source is Source.NOTHING
    if request.plan.terms.unit is Unit.PERIOD and not is_free:
        price, validity = request.plan.price, request.plan.terms.validity
        if deal.row is None:
            price = expiry.first_share(price, validity, deal.begins.date(), deal.ends.date())
        changed[pricing.NEXT_PRICE] = str(price)
    await people.set_attributes(tx, request.holder.id, changed)
    if request.wanted.coupon:
        used = coupons.update().where(coupons.c.code == request.wanted.coupon)
        await tx.execute(used.values(uses=coupons.c.uses + 1))
