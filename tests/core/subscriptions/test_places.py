"""Operators say which box each line joins the fibre in: one by one or thousands at once, all or none."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.audit.tables import audit_log
from core.customers.tables import customers
from core.platform.errors import NotFound
from core.subscriptions.places import (
    MOST_BYTES,
    MOST_PLACED,
    Fault,
    Placed,
    Placement,
    Problem,
    placements_in,
)
from core.subscriptions.tables import subscriptions
from tests.core.conftest import Shop

JOHN, WARUNG = "ISP00123", "28900002"


async def test_a_line_is_put_into_its_box_under_one_spelling_and_recorded(shop: Shop) -> None:
    wanted = [Placement(JOHN, " odp-jkt  07 ")]
    assert await shop.subscriptions.place(wanted, actor="operator") == Placed(lines=1, changed=1)
    assert await shop.subscriptions.place(wanted, actor="operator") == Placed(lines=1, changed=0)
    assert await shop.subscriptions.boxes_of(JOHN) == ["ODP-JKT 07"]
    record = await shop.one(select(audit_log).where(audit_log.c.action == "line_placed"))
    assert (record.actor, record.subject, record.details) == (
        "operator",
        "subscription:1",
        {"odp": "ODP-JKT 07"},
    )
    with pytest.raises(NotFound, match="customer"):
        await shop.subscriptions.boxes_of("0")


async def test_everything_wrong_is_named_and_nothing_done(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        person = {"uid": "n-1", "name": "N", "image": "", "created_at": tx.now}
        await tx.insert(customers, service_number="NEW1", **person)
    told = f"""service_number;ODP
{JOHN};ODP-1
0;ODP-1

{WARUNG};
NEW1;ODP-1
{JOHN};odp-1
{JOHN};ODP-2
;ODP-1
{WARUNG};{"x" * 65}
{WARUNG}
"""
    wanted, unread = placements_in(told.encode("utf-8-sig"))
    assert unread == ()
    assert (await shop.subscriptions.place(wanted, actor="operator")).problems == (
        Problem(Fault.UNKNOWN, 3, "0"),
        Problem(Fault.ODP, 5, WARUNG),
        Problem(Fault.NO_LINE, 6, "NEW1"),
        Problem(Fault.TWICE, 8, JOHN),
        Problem(Fault.NUMBER, 9, ""),
        Problem(Fault.ODP, 10, WARUNG),
        Problem(Fault.ODP, 11, WARUNG),
    )
    assert await shop.subscriptions.boxes_of(JOHN) == [""]


async def test_thousands_are_placed_at_once(shop: Shop) -> None:
    async with shop.uow.write() as tx:
        person = {"name": "N", "image": "", "created_at": tx.now}
        people = [{"uid": f"n-{each}", "service_number": f"N{each}", **person} for each in range(2_000)]
        found = await tx.insert_all_new(customers, people, customers.c.id)
        line = {"plan_id": 12, "router_id": 1, "quantity": 1, "price": 1, "discount": 0, "status": "active"}
        lines = [{"customer_id": row.id, "created_at": tx.now, **line} for row in found]
        await tx.insert_all(subscriptions, lines)
    told = "odp,service_number\n" + "".join(f"ODP-{each // 16},N{each}\n" for each in range(2_000))
    wanted, _ = placements_in(told.encode())
    assert await shop.subscriptions.place(wanted, actor="operator") == Placed(lines=2_000, changed=2_000)
    boxes = await shop.all(select(subscriptions.c.odp).where(subscriptions.c.odp == "ODP-7"))
    assert len(boxes) == 16


async def test_more_than_is_taken_at_once_is_refused(shop: Shop) -> None:
    many = [Placement(JOHN, "ODP-1")] * (MOST_PLACED + 1)
    refused = Placed(problems=(Problem(Fault.TOO_LARGE),))
    assert await shop.subscriptions.place(many, actor="operator") == refused


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Fault.UNREADABLE),
        (b"service_number\nISP00123\n", Fault.UNREADABLE),
        (b"service_number,odp\n\xff,x\n", Fault.UNREADABLE),
        (b'service_number,odp\n"ISP00123,x\n', Fault.UNREADABLE),
        (b" " * (MOST_BYTES + 1), Fault.TOO_LARGE),
    ],
)
def test_what_is_no_list_of_places_is_said_so(content: bytes, fault: Fault) -> None:
    wanted, [problem] = placements_in(content)
    assert (wanted, problem.fault) == ([], fault)
