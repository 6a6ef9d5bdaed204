"""The page old bills link to (mywifi contract §0)."""

from __future__ import annotations

from tests.api.support import Caller

PATH = "/checkout/payment"


async def test_a_pair_that_belongs_together_shows_amount_state_and_codes(anyone: Caller) -> None:
    answer = await anyone.get(PATH, invoice="INV-2401-001", noservices="ISP00123")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for shown in ("Rp350.000", "Januari 2024", "Belum dibayar", "999001ISP00123", "BNI Virtual Account"):
        assert shown in answer.text
    assert "John" not in answer.text, "whoever guesses a pair learns no name"


async def test_the_page_speaks_the_readers_language(anyone: Caller) -> None:
    answer = await anyone.ask(
        "GET", f"{PATH}?invoice=230130001&noservices=ISP00123", headers={"Accept-Language": "en-GB,id;q=0.5"}
    )
    for shown in ('lang="en"', "Rp277,500", "January 2023", "Not paid yet", "10 January 2023"):
        assert shown in answer.text


async def test_a_paid_bill_says_thank_you_and_offers_no_codes(anyone: Caller, partner: Caller) -> None:
    await partner.post(
        "/api/billing/mark-as-paid", invoice="230130001", no_services="ISP00123", reference_no="R"
    )
    answer = await anyone.get(PATH, invoice="230130001", noservices="ISP00123")
    assert "Sudah dibayar" in answer.text
    assert "999001ISP00123" not in answer.text


async def test_any_other_pair_is_404(anyone: Caller) -> None:
    for query in (
        {"invoice": "INV-2401-001", "noservices": "28900001"},
        {"invoice": "nope", "noservices": "ISP00123"},
        {"invoice": "INV-2401-001"},
        {},
    ):
        answer = await anyone.get(PATH, **query)
        assert answer.status == 404
        assert "Tagihan tidak ditemukan" in answer.text
    assert (await anyone.ask("GET", f"{PATH}?invoice=<script>&noservices=%00")).status == 404


async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing(anyone: Caller) -> None:
    answer = await anyone.get(PATH, invoice="INV-2401-001", noservices="ISP00123")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "http" not in answer.text
