"""A person answers instead of the bot: asked for, taken, answered, given back, by customer, staff and time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.handover.tables import handover_lines, handovers
from core.handover.types import HandoverState, Over, Person, Sent, Taken, TakenByOther
from core.identity.commands import create_staff
from core.identity.tables import logins
from core.identity.types import Role
from core.platform.i18n import text
from core.platform.outbox import outbox
from tests.conversations.stage import ADMIN, JOHN, STRANGER, Stage

BUDI = "6281100000002"


@pytest.fixture
async def office(stage: Stage) -> Stage:
    """Two members of staff whose chats are trusted."""
    async with stage.services.uow.write() as tx:
        await tx.execute(logins.update().where(logins.c.username == "budi").values(phone=BUDI))
    for phone in (ADMIN, BUDI):
        await stage.say(phone, "/antrean")
        await stage.say(phone, await stage.code())
    return stage


async def told(stage: Stage, phone: str) -> list[str]:
    return [message.text for message in await stage.sent() if message.to == phone]


async def state(stage: Stage) -> str:
    async with stage.services.uow.read() as tx:
        return str(await tx.scalar(select(handovers.c.state).order_by(handovers.c.id.desc())))


async def test_a_customer_talks_to_a_person_and_back(office: Stage) -> None:
    assert "21.00 WIB" in await office.say(JOHN, "mau ngomong sama orang")
    assert await office.say(JOHN, "tagihan saya kok naik ya") == ""
    for phone in (ADMIN, BUDI):
        assert "John Doe · ISP00123" in (await told(office, phone))[-1]
    shown = await office.say(ADMIN, "ambil 1")
    assert "tagihan saya kok naik ya" in shown
    assert await told(office, JOHN) == [text("handover.joined", "id", name="Admin")]
    await office.say(JOHN, "halo?")
    assert "halo?" in (await told(office, ADMIN))[-1]
    assert await office.say(ADMIN, "Sebentar ya Pak, kami cek.") == text("staff_chats.sent", "id")
    assert (await told(office, JOHN))[-1] == "Sebentar ya Pak, kami cek."
    assert await office.say(ADMIN, "cek tagihan") == text("staff_chats.sent", "id")
    await office.say(ADMIN, "selesai")
    assert (await told(office, JOHN))[-1] == text("handover.closed", "id")
    assert "Rp627.500" in await office.say(JOHN, "cek tagihan")


async def test_the_first_who_takes_a_chat_has_it(office: Stage) -> None:
    await office.say(JOHN, "cs")
    await office.say(BUDI, "antrean")
    await office.say(ADMIN, "ambil 1")
    assert "Admin" in await office.say(BUDI, "1")
    services = office.services.handovers
    assert await services.say(1, Person("staff:2", "Budi"), "halo", request_id="x") == TakenByOther("Admin")


async def test_of_two_who_take_it_at_once_one_has_it(office: Stage) -> None:
    await office.say(JOHN, "cs")
    people = [Person(f"staff:{number}", f"Orang {number}") for number in range(6)]
    found = await asyncio.gather(*(office.services.handovers.take(1, person) for person in people))
    assert [type(each) for each in found].count(Taken) == 1
    assert len(await told(office, JOHN)) == 1


@pytest.mark.parametrize("word", ["menu", "batal", "MENU", "/menu"])
async def test_the_customer_gives_the_chat_back(office: Stage, word: str) -> None:
    await office.say(JOHN, "cs")
    await office.say(ADMIN, "ambil 1")
    assert await office.say(JOHN, word) != ""
    assert await told(office, ADMIN) != []
    assert (await told(office, ADMIN))[-1] == text(
        "handover.given_back", "id", number=1, who="John Doe · ISP00123"
    )
    assert await office.say(ADMIN, "masih di sana?") == text("staff_chats.over", "id")
    assert "masih di sana?" not in await told(office, JOHN)


async def test_menu_and_an_answer_at_once_leave_one_truth(office: Stage) -> None:
    await office.say(JOHN, "cs")
    await office.say(ADMIN, "ambil 1")
    person = Person("staff:1", "Admin")
    for number in range(5):
        _, sent = await asyncio.gather(
            office.say(JOHN, "menu", message_id=f"m{number}"),
            office.services.handovers.say(1, person, f"jawaban {number}", request_id=f"r{number}"),
        )
        assert isinstance(sent, Sent | Over)
        assert (f"jawaban {number}" in await told(office, JOHN)) == isinstance(sent, Sent)
    assert await state(office) == HandoverState.CLOSED


async def test_nobody_comes_and_the_customer_is_told(office: Stage) -> None:
    await office.say(JOHN, "cs")
    await office.say(JOHN, "internet saya putus putus")
    assert await office.services.handovers.tick() == 0
    office.clock.move(timedelta(minutes=10))
    assert await office.services.handovers.tick() == 1
    assert await told(office, JOHN) == [text("handover.nobody_came", "id")]
    assert "Rp627.500" in await office.say(JOHN, "cek tagihan")
    await office.say(JOHN, "menu")
    assert "putus putus" in await office.say(JOHN, "jadikan tiket")
    assert "Nomor tiket" in await office.say(JOHN, "ya")
    assert await state(office) == HandoverState.CLOSED


async def test_an_answer_that_stays_out_hands_the_chat_back(office: Stage) -> None:
    await office.say(JOHN, "cs")
    await office.say(ADMIN, "ambil 1", "ada yang bisa dibantu?")
    office.clock.move(timedelta(minutes=20))
    await office.say(JOHN, "iya pak")
    office.clock.move(timedelta(minutes=5))
    await office.say(JOHN, "pak?")
    office.clock.move(timedelta(minutes=5))
    await office.services.handovers.tick()
    assert (await told(office, JOHN))[-1] == text("handover.nobody_came", "id")
    assert await office.say(ADMIN, "ini saya", "lanjut") != ""
    assert await state(office) in {HandoverState.TAKEN, HandoverState.QUEUED}


async def test_a_talk_that_grew_quiet_ends(office: Stage) -> None:
    await office.say(JOHN, "cs")
    await office.say(ADMIN, "ambil 1", "sudah beres ya")
    office.clock.move(timedelta(minutes=61))
    await office.services.handovers.tick()
    assert await state(office) == HandoverState.CLOSED
    assert (await told(office, JOHN))[-1] == text("handover.closed", "id")


async def test_outside_office_hours_the_request_waits(office: Stage) -> None:
    office.clock.move(timedelta(hours=12))  # ten in the evening
    before = len(await told(office, ADMIN))
    assert "08.00 WIB" in await office.say(JOHN, "cs")
    assert "catat" in await office.say(JOHN, "modem saya mati total sejak sore")
    assert "Rp627.500" in await office.say(JOHN, "cek tagihan")
    assert len(await told(office, ADMIN)) == before
    office.clock.move(timedelta(hours=10))
    await office.services.handovers.tick()
    assert "modem saya mati total" in (await told(office, ADMIN))[-1]
    await office.say(ADMIN, "ambil 1")
    assert await office.say(JOHN, "akhirnya") == ""


async def test_a_request_can_be_withdrawn(office: Stage) -> None:
    office.clock.move(timedelta(hours=12))
    await office.say(JOHN, "cs", "batalkan permintaan")
    assert await state(office) == HandoverState.CLOSED


async def test_repeats_are_kept_once_and_stay_silent(office: Stage) -> None:
    first = await office.say(JOHN, "cs", message_id="a")
    assert await office.say(JOHN, "cs", message_id="a") == first
    for _ in range(3):
        assert await office.say(JOHN, "halo", message_id="b") == ""
    await office.say(ADMIN, "ambil 1")
    for _ in range(3):
        await office.say(ADMIN, "ya pak", message_id="c")
    assert (await told(office, JOHN)).count("ya pak") == 1
    async with office.services.uow.read() as tx:
        lines = await tx.all(select(handover_lines.c.text).order_by(handover_lines.c.id))
    assert [line.text for line in lines] == ["cs", "halo", "ya pak"]


async def test_a_stranger_may_ask_and_is_not_named(office: Stage) -> None:
    await office.say(STRANGER, "saya mau bicara dengan petugas")
    assert "62812****999" in (await told(office, ADMIN))[-1]


async def test_the_gateway_is_told_who_answers(office: Stage) -> None:
    await office.say(JOHN, "cs", session="s-1")
    await office.say(ADMIN, "ambil 1", "halo", "lepas")
    async with office.services.uow.read() as tx:
        rows = await tx.all(
            select(outbox.c.payload).where(outbox.c.topic == "whatsapp.handoff").order_by(outbox.c.id)
        )
    assert [row.payload["route"] for row in rows][-1] == "handoff_off"
    assert rows[0].payload == {"to": JOHN, "session": "s-1", "route": "handoff", "timeout_s": 600}


async def test_what_was_said_is_forgotten_in_time(office: Stage) -> None:
    await office.say(JOHN, "cs", "menu")
    office.clock.move(timedelta(days=91))
    assert await office.services.handovers.purge() == 1


async def test_those_who_may_not_answer_see_no_queue(stage: Stage) -> None:
    async with stage.services.uow.write() as tx:
        await create_staff(tx, username="lap2", name="Lap", phone=BUDI, role=Role.REPORT, password_hash=None)
    await stage.say(BUDI, "/antrean")
    assert await stage.place(BUDI) == ""
