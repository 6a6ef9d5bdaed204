"""Bills and receipts as PDF: what is read on them, what their codes say, and the same bytes every time."""

from __future__ import annotations

import asyncio
import io
import re
import threading
from collections.abc import AsyncIterator
from datetime import date

import msgspec
import pytest
import segno
from pypdf import PdfReader
from pypdf.generic import ContentStream
from sqlalchemy import select

from core.billing import links
from core.billing.commands import NewInvoice, Payment, issue, pay_in_advance, settle
from core.billing.corrections import reverse_payment
from core.billing.settling import named
from core.billing.tables import payments
from core.billing.types import InvoiceLine, Settled
from core.customers.tables import customers
from core.messaging.attachments import File, Renderers
from core.messaging.ports import Attachment
from core.papers.names import invoice_attachment, receipt_attachment
from core.papers.usecases import Papers
from core.platform.errors import Forbidden, NotFound
from core.platform.i18n import Language
from core.settings import Settings
from tests.core.conftest import Shop

URL = "https://loket.example"


@pytest.fixture
def printed_settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(
        settings,
        public_url=URL,
        business_name="Loket Internet",
        business_address="Jl. Merdeka No. 17, Bandung",
        business_phone="0800 1234 567",
    )


@pytest.fixture
async def papers(shop: Shop, printed_settings: Settings) -> AsyncIterator[Papers]:
    made = Papers(shop.uow, printed_settings)
    yield made
    made.close()


