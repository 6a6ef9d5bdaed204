"""Numbers that count from one every day: tickets, invoices (mywifi contract §0)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Date, Integer, String, Table

from core.platform.db import metadata
from core.platform.uow import WriteTx

day_counters = Table(
    "day_counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)


async def next_number(tx: WriteTx, name: str, day: date) -> str:
    """The next `yymmdd` + running number of `day`: three digits, four after 999. Its row stays locked until commit."""
    (number,) = await next_numbers(tx, name, day, 1)
    return number


async def next_numbers(tx: WriteTx, name: str, day: date, count: int) -> list[str]:
    """As many numbers in a row, for what is written in batches."""
    await tx.insert_new(day_counters, name=name, day=day, last=0)
    counter = day_counters.update().where(day_counters.c.name == name, day_counters.c.day == day)
    last = await tx.scalar(counter.values(last=day_counters.c.last + count).returning(day_counters.c.last))
    return [f"{day:%y%m%d}{number:03d}" for number in range(last - count + 1, last + 1)]
