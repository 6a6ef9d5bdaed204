"""How packages end, and how an end is put off (phpnuxbill-2 contract §A10-A12). Each runs in its caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select

from core.audit.log import SYSTEM, record
from core.network import switching
from core.network.tables import routers
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.ids import new_id
from core.platform.uow import WriteTx
from core.prepaid import people
from core.prepaid.deals import Desk, Place, Recharge
from core.prepaid.plans import RADIUS, plan_of
from core.prepaid.recharging import recharge
from core.prepaid.tables import prepaid_plans, recharges
from core.prepaid.types import Means, PrepaidPlan, Seller, Sold, Source
from core.subscriptions.tables import subscriptions
from core.subscriptions.types import ServiceStatus

LONGEST_EXTENSION_DAYS = 365
#: What a renewal from the balance is written down as.
RENEWAL = Means(gateway="Customer", channel="Balance", source=Source.BALANCE)

#: Why a package may simply have ended; each is found out before anything is written.
_NOT_RENEWED = {"insufficient_balance", "account_status", "billed_monthly", "plan", "router"}

_PACKAGE: Select[Any] = (
    select(
        subscriptions,
        recharges.c.extended_in,
        recharges.c.guest_code,
        prepaid_plans.c.follow_up_plan_id,
    )
    .join(recharges, recharges.c.subscription_id == subscriptions.c.id)
    .outerjoin(prepaid_plans, prepaid_plans.c.plan_id == subscriptions.c.plan_id)
)


async def package_of(tx: WriteTx, subscription_id: int, *, customer_id: int | None = None) -> Row[Any]:
    """A package with its customer locked; of one customer where that is told. Raises `NotFound("package")`."""
    held = subscriptions.c.id == subscription_id
    own = () if customer_id is None else (subscriptions.c.customer_id == customer_id,)
    holder = await tx.scalar(select(subscriptions.c.customer_id).where(held, *own))
    if holder is not None:
        await people.locked(tx, int(holder))
        row = await tx.first(_PACKAGE.where(held, *own))
        if row is not None:
            return row
    raise NotFound("package")


async def deactivate(tx: WriteTx, row: Row[Any], *, actor: str) -> None:
    """End a package now. Raises `NotFound("package")` when it does not run."""
    if row.status != ServiceStatus.ACTIVE:
        raise NotFound("package")
    await _end(tx, row, expires_at=tx.now, key=new_id("ended"))
    await _note(tx, actor, "package_ended", row)


async def extend(tx: WriteTx, row: Row[Any], days: int, *, actor: str) -> datetime:
    """Let an ended package run some days longer than it would have, or than today; free of charge.

    Raises `Invalid("days")`, `Conflict("package_runs")`.
    """
    if not 1 <= days <= LONGEST_EXTENSION_DAYS:
        raise Invalid("days")
    if row.status == ServiceStatus.ACTIVE:
        raise Conflict("package_runs")
    return await _run_until(tx, row, max(row.expires_at, tx.now) + timedelta(days=days), actor)


async def extend_own(tx: WriteTx, desk: Desk, row: Row[Any], *, actor: str) -> datetime:
    """What a customer may ask for once a month, where it is allowed (§A10).

    Raises `Conflict` (`extension_off`, `extended_already`, `package_runs`).
    """
    preferences, now = desk.preferences, tx.now.astimezone(desk.settings.zone)
    if not preferences.extends_expired or preferences.extension_days < 1:
        raise Conflict("extension_off")
    month = f"{now:%Y-%m}"
    if row.extended_in == month:
        raise Conflict("extended_already")
    if row.status == ServiceStatus.ACTIVE:
        raise Conflict("package_runs")
    ended = row.expires_at.astimezone(desk.settings.zone)
    day = now.date() + timedelta(days=preferences.extension_days)
    until = datetime.combine(day, ended.timetz())
    own = recharges.update().where(recharges.c.subscription_id == row.id)
    await tx.execute(own.values(extended_in=month))
    return await _run_until(tx, row, until, actor)


async def amend(
    tx: WriteTx, row: Row[Any], plan: PrepaidPlan, place: Place, expires_at: datetime, *, actor: str
) -> None:
    """Give a package another plan or end; one that ends in the future runs, what has ended already is left to its time."""
    runs = row.status == ServiceStatus.ACTIVE or expires_at > tx.now
    changes = {
        "plan_id": plan.id,
        "price": plan.price,
        "mode": plan.terms.kind.mode,
        "router_id": place.router_id,
        "expires_at": expires_at,
        "status": ServiceStatus.ACTIVE if runs else row.status,
    }
    if runs:
        changes["line_plan_id"] = None
    await tx.execute(subscriptions.update().where(subscriptions.c.id == row.id).values(**changes))
    if runs:
        await switching.provision(tx, row.id, key=new_id("amended"))
    await _note(tx, actor, "package_amended", row)


async def delete(tx: WriteTx, row: Row[Any], *, actor: str) -> None:
    """Take a package out of every list and its line off the router, follow-up or not; sales stay."""
    ended = {"status": ServiceStatus.INACTIVE, "expires_at": tx.now, "line_plan_id": None}
    await tx.execute(subscriptions.update().where(subscriptions.c.id == row.id).values(**ended))
    await tx.execute(recharges.delete().where(recharges.c.subscription_id == row.id))
    await switching.remove(tx, row.id, key=new_id("deleted"))
    await _note(tx, actor, "package_deleted", row)


async def expire(tx: WriteTx, desk: Desk, subscription_id: int) -> bool:
    """End a package whose time is over, and renew it where its customer wants that and has the balance for it.

    False when there was nothing to do: it was paid for, or ended, by somebody else meanwhile.
    """
    try:
        row = await package_of(tx, subscription_id)
    except NotFound:
        return False
    if row.status != ServiceStatus.ACTIVE or row.expires_at > tx.now:
        return False
    await _end(tx, row, expires_at=row.expires_at, key=f"expired-{row.expires_at.timestamp():.0f}")
    await _note(tx, SYSTEM, "package_expired", row)
    await _renew(tx, desk, row)
    return True


async def _renew(tx: WriteTx, desk: Desk, row: Row[Any]) -> Sold | None:
    """A second purchase of the same package, of nothing that is linked to it (§F4.6)."""
    holder = await people.locked(tx, row.customer_id)
    if not desk.preferences.balance or not holder.auto_renewal:
        return None
    try:
        plan = await plan_of(tx, row.plan_id)
        wanted = Recharge(
            plan_id=plan.id,
            means=RENEWAL,
            key=f"renewal-{row.id}-{row.expires_at.timestamp():.0f}",
            router=await _router_name(tx, row.router_id),
            brings_linked=False,
        )
        return await recharge(tx, desk, holder, wanted, Seller(actor=SYSTEM))
    except (Conflict, NotFound) as refusal:
        if refusal.reason not in _NOT_RENEWED:
            raise
        return None


async def _router_name(tx: WriteTx, router_id: int | None) -> str:
    named = select(routers.c.alias).where(routers.c.id == router_id)
    return RADIUS if router_id is None else str(await tx.scalar(named))


async def _end(tx: WriteTx, row: Row[Any], *, expires_at: datetime, key: str) -> None:
    """The line falls back to the plan's follow-up, or is taken off its router."""
    ended = {
        "status": ServiceStatus.INACTIVE,
        "expires_at": expires_at,
        "line_plan_id": row.follow_up_plan_id,
    }
    await tx.execute(subscriptions.update().where(subscriptions.c.id == row.id).values(**ended))
    if row.follow_up_plan_id is None:
        await switching.remove(tx, row.id, key=key)
    else:
        await switching.provision(tx, row.id, key=key)


async def _run_until(tx: WriteTx, row: Row[Any], until: datetime, actor: str) -> datetime:
    again = {"status": ServiceStatus.ACTIVE, "expires_at": until, "line_plan_id": None}
    await tx.execute(subscriptions.update().where(subscriptions.c.id == row.id).values(**again))
    await switching.provision(tx, row.id, key=f"extended-{until.timestamp():.0f}")
    await _note(tx, actor, "package_extended", row)
    return until


async def _note(tx: WriteTx, actor: str, action: str, row: Row[Any]) -> None:
    about, facts = f"customer:{row.customer_id}", {"subscription": row.id, "plan": row.plan_id}
    await record(tx, actor=actor, action=action, subject=about, details=facts)
