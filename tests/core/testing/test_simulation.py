"""The time machine holds, gives the same days for the same seed, and notices what is wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.settings import load
from core.testing.simulation import Outcome, Plan, simulate
from core.testing.simulation.run import Month

SECRET = "a-test-secret-of-more-than-thirty-two-characters"
PLAN = Plan(months=3, start=date(2028, 1, 12), seed=7, customers=9)  # over a leap day


async def lived(path: Path, plan: Plan, *tampering: str) -> Outcome:
    """Simulate; when the first month is over somebody changes the database behind our back."""
    pending = list(tampering)

    def tamper(_month: Month) -> None:
        with closing(sqlite3.connect(path)) as database:
            while pending:
                database.execute(pending.pop(0))
            database.commit()

    settings = load({"LOKET_SECRET_KEY": SECRET, "LOKET_DATABASE_URL": f"sqlite+aiosqlite:///{path}"})
    return await simulate(settings, plan, told=tamper)


async def test_months_of_billing_hold(tmp_path: Path) -> None:
    outcome = await lived(tmp_path / "a.db", PLAN)
    assert outcome.broken == ()
    assert outcome.days == 91
    assert sum(month.bills for month in outcome.months) > 20
    assert sum(month.payments for month in outcome.months) > 10


async def test_the_same_seed_gives_the_same_days(tmp_path: Path) -> None:
    short = replace(PLAN, months=1)
    first = await lived(tmp_path / "a.db", short)
    again = await lived(tmp_path / "b.db", short)
    assert first == again


_ENTRY = 'INSERT INTO ledger_entries ("transaction", account, customer_id, amount, created_at) VALUES'


_NOBODY_IS_CUT_OFF = (
    "INSERT INTO billing_terms (customer_id, isolates) SELECT id, 0 FROM customers"
    " WHERE id NOT IN (SELECT customer_id FROM billing_terms)"
)
_TWICE = (
    "INSERT INTO invoices (number, customer_id, year, month, status, amount, tax, discount, settled,"
    " due_on, isolate_on, is_monthly, reminder, created_at) SELECT 'X' || number, customer_id, year,"
    " month, 'paid', amount, 0, 0, amount, due_on, isolate_on, 1, 5, created_at FROM invoices"
    " WHERE is_monthly AND year = 2028 AND month = 2"
)


@pytest.mark.parametrize(
    ("tampering", "complaint"),
    [
        (("UPDATE subscriptions SET isolated_at = '2028-01-31 00:00:00'",), "is cut off and owes nothing"),
        (
            (
                _NOBODY_IS_CUT_OFF,
                "UPDATE billing_terms SET isolates = 0",
                "UPDATE invoices SET isolate_on = '2028-01-20' WHERE status = 'unpaid'",
                "UPDATE subscriptions SET isolated_at = NULL",
            ),
            "owes past the day of grace and is not cut off",
        ),
        (("DROP INDEX uq_invoices_monthly", _TWICE), "was billed ["),
        (("UPDATE invoices SET is_monthly = 0 WHERE year = 2028 AND month = 2",), "was billed ["),
        (("UPDATE subscriptions SET status = 'inactive'",), "was billed []"),
        (
            (
                f"{_ENTRY} ('x', 'received:x', 2, 1000, '2028-01-31 00:00:00')",
                f"{_ENTRY} ('x', 'credit', 2, -1000, '2028-01-31 00:00:00')",
            ),
            "by the books and",
        ),
        (
            (f"{_ENTRY} ('x', 'receivable', 2, 1000, '2028-01-31 00:00:00')",),
            "transaction x does not sum to zero",
        ),
    ],
)
async def test_what_is_wrong_is_noticed(tmp_path: Path, tampering: tuple[str, ...], complaint: str) -> None:
    outcome = await lived(tmp_path / "a.db", replace(PLAN, months=2, customers=4), *tampering)
    assert any(complaint in problem for problem in outcome.broken), outcome.broken
    assert outcome.days < 50  # it ends on the first day that went wrong
