"""The pay page, by number and service or by a signed link, and what the code on a receipt leads to (mywifi contract §0)."""

from __future__ import annotations

import base64
import hashlib
import io
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from core.billing import links
from core.billing.corrections import reverse_payment
from core.billing.tables import invoices, payments
from core.platform.clock import ManualClock
from core.services import Services
from core.settings import Settings
from tests.api.support import Caller

PATH = "/checkout/payment"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"LOKET_PUBLIC_URL": "http://loket.test", "LOKET_BUSINESS_PHONE": "0800 1234 567"}


async def pay_path(services: Services, settings: Settings, number: str) -> str:
    async with services.uow.read() as tx:
        found = await tx.scalar(select(invoices.c.id).where(invoices.c.number == number))
    return links.pay_link(settings, found).removeprefix("http://loket.test")


async def paid(services: Services, settings: Settings, number: str = "230130001") -> tuple[int, str]:
    """Pay a bill of John's; the payment, and where its receipt's code leads."""
    await services.billing.settle(
        source="counter", reference="R", invoice_number=number, service_number="ISP00123"
    )
    async with services.uow.read() as tx:
        payment_id = int(await tx.scalar(select(payments.c.id).where(payments.c.reference == "R")))
    return payment_id, links.receipt_link(settings, payment_id).removeprefix("http://loket.test")


async def test_a_pair_that_belongs_together_shows_amount_state_and_codes(anyone: Caller) -> None:
    answer = await anyone.get(PATH, invoice="INV-2401-001", noservices="ISP00123")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for shown in ("Rp350.000", "Januari 2024", "Belum dibayar", "999001ISP00123", "BNI Virtual Account"):
        assert shown in answer.text
    assert ">Salin</button>" in answer.text
    assert "0800 1234 567" in answer.text
    assert "John" not in answer.text, "whoever guesses a pair learns no name"
    assert "JO** D**" in answer.text
    assert ".pdf" not in answer.text, "papers carry the full name"


async def test_the_page_speaks_the_readers_language(anyone: Caller) -> None:
    answer = await anyone.ask(
        "GET", f"{PATH}?invoice=230130001&noservices=ISP00123", headers={"Accept-Language": "en-GB,id;q=0.5"}
    )
    for shown in ('lang="en"', "Rp277,500", "January 2023", "Not paid yet", "10 January 2023"):
        assert shown in answer.text
    (other,) = re.findall(r'href="(\?[^"]+)"', answer.text)
    again = await anyone.ask("GET", PATH + other.replace("&amp;", "&"))
    assert "Belum dibayar" in again.text


async def test_a_paid_bill_says_thank_you_and_offers_no_codes(anyone: Caller, partner: Caller) -> None:
    await partner.post(
        "/api/billing/mark-as-paid", invoice="230130001", no_services="ISP00123", reference_no="R"
    )
    answer = await anyone.get(PATH, invoice="230130001", noservices="ISP00123")
    assert "Sudah dibayar pada 22 November 2026" in answer.text
    assert "999001ISP00123" not in answer.text
    assert "<script" not in answer.text


async def test_any_other_pair_is_404(anyone: Caller) -> None:
    for query in (
        {"invoice": "INV-2401-001", "noservices": "28900001"},
        {"invoice": "nope", "noservices": "ISP00123"},
        {"invoice": "INV-2401-001"},
        {"invoice": "x" * 5000, "noservices": "ISP00123"},
        {},
    ):
        answer = await anyone.get(PATH, **query)
        assert answer.status == 404
        assert "Tagihan tidak ditemukan" in answer.text
    for raw in ("invoice=<script>&noservices=%00", "invoice=%ff%fe&noservices=%ED%A0%80"):
        assert (await anyone.ask("GET", f"{PATH}?{raw}")).status == 404


async def test_the_page_loads_nothing_from_elsewhere(anyone: Caller) -> None:
    answer = await anyone.get(PATH, invoice="INV-2401-001", noservices="ISP00123")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in answer.text
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
    (script,) = re.findall(r"<script[^>]*>", answer.text)
    (path,) = re.findall(r'src="(/pages/copy-[0-9a-f]{8}\.js)"', script)
    shown = await anyone.get(path)
    assert (shown.status, "immutable" in shown.headers["cache-control"]) == (200, True)
    assert len(answer.text) < 12_000, "a phone with a bad line loads it at once"


