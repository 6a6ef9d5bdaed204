"""Tickets: opened once per request, at most five open, closed for good, shown to their owner only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from core.messaging.notices import TEXT_TOPIC
from core.platform.errors import Conflict, Invalid, NotFound
from core.tickets.commands import clean_solution
from core.tickets.tables import ticket_events, tickets
from core.tickets.types import Ticket, TicketStatus
from tests.core.conftest import Shop

JOHN, SITI, AGUS, RINA = 1, 2, 4, 7
JOHNS_TICKET = "240101001"


async def opened(
    shop: Shop,
    who: int = AGUS,
    request_id: str = "r-1",
    *,
    help_type_id: int = 1,
    help_solution_id: int = 1,
) -> Ticket:
    return await shop.tickets.open_ticket(
        who,
        help_type_id=help_type_id,
        help_solution_id=help_solution_id,
        description="Mati lagi.",
        request_id=request_id,
    )


async def count_of(shop: Shop, who: int) -> int:
    row = await shop.one(select(func.count().label("n")).where(tickets.c.customer_id == who))
    return int(row.n)


async def test_the_choices_are_listed_with_their_remedies(shop: Shop) -> None:
    types, solutions = await shop.tickets.options()
    assert [(kind.id, kind.name) for kind in types] == [(1, "Gangguan koneksi"), (2, "Tagihan")]
    assert [(each.id, each.help_type_id, each.name) for each in solutions] == [
        (1, 1, "Restart modem"),
        (2, 1, "Kunjungan teknisi"),
        (3, 2, "Cek pembayaran"),
    ]


async def test_a_ticket_is_opened_with_its_first_line(shop: Shop) -> None:
    ticket = await opened(shop)
    assert ticket == Ticket(
        id=ticket.id,
        number="261122002",  # the demo's first of the day is Siti's
        service_number="28900003",
        description="Mati lagi.",
        status=TicketStatus.PENDING,
        opened_at=shop.clock.now(),
        help_type="Gangguan koneksi",
        help_solution="Restart modem",
    )
    timeline = await shop.tickets.timeline(AGUS, ticket_id=ticket.id, number=None)
    assert timeline.ticket == ticket
    (line,) = timeline.events
    assert (line.remark, line.status, line.actor, line.action, line.at) == (
        "Tiket dibuat oleh pelanggan.",
        TicketStatus.PENDING,
        "Agus Salim",
        "by customer",
        shop.clock.now(),
    )


async def test_numbers_follow_the_businesss_day(shop: Shop) -> None:
    shop.clock.move(timedelta(hours=14))
    assert (await opened(shop)).number == "261123001"


async def test_a_repeated_request_gives_the_first_ticket_back(shop: Shop) -> None:
    first = await opened(shop)
    shop.clock.move(timedelta(hours=1))
    assert await opened(shop) == first
    # Even one that would now be refused: it has happened already.
    assert await opened(shop, help_type_id=99) == first
    assert await count_of(shop, AGUS) == 1


async def test_parallel_repeats_of_a_request_open_one_ticket(shop: Shop) -> None:
    twins = await asyncio.gather(*(opened(shop) for _ in range(8)))
    assert len({ticket.id for ticket in twins}) == 1
    assert await count_of(shop, AGUS) == 1


async def test_two_customers_may_use_the_same_request_id(shop: Shop) -> None:
    mine, theirs = await asyncio.gather(opened(shop, AGUS), opened(shop, JOHN))
    assert (mine.service_number, theirs.service_number) == ("28900003", "ISP00123")


async def test_a_sixth_open_ticket_is_refused_until_one_is_closed(shop: Shop) -> None:
    five = [await opened(shop, request_id=f"r-{number}") for number in range(5)]
    with pytest.raises(Conflict, match="too_many_open"):
        await opened(shop, request_id="r-6")
    await shop.tickets.close_ticket(AGUS, ticket_id=five[0].id, number=None, remark="Sudah.")
    assert (await opened(shop, request_id="r-6")).status is TicketStatus.PENDING


async def test_of_eight_at_once_five_are_opened(shop: Shop) -> None:
    outcomes = await asyncio.gather(
        *(opened(shop, request_id=f"r-{number}") for number in range(8)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Ticket) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
    assert await count_of(shop, AGUS) == 5


@pytest.mark.parametrize(
    ("help_type_id", "help_solution_id", "fault"),
    [
        (9, 1, "help_type"),
        (9, 9, "help_type"),
        (10**12, 1, "help_type"),
        (1, 9, "help_solution"),
        (1, 3, "help_solution"),  # of another type
        (1, -(10**30), "help_solution"),
    ],
)
async def test_a_choice_that_does_not_exist_is_refused(
    shop: Shop, help_type_id: int, help_solution_id: int, fault: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await opened(shop, help_type_id=help_type_id, help_solution_id=help_solution_id)
    assert refusal.value.reason == fault
    assert await count_of(shop, AGUS) == 0


async def test_refusals_come_in_their_order(shop: Shop) -> None:
    with pytest.raises(NotFound, match="not_subscribed"):
        await opened(shop, RINA, help_type_id=9)
    for number in range(5):
        await opened(shop, request_id=f"r-{number}")
    with pytest.raises(Invalid, match="help_type"):
        await opened(shop, request_id="r-6", help_type_id=9)


# --- the timeline


async def test_a_ticket_is_found_by_id_by_number_and_by_both_agreeing(shop: Shop) -> None:
    timeline = await shop.tickets.timeline(JOHN, ticket_id=None, number=JOHNS_TICKET)
    ticket_id = timeline.ticket.id
    assert await shop.tickets.timeline(JOHN, ticket_id=ticket_id, number=None) == timeline
    assert await shop.tickets.timeline(JOHN, ticket_id=ticket_id, number=JOHNS_TICKET) == timeline
    assert [(line.remark, line.actor) for line in timeline.events] == [
        ("Tiket dibuat oleh pelanggan.", "John Doe"),
        ("Teknisi sedang menuju lokasi.", "Admin Helpdesk"),
    ]


@pytest.mark.parametrize(
    ("ticket_id", "number"),
    [(None, None), (10**30, None), (None, "nothing"), (1, "nothing"), (99, JOHNS_TICKET), (2, None)],
)
async def test_a_foreign_ticket_looks_like_a_missing_one(
    shop: Shop, ticket_id: int | None, number: str | None
) -> None:
    for reach in (
        shop.tickets.timeline(JOHN, ticket_id=ticket_id, number=number),
        shop.tickets.close_ticket(JOHN, ticket_id=ticket_id, number=number, remark="x"),
    ):
        with pytest.raises(NotFound) as refusal:
            await reach
        assert refusal.value.reason == "ticket"


async def test_somebody_without_a_service_is_told_that_first(shop: Shop) -> None:
    for reach in (
        shop.tickets.timeline(RINA, ticket_id=1, number=None),
        shop.tickets.close_ticket(RINA, ticket_id=1, number=None, remark="x"),
    ):
        with pytest.raises(NotFound, match="not_subscribed"):
            await reach


# --- the end


async def test_closing_adds_the_customers_last_word(shop: Shop) -> None:
    shop.clock.move(timedelta(minutes=5))
    closed = await shop.tickets.close_ticket(JOHN, ticket_id=None, number=JOHNS_TICKET, remark="Sudah nyala.")
    assert closed.ticket.status is TicketStatus.CLOSED
    last = closed.events[-1]
    assert (last.remark, last.status, last.actor, last.action, last.at) == (
        "Sudah nyala.",
        TicketStatus.CLOSED,
        "John Doe",
        "by customer",
        shop.clock.now(),
    )


async def test_a_closed_ticket_stays_as_it_is(shop: Shop) -> None:
    first = await shop.tickets.close_ticket(JOHN, ticket_id=None, number=JOHNS_TICKET, remark="Sudah nyala.")
    shop.clock.move(timedelta(minutes=5))
    assert await shop.tickets.close_ticket(JOHN, ticket_id=None, number=JOHNS_TICKET, remark="Lagi.") == first


async def test_closing_twice_at_once_writes_one_line(shop: Shop) -> None:
    closings = await asyncio.gather(
        *(
            shop.tickets.close_ticket(JOHN, ticket_id=None, number=JOHNS_TICKET, remark=f"{number}")
            for number in range(5)
        )
    )
    assert len({closing.events[-1].remark for closing in closings}) == 1
    row = await shop.one(select(func.count().label("n")).where(ticket_events.c.status == TicketStatus.CLOSED))
    assert row.n == 1


# --- the list


async def test_tickets_are_filtered_by_state_and_year_newest_first(shop: Shop) -> None:
    of = shop.tickets.tickets_of
    recent = await opened(shop, JOHN)
    assert [ticket.number for ticket in await of(JOHN, statuses=None)] == [recent.number]
    assert [ticket.number for ticket in await of(JOHN, statuses=None, year=2024)] == [JOHNS_TICKET]
    assert await of(JOHN, statuses=frozenset({TicketStatus.CLOSED}), year=2024) == ()
    assert await of(JOHN, statuses=frozenset(), year=2024) == ()
    shop.clock.move(timedelta(minutes=1))
    newest = await opened(shop, JOHN, request_id="r-2")
    assert [ticket.id for ticket in await of(JOHN, statuses=None)] == [newest.id, recent.id]


async def test_a_year_is_the_businesss_own(shop: Shop) -> None:
    new_year_in_jakarta = datetime(2024, 12, 31, 17, tzinfo=UTC)
    johns = tickets.c.number == JOHNS_TICKET
    await shop.change(tickets.update().where(johns).values(opened_at=new_year_in_jakarta))
    assert len(await shop.tickets.tickets_of(JOHN, statuses=None, year=2025)) == 1
    assert await shop.tickets.tickets_of(JOHN, statuses=None, year=2024) == ()


@pytest.mark.parametrize("year", [0, 1, -5, 9999, 10_000, 10**30])
async def test_a_year_no_calendar_has_is_empty(shop: Shop, year: int) -> None:
    assert await shop.tickets.tickets_of(JOHN, statuses=None, year=year) == ()


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("Matikan lalu nyalakan.", "Matikan lalu nyalakan."),
        ("<p>Satu<br>dua</p>", "<p>Satu<br>dua</p>"),
        ("<b onclick=alert(1)>x</b>", "<b>x</b>"),
        ("<script>alert(1)</script>aman", "aman"),
        ('<a href="javascript:alert(1)">klik</a>', "klik"),
        ("<img src=x onerror=alert(1)>", ""),
    ],
)
def test_old_solutions_lose_what_could_harm(html: str, clean: str) -> None:
    assert clean_solution(html) == clean


async def test_what_staff_say_of_a_ticket_is_brought_to_its_customer(shop: Shop) -> None:
    ticket = await opened(shop, SITI)
    told = await shop.tickets.answer_ticket(
        ticket.number, remark="Teknisi datang besok.", status=TicketStatus.PROCESS, actor="Budi"
    )
    assert told.ticket.status is TicketStatus.PROCESS
    assert (told.events[-1].remark, told.events[-1].actor) == ("Teknisi datang besok.", "Budi")
    text = (await shop.queued(TEXT_TOPIC))[-1]
    assert text["to"] == "6281200000001"
    assert ticket.number in text["text"]
    assert "sedang ditangani" in text["text"]
    assert "Teknisi datang besok." in text["text"]


async def test_a_closed_ticket_takes_no_more_answers(shop: Shop) -> None:
    ticket = await opened(shop, SITI)
    await shop.tickets.answer_ticket(ticket.number, remark="Beres.", status=TicketStatus.CLOSED, actor="Budi")
    with pytest.raises(Conflict, match="ticket_closed"):
        await shop.tickets.answer_ticket(
            ticket.number, remark="Lagi.", status=TicketStatus.PROCESS, actor="Budi"
        )
    with pytest.raises(NotFound, match="ticket"):
        await shop.tickets.answer_ticket("999", remark="Apa?", status=TicketStatus.PROCESS, actor="Budi")
    assert len(await shop.queued(TEXT_TOPIC)) == 1
