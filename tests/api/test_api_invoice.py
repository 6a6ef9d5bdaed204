"""A customer's invoices over HTTP (mywifi contract §7)."""

from __future__ import annotations

import pytest

from tests.api.conftest import LogIn
from tests.api.support import Caller, example, shape

PATH = "/api/invoice"


async def test_invoices_answer_like_the_document(john: Caller) -> None:
    answer = await john.get(PATH, year=2024)
    assert (answer.status, answer.body) == (200, example("invoice", 200))
    assert shape(answer.body) == shape(example("invoice", 200))


async def test_unpaid_ones_are_shown_newest_first_unless_asked_otherwise(john: Caller) -> None:
    shown = (await john.get(PATH)).body["data"]
    assert [invoice["invoice"] for invoice in shown] == ["INV-2401-001", "230130001"]


@pytest.mark.parametrize(
    ("status", "count"),
    [("all", 3), ("unpaid", 2), ("paid", 1), ("ALL", 3), ("BELUM BAYAR", 2), ("sudah bayar", 1), ("", 2)],
)
async def test_the_status_filter_takes_new_and_old_words(john: Caller, status: str, count: int) -> None:
    assert len((await john.get(PATH, status=status)).body["data"]) == count


async def test_month_and_year_narrow_the_list(john: Caller) -> None:
    january = (await john.get(PATH, month=1)).body["data"]
    assert [invoice["year"] for invoice in january] == [2024, 2023]
    assert len((await john.get(PATH, month="01", year="2023")).body["data"]) == 1
    assert (await john.get(PATH, year=1999)).body["data"] == []


async def test_a_paid_invoice_offers_no_codes(john: Caller) -> None:
    (paid,) = (await john.get(PATH, status="paid")).body["data"]
    assert (paid["status"], paid["payment_codes"], paid["period"]) == ("paid", {}, "November 2026")


async def test_bad_filters_are_complaints_all_at_once(john: Caller) -> None:
    answer = await john.get(PATH, status="late", month=13, year="x")
    assert answer.errors == {
        "status": ["The selected status is invalid."],
        "month": ["The month must be between 1 and 12."],
        "year": ["The year must be an integer."],
    }


async def test_amounts_add_up(john: Caller) -> None:
    for invoice in (await john.get(PATH, status="all")).body["data"]:
        lines = sum(detail["total"] for detail in invoice["details"])
        assert invoice["amount"] == lines + invoice["tax"] - invoice["discount"]


async def test_nobody_sees_the_invoices_of_others(log_in: LogIn) -> None:
    siti = await log_in("28900001")
    answer = await siti.get(PATH, status="all")
    assert answer.body["customer"]["no_services"] == "28900001"
    assert all(invoice["invoice"] != "INV-2401-001" for invoice in answer.body["data"])