async def test_a_signed_link_shows_whose_bill_it_is_with_its_lines_and_papers(
    anyone: Caller, services: Services, settings: Settings
) -> None:
    path = await pay_path(services, settings, "INV-2401-001")
    answer = await anyone.get(path)
    assert answer.status == 200
    for shown in ("John Doe", "Paket Internet 50 Mbps", "Rp300.000", "PPN", "Rp50.000", "lewat jatuh tempo"):
        assert shown in answer.text
    (file,) = re.findall(r'href="([^"]+\.pdf)[^"]*"', answer.text)
    pdf = await anyone.client.get(f"{path.rpartition('/')[0]}/{file}", params={"lang": "en"})
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.headers["content-disposition"] == 'inline; filename="invoice-INV-2401-001.pdf"'
    assert "INVOICE" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert (await anyone.get(f"{path}/receipt.pdf")).status == 404, "there is no receipt yet"


async def test_a_paid_bill_has_its_receipt_behind_the_signed_link(
    anyone: Caller, services: Services, settings: Settings
) -> None:
    await paid(services, settings)
    path = await pay_path(services, settings, "230130001")
    answer = await anyone.get(path)
    assert "Kwitansi (PDF)" in answer.text
    pdf = await anyone.client.get(f"{path}/receipt.pdf")
    assert pdf.headers["content-disposition"] == 'inline; filename="kwitansi-230130001.pdf"'
    assert "Rp277.500" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()


async def test_the_line_is_said_to_close_only_while_that_is_ahead(
    anyone: Caller, services: Services, settings: Settings, clock: ManualClock
) -> None:
    async with services.uow.read() as tx:
        soon = await tx.first(select(invoices).where(invoices.c.due_on > clock.now().date()))
    assert soon is not None
    answer = await anyone.get(await pay_path(services, settings, soon.number))
    assert "jatuh tempo 27 November 2026" in answer.text
    assert "sampai 7 Desember 2026, internet ditutup sementara" in answer.text
    late = await anyone.get(await pay_path(services, settings, "230130001"))
    assert "ditutup sementara, dan dibuka lagi otomatis" in late.text


@pytest.mark.parametrize("token", ["x", "AAAAAAAAAAAAAAAAAAAA", "%F0%9F%98%80", "%00", "A" * 3000])
async def test_a_link_that_is_not_ours_is_told_kindly(anyone: Caller, token: str) -> None:
    for path, shown in (
        (f"/p/{token}", "Tagihan tidak ditemukan"),
        (f"/p/{token}/invoice.pdf", "Tagihan tidak ditemukan"),
        (f"/p/{token}/receipt.pdf", "Tagihan tidak ditemukan"),
        (f"/v/{token}", "Kwitansi tidak dikenal"),
    ):
        answer = await anyone.ask("GET", path)
        assert (answer.status, shown in answer.text) == (404, True), path


async def test_a_receipts_code_confirms_it_without_telling_whose_it_is(
    anyone: Caller, services: Services, settings: Settings
) -> None:
    payment_id, path = await paid(services, settings)
    answer = await anyone.get(path)
    assert answer.status == 200
    for shown in ("tercatat pada kami", f"K-{payment_id:06}", "Rp277.500", "22 November 2026", "JO** D**"):
        assert shown in answer.text
    for hidden in ("John", "Doe", "ISP00123", "6281"):
        assert hidden not in answer.text
    changed = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert "Jangan terima kwitansi ini" in (await anyone.get(changed)).text


async def test_a_receipt_of_a_payment_that_was_taken_back_says_so(
    anyone: Caller, services: Services, settings: Settings
) -> None:
    payment_id, path = await paid(services, settings)
    async with services.uow.write() as tx:
        await reverse_payment(tx, settings, payment_id, reason="cek kosong", actor="staff:1")
    answer = await anyone.ask("GET", path, headers={"Accept-Language": "en"})
    assert "This payment was taken back." in answer.text
    assert "on our books" not in answer.text
    assert (await anyone.get(f"{await pay_path(services, settings, '230130001')}/receipt.pdf")).status == 404


@pytest.mark.parametrize("environment", [{"LOKET_THROTTLE": "on", "LOKET_PUBLIC_URL": "http://loket.test"}])
async def test_guessing_links_is_slowed_down_and_good_ones_are_not(
    anyone: Caller, services: Services, settings: Settings
) -> None:
    guesses = [(await anyone.get(f"/v/guess{number}")).status for number in range(31)]
    assert guesses == [404] * 30 + [429]
    late = await anyone.get("/p/guess")
    assert (late.status, int(late.headers["retry-after"]) > 0, "Terlalu sering" in late.text) == (
        429,
        True,
        True,
    )
    path = await pay_path(services, settings, "230130001")
    assert (await anyone.get(path)).status == 200
