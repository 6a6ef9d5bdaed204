"""Races of hand-over on both databases, and office hours."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from core.handover import commands
from core.handover.rules import office_hours
from core.handover.tables import handover_lines, handovers
from core.handover.types import HandoverState, Over, Person, Sent, Taken, TakenByOther
from core.handover.usecases import Handovers
from core.identity.commands import create_staff
from core.identity.tables import logins
from core.identity.types import Role
from core.platform.errors import Invalid, NotFound
from core.platform.outbox import outbox
from core.platform.uow import UnitOfWork
from core.settings import Settings

ADMIN, BUDI = Person("staff:1", "Admin"), Person("staff:2", "Budi")
ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def desk(uow: UnitOfWork, settings: Settings) -> Handovers:
    return Handovers(uow, settings)


async def ask(desk: Handovers, chat: str = "628123456789", request_id: str = "whatsapp:1") -> int:
    asked = await desk.request(
        "whatsapp", chat, session="s", language="id", customer_id=None, text="cs", request_id=request_id
    )
    return asked.id


async def test_ten_requests_of_a_chat_at_once_are_one(desk: Handovers, uow: UnitOfWork) -> None:
    found = await asyncio.gather(*(ask(desk, request_id=f"r{number % 3}") for number in range(10)))
    assert len(set(found)) == 1
    async with uow.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(handovers)) == 1


async def test_of_many_who_answer_at_once_one_is_heard(desk: Handovers, uow: UnitOfWork) -> None:
    number = await ask(desk)
    people = [Person(f"staff:{n}", f"Orang {n}") for n in range(8)]
    found = await asyncio.gather(
        *(desk.say(number, person, f"dari {person.actor}", request_id="a") for person in people)
    )
    assert [type(each) for each in found].count(Sent) == 1
    assert [type(each) for each in found].count(TakenByOther) == 7
    async with uow.read() as tx:
        said = select(handover_lines.c.text).where(handover_lines.c.author.is_not(None))
        assert len(await tx.all(said)) == 1


async def test_an_answer_and_the_way_back_at_once_never_both_win(
    desk: Handovers, uow: UnitOfWork, settings: Settings
) -> None:
    async def give_back(number: int) -> None:
        async with uow.write() as tx:
            await commands.give_back(tx, settings, number)

    heard = 0
    for turn in range(6):
        number = await ask(desk, request_id=f"ask{turn}")
        await desk.take(number, ADMIN)
        _, said = await asyncio.gather(
            give_back(number), desk.say(number, ADMIN, f"jawaban {turn}", request_id=f"say{turn}")
        )
        async with uow.read() as tx:
            queued = select(func.count()).where(outbox.c.key.like("handover-line-%"))
            state = await tx.scalar(select(handovers.c.state).where(handovers.c.id == number))
            sent = await tx.scalar(queued)
        assert state == HandoverState.CLOSED
        assert isinstance(said, Sent | Over)
        heard += isinstance(said, Sent)
        assert sent == heard


async def test_who_left_the_business_reads_no_more_of_a_talk(
    desk: Handovers, uow: UnitOfWork, settings: Settings
) -> None:
    people = []
    async with uow.write() as tx:
        for name, phone in (("budi", "6281100000002"), ("ani", "6281100000003")):
            people.append(
                await create_staff(
                    tx, username=name, name=name, phone=phone, role=Role.AGENT, password_hash=None
                )
            )
    number = await ask(desk)
    await desk.take(number, Person(f"staff:{people[0]}", "Budi", "whatsapp", "6281100000002"))

    async def hear(text: str) -> bool:
        async with uow.write() as tx:
            return await commands.hear(tx, settings, number, text=text, message_key=text)

    async def told(phone: str) -> str:
        async with uow.read() as tx:
            return str([row.payload for row in await tx.all(select(outbox.c.payload)) if phone in str(row)])

    assert await hear("sebelum")
    assert "sebelum" in await told("6281100000002")
    async with uow.write() as tx:
        await tx.execute(logins.update().where(logins.c.id == people[0]).values(is_active=False))
    assert await hear("rahasia")
    assert await hear("lagi")
    assert "rahasia" not in await told("6281100000002")
    assert "rahasia" in await told("6281100000003")
    taken = await desk.take(number, Person(f"staff:{people[1]}", "Ani", "whatsapp", "6281100000003"))
    assert isinstance(taken, Taken)


async def test_one_request_id_in_two_chats_and_the_last_of_many_lines_are_sent(
    desk: Handovers, uow: UnitOfWork
) -> None:
    first, second = await ask(desk), await ask(desk, "6281200000004", "whatsapp:2")
    async with uow.write() as tx:
        line = {"handover_id": second, "text": "halo", "said_at": tx.now}
        many = [line | {"message_key": f"m{number}"} for number in range(commands.MOST_LINES)]
        await tx.execute(handover_lines.insert(), many)
    for number in (first, second, second):
        await desk.say(number, ADMIN, "Sebentar.", request_id="http:1")
    async with uow.read() as tx:
        told = await tx.all(select(outbox.c.id).where(outbox.c.key.like("handover-line-%")))
    assert len(told) == 2


async def test_the_story_is_told_from_where_one_left_off(desk: Handovers) -> None:
    number = await ask(desk)
    await desk.say(number, ADMIN, "halo", request_id="1")
    whole = await desk.story(number)
    assert [(line.author, line.text) for line in whole.lines] == [(None, "cs"), ("Admin", "halo")]
    assert [line.text for line in (await desk.story(number, after=whole.lines[0].id)).lines] == ["halo"]
    assert [each.owner_name for each in await desk.open_ones()] == ["Admin"]


async def test_what_is_not_there_or_says_nothing_is_refused(desk: Handovers) -> None:
    with pytest.raises(NotFound):
        await desk.take(77, ADMIN)
    with pytest.raises(NotFound):
        await desk.story(77)
    with pytest.raises(Invalid):
        await desk.say(await ask(desk), ADMIN, "  ", request_id="1")


async def test_a_released_chat_is_anybodys(desk: Handovers) -> None:
    number = await ask(desk)
    assert isinstance(await desk.take(number, ADMIN), Taken)
    assert await desk.release(number, BUDI) == TakenByOther("Admin")
    assert await desk.release(number, ADMIN) == Sent(0)
    assert isinstance(await desk.take(number, BUDI), Taken)
    assert await desk.close(number, BUDI) == Sent(0)
    assert await desk.take(number, ADMIN) == Over()


@pytest.mark.parametrize(
    ("hours", "at", "is_open", "opens_in"),
    [
        ("08:00-21:00", "07:59", False, timedelta(minutes=1)),
        ("08:00-21:00", "08:00", True, timedelta(hours=24)),
        ("08:00-21:00", "20:59", True, timedelta(hours=11, minutes=1)),
        ("08:00-21:00", "21:00", False, timedelta(hours=11)),
        ("20:00-04:00", "23:00", True, timedelta(hours=21)),
        ("20:00-04:00", "05:00", False, timedelta(hours=15)),
        ("00:00-24:00", "03:00", True, timedelta(hours=21)),
    ],
)
def test_office_hours(hours: str, at: str, is_open: bool, opens_in: timedelta) -> None:  # noqa: FBT001
    hour, minute = map(int, at.split(":"))
    now = datetime(2026, 11, 22, hour, minute, tzinfo=ZONE)
    assert office_hours(hours).is_open(now.astimezone(UTC), ZONE) is is_open
    assert office_hours(hours).next_opening(now.astimezone(UTC), ZONE) - now == opens_in


@pytest.mark.parametrize("written", ["", "8-21", "08:00", "25:00-26:00", "08:00-24:30", "24:00-08:00"])
def test_hours_that_cannot_be_read_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="hours"):
        office_hours(written)
