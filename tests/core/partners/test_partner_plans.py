"""What a partner's request asks the database is indexed: it runs on the event loop on SQLite (docs/adr/0003)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import Engine, event, text

from core.partners import settlement
from core.partners.access import Shown
from core.partners.inquiry import _HELD_UNPAID, _UNPAID
from core.partners.types import Declined, PartnerKey, PaymentOrder, Scope
from core.partners.usecases import Partners
from core.platform.clock import ManualClock
from core.platform.errors import NotFound, Unauthenticated
from core.platform.secrets import Keyring
from core.platform.sqlite import SqliteUnitOfWork
from core.settings import load

KEY = PartnerKey(1, 1, "acme", "acme", "", None, requires_fresh=False, requires_signature=False, rate=None)
ORDER = PaymentOrder("r", "1", "P", 1, 5)


@pytest.fixture
async def seen(sqlite_url: str, clock: ManualClock) -> AsyncIterator[tuple[SqliteUnitOfWork, list[str]]]:
    """A unit of work, and the plan of every statement that is run through it."""
    uow = SqliteUnitOfWork(sqlite_url, clock)
    plans: list[str] = []

    beside = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"))

    def explain(statement: str) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            plan = beside.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            plans.append(" | ".join(row[3] for row in plan))

    engines: list[Engine] = [uow._reader_engine, uow._writer_engine]
    for engine in engines:
        event.listen(engine, "connect", lambda connection, _record: connection.set_trace_callback(explain))
    yield uow, plans
    await uow.aclose()
    beside.close()


async def test_no_request_walks_through_a_table(
    seen: tuple[SqliteUnitOfWork, list[str]], keyring: Keyring
) -> None:
    uow, plans = seen
    settings = load({"LOKET_SECRET_KEY": "s" * 32})
    partners = Partners(uow, settings, keyring)
    for ask in (
        partners.gate.key_of(Shown("acme", "", "127.0.0.1"), Scope.INQUIRY),
        partners.inquire(KEY, account_number="1", product_code="P", month=None),
        partners.pay(KEY, ORDER),
        partners.transaction(KEY, "r"),
        partners.products(KEY),
        partners.day(KEY, date(2026, 11, 22)),
        partners.batches(KEY, date(2026, 11, 1), date(2026, 11, 22)),
        partners.purge(),
        settlement.suspect(uow, settings),
        partners.desk.fail("acme", "r", actor="staff:1"),
        partners.told(KEY, "r"),
        partners.file(KEY, date(2026, 11, 22)),
    ):
        try:
            await ask
        except (Declined, NotFound, Unauthenticated):
            continue  # the database is empty; the plans are what counts
    assert len(plans) >= 11
    assert [plan for plan in plans if re.search(r"SCAN (?!CONSTANT)", plan)] == []


async def test_the_bills_of_a_payment_are_found_by_their_customer(
    seen: tuple[SqliteUnitOfWork, list[str]],
) -> None:
    uow, _ = seen
    async with uow.read() as tx:
        plans = [
            await tx.all(
                text(f"EXPLAIN QUERY PLAN {each.on_sqlite.sql}"), each.on_sqlite.named({"customer_id": 1})
            )
            for each in (_UNPAID, _HELD_UNPAID)
        ]
    for plan in plans:
        assert "customer_id=?" in plan[0].detail
