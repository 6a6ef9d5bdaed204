"""The double-entry ledger: append only, every transaction sums to zero."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from core.billing.tables import ledger_entries
from core.platform.uow import ReadTx, WriteTx

RECEIVABLE = "receivable"
REVENUE = "revenue"
TAX = "tax"


def received_from(source: str) -> str:
    """The account for money that came through a source such as `key:3`: one per source, to reconcile with it."""
    return f"received:{source}"


async def book(tx: WriteTx, transaction: str, customer_id: int, entries: Mapping[str, int]) -> None:
    """Write one transaction: debits positive, credits negative. A transaction is booked once, ever.

    Raises `ValueError` when it does not balance: that is a bug, and nothing of it may be stored.
    """
    if sum(entries.values()) != 0:
        raise ValueError(f"unbalanced ledger transaction {transaction}")
    facts = {"transaction": transaction, "customer_id": customer_id, "created_at": tx.now}
    rows = [facts | {"account": account, "amount": amount} for account, amount in entries.items() if amount]
    if rows:
        await tx.execute(ledger_entries.insert(), rows)


async def unbalanced(tx: ReadTx) -> tuple[str, ...]:
    """Transactions whose entries do not sum to zero; there are none unless somebody wrote past `book`."""
    total = func.sum(ledger_entries.c.amount)
    rows = await tx.all(
        select(ledger_entries.c.transaction).group_by(ledger_entries.c.transaction).having(total != 0)
    )
    return tuple(row.transaction for row in rows)


async def owed_by(tx: ReadTx, customer_id: int) -> int:
    """What a customer owes by the books, in rupiah."""
    owed = select(func.coalesce(func.sum(ledger_entries.c.amount), 0)).where(
        ledger_entries.c.customer_id == customer_id, ledger_entries.c.account == RECEIVABLE
    )
    return int(await tx.scalar(owed))
