"""`loket audit …`: is the log as it was written, do the books balance."""

from __future__ import annotations

import re

from core.audit.chain import Broken, Link
from core.audit.chain import verify as verified
from core.bootstrap import bootstrap
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


def _link(anchor: str) -> Link:
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", anchor):
        print("An anchor is PLACE:HASH, as this command prints it.")
        raise SystemExit(2)
    place, _, noted = anchor.partition(":")
    return Link(int(place), noted)
