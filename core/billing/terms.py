"""What staff agree with one customer about bills: the due day, whether lines are closed, what is billed beside the plan."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import select

from core.audit.log import record
from core.billing.drafts import Period
from core.billing.tables import billing_terms, extra_charges
from core.customers.tables import customers
from core.platform.errors import Invalid, NotFound
from core.platform.uow import WriteTx

_MOST_RUPIAH = 1_000_000_000
_MOST_PIECES = 1_000
_LONGEST = {"name": 255, "category": 64}


class ExtraCharge(Struct, frozen=True):
    """Billed from the month of `since` on: every month until that of `until`, or once. A discount has a negative price."""

    name: str
    category: str
    price: int
    quantity: int
    is_recurring: bool
    since: date
    until: date | None = None


async def set_terms(
    tx: WriteTx, customer_id: int, *, due_day: int | None, isolates: bool, actor: str
) -> None:
    """Replace what was agreed; without a `due_day` the settings decide. Bills that are written keep their days.

    Raises `NotFound("customer")`, `Invalid("due_day")`.
    """
    if due_day is not None and not 1 <= due_day <= 31:
        raise Invalid("due_day")
    await _check_customer(tx, customer_id)
    agreed = {"due_day": due_day, "isolates": isolates}
    if not await tx.insert_new(billing_terms, customer_id=customer_id, **agreed):
        row = billing_terms.update().where(billing_terms.c.customer_id == customer_id)
        await tx.execute(row.values(**agreed))
    who = f"customer:{customer_id}"
    await record(
        tx,
        actor=actor,
        action="terms_set",
        subject=who,
        details={"due_day": due_day, "isolates": isolates},
    )


async def add_charge(tx: WriteTx, customer_id: int, charge: ExtraCharge, *, actor: str) -> int:
    """Bill something from now on; returns its id. Raises `NotFound("customer")`, `Invalid("charge_details")`."""
    if not _is_meaningful(charge):
        raise Invalid("charge_details")
    await _check_customer(tx, customer_id)
    charge_id = await tx.insert(
        extra_charges,
        customer_id=customer_id,
        name=charge.name.strip(),
        category=charge.category.strip(),
        price=charge.price,
        quantity=charge.quantity,
        is_recurring=charge.is_recurring,
        starts_on=Period.of(charge.since).first,
        ends_on=None if charge.until is None else Period.of(charge.until).last,
    )
    await record(
        tx,
        actor=actor,
        action="charge_added",
        subject=f"customer:{customer_id}",
        details={"charge": charge_id, "price": charge.price, "quantity": charge.quantity},
    )
    return charge_id


async def end_charge(tx: WriteTx, charge_id: int, *, last_month: date, actor: str) -> None:
    """Bill it for that month the last time; raises `NotFound("charge")` when there is none that is still to come."""
    to_come = (extra_charges.c.id == charge_id, extra_charges.c.invoice_id.is_(None))
    row = extra_charges.update().where(*to_come)
    if not await tx.execute(row.values(ends_on=Period.of(last_month).last)):
        raise NotFound("charge")
    await record(
        tx,
        actor=actor,
        action="charge_ended",
        subject=f"charge:{charge_id}",
        details={"last_month": f"{last_month:%Y-%m}"},
    )


async def _check_customer(tx: WriteTx, customer_id: int) -> None:
    if await tx.scalar(select(customers.c.id).where(customers.c.id == customer_id)) is None:
        raise NotFound("customer")


def _is_meaningful(charge: ExtraCharge) -> bool:
    texts = {"name": charge.name, "category": charge.category}
    return (
        all(0 < len(text.strip()) <= _LONGEST[what] for what, text in texts.items())
        and 0 < abs(charge.price) <= _MOST_RUPIAH
        and 1 <= charge.quantity <= _MOST_PIECES
        and (charge.until is None or charge.until >= Period.of(charge.since).first)
    )
