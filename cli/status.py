"""`loket status`: the figures an operator looks at first, what asks for somebody marked with an arrow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from core.bootstrap import bootstrap
from core.office.overview import Overview, Sum, overview
from core.platform.clock import local_day
from core.platform.money import rupiah
from core.settings import Settings


async def show(settings: Settings) -> None:
    """One line a figure; `->` says what to do where something waits."""
    async with bootstrap(settings) as services:
        seen = await overview(services.uow, settings)
        now = services.clock.now()
    print(f"{settings.business_name}, {now.astimezone(settings.zone):%Y-%m-%d %H:%M}\n")
    for name, value, to_do in (*_money(seen), *_lines(seen, settings), *_work(seen, now, settings)):
        print(f"{name:<18} {value}")
        if to_do:
            print(f"{'':<15} -> {to_do}")


_Figure = tuple[str, str, str]


def _money(seen: Overview) -> Iterator[_Figure]:
    yield "Paid today", _sum(seen.paid_today, "payments"), ""
    yield "Still owed", _sum(seen.unpaid, "bills"), ""
    yield "  of it overdue", _sum(seen.overdue, "bills"), ""


def _lines(seen: Overview, settings: Settings) -> Iterator[_Figure]:
    yield "Lines", f"{seen.lines - seen.isolated} open, {seen.isolated} closed for unpaid bills", ""
    held = "very many at once; look, then: loket billing isolate --confirm" if seen.waits_for_a_look else ""
    yield "  to close today", str(seen.to_isolate), held
    dark = ", ".join(f"{alias} at {at.astimezone(settings.zone):%d %b %H:%M}" for alias, at in seen.unseen)
    look = "loket network reconcile --dry-run" if dark else ""
    yield "Routers", f"{seen.routers_seen} in sight, {dark or 'none'} out of sight", look


def _work(seen: Overview, now: datetime, settings: Settings) -> Iterator[_Figure]:
    oldest = seen.oldest_waiting
    age = "" if oldest is None else f", the oldest for {_spelled(now, oldest)}"
    yield "Waiting to leave", _topics(seen.waiting) + age, ""
    yield "Parked", _topics(seen.parked), "loket outbox list --state parked" if seen.parked else ""
    billed = seen.billed_through
    late = billed is not None and (local_day(now, settings.zone) - billed).days > 1
    yield (
        "Monthly run",
        f"done through {billed}" if billed else "never yet",
        "is loket worker running?" if late else "",
    )
    failing = ", ".join(f"{name} ({error})" for name, error in seen.failing)
    yield "Recurring jobs", f"failed last time: {failing}" if failing else "all well", ""
    end = f"{seen.sealed_rows}:{seen.chain_end}" if seen.chain_end else "nothing sealed yet"
    yield "Audit chain ends", end, ""


def _sum(total: Sum, of_what: str) -> str:
    return f"{rupiah(total.amount)} in {total.count} {of_what}"


def _topics(jobs: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{count} {topic}" for topic, count in jobs) or "nothing"


def _spelled(now: datetime, since: datetime) -> str:
    minutes = int((now - since.astimezone(UTC)).total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
