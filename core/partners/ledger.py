"""The partners' money with us: double entry, append only; a balance is always what its entries sum to.

Accounts: `cash` received from a partner, its `deposit` (a credit: what we owe it), `clearing` for payments under way,
`collected` for payments that succeeded, its `share` of them. Reversing an entry is a new entry.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select

from core.audit.log import SYSTEM, record
from core.partners.tables import deposit_entries, partners
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx

CASH, DEPOSIT, CLEARING, COLLECTED = "cash", "deposit", "clearing", "collected"
SHARE = "share"


async def top_up(tx: WriteTx, partner_id: int, amount: int, reference: str, *, actor: str = SYSTEM) -> bool:
    """Book money a partner has paid in; False when this reference was booked before."""
    transaction = f"top-up:{partner_id}:{reference}"
    booked = select(deposit_entries.c.id).where(deposit_entries.c.transaction == transaction)
    await tx.execute(select(partners.c.id).where(partners.c.id == partner_id).with_for_update())
    if await tx.scalar(booked.limit(1)) is not None:
        return False
    await _move(tx, partner_id, transaction, debit=CASH, credit=DEPOSIT, amount=amount)
    await _change_balance(tx, partner_id, amount)
    who = f"partner:{partner_id}"
    await record(tx, actor=actor, action="deposit_topped_up", subject=who, details={"amount": amount})
    return True


async def hold(tx: WriteTx, partner_id: int, transaction_id: int, amount: int) -> bool:
    """Take a payment's amount from the deposit; False when it is not covered, and then the caller must roll back.

    Call it last: all payments of a partner wait here for each other's commit.
    """
    await _move(tx, partner_id, f"payment:{transaction_id}", debit=DEPOSIT, credit=CLEARING, amount=amount)
    return await _change_balance(tx, partner_id, -amount)


async def collect(tx: WriteTx, partner_id: int, transaction_id: int, amount: int) -> None:
    """The payment succeeded: what was held is ours."""
    await _move(tx, partner_id, f"success:{transaction_id}", debit=CLEARING, credit=COLLECTED, amount=amount)


async def give_back(tx: WriteTx, partner_id: int, transaction_id: int, amount: int) -> None:
    """The payment failed: what was held is the partner's again."""
    await _move(tx, partner_id, f"return:{transaction_id}", debit=CLEARING, credit=DEPOSIT, amount=amount)
    await _change_balance(tx, partner_id, amount)


async def take_back(tx: WriteTx, partner_id: int, transaction_id: int, amount: int) -> None:
    """A payment that had succeeded was reversed: what was ours is the partner's again."""
    await _move(tx, partner_id, f"reversal:{transaction_id}", debit=COLLECTED, credit=DEPOSIT, amount=amount)
    await _change_balance(tx, partner_id, amount)


async def pay_out(tx: WriteTx, partner_id: int, day_id: int, *, share: int, owed: int) -> None:
    """A day's batch was paid: the partner has its share, and we have what it `owed` for the day, less that share."""
    entries = {SHARE: share, CASH: owed - share, DEPOSIT: -owed}
    await _book(tx, partner_id, f"settlement:{day_id}", entries)
    await _change_balance(tx, partner_id, owed)


async def _change_balance(tx: WriteTx, partner_id: int, change: int) -> bool:
    return await tx.change(_CHANGE, of_partner=partner_id, change=change) == 1


_change = bindparam("change", type_=partners.c.balance.type)
_CHANGE = Prepared(
    partners.update()
    .where(
        partners.c.id == bindparam("of_partner"), partners.c.balance + _change + partners.c.credit_limit >= 0
    )
    .values(balance=partners.c.balance + _change)
)


async def _move(
    tx: WriteTx, partner_id: int, transaction: str, *, debit: str, credit: str, amount: int
) -> None:
    await _book(tx, partner_id, transaction, {debit: amount, credit: -amount})


async def _book(tx: WriteTx, partner_id: int, transaction: str, entries: Mapping[str, int]) -> None:
    facts = {"partner_id": partner_id, "transaction": transaction, "created_at": tx.now}
    rows = [facts | {"account": account, "amount": amount} for account, amount in entries.items() if amount]
    await tx.insert_all(deposit_entries, rows)


async def faults(tx: ReadTx) -> tuple[str, ...]:
    """What does not add up: unbalanced transactions, balances that are not their entries. There is nothing."""
    entry = deposit_entries.c
    crooked = await tx.all(
        select(entry.transaction).group_by(entry.transaction).having(func.sum(entry.amount) != 0)
    )
    booked = func.coalesce(func.sum(entry.amount), 0)
    wrong = await tx.all(
        select(partners.c.code)
        .outerjoin(deposit_entries, (entry.partner_id == partners.c.id) & (entry.account == DEPOSIT))
        .group_by(partners.c.id, partners.c.code, partners.c.balance)
        .having(booked != -partners.c.balance)
    )
    return tuple(row[0] for row in (*crooked, *wrong))
