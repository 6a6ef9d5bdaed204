"""Bills and receipts as PDF for the apps: the caller's own, and nobody else's."""

from __future__ import annotations

import io

import httpx
from pypdf import PdfReader

from tests.api.support import UNAUTHENTICATED, Caller

BILL, RECEIPT = "/api/invoice/pdf", "/api/invoice/receipt"


async def fetched(caller: Caller, path: str, **query: str) -> httpx.Response:
    headers = {name: str(value) for name, value in caller.headers.items()}
    return await caller.client.get(path, params=query, headers=headers)


def words(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-store"
    return " ".join(PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split())


async def test_a_customer_fetches_a_bill(john: Caller) -> None:
    answer = await fetched(john, BILL, invoice="INV-2401-001")
    assert "Jumlah tagihan Rp350.000" in words(answer)
    assert answer.headers["content-disposition"] == 'inline; filename="tagihan-INV-2401-001.pdf"'
    assert "Amount due Rp350,000" in words(await fetched(john, BILL, invoice="INV-2401-001", lang="en"))


async def test_a_receipt_is_there_once_the_bill_is_paid(john: Caller, partner: Caller) -> None:
    answer = await john.get(RECEIPT, invoice="230130001")
    assert (answer.status, answer.body["status"]) == (409, "not_paid")
    await partner.post(
        "/api/billing/mark-as-paid", invoice="230130001", no_services="ISP00123", reference_no="R"
    )
    assert "KWITANSI" in words(await fetched(john, RECEIPT, invoice="230130001"))
    assert "RECEIPT" in words(await fetched(john, RECEIPT, invoice="230130001", lang="en"))
    assert "LUNAS" in words(await fetched(john, BILL, invoice="230130001"))


async def test_a_bill_of_somebody_else_is_refused(john: Caller) -> None:
    for path in (BILL, RECEIPT):
        answer = await john.get(path, invoice="261001001")
        assert (answer.status, answer.body) == (
            403,
            {"status": "forbidden", "message": "Tagihan ini bukan milik akun Anda."},
        )
        missing = await john.get(path, invoice="nope")
        assert (missing.status, missing.body["status"]) == (404, "not_found")


async def test_what_is_asked_for_must_make_sense(john: Caller, rina: Caller, anyone: Caller) -> None:
    assert (await john.get(BILL)).errors == {"invoice": ["The invoice field is required."]}
    assert "lang" in (await john.get(BILL, invoice="230130001", lang="fr")).errors
    assert (await anyone.get(BILL, invoice="230130001")).body == UNAUTHENTICATED
    assert (await rina.get(BILL, invoice="230130001")).body["status"] == "not_subscribed"
