"""Texts that nobody understood, redacted by whoever brings them: counted, labelled by staff, forgotten in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import bindparam, select

from core.messaging.tables import unmatched_texts
from core.platform.errors import NotFound
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, UnitOfWork, WriteTx

#: No text that is worth a label is longer.
LONGEST = 200
_BATCH = 2000
_COUNT = Prepared(
    unmatched_texts.update()
    .where(unmatched_texts.c.text == bindparam("known"))
    .values(times=unmatched_texts.c.times + 1),
    ["last_at"],
)


class Unmatched(Struct, frozen=True):
    """A text with how often it came, what it was guessed to mean, and what staff say that it does."""

    id: int
    text: str
    times: int
    guess: str
    language: str | None
    label: str | None
    last_at: datetime


async def count(tx: WriteTx, text: str, *, guess: str, language: str | None) -> None:
    """Keep a redacted text, or count it once more."""
    text = text[:LONGEST]
    if await tx.change(_COUNT, known=text, last_at=tx.now):
        return
    await tx.insert_new(
        unmatched_texts,
        text=text,
        times=1,
        guess=guess,
        language=language,
        label=None,
        first_at=tx.now,
        last_at=tx.now,
    )


async def listed(tx: ReadTx, *, labelled: bool, limit: int) -> list[Unmatched]:
    """The newest texts with or without a label."""
    has_label = unmatched_texts.c.label.is_not(None) if labelled else unmatched_texts.c.label.is_(None)
    rows = await tx.all(
        select(unmatched_texts).where(has_label).order_by(unmatched_texts.c.last_at.desc()).limit(limit)
    )
    return [
        Unmatched(row.id, row.text, row.times, row.guess, row.language, row.label, row.last_at)
        for row in rows
    ]


async def label(tx: WriteTx, text_id: int, meaning: str) -> None:
    """Say what a text means; raises `NotFound("unmatched_text")`."""
    named = unmatched_texts.update().where(unmatched_texts.c.id == text_id)
    if not await tx.execute(named.values(label=meaning)):
        raise NotFound("unmatched_text")


async def purge(uow: UnitOfWork, *, older_than: timedelta) -> int:
    """Forget texts that have not come for so long, a batch a transaction; returns how many."""
    removed = 0
    while gone := await _purge_batch(uow, older_than):
        removed += gone
    return removed


async def _purge_batch(uow: UnitOfWork, older_than: timedelta) -> int:
    async with uow.write() as tx:
        old = (
            select(unmatched_texts.c.id).where(unmatched_texts.c.last_at < tx.now - older_than).limit(_BATCH)
        )
        return await tx.execute(unmatched_texts.delete().where(unmatched_texts.c.id.in_(old)))
