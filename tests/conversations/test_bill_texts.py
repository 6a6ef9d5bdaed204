"""A bill is told in few lines, whatever is on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from conversations import bill_texts
from core.billing.types import Invoice, InvoiceLine, InvoiceStatus
from core.platform.i18n import LANGUAGES

JAKARTA = ZoneInfo("Asia/Jakarta")
TODAY = date(2026, 11, 22)


def _lines(*totals: int) -> tuple[InvoiceLine, ...]:
    return tuple(
        InvoiceLine(f"Baris {n}", "Internet", each, 1, 0, each, "-") for n, each in enumerate(totals, 1)
    )


def _bill(**changes: Any) -> Invoice:
    plain = Invoice(
        1, "INV-1", 2026, 11, InvoiceStatus.UNPAID, 300_000, 0, 0, date(2026, 11, 27), date(2026, 12, 7), None,
        _lines(300_000), {"va_bni": "999001"},
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def _told(bill: Invoice) -> list[str]:
    return [line.render("id") for line in bill_texts.details(bill, JAKARTA, TODAY)]


def test_tax_and_discount_are_told() -> None:
    told = _told(_bill(amount=320_000, tax=30_000, discount=10_000))
    assert told[1:4] == ["Baris 1: Rp300.000", "Pajak: Rp30.000", "Potongan: -Rp10.000"]


def test_many_lines_are_summed_up_and_still_add_up() -> None:
    told = _told(_bill(amount=155_000, lines=_lines(100_000, 30_000, 20_000, 10_000), discount=5_000))
    assert told[1:4] == ["Baris 1: Rp100.000", "Baris 2: Rp30.000", "3 baris lain: Rp25.000"]


def test_what_is_paid_already_is_told_last_in_the_readers_language_and_adds_up() -> None:
    part = _bill(amount=200_000, settled=100_000)
    assert _told(part)[1:3] == ["Baris 1: Rp300.000", "Sudah dibayar: -Rp100.000"]
    english = [line.render("en") for line in bill_texts.details(part, JAKARTA, TODAY)]
    assert english[2] == "Already paid: -Rp100,000"
    many = _bill(amount=60_000, settled=100_000, lines=_lines(100_000, 30_000, 20_000, 10_000))
    assert _told(many)[3:5] == ["2 baris lain: Rp30.000", "Sudah dibayar: -Rp100.000"]
    assert "Sudah dibayar" not in "".join(_told(_bill(status=InvoiceStatus.PAID, settled=300_000)))


def test_no_bill_leaves_less_than_three_of_ten_lines_for_what_comes_next() -> None:
    for count in range(8):
        assert len(_told(_bill(lines=_lines(*[1000] * count), tax=1, discount=1))) <= 7


def test_a_bill_due_today_is_not_overdue() -> None:
    assert "jatuh tempo 22" in bill_texts.row(_bill(due_on=TODAY), TODAY).label.render("id")
    assert "lewat" in bill_texts.row(_bill(due_on=date(2026, 11, 21)), TODAY).label.render("id")


def test_a_paid_bill_says_the_day_at_the_business() -> None:
    late_evening_utc = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    assert (
        _told(_bill(status=InvoiceStatus.PAID, paid_at=late_evening_utc))[-1]
        == "Lunas, dibayar 21 November 2026."
    )
    assert _told(_bill(status=InvoiceStatus.PAID))[-1] == "Lunas, dibayar 27 November 2026."


def test_a_heading_counts_in_both_languages() -> None:
    for language, expected in zip(LANGUAGES, ("1 belum dibayar", "1 unpaid"), strict=True):
        heading = bill_texts.heading([_bill()], name="Siti Rahma", number="1", is_one_of_many=False)
        assert expected in heading.render(language)


def test_a_name_is_shortened_to_what_people_are_called() -> None:
    assert [bill_texts.first_name(name) for name in ("Siti Rahma (Warung)", "Budi", "  ")] == [
        "Siti",
        "Budi",
        "  ",
    ]
