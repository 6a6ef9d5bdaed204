"""The double-entry ledger: append only, every transaction sums to zero."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, TextClause, func, literal, select, text

from core.billing.tables import ledger_entries
from core.platform.uow import ReadTx, WriteTx

RECEIVABLE = "receivable"
REVENUE = "revenue"
TAX = "tax"
#: What customers have paid in advance: ours to give back, so its sums are negative.
CREDIT = "credit"
#: Credit on its way from one customer to another: what leaves one arrives at the other, so it sums to zero.
TRANSFERS = "transfers"
#: What we gave up asking for.
WAIVED = "waived"


def received_from(source: str) -> str:
    """The account for money that came through a source such as `key:3`: one per source, to reconcile with it.

    What a customer's own credit pays comes out of that credit.
    """
    return CREDIT if source == CREDIT else f"received:{source}"


async def book(
    tx: WriteTx,
    transaction: str,
    customer_id: int,
    entries: Mapping[str, int],
    *,
    invoice_id: int | None = None,
) -> None:
    """Write one transaction: debits positive, credits negative. A transaction is booked once, ever.

    Raises `ValueError` when it does not balance: that is a bug, and nothing of it may be stored.
    """
    if sum(entries.values()) != 0:
        raise ValueError(f"unbalanced ledger transaction {transaction}")
    facts = {
        "transaction": transaction,
        "customer_id": customer_id,
        "invoice_id": invoice_id,
        "created_at": tx.now,
    }
    rows = [facts | {"account": account, "amount": amount} for account, amount in entries.items() if amount]
    await tx.insert_all(ledger_entries, rows)


async def owed_by(tx: ReadTx, customer_id: int) -> int:
    """What a customer owes by the books, in rupiah."""
    return await _sum_of(tx, customer_id, literal(RECEIVABLE))


async def credit_of(tx: ReadTx, customer_id: int) -> int:
    """What a customer has paid in advance and not used yet, in rupiah."""
    return -await _sum_of(tx, customer_id, text(f"'{CREDIT}'"))  # spelled out: its index covers nothing else


async def _sum_of(tx: ReadTx, customer_id: int, account: ColumnElement[str] | TextClause) -> int:
    total = select(func.coalesce(func.sum(ledger_entries.c.amount), 0)).where(
        ledger_entries.c.customer_id == customer_id, ledger_entries.c.account == account
    )
    return int(await tx.scalar(total))
