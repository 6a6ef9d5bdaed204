"""`loket network …`: what routers have written down, beside what is wanted of their lines."""

from __future__ import annotations

from core.bootstrap import bootstrap
from core.network.reconciling import Reconciliation, Round
from core.settings import Settings


async def reconcile(settings: Settings, *, is_dry: bool) -> None:
    """One round over all routers, a row of the table for each."""
    async with bootstrap(settings) as services:
        reconciliation = Reconciliation(services.uow, services.lines, settings)
        rounds = await reconciliation.run(is_dry=is_dry)
    if not rounds:
        print("No router has a line of ours yet.")
        return
    to_do = "TO MEND" if is_dry else "MENDED"
    print(
        f"{'ROUTER':<20} {'READING':<9} {'LINES':>6} {'RIGHT':>6} {to_do:>8} {'WAITING':>8} {'STUCK':>6}  DETAIL"
    )
    for each in rounds:
        print(_row(each))


def _row(each: Round) -> str:
    counts = f"{each.lines:>6} {each.as_wanted:>6} {each.mended:>8} {each.waiting:>8} {each.stuck:>6}"
    return f"{each.router_alias:<20} {each.reading:<9} {counts}  {each.detail or ''}".rstrip()
