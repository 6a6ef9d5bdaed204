"""One recharge in all its paths, inside its caller's transaction (phpnuxbill-2 contract §A2).

Money goes the one way there is: the package is a bill that is settled at once, so that every face shows it and the books
agree. The router follows through the outbox.
"""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import select

from core.audit.log import record
from core.network import switching
from core.network.tables import routers
from core.platform.errors import Conflict, Forbidden, NotFound
from core.platform.uow import ReadTx, WriteTx
from core.prepaid import people, recording
from core.prepaid.balance import top_up
from core.prepaid.deals import Deal, Desk, Place, Recharge, Request, deal_of, place_named
from core.prepaid.people import Holder
from core.prepaid.plans import linked_to, plan_of
from core.prepaid.sales import earlier_sale, invoice_number
from core.prepaid.types import Means, PlanKind, PrepaidPlan, Quote, Seller, Sold, Source
from core.subscriptions.tables import subscriptions

#: How far the links between plans are followed.
_MOST_LINKED = 20
_LINKED_NOTE = "Linked activation from {}"


async def recharge(tx: WriteTx, desk: Desk, holder: Holder, wanted: Recharge, seller: Seller) -> Sold:
    """Sell a locked holder a package, and what is linked to it.

    Raises `NotFound` (`plan`, `router`, `coupon`), `Conflict` (`account_status`, `insufficient_balance`, `billed_monthly`,
    `reference_reused`, those of coupons), `Forbidden("plan_disabled")`, `Invalid("reference")`.
    """
    if (earlier := await earlier_sale(tx, wanted.key, holder.id)) is not None:
        return earlier
    plan = await plan_of(tx, wanted.plan_id)
    holder.must_be_active()
    _must_be_sold(plan, wanted.means, seller)
    if plan.terms.kind is PlanKind.BALANCE:
        return await top_up(
            tx, holder, plan.price, wanted.means, seller, key=wanted.key, plan=plan, note=wanted.note
        )
    request = Request(wanted, holder, plan, await place_named(tx, wanted.router or plan.router))
    sold = await _sell(tx, desk, await deal_of(tx, desk, request), seller)
    if wanted.brings_linked and holder.guest_code is None:
        await _sell_linked(tx, desk, request, seller)
    return sold


async def quoted(tx: ReadTx, desk: Desk, holder: Holder, wanted: Recharge) -> Quote:
    """What a recharge would cost; nothing is changed. Raises as a recharge does."""
    plan = await plan_of(tx, wanted.plan_id)
    if plan.terms.kind is PlanKind.BALANCE:
        return Quote(price=plan.price, bills={})
    place = await place_named(tx, wanted.router or plan.router)
    return (await deal_of(tx, desk, Request(wanted, holder, plan, place))).quote


def _must_be_sold(plan: PrepaidPlan, means: Means, seller: Seller) -> None:
    if plan.is_enabled or means.source is Source.GIFT or seller.may_sell_disabled:
        return
    if seller.staff_id is None:
        raise NotFound("plan")
    raise Forbidden("plan_disabled")


async def _sell(tx: WriteTx, desk: Desk, deal: Deal, seller: Seller) -> Sold:
    holder, told = deal.request.holder, deal.quote
    is_from_balance = deal.request.wanted.means.source is Source.BALANCE
    balance = await people.balance_of(tx, holder.id)
    if is_from_balance and balance < told.total:
        raise Conflict("insufficient_balance")
    subscription_id = await recording.write_package(tx, deal, seller)
    sale_id = await recording.write_sale(tx, desk, deal, subscription_id, seller)
    await recording.collect(tx, desk, deal, sale_id, seller)
    await recording.note_for_next_time(tx, deal)
    await switching.provision(tx, subscription_id, key=f"sale-{sale_id}")
    facts = {"sale": sale_id, "plan": deal.request.plan.id, "price": told.recorded, "asked": told.total}
    about = f"customer:{holder.id}"
    await record(tx, actor=seller.actor, action="package_sold", subject=about, details=facts)
    return Sold(
        sale_id=sale_id,
        number=invoice_number(sale_id),
        subscription_id=subscription_id,
        expires_at=deal.ends,
        paid=told.total,
        balance=balance - (told.total if is_from_balance else 0),
    )


async def _sell_linked(tx: WriteTx, desk: Desk, first: Request, seller: Seller) -> None:
    """Everything that is linked to a plan, once each; the buyer pays for the first alone (§A7)."""
    wanted, done = first.wanted, {first.plan.id}
    note = "\n".join(filter(None, (wanted.note, _LINKED_NOTE.format(first.plan.name))))
    means = replace(wanted.means, source=Source.GIFT, reference="")
    waiting = list(await linked_to(tx, first.plan.id))
    while waiting and len(done) < _MOST_LINKED:
        plan_id = waiting.pop(0)
        if plan_id in done:
            continue
        done.add(plan_id)
        waiting += await linked_to(tx, plan_id)
        plan = await plan_of(tx, plan_id)
        if plan.terms.kind is PlanKind.BALANCE:
            continue
        along = Recharge(plan_id=plan_id, means=means, key=f"{wanted.key}/{plan_id}", note=note)
        request = Request(along, first.holder, plan, await _linked_place(tx, plan, first))
        await _sell(tx, desk, await deal_of(tx, desk, request), seller)


async def _linked_place(tx: WriteTx, plan: PrepaidPlan, first: Request) -> Place:
    """Where the customer has had the plan last, else where it is sold, else where the first one is."""
    last = await tx.first(
        select(subscriptions.c.router_id, routers.c.alias)
        .join_from(subscriptions, routers, routers.c.id == subscriptions.c.router_id)
        .where(subscriptions.c.customer_id == first.holder.id, subscriptions.c.plan_id == plan.id)
        .order_by(subscriptions.c.id.desc())
        .limit(1)
    )
    if last is not None:
        return Place(last.router_id, last.alias)
    named = plan.router or first.plan.router
    return await place_named(tx, named) if named else first.place
