"""Who is staff in a chat, and what has to be shown before the first act."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.turn import Audience, Outcome, Turn
from conversations.flows import FLOWS
from core.identity.staff import PROOF_LIFETIME, Permission, may, member_of_chat
from core.identity.tables import logins
from core.identity.types import Role
from core.platform.i18n import text
from tests.conversations.stage import ADMIN, JOHN, Stage, staged


class NoState(Struct, frozen=True, forbid_unknown_fields=True):
    pass


lines_flow = Flow(
    "switching",
    NoState,
    label="topic.profile",
    commands=("saklar",),
    audience=Audience.STAFF,
    permission=Permission.LINES,
)


@lines_flow.step("engine.thanks")
async def switched(turn: Turn[NoState]) -> Outcome:
    return turn.end("engine.cancelled")


@pytest.fixture
async def stage(demo_url: str) -> AsyncIterator[Stage]:
    async with staged(demo_url, flows=(*FLOWS, lines_flow)) as opened:
        yield opened


async def prove(stage: Stage, chat: str, command: str = "/saklar") -> str:
    await stage.say(chat, command)
    return await stage.say(chat, await stage.code())


async def test_staff_bring_back_a_code_once_a_month(stage: Stage) -> None:
    assert "62811****001" in await stage.say(ADMIN, "/saklar")
    assert await stage.place(ADMIN) == "staff_proof.code"
    assert [message.to for message in await stage.sent()] == [ADMIN]
    assert "30 hari" in await stage.say(ADMIN, await stage.code())
    await stage.say(ADMIN, "/saklar")
    assert await stage.place(ADMIN) == "switching.switched"
    stage.clock.move(PROOF_LIFETIME + timedelta(minutes=1))
    await stage.say(ADMIN, "/saklar")
    assert await stage.place(ADMIN) == "staff_proof.code"


async def test_a_wrong_code_opens_nothing(stage: Stage) -> None:
    await stage.say(ADMIN, "/saklar")
    for left in (4, 3, 2, 1):
        assert str(left) in await stage.say(ADMIN, await stage.wrong_code())
    assert text("prove_owner.code_over", "id") in await stage.say(ADMIN, await stage.wrong_code())
    await stage.say(ADMIN, "/saklar")
    assert await stage.place(ADMIN) == "staff_proof.code"


async def test_a_code_grows_old(stage: Stage) -> None:
    await stage.say(ADMIN, "/saklar")
    code = await stage.code()
    stage.clock.move(timedelta(minutes=6))
    assert text("prove_owner.code_expired", "id") in await stage.say(ADMIN, code)


async def test_a_repeated_message_spends_one_try_and_sends_one_code(stage: Stage) -> None:
    await stage.say(ADMIN, "/saklar", message_id="again")
    await stage.say(ADMIN, "/saklar", message_id="again")
    assert len(await stage.sent()) == 1
    services, address = stage.services.staff, ADMIN
    code = await stage.wrong_code()
    tries = [await services.check_proof("whatsapp", address, code, request_id="t") for _ in range(3)]
    assert [getattr(each, "attempts_left", None) for each in tries] == [4, 4, 4]


async def test_customers_know_no_staff_words(stage: Stage) -> None:
    assert "petugas" not in (await stage.say(JOHN, "menu")).lower()
    await stage.say(JOHN, "/saklar")
    assert await stage.place(JOHN) == ""
    async with stage.services.uow.read() as tx:
        assert await member_of_chat(tx, "whatsapp", JOHN) is None


async def test_staff_have_both_menus(stage: Stage) -> None:
    assert text("engine.staff_menu", "id") in await stage.say(ADMIN, "menu")
    assert text("engine.staff_greeting", "id", name="Admin") in await stage.say(ADMIN, "petugas")
    assert text("topic.check_bill", "id") in await stage.say(ADMIN, text("engine.customer_menu", "id"))


async def change(stage: Stage, **values: object) -> None:
    async with stage.services.uow.write() as tx:
        await tx.execute(logins.update().where(logins.c.phone == ADMIN).values(**values))


@pytest.mark.parametrize("change_to", [{"role": Role.SALES}, {"is_active": False}])
async def test_a_flow_for_staff_ends_with_the_right_to_it(stage: Stage, change_to: dict[str, object]) -> None:
    await prove(stage, ADMIN)
    await stage.say(ADMIN, "saklar")
    assert await stage.place(ADMIN) == "switching.switched"
    await change(stage, **change_to)
    await stage.say(ADMIN, "ya")
    assert await stage.place(ADMIN) == ""
    await stage.say(ADMIN, "/saklar")
    assert await stage.place(ADMIN) == ""


def test_every_role_is_allowed_what_it_needs_and_no_more() -> None:
    assert all(may(Role.SUPERADMIN, each) and may(Role.ADMIN, each) for each in Permission)
    assert not any(may(Role.CUSTOMER, each) for each in Permission)
    assert {role for role in Role if may(role, Permission.LINES)} == {Role.SUPERADMIN, Role.ADMIN}
