"""`loket audit …`: is the log as it was written, do the books balance."""

from __future__ import annotations

import re

from core.audit.chain import Broken, Link
from core.audit.chain import verify as verified
from core.billing import books
from core.bootstrap import bootstrap
from core.partners import ledger as deposits
from core.settings import Settings


async def verify(settings: Settings, anchor: str | None) -> bool:
    """Print what became of the chain; False when it is broken."""
    noted = None if anchor is None else _link(anchor)
    async with bootstrap(settings) as services:
        found = await verified(services.uow, noted)
    if isinstance(found, Broken):
        row = "" if found.row_id is None else f" (row {found.row_id})"
        print(f"The chain is broken at place {found.place}{row}: {found.reason}.")
        return False
    print(f"The chain is whole: {found.head.place} rows sealed, {found.loose} waiting to be.")
    print(f"Its end, to be noted down elsewhere: {found.head.place}:{found.head.hash}")
    return True


async def ledger(settings: Settings) -> bool:
    """Print what does not add up; False when there is anything."""
    async with bootstrap(settings) as services:
        found = [*await books.faults(services.uow)]
        async with services.uow.read() as tx:
            found += [
                f"deposit or booking {name} of a partner is wrong" for name in await deposits.faults(tx)
            ]
    print("\n".join(found) or "The books balance, and every bill, credit and deposit agrees with them.")
    return not found


def _link(anchor: str) -> Link:
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", anchor):
        print("An anchor is PLACE:HASH, as this command prints it.")
        raise SystemExit(2)
    place, _, noted = anchor.partition(":")
    return Link(int(place), noted)
