"""Who lives through a simulation: the demo's customers and more like them, each with a habit of paying."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from core.billing.tables import billing_terms, extra_charges
from core.customers.tables import customers
from core.platform.uow import WriteTx
from core.subscriptions.tables import subscriptions
from core.testing.demo import CUSTOMERS
from core.testing.demo.catalogue import PRICES
from core.testing.demo.people import JOHN

_FIRST_ID = 100
_EXTRA = 50_000
_DUE_DAYS = (1, 5, 10, 15, 20, 28, 29, 30, 31)
_USUAL_DUE_DAY = 10


class Habit(enum.StrEnum):
    PUNCTUAL = "punctual"
    LATE = "late"
    WHEN_CUT_OFF = "when cut off"
    IN_PARTS = "in parts"
    IN_ADVANCE = "in advance"
    ASKS_FOR_TIME = "asks for time"
    NEVER = "never"


#: Most pay as they should.
_WEIGHTS = {
    Habit.PUNCTUAL: 8,
    Habit.LATE: 4,
    Habit.WHEN_CUT_OFF: 3,
    Habit.IN_PARTS: 2,
    Habit.IN_ADVANCE: 2,
    Habit.ASKS_FOR_TIME: 3,
    Habit.NEVER: 1,
}


class Person(Struct, frozen=True):
    """A customer with what is agreed: `monthly` is plan and extras in rupiah, before tax."""

    id: int
    habit: Habit
    price: int
    extra: int
    due_day: int
    starts: date
    isolates: bool = True

    @property
    def monthly(self) -> int:
        return self.price + self.extra


def invited(dice: Random, today: date, count: int, months: int) -> Iterator[Person]:
    """The demo's customers, then as many more; some of them will only come later on."""
    habits, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    for known in CUSTOMERS:
        habit = Habit.NEVER if known is JOHN else dice.choice(habits)
        price = PRICES[known.plan_id]
        yield Person(known.id, habit, price, 0, _USUAL_DUE_DAY, date(2023, 1, 11), known is not JOHN)
    for number in range(count):
        starts = today - timedelta(days=400)
        if number % 3 == 0:
            starts = today + timedelta(days=dice.randrange(1, months * 28))
        (habit,) = dice.choices(habits, weights)
        extra = _EXTRA if number % 4 == 0 else 0
        price = PRICES[dice.choice((12, 13, 21))]
        yield Person(_FIRST_ID + number, habit, price, extra, dice.choice(_DUE_DAYS), starts)


async def move_in(tx: WriteTx, person: Person) -> None:
    """Make somebody a customer whose plan runs from their first day on."""
    await tx.execute(
        customers.insert().values(
            id=person.id,
            uid=f"sim-{person.id}",
            service_number=f"17{person.id:08d}",
            name=f"Pelanggan {person.id}",
            phone=f"62813{person.id:08d}",
            image="default1.jpg",
            region_id=1,
            activated_on=person.starts,
            created_at=tx.now,
        )
    )
    plan: dict[str, Any] = {"plan_id": 12, "quantity": 1, "price": person.price, "discount": 0}
    await tx.insert(subscriptions, customer_id=person.id, **plan, status="active", created_at=tx.now)
    await tx.insert(billing_terms, customer_id=person.id, due_day=person.due_day)
    if person.extra:
        charge: dict[str, Any] = {"name": "IP publik", "category": "Lain", "price": person.extra}
        await tx.insert(
            extra_charges,
            customer_id=person.id,
            **charge,
            quantity=1,
            is_recurring=True,
            starts_on=person.starts.replace(day=1),
        )


def arriving(person: Person, today: date) -> Person:
    """Somebody who comes today: the first day to be charged is this one."""
    return msgspec.structs.replace(person, starts=today)
