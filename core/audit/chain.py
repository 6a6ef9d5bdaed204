"""The hash chain over the audit log: sealed in batches after the rows were committed, checked from the first row on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from hashlib import sha256
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Row, bindparam, func, select

from core.audit.tables import audit_head, audit_log
from core.platform.uow import UnitOfWork, WriteTx

log = structlog.get_logger(__name__)

#: What stands before the first row.
ORIGIN = "0" * 64

_BATCH = 500
_log = audit_log.c
_loose = select(audit_log).where(_log.place.is_(None)).order_by(_log.id).limit(_BATCH)
_sealed = select(audit_log).where(_log.place.is_not(None)).order_by(_log.place)
_seal = (
    audit_log.update()
    .where(_log.id == bindparam("row_id"))
    .values(place=bindparam("new_place"), hash=bindparam("new_hash"))
)


class Link(Struct, frozen=True):
    """A place in the chain with the hash that stands there; what one notes down elsewhere to compare later."""

    place: int
    hash: str


class Broken(Struct, frozen=True):
    """The first row that is not as it was sealed. `row_id` is None when rows are missing at the end."""

    place: int
    row_id: int | None
    reason: str


class Whole(Struct, frozen=True):
    """Every sealed row is as it was; `loose` rows wait for the next sealing."""

    head: Link
    loose: int


async def seal(uow: UnitOfWork) -> int:
    """Chain what was committed since; returns how many rows. Several processes may try at once: they take turns."""
    sealed = 0
    while True:
        async with uow.write() as tx:
            fresh = await _seal_batch(tx)
        sealed += fresh
        if fresh < _BATCH:
            return sealed


async def _seal_batch(tx: WriteTx) -> int:
    await tx.insert_new(audit_head, id=1, place=0, hash=ORIGIN)
    head = await tx.first(select(audit_head).with_for_update())
    loose = await tx.all(_loose)
    if head is None or not loose:
        return 0
    links = _continued(Link(head.place, head.hash), loose)
    places = [
        {"row_id": row.id, "new_place": link.place, "new_hash": link.hash}
        for row, link in zip(loose, links, strict=True)
    ]
    await tx.execute(_seal, places)
    await tx.execute(audit_head.update().values(place=links[-1].place, hash=links[-1].hash))
    # Logs are kept elsewhere: there the chain's end is out of reach of whoever changes the database.
    log.info("audit_sealed", place=links[-1].place, head=links[-1].hash)
    return len(loose)


def _continued(head: Link, rows: Sequence[Row[Any]]) -> list[Link]:
    links = []
    for row in rows:
        head = Link(head.place + 1, _hash_of(row, head.place + 1, head.hash))
        links.append(head)
    return links


def _hash_of(row: Row[Any], place: int, before: str) -> str:
    """SHA-256 over the row's canonical form and the hash before it."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    facts = [before, place, row.id, at, row.actor, row.action, row.subject, row.details]
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


async def verify(uow: UnitOfWork, anchor: Link | None = None) -> Whole | Broken:
    """Check the whole chain in constant memory, and that it still leads through `anchor`, noted down earlier."""
    async with uow.read() as tx:
        head = await tx.first(select(audit_head))
        loose = int(await tx.scalar(select(func.count()).where(_log.place.is_(None))))
    expected = [link for link in (anchor, None if head is None else Link(head.place, head.hash)) if link]
    link = Link(0, ORIGIN)
    async for rows in uow.scan(_sealed):
        for row in rows:
            if (problem := _problem(row, link, expected)) is not None:
                return Broken(row.place, row.id, problem)
            link = Link(row.place, row.hash)
    missing = [known.place for known in expected if known.place > link.place]
    return Broken(link.place + 1, None, "rows are missing at the end") if missing else Whole(link, loose)


def _problem(row: Row[Any], before: Link, expected: Sequence[Link]) -> str | None:
    if row.place != before.place + 1:
        return "rows before it are missing"
    if row.hash != _hash_of(row, row.place, before.hash):
        return "it was changed, put in or moved"
    if any(known.place == row.place and known.hash != row.hash for known in expected):
        return "it is not what the end of the chain was noted down as"
    return None
