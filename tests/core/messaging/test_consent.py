"""Consent: a row per category, a line in the audit log per change, and nothing essential ever stopped."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from core.audit.tables import audit_log
from core.messaging.consent import Consents
from core.messaging.kinds import STOPPABLE, Category
from core.messaging.tables import notice_consents
from core.platform.errors import Invalid
from tests.core.conftest import Shop

SITI, WARUNG = 2, 3


@pytest.fixture
def consents(shop: Shop) -> Consents:
    return Consents(shop.uow)


async def audited(shop: Shop) -> list[tuple[str, str]]:
    own = audit_log.c.action.like("notices_%")
    rows = await shop.all(select(audit_log).where(own).order_by(audit_log.c.id))
    return [(row.actor, row.action) for row in rows]


async def test_stopping_holds_for_every_service_of_the_chat(shop: Shop, consents: Consents) -> None:
    assert await consents.stopped([SITI, WARUNG]) == frozenset()
    await consents.stop([SITI], [Category.INFO], turn_id="t-1")
    assert await consents.stopped([SITI, WARUNG]) == frozenset()
    await consents.stop([SITI, WARUNG], [Category.INFO, Category.BILLING], turn_id="t-2")
    assert await consents.stopped([SITI, WARUNG]) == {Category.INFO, Category.BILLING}
    await consents.resume([SITI, WARUNG], STOPPABLE, turn_id="t-3")
    assert await consents.stopped([SITI]) == frozenset()


async def test_what_is_said_twice_changes_nothing(shop: Shop, consents: Consents) -> None:
    for turn_id in ("t-1", "t-2"):
        await consents.stop([SITI], [Category.INFO], turn_id=turn_id)
    row = await shop.one(select(notice_consents))
    assert row.turn_id == "t-1"
    assert await audited(shop) == [(f"customer:{SITI}", "notices_stopped")]
    await consents.resume([SITI], [Category.INFO], turn_id="t-3")
    assert len(await audited(shop)) == 2


async def test_two_at_once_agree(shop: Shop, consents: Consents) -> None:
    await asyncio.gather(
        *(consents.stop([SITI, WARUNG], STOPPABLE, turn_id=f"t-{each}") for each in range(6))
    )
    assert await consents.stopped([SITI, WARUNG]) == set(STOPPABLE)
    assert len(await audited(shop)) == 6


async def test_the_essential_cannot_be_stopped(shop: Shop, consents: Consents) -> None:
    with pytest.raises(Invalid, match="essential"):
        await consents.stop([SITI], [Category.ESSENTIAL], turn_id="t-1")
    assert await shop.all(select(notice_consents)) == []
