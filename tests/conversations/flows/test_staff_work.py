"""What staff do for customers from chat: only what their role may, recorded, and once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core.audit.tables import audit_log
from core.identity.staff import StaffMember
from core.identity.types import Role
from core.network.switching import APPLY_TOPIC
from core.platform.errors import Conflict, Forbidden, NotFound
from core.platform.outbox import outbox
from core.tickets.types import TicketStatus
from tests.conversations.stage import ADMIN, Stage

MEMBER = StaffMember(8, "Admin", Role.SUPERADMIN, is_proved=True)


async def jobs(stage: Stage) -> int:
    async with stage.services.uow.read() as tx:
        queued = select(func.count()).select_from(outbox).where(outbox.c.topic == APPLY_TOPIC)
        return int(await tx.scalar(queued))


async def recorded(stage: Stage) -> list[str]:
    async with stage.services.uow.read() as tx:
        rows = await tx.all(select(audit_log.c.action).order_by(audit_log.c.id))
    return [row.action for row in rows]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("28900001", ["28900001"]),
        ("isp00123", ["ISP00123"]),
        ("0812 0000 0001", ["28900001", "28900002"]),
        ("siti", ["28900001", "28900002"]),
        ("LESTARI", ["28900004"]),
        ("%", []),
        ("xx", []),
        ("", []),
    ],
)
async def test_customers_are_found_by_number_phone_and_name(
    stage: Stage, typed: str, numbers: list[str]
) -> None:
    found = await stage.services.office.search(MEMBER, typed)
    assert [each.service_number for each in found] == numbers


async def test_a_line_is_switched_once_and_recorded(stage: Stage) -> None:
    office, before = stage.services.office, await jobs(stage)
    for _ in range(2):
        assert await office.switch_line(MEMBER, 1, isolate=True, request_id="a") == 1
    assert await jobs(stage) == before + 1
    assert (await recorded(stage)).count("line.isolate") == 1
    await office.switch_line(MEMBER, 1, isolate=False, request_id="b")
    assert await jobs(stage) == before + 2
    assert (await recorded(stage))[-1] == "line.restore"
    with pytest.raises(NotFound):
        await office.switch_line(MEMBER, 7, isolate=True, request_id="c")


@pytest.mark.parametrize("role", [Role.REPORT, Role.SALES, Role.AGENT])
async def test_a_role_does_what_it_may(stage: Stage, role: Role) -> None:
    member, office = StaffMember(9, "Orang", role, is_proved=True), stage.services.office
    before = await jobs(stage)
    assert await office.search(member, "siti")
    with pytest.raises(Forbidden):
        await office.switch_line(member, 1, isolate=True, request_id="a")
    if role is not Role.AGENT:
        with pytest.raises(Forbidden):
            await office.open_tickets(member)
    assert await jobs(stage) == before


async def test_a_report_is_answered_and_closed_for_good(stage: Stage) -> None:
    office = stage.services.office
    (first, *_) = await office.open_tickets(MEMBER)
    await office.answer_ticket(MEMBER, first.number, remark="sedang dicek", status=TicketStatus.PROCESS)
    assert (await office.ticket(MEMBER, first.number)).taken
    await office.answer_ticket(MEMBER, first.number, remark="beres", status=TicketStatus.CLOSED)
    assert first.number not in {each.number for each in await office.open_tickets(MEMBER)}
    with pytest.raises(Conflict):
        await office.answer_ticket(MEMBER, first.number, remark="lagi", status=TicketStatus.PROCESS)
    assert (await recorded(stage))[-2:] == ["ticket.process", "ticket.closed"]
    assert any("beres" in message.text for message in await stage.sent())


async def test_the_staff_menu_shows_what_the_role_may(stage: Stage) -> None:
    menu = await stage.say(ADMIN, "staf")
    for name in ("Antrean chat", "Bukti bayar", "Cari pelanggan", "Laporan pelanggan"):
        assert name in menu
