"""Reports and remedies as a chat tells them: plain, short, and in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from conversations.own_words import is_another_wish, one_line, tells_a_problem
from conversations.ticket_texts import plain_tip, story
from core.tickets.types import Ticket, TicketEvent, TicketStatus, Timeline

JAKARTA = ZoneInfo("Asia/Jakarta")
MORNING = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def _timeline(events: int) -> Timeline:
    ticket = Ticket(
        1, "261122001", "28900001", "Lemot.\nSekali.", TicketStatus.PROCESS, MORNING, "Gangguan", "Restart"
    )
    opened = TicketEvent("Tiket dibuat oleh pelanggan.", TicketStatus.PENDING, "Siti", "by customer", MORNING)
    later = [
        TicketEvent(
            f"Langkah {n}", TicketStatus.PROCESS, "Admin", "by staff", MORNING + timedelta(minutes=15 * n)
        )
        for n in range(1, events)
    ]
    return Timeline(ticket, (opened, *later))


def test_a_remedy_loses_its_markup_and_keeps_its_points() -> None:
    tip = plain_tip("<p>Coba <b>ini</b> &amp; itu:</p><ul><li>Matikan</li><li>Nyalakan</li></ul>")
    assert tip == "Coba ini & itu:\n• Matikan\n• Nyalakan"


def test_a_long_remedy_stays_within_a_few_lines_and_loses_nothing() -> None:
    tip = plain_tip("".join(f"<li>langkah {n}</li>" for n in range(9)))
    assert tip.count("\n") == 3
    assert all(f"langkah {n}" in tip for n in range(9))


def test_a_short_story_is_told_from_its_beginning() -> None:
    lines = [line.render("en") for line in story(_timeline(2), JAKARTA)]
    assert lines == [
        "Ticket 261122001 · Gangguan: being worked on.",
        '"Lemot. Sekali."',
        "22 November 2026, 10:00 WIB: we received your report.",
        "22 November 2026, 10:15 WIB: Langkah 1",
    ]


def test_a_long_story_is_told_by_its_latest_notes() -> None:
    lines = [line.render("id") for line in story(_timeline(8), JAKARTA)]
    assert lines[2] == "(5 catatan sebelumnya)"
    assert [line.rpartition(" ")[2] for line in lines[3:]] == ["5", "6", "7"]


def test_a_long_text_is_quoted_by_its_beginning() -> None:
    assert one_line("a  b\n\nc") == "a b c"
    assert one_line("x" * 500, 10) == "xxxxxxxxx…"


def test_announcing_a_problem_tells_none() -> None:
    announced = ("lapor", "mau lapor gangguan dong min", "i want to report a problem")
    told = ("wifi mati dr tadi siang, gmn sih", "my internet is slow", "lapor internet saya lemot")
    assert not any(map(tells_a_problem, announced))
    assert all(map(tells_a_problem, told))


def test_only_a_short_message_is_another_wish() -> None:
    assert is_another_wish("cek tagihan")
    assert not is_another_wish("tagihan saya salah, sudah bayar tapi masih ditagih lagi")
