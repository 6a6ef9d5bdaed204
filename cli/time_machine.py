"""`loket simulate`: months of billing in seconds, on a scratch database."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from core.platform import logging
from core.platform.money import rupiah
from core.settings import Settings
from core.testing.simulation import Plan, simulate
from core.testing.simulation.run import Month

_HEAD = (
    f"{'MONTH':<8} {'BILLS':>6} {'BILLED':>14} {'PAYMENTS':>9} {'PROMISES':>9} {'CORRECTED':>10}"
    f" {'DAYS DOWN':>10} {'STILL OWED':>14} {'CUT OFF':>8}"
)


async def run(settings: Settings, plan: Plan) -> bool:
    """Print a line a month and what was found; False when something did not hold. Nothing real is touched."""
    logging.configure("error", as_json=False)
    print(f"{plan.months} months from {plan.start}, seed {plan.seed}, on a scratch database.\n\n{_HEAD}")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'scratch.db'}"
        scratch = msgspec.structs.replace(settings, env="development", database_url=url)
        outcome = await simulate(scratch, plan, told=_tell)
    print()
    if outcome.broken:
        print("\n".join(outcome.broken))
        return False
    print(
        f"Held on each of {outcome.days} days: every month billed once and by its days, nobody charged twice,"
        "\nnobody cut off who owes nothing late, everybody cut off who does, the books balance, credit is right."
    )
    return True


def _tell(month: Month) -> None:
    print(
        f"{month.name:<8} {month.bills:>6} {rupiah(month.billed):>14} {month.payments:>9} {month.promises:>9}"
        f" {month.corrections:>10} {month.down:>10} {rupiah(month.owed):>14} {month.cut_off:>8}",
        flush=True,
    )
