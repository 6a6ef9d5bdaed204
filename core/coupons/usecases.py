"""What staff can do with coupons."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Row, func, or_, select

from core.audit import log as audit
from core.coupons.tables import coupons
from core.coupons.types import Coupon, CouponFilter, CouponPage, Kind, Terms
from core.platform.errors import Conflict, NotFound
from core.platform.uow import UnitOfWork, WriteTx


class Coupons:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def list(self, wanted: CouponFilter) -> CouponPage:
        """In the order they were made."""
        conditions = list(_conditions(wanted))
        page = select(coupons).where(*conditions).order_by(coupons.c.id)
        async with self._uow.read() as tx:
            rows = await tx.all(page.limit(wanted.limit).offset(wanted.offset))
            total = await tx.scalar(select(func.count()).select_from(coupons).where(*conditions))
        return CouponPage(tuple(map(as_coupon, rows)), int(total))

    async def of(self, coupon_id: int) -> Coupon:
        """Raises `NotFound`."""
        async with self._uow.read() as tx:
            row = await tx.first(select(coupons).where(coupons.c.id == coupon_id))
        if row is None:
            raise NotFound
        return as_coupon(row)

    async def add(self, terms: Terms, *, actor: str) -> int:
        """Raises `Conflict("code_taken")`."""
        async with self._uow.write() as tx:
            made = {"uses": 0, "created_at": tx.now, "updated_at": tx.now}
            if not await tx.insert_new(coupons, **asdict(terms), **made):
                raise Conflict("code_taken")
            coupon_id = int(await tx.scalar(select(coupons.c.id).where(coupons.c.code == terms.code)))
            await _record(tx, actor, "coupon_added", coupon_id)
        return coupon_id

    async def change(self, coupon_id: int, terms: Terms, *, actor: str) -> None:
        """How often it was used stays. Raises `NotFound`, `Conflict("code_taken")`."""
        async with self._uow.write() as tx:
            held = await tx.all(
                select(coupons.c.id)
                .where(or_(coupons.c.id == coupon_id, coupons.c.code == terms.code))
                .order_by(coupons.c.id)
                .with_for_update()
            )
            ids = {row.id for row in held}
            if coupon_id not in ids:
                raise NotFound
            if ids != {coupon_id}:
                raise Conflict("code_taken")
            own = coupons.update().where(coupons.c.id == coupon_id)
            await tx.execute(own.values(**asdict(terms), updated_at=tx.now))
            await _record(tx, actor, "coupon_changed", coupon_id)

    async def switch(self, coupon_id: int, *, is_active: bool, actor: str) -> None:
        """Raises `NotFound`."""
        async with self._uow.write() as tx:
            own = coupons.update().where(coupons.c.id == coupon_id)
            if not await tx.execute(own.values(is_active=is_active, updated_at=tx.now)):
                raise NotFound
            await _record(tx, actor, "coupon_switched", coupon_id)

    async def delete(self, coupon_ids: Collection[int], *, actor: str) -> int:
        """How many there were of them."""
        async with self._uow.write() as tx:
            gone = await tx.execute(coupons.delete().where(coupons.c.id.in_(coupon_ids)))
            for coupon_id in sorted(coupon_ids) if gone else ():
                await _record(tx, actor, "coupon_deleted", coupon_id)
        return gone


async def _record(tx: WriteTx, actor: str, action: str, coupon_id: int) -> None:
    await audit.record(tx, actor=actor, action=action, subject=f"coupon:{coupon_id}", details={})


def _conditions(wanted: CouponFilter) -> tuple[ColumnElement[bool], ...]:
    found: tuple[ColumnElement[bool], ...] = ()
    if wanted.search:
        found += (func.lower(coupons.c.code).contains(wanted.search.lower(), autoescape=True),)
    if wanted.is_active is not None:
        found += (coupons.c.is_active.is_(wanted.is_active),)
    return found


def as_coupon(row: Row[Any]) -> Coupon:
    return Coupon(
        id=row.id,
        terms=Terms(
            code=row.code,
            kind=Kind(row.kind),
            value_hundredths=row.value_hundredths,
            description=row.description,
            max_uses=row.max_uses,
            smallest_order=row.smallest_order,
            largest_discount=row.largest_discount,
            is_active=row.is_active,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
        ),
        uses=row.uses,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
