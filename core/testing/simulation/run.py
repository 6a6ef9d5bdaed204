"""Running a simulation: a scratch database, a clock, good days and days without power, and what came of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec
from msgspec import Struct
from sqlalchemy import func, select

from core.billing.jobs import jobs
from core.billing.ledger import CREDIT, RECEIVABLE
from core.billing.tables import invoices, ledger_entries
from core.bootstrap import bootstrap
from core.migrations.moves import upgrade
from core.platform.clock import ManualClock
from core.platform.scheduler import Scheduler
from core.services import Services
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from core.testing.demo import load_demo
from core.testing.simulation.checks import Known, broken, sent_wrongly
from core.testing.simulation.days import Day
from core.testing.simulation.people import arriving, invited, move_in

#: When the scheduler of a simulated process looks for work.
_LOOKS_AT = (time(8, 5), time(13, 5), time(23, 5))
_TAX_PERCENT = 11


class Plan(Struct, frozen=True):
    """What to simulate. The same seed gives the same days."""

    months: int
    start: date
    seed: int
    customers: int


class Month(Struct):
    """What one month came to; amounts in rupiah."""

    name: str
    bills: int = 0
    billed: int = 0
    payments: int = 0
    promises: int = 0
    corrections: int = 0
    down: int = 0
    owed: int = 0
    cut_off: int = 0


class Outcome(Struct, frozen=True):
    days: int
    months: tuple[Month, ...]
    broken: tuple[str, ...]


async def simulate(settings: Settings, plan: Plan, *, told: Callable[[Month], None]) -> Outcome:
    """Live through the months on the scratch database of `settings`; ends early on the first day that went wrong."""
    settings = msgspec.structs.replace(
        settings, tax_percent=_TAX_PERCENT, demo=True, isolation_most_percent=100, isolation_most=1_000_000
    )  # nobody is there to confirm
    await upgrade(settings.database_url)
    morning = datetime.combine(plan.start, time(7), settings.zone).astimezone(UTC)
    clock = ManualClock(morning)
    async with bootstrap(settings, clock=clock) as services:
        await load_demo(services)
        return await _Simulation(services, clock, plan, told).run()


class _Simulation:
    def __init__(
        self, services: Services, clock: ManualClock, plan: Plan, told: Callable[[Month], None]
    ) -> None:
        self._services, self._clock, self._plan, self._told = services, clock, plan, told
        self._dice = random.Random(plan.seed)  # noqa: S311 - nobody's secret, and to be repeated
        self._given, self._done = Counter[int](), Counter[str]()
        waiting = list(invited(self._dice, plan.start, plan.customers, plan.months))
        self._waiting = [person for person in waiting if person.starts > plan.start]
        self._people = {person.id: person for person in waiting if person.starts <= plan.start}
        billing = services.billing
        self._day = Day(services.uow, billing, self._dice, self._given, self._done)
        self._months = list[Month]()
        self._last_run, self._down_until = plan.start, plan.start

    async def run(self) -> Outcome:
        await self._begin()
        today, days = self._plan.start, 0
        end = today + timedelta(days=self._plan.months * 365 // 12)
        wrong = list[str]()
        while today < end and not wrong:
            wrong = [f"{today}: {what}" for what in await self._live(today)]
            today, days = today + timedelta(days=1), days + 1
            if today.day == 1 or today >= end or wrong:
                await self._close_month(today - timedelta(days=1))
        wrong += await sent_wrongly(self._services.uow, self._services.settings.zone)
        return Outcome(days, tuple(self._months), tuple(wrong))

    async def _begin(self) -> None:
        known = {person.id for person in self._people.values() if person.id >= 100}
        async with self._services.uow.write() as tx:
            for person in self._people.values():
                if person.id in known:
                    await move_in(tx, person)
            balances = await tx.all(
                select(ledger_entries.c.customer_id, func.sum(ledger_entries.c.amount).label("owed"))
                .where(ledger_entries.c.account.in_((RECEIVABLE, CREDIT)))
                .group_by(ledger_entries.c.customer_id)
            )
            asked = await tx.all(
                select(invoices.c.customer_id, func.sum(invoices.c.amount).label("asked")).group_by(
                    invoices.c.customer_id
                )
            )
        self._at_first: Mapping[int, int] = _difference(
            {row.customer_id: row.owed for row in balances}, {row.customer_id: row.asked for row in asked}
        )
        self._scheduler = self._started()
        await self._scheduler.run_due()  # a job that is seen for the first time starts at its next due time

    def _started(self) -> Scheduler:
        services = self._services
        return Scheduler(services.uow, services.clock, jobs(services.uow, services.settings))

    async def _live(self, today: date) -> list[str]:
        """One day: people move in, jobs run at their times, customers and staff act in between."""
        is_down = self._is_down(today)
        self._done["down"] += is_down
        if not is_down:
            await self._welcome(today)
        for look in _LOOKS_AT:
            moment = datetime.combine(today, look, self._services.settings.zone).astimezone(UTC)
            self._clock.move_to(moment)
            if is_down:
                continue
            await self._scheduler.run_due()
            self._last_run = today
            if look.hour == 13:
                await self._day.live(today, self._people)
        await asyncio.sleep(0)
        return await broken(self._services.uow, self._known(today, was_down=is_down))

    def _is_down(self, today: date) -> bool:
        """Every other month the machine stands still for a few days; afterwards another process takes over."""
        if today >= self._down_until and self._dice.random() < 1 / 60 and today > self._plan.start:
            self._down_until = today + timedelta(days=self._dice.randrange(1, 6))
            self._scheduler = self._started()
        return today < self._down_until

    async def _welcome(self, today: date) -> None:
        for person in [each for each in self._waiting if each.starts <= today]:
            self._waiting.remove(person)
            self._people[person.id] = newcomer = arriving(person, today)
            async with self._services.uow.write() as tx:
                await move_in(tx, newcomer)

    def _known(self, today: date, *, was_down: bool) -> Known:
        return Known(
            today=today,
            begun_on=self._plan.start,
            people=self._people,
            given=self._given,
            owed_at_first=self._at_first,
            was_down=was_down,
            last_run=self._last_run,
            lead=timedelta(days=self._services.settings.invoice_lead_days),
            tax_percent=_TAX_PERCENT,
        )

    async def _close_month(self, last: date) -> None:
        bill = invoices.c
        async with self._services.uow.read() as tx:
            count = int(await tx.scalar(select(func.count()).select_from(invoices)))
            amount = int(await tx.scalar(select(func.coalesce(func.sum(bill.amount), 0))))
            is_open = bill.status == "unpaid"
            owed = select(func.coalesce(func.sum(bill.amount - bill.settled), 0)).where(is_open)
            month = Month(f"{last:%Y-%m}", owed=int(await tx.scalar(owed)))
        month.bills, month.billed = count - self._done["bills"], amount - self._done["billed"]
        month.payments, month.promises = self._done["payments"], self._done["promises"]
        month.corrections, month.down = self._done["corrections"], self._done["down"]
        month.cut_off = await self._cut_off()
        self._done.clear()
        self._done.update(bills=count, billed=amount)
        self._months.append(month)
        self._told(month)

    async def _cut_off(self) -> int:
        async with self._services.uow.read() as tx:
            closed = select(func.count()).where(subscriptions.c.isolated_at.is_not(None))
            return int(await tx.scalar(closed))


def _difference(owed: Mapping[int, int], asked: Mapping[int, int]) -> Mapping[int, int]:
    """What had been given before it began, as a negative amount."""
    return {who: owed.get(who, 0) - total for who, total in asked.items()}