def words(file: File) -> str:
    """What is read on it, in one line."""
    assert file.media_type == "application/pdf"
    reader = PdfReader(io.BytesIO(file.content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def code_of(file: File) -> list[list[bool]]:
    """The QR code as it is drawn: black rectangles on a grid, put back into a matrix."""
    page = PdfReader(io.BytesIO(file.content)).pages[0]
    black, boxes = False, list[tuple[float, float, float, float]]()
    for operands, operator in ContentStream(page["/Contents"], page.pdf).operations:
        if operator in {b"g", b"rg"}:
            black = all(float(part) == 0 for part in operands)
        elif operator == b"re" and black:
            x, y, width, height = map(float, operands)
            boxes.append((x, y, width, height))
    unit = abs(boxes[0][3])
    left, top = min(box[0] for box in boxes), max(box[1] for box in boxes)
    size = round((max(box[0] + box[2] for box in boxes) - left) / unit)
    matrix = [[False] * size for _ in range(size)]
    for x, y, width, _ in boxes:
        row, start = round((top - y) / unit), round((x - left) / unit)
        for column in range(start, start + round(width / unit)):
            matrix[row][column] = True
    return matrix


def code_for(url: str) -> list[list[bool]]:
    return [[bool(module) for module in row] for row in segno.make(url, error="m", micro=False).matrix]


async def printed(papers: Papers, number: str, service: str, language: Language = "id") -> File:
    return await papers.invoice_pdf(await papers.sheet_named(number, service), language)


async def payment_of(shop: Shop, number: str, service: str) -> int:
    await shop.billing.settle(
        source="counter", reference=f"R-{number}", invoice_number=number, service_number=service
    )
    async with shop.uow.read() as tx:
        return int(await tx.scalar(select(payments.c.id).where(payments.c.reference == f"R-{number}")))


async def test_an_unpaid_bill_says_what_to_pay_and_where(papers: Papers, printed_settings: Settings) -> None:
    file = await printed(papers, "INV-2401-001", "ISP00123")
    read = words(file)
    for said in (
        "Loket Internet",
        "Jl. Merdeka No. 17, Bandung",
        "0800 1234 567",
        "TAGIHAN",
        "John Doe",
        "Layanan ISP00123",
        "INV-2401-001",
        "Januari 2024",
        "10 Januari 2024",
        "Paket Internet 50 Mbps Rp300.000",
        "PPN Rp50.000",
        "Jumlah tagihan Rp350.000",
        "999001ISP00123",
        "BNI Virtual Account",
        "ALFAISP00123",
    ):
        assert said in read
    assert "LUNAS" not in read
    (link,) = re.findall(rf"{URL}/p/[\w-]+", read)
    sheet = await papers.sheet_behind(link.rpartition("/")[2])
    assert sheet.bill.invoice.number == "INV-2401-001"
    assert code_of(file) == code_for(links.pay_link(printed_settings, sheet.bill.invoice.id))


async def test_the_same_in_english(papers: Papers) -> None:
    read = words(await printed(papers, "INV-2401-001", "ISP00123", "en"))
    for said in (
        "INVOICE",
        "Billed to",
        "January 2024",
        "Amount due Rp350,000",
        "Please pay by 10 January 2024",
    ):
        assert said in read


async def test_a_paid_bill_says_so_and_offers_no_codes(
    papers: Papers, shop: Shop, printed_settings: Settings
) -> None:
    payment_id = await payment_of(shop, "INV-2401-001", "ISP00123")
    file = await printed(papers, "INV-2401-001", "ISP00123")
    read = words(file)
    assert "LUNAS" in read
    assert "Dibayar 22 November 2026." in read
    assert "999001ISP00123" not in read
    assert code_of(file) == code_for(links.receipt_link(printed_settings, payment_id))
    assert "PAID" in words(await printed(papers, "INV-2401-001", "ISP00123", "en"))


async def test_a_receipt_states_the_payment_and_its_code_verifies_it(
    papers: Papers, shop: Shop, printed_settings: Settings
) -> None:
    payment_id = await payment_of(shop, "230130001", "ISP00123")
    file = await papers.receipt_pdf(payment_id, "id")
    read = words(file)
    for said in (
        "KWITANSI",
        f"K-{payment_id:06}",
        "John Doe",
        "Rp277.500",
        "22 November 2026, 10.00 WIB",
        "LUNAS",
    ):
        assert said in read
    assert "Tagihan 230130001, Januari 2023" in read
    link = links.receipt_link(printed_settings, payment_id)
    assert code_of(file) == code_for(link)
    assert (await papers.receipt_behind(link.rpartition("/")[2])).payment_id == payment_id
    english = words(await papers.receipt_pdf(payment_id, "en"))
    for said in ("RECEIPT", "Received from", "Rp277,500", "Bill 230130001, January 2023", "PAID"):
        assert said in english


async def test_a_payment_that_was_taken_back_has_no_valid_receipt(
    papers: Papers, shop: Shop, printed_settings: Settings
) -> None:
    payment_id = await payment_of(shop, "230130001", "ISP00123")
    async with shop.uow.write() as tx:
        await reverse_payment(tx, printed_settings, payment_id, reason="cek kosong", actor="staff:1")
    read = words(await papers.receipt_pdf(payment_id, "id"))
    assert "DIBATALKAN" in read
    assert "LUNAS" not in read
    token = links.receipt_link(printed_settings, payment_id).rpartition("/")[2]
    assert (await papers.receipt_behind(token)).is_reversed
    assert "999001ISP00123" in words(await printed(papers, "230130001", "ISP00123"))


async def test_a_part_payment_says_what_is_left(papers: Papers, shop: Shop) -> None:
    async with shop.uow.write() as tx:
        invoice = await tx.first(named("230130001", "ISP00123"))
        assert invoice is not None
        paid = await settle(tx, invoice, Payment("counter", "R-1", 100_000, may_be_part=True))
    assert isinstance(paid, Settled)
    read = words(await papers.receipt_pdf(paid.payment_id, "id"))
    assert "SEBAGIAN" in read
    assert "Rp100.000" in read
    assert "Sisa tagihan yang belum dibayar: Rp177.500." in read
    bill = words(await printed(papers, "230130001", "ISP00123"))
    assert "Jumlah tagihan Rp177.500" in bill
    assert "Sudah dibayar -Rp100.000" in bill
    assert "Already paid -Rp100,000" in words(await printed(papers, "230130001", "ISP00123", language="en"))


async def test_money_paid_in_advance_has_a_receipt_without_a_bill(papers: Papers, shop: Shop) -> None:
    async with shop.uow.write() as tx:
        who = await tx.scalar(select(customers.c.id).where(customers.c.service_number == "28900004"))
        payment_id = await pay_in_advance(tx, who, Payment("counter", "R-2", 500_000))
    assert payment_id is not None
    read = words(await papers.receipt_pdf(payment_id, "en"))
    assert "Payment in advance" in read
    assert "Rp500,000" in read


async def test_the_same_content_makes_the_same_bytes(papers: Papers, shop: Shop) -> None:
    payment_id = await payment_of(shop, "230130001", "ISP00123")
    for language in ("id", "en"):
        bills = [await printed(papers, "INV-2401-001", "ISP00123", language) for _ in range(2)]
        receipts = [await papers.receipt_pdf(payment_id, language) for _ in range(2)]
        assert bills[0] == bills[1]
        assert receipts[0] == receipts[1]


async def test_any_name_can_be_printed(papers: Papers, shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    name = "Žofia Ünal-Đặng 李雷 🙂 " + "Wira" * 30
    async with shop.uow.write() as tx:
        await tx.execute(customers.update().where(customers.c.service_number == "ISP00123").values(name=name))
    read = words(await printed(papers, "INV-2401-001", "ISP00123"))
    assert "Žofia Ünal-Đặng ?? ?" in read
    assert "WiraWira" in read
    assert caplog.records == [], "what cannot be drawn is nobody else's business"


async def test_a_long_bill_goes_on_on_the_next_page(papers: Papers, shop: Shop) -> None:
    lines = tuple(InvoiceLine(f"Sewa alat {n}", "Other", 1_000, 2, 0, 2_000, "-") for n in range(60))
    async with shop.uow.write() as tx:
        who = await tx.scalar(select(customers.c.id).where(customers.c.service_number == "28900004"))
        new = NewInvoice(
            "INV/LONG", who, 2026, 12, date(2026, 12, 10), date(2026, 12, 20), lines, 13_200, 200
        )
        invoice_id = await issue(tx, new)
    file = await papers.invoice_pdf(await papers.sheet(invoice_id), "id")
    assert len(PdfReader(io.BytesIO(file.content)).pages) > 1
    read = words(file)
    for said in (
        "Banyak",
        "Sewa alat 0 2 Rp1.000 Rp2.000",
        "Sewa alat 59",
        "Pajak Rp13.200",
        "Potongan -Rp200",
        "Rp133.000",
    ):
        assert said in read
    assert read.index("Sewa alat 59") < read.index("Jumlah tagihan") < read.index("BNI Virtual Account")


async def test_without_a_public_address_nothing_leads_nowhere(shop: Shop, settings: Settings) -> None:
    papers = Papers(shop.uow, settings)
    file = await printed(papers, "INV-2401-001", "ISP00123")
    papers.close()
    assert "http" not in words(file)
    assert "Pindai" not in words(file)


async def test_papers_are_drawn_beside_the_loop(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    """While many are made at once, the loop goes on: another task gets its turns, and threads of papers exist."""
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(printed(papers, "INV-2401-001", "ISP00123") for _ in range(4)))
    ticking.cancel()
    assert turns > 100
    assert any(thread.name.startswith("papers") for thread in threading.enumerate())


async def test_a_bill_is_shown_only_to_its_owner(papers: Papers, shop: Shop) -> None:
    async with shop.uow.read() as tx:
        ids = {row.service_number: row.id for row in await tx.all(select(customers))}
    assert (await papers.own_sheet("INV-2401-001", ids["ISP00123"])).bill.service_number == "ISP00123"
    with pytest.raises(Forbidden, match="invoice"):
        await papers.own_sheet("INV-2401-001", ids["28900001"])
    with pytest.raises(NotFound, match="invoice"):
        await papers.own_sheet("nope", ids["ISP00123"])
    with pytest.raises(NotFound, match="invoice"):
        await papers.sheet_named("INV-2401-001", "28900001")


@pytest.mark.parametrize("token", ["", "x", "AAAAAAAAAAAAAAAAAAAA", "é", "A" * 3000])
async def test_a_token_that_is_not_ours_leads_nowhere(papers: Papers, token: str) -> None:
    with pytest.raises(NotFound, match="invoice"):
        await papers.sheet_behind(token)
    with pytest.raises(NotFound, match="payment"):
        await papers.receipt_behind(token)


async def test_a_pay_link_verifies_no_receipt(papers: Papers, printed_settings: Settings) -> None:
    token = links.pay_link(printed_settings, 1).rpartition("/")[2]
    with pytest.raises(NotFound):
        await papers.receipt_behind(token)


async def test_attachments_are_made_of_papers(papers: Papers, shop: Shop) -> None:
    payment_id = await payment_of(shop, "230130001", "ISP00123")
    renderers = Renderers(papers.renderers())
    sheet = await papers.sheet_named("INV-2401-001", "ISP00123")
    bill = invoice_attachment(sheet.bill.invoice.id, "INV-2401-001", "id")
    receipt = receipt_attachment(payment_id, "INV/23 01", "en")
    assert (bill.name, receipt.name) == ("tagihan-INV-2401-001.pdf", "receipt-INV-23-01.pdf")
    assert await renderers.render(bill) == await papers.invoice_pdf(sheet, "id")
    assert await renderers.render(receipt) == await papers.receipt_pdf(payment_id, "en")
    gone: tuple[Attachment, ...] = (
        invoice_attachment(10**6, "1", "id"),
        receipt_attachment(10**6, "1", "id"),
    )
    for attachment in gone:
        with pytest.raises(NotFound, match="attachment"):
            await renderers.render(attachment)
