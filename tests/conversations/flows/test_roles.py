"""What a chat that is not the owner's may do, and that it learns nothing beyond that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.customers import chat_access
from core.customers.types import ChatRole
from core.platform.i18n import text
from tests.conversations.flows.test_payment_proof import send
from tests.conversations.stage import STRANGER, Stage

#: 28900002 is closed for its one bill, 28900005 is open with one.
CLOSED, OWING = 3, 6


async def let_in(stage: Stage, customer_id: int, role: ChatRole) -> None:
    async with stage.services.uow.write() as tx:
        await chat_access.link(tx, "whatsapp", STRANGER, customer_id, role)


async def test_who_looks_after_the_line_learns_nothing_of_its_bills(stage: Stage) -> None:
    await let_in(stage, CLOSED, ChatRole.TECHNICAL)
    answer = await stage.say(STRANGER, "cek koneksi")
    assert answer == text("connection_check.isolated_for_owner", "id", number="28900002")
    assert await stage.place(STRANGER) == ""


async def test_who_pays_sees_why_the_line_is_closed_in_the_bills(stage: Stage) -> None:
    await let_in(stage, CLOSED, ChatRole.PAYER)
    assert "300.000" in await stage.say(STRANGER, "cek tagihan")


async def test_who_pays_may_prove_it(stage: Stage) -> None:
    await let_in(stage, OWING, ChatRole.PAYER)
    assert await send(stage, STRANGER) == text("payment_proof.sent", "id", number=1)


@pytest.mark.parametrize("role", [ChatRole.TECHNICAL, ChatRole.OWNER])
async def test_who_may_report_a_problem_may_make_a_report_of_a_talk(stage: Stage, role: ChatRole) -> None:
    await let_in(stage, OWING, role)
    await stage.say(STRANGER, "petugas", "internet mati sejak pagi")
    stage.clock.move(timedelta(minutes=stage.services.settings.handover_minutes))
    await stage.services.handovers.tick()  # nobody came
    assert "28900005" in await stage.say(STRANGER, "/jadikantiket")
