"""The audit log shows who tampered with it where: changed, removed, put in, moved, cut off at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import delete, insert, select, update

from core.audit import chain
from core.audit.chain import Broken, Link, Whole
from core.audit.log import record
from core.audit.tables import audit_head, audit_log
from core.platform.uow import UnitOfWork


async def act(uow: UnitOfWork, *amounts: int) -> None:
    for amount in amounts:
        async with uow.write() as tx:
            await record(
                tx, actor="staff:3", action="paid", subject=f"invoice:{amount}", details={"amount": amount}
            )


@pytest.fixture
async def sealed(uow: UnitOfWork) -> UnitOfWork:
    """Five sealed acts, with ids and places from one to five."""
    await act(uow, 10, 20, 30, 40, 50)
    assert await chain.seal(uow) == 5
    return uow


async def tampered(uow: UnitOfWork, *statements: object) -> Whole | Broken:
    async with uow.write() as tx:
        for statement in statements:
            await tx.execute(statement)  # type: ignore[arg-type]
    return await chain.verify(uow)


def at(place: int) -> object:
    return audit_log.c.place == place


async def test_an_untouched_log_is_whole_and_says_what_waits(sealed: UnitOfWork) -> None:
    await act(sealed, 60)
    found = await chain.verify(sealed)
    assert isinstance(found, Whole)
    assert (found.head.place, found.loose) == (5, 1)
    assert await chain.seal(sealed) == 1
    assert await chain.seal(sealed) == 0
    assert isinstance(await chain.verify(sealed), Whole)


async def test_an_empty_log_is_whole(uow: UnitOfWork) -> None:
    assert await chain.seal(uow) == 0
    assert await chain.verify(uow) == Whole(Link(0, chain.ORIGIN), 0)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "staff:4"},
        {"action": "waived"},
        {"subject": "invoice:1"},
        {"details": {"amount": 31}},
        {"hash": "f" * 64},
    ],
)
async def test_a_changed_row_is_named(sealed: UnitOfWork, change: dict[str, object]) -> None:
    found = await tampered(sealed, update(audit_log).where(audit_log.c.place == 3).values(**change))
    assert isinstance(found, Broken)
    assert (found.place, found.row_id) == (3, (await _ids(sealed))[2])


async def _ids(uow: UnitOfWork) -> Sequence[int]:
    async with uow.read() as tx:
        return [row.id for row in await tx.all(select(audit_log.c.id).order_by(audit_log.c.place))]


async def test_a_removed_row_is_missed(sealed: UnitOfWork) -> None:
    found = await tampered(sealed, delete(audit_log).where(audit_log.c.place == 2))
    assert isinstance(found, Broken)
    assert (found.place, found.reason) == (3, "rows before it are missing")


async def test_a_gap_that_was_closed_is_found_all_the_same(sealed: UnitOfWork) -> None:
    closing = [update(audit_log).where(audit_log.c.place == n).values(place=n - 1) for n in (3, 4, 5)]
    found = await tampered(sealed, delete(audit_log).where(audit_log.c.place == 2), *closing)
    assert isinstance(found, Broken)
    assert found.place == 2


async def test_rows_cut_off_at_the_end_are_missed(sealed: UnitOfWork) -> None:
    found = await tampered(sealed, delete(audit_log).where(audit_log.c.place > 3))
    assert found == Broken(4, None, "rows are missing at the end")


async def test_a_row_put_in_is_named(sealed: UnitOfWork) -> None:
    async with sealed.read() as tx:
        real = await tx.first(select(audit_log).where(audit_log.c.place == 5))
    assert real is not None
    forged = {"at": real.at, "actor": "staff:9", "action": "paid", "subject": "invoice:9", "details": {}}
    found = await tampered(
        sealed,
        update(audit_log).where(audit_log.c.place == 5).values(place=6),
        insert(audit_log).values(**forged, place=5, hash=real.hash),
    )
    assert isinstance(found, Broken)
    assert found.place == 5


async def test_rows_that_changed_places_are_named(sealed: UnitOfWork) -> None:
    def move(old: int, new: int) -> object:
        return update(audit_log).where(audit_log.c.place == old).values(place=new)

    found = await tampered(sealed, move(2, 99), move(4, 2), move(99, 4))
    assert isinstance(found, Broken)
    assert found.place == 2


async def test_a_chain_sealed_anew_does_not_lead_through_an_end_noted_down(sealed: UnitOfWork) -> None:
    noted = await chain.verify(sealed)
    assert isinstance(noted, Whole)
    assert isinstance(await chain.verify(sealed, noted.head), Whole)
    await tampered(
        sealed,
        update(audit_log).values(place=None, hash=None, actor="staff:4"),
        delete(audit_head),
    )
    await chain.seal(sealed)
    await act(sealed, 60)
    await chain.seal(sealed)
    assert isinstance(await chain.verify(sealed), Whole)
    found = await chain.verify(sealed, noted.head)
    assert isinstance(found, Broken)
    assert found.place == 5


async def test_an_act_that_is_rolled_back_is_not_recorded(uow: UnitOfWork) -> None:
    async def act_in_vain() -> None:
        async with uow.write() as tx:
            await record(tx, actor="system", action="nothing", subject="invoice:1", details={})
            raise LookupError

    with pytest.raises(LookupError):
        await act_in_vain()
    assert await chain.verify(uow) == Whole(Link(0, chain.ORIGIN), 0)


async def test_many_who_record_and_seal_at_once_make_one_chain(uow: UnitOfWork) -> None:
    async def one(number: int) -> None:
        await act(uow, number, number + 100)
        await chain.seal(uow)

    await asyncio.gather(*(one(number) for number in range(12)))
    await chain.seal(uow)
    found = await chain.verify(uow)
    assert isinstance(found, Whole)
    assert (found.head.place, found.loose) == (24, 0)


async def test_a_long_log_is_sealed_in_batches(uow: UnitOfWork) -> None:
    async with uow.write() as tx:
        for number in range(1001):
            await record(tx, actor="system", action="counted", subject=f"n:{number}", details={})
    assert await chain.seal(uow) == 1001
    found = await chain.verify(uow)
    assert isinstance(found, Whole)
    assert found.head.place == 1001
