"""What customers and staff do in a day of a simulation; what they bring and are given is counted apart from the books."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any

from sqlalchemy import Row, select

from core.billing import ledger
from core.billing.tables import corrections, invoices, payments
from core.billing.types import InvoiceStatus
from core.billing.usecases import Billing
from core.platform.errors import Conflict
from core.platform.uow import UnitOfWork
from core.subscriptions.tables import subscriptions
from core.testing.simulation.people import Habit, Person

STAFF = "staff:1"


class Day:
    """One day's doings. `given` counts per customer what was paid, waived or credited, in rupiah."""

    def __init__(
        self, uow: UnitOfWork, billing: Billing, dice: Random, given: Counter[int], done: Counter[str]
    ) -> None:
        self._uow, self._billing, self._dice = uow, billing, dice
        self._given, self._done = given, done

    async def live(self, today: date, people: Mapping[int, Person]) -> None:
        async with self._uow.read() as tx:
            open_bills = select(invoices).where(invoices.c.status == InvoiceStatus.UNPAID)
            bills = await tx.all(open_bills.order_by(invoices.c.customer_id, invoices.c.id))
            closed = select(subscriptions.c.customer_id).where(subscriptions.c.isolated_at.is_not(None))
            cut_off = {row.customer_id for row in await tx.all(closed)}
        for bill in bills:
            await self._meet(bill, people[bill.customer_id], today, is_cut_off=bill.customer_id in cut_off)
        for person in people.values():
            if person.habit is Habit.IN_ADVANCE and self._chance(0.02):
                await self._pay_ahead(person, today)
        await self._correct(today)

    def _chance(self, probability: float) -> bool:
        return self._dice.random() < probability

    async def _meet(self, bill: Row[Any], person: Person, today: date, *, is_cut_off: bool) -> None:
        """A bill and the one who is to pay it."""
        owed = bill.amount - bill.settled
        match person.habit:
            case Habit.PUNCTUAL | Habit.IN_ADVANCE if today >= bill.due_on or self._chance(0.2):
                await self._pay(bill, owed)
            case Habit.LATE if today > bill.due_on and self._chance(0.2):
                await self._pay(bill, owed)
            case Habit.WHEN_CUT_OFF if is_cut_off and self._chance(0.3):
                await self._pay(bill, owed)
            case Habit.IN_PARTS if self._chance(0.15):
                await self._pay(bill, owed if bill.settled else owed // 2)
            case Habit.ASKS_FOR_TIME:
                await self._ask_or_pay(bill, owed)
            case _:
                pass

    async def _ask_or_pay(self, bill: Row[Any], owed: int) -> None:
        if await self._billing.time_on_offer(bill.customer_id) is not None:
            if self._chance(0.5):
                await self._billing.ask_for_time(bill.customer_id, actor=f"customer:{bill.customer_id}")
                self._done["promises"] += 1
        elif self._chance(0.08):
            await self._pay(bill, owed)

    async def _pay(self, bill: Row[Any], amount: int) -> None:
        """At the counter; now and then it is typed twice at once, or a little too much is paid."""
        over = 5_000 if self._chance(0.05) and amount == bill.amount - bill.settled else 0
        reference = f"SIM-{bill.id}-{bill.settled}-{self._dice.randrange(10**9)}"
        twins = 2 if self._chance(0.3) else 1
        booked = await asyncio.gather(
            *(
                self._billing.confirm_payment([bill.id], amount + over, actor=STAFF, reference=reference)
                for _ in range(twins)
            )
        )
        new = sum(each.is_new for each in booked)
        self._given[bill.customer_id] += (amount + over) * new
        self._done["payments"] += new

    async def _pay_ahead(self, person: Person, today: date) -> None:
        amount, reference = person.monthly * 3 + 7, f"DP-{person.id}-{today}"
        for _ in range(2):
            taken = await self._billing.take_in_advance(person.id, amount, actor=STAFF, reference=reference)
            self._given[person.id] += amount * taken.is_new
            self._done["payments"] += taken.is_new

    async def _correct(self, today: date) -> None:
        """Every now and then a cheque bounces, a bill is waived, or somebody gets a day's money back."""
        if self._chance(0.04):
            await self._bounce()
        if self._chance(0.02):
            await self._forgive(f"waiver-{today}")
        if self._chance(0.03):
            await self._compensate(f"note-{today}")

    async def _bounce(self) -> None:
        async with self._uow.read() as tx:
            real = (payments.c.source != ledger.CREDIT, corrections.c.id.is_(None))
            latest = (
                select(payments)
                .outerjoin(corrections, corrections.c.payment_id == payments.c.id)
                .where(*real)
                .order_by(payments.c.id.desc())
                .limit(5)
            )
            candidates = await tx.all(latest)
        if not candidates:
            return
        paid = self._dice.choice(candidates)
        try:
            for _ in range(2):
                made = await self._billing.reverse_payment(paid.id, reason="cek kosong", actor=STAFF)
                self._given[paid.customer_id] -= made.amount * made.is_new
                self._done["corrections"] += made.is_new
        except Conflict as refused:
            if refused.reason != "credit_spent":
                raise

    async def _forgive(self, key: str) -> None:
        bill = await self._some_bill(is_open=True)
        if bill is not None:
            for _ in range(2):
                made = await self._billing.waive(bill.id, reason="gangguan", actor=STAFF, key=key)
                self._given[bill.customer_id] += made.amount * made.is_new
                self._done["corrections"] += made.is_new

    async def _compensate(self, key: str) -> None:
        bill = await self._some_bill(is_open=False)
        if bill is not None:
            amount = bill.amount // 30
            made = await self._billing.credit_note(
                bill.id, amount, reason="mati sehari", actor=STAFF, key=key
            )
            self._given[bill.customer_id] += made.amount * made.is_new
            self._done["corrections"] += made.is_new

    async def _some_bill(self, *, is_open: bool) -> Row[Any] | None:
        status = InvoiceStatus.UNPAID if is_open else InvoiceStatus.PAID
        async with self._uow.read() as tx:
            latest = select(invoices).where(invoices.c.status == status, invoices.c.amount >= 30)
            found = await tx.all(latest.order_by(invoices.c.id.desc()).limit(10))
        return self._dice.choice(found) if found else None
