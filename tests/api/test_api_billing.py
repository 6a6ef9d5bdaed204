"""Bills for callers with an API key, over HTTP (mywifi contract §8)."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from api.app import Api
from core.billing.tables import ledger_entries, payments
from core.services import Services
from tests.api.support import Caller, client_of, example, shape

DETAIL, UNPAID, PAY = "/api/billing/detail", "/api/billing/unpaid", "/api/billing/mark-as-paid"
REFUSED = {"status": False, "message": "API key atau IP tidak diizinkan"}
NOTICE = {"invoice": "230130001", "no_services": "ISP00123", "reference_no": "REF123456"}


@pytest.mark.parametrize("path", [UNPAID, "/api/bill/unpaid"])
async def test_unpaid_bills_answer_like_the_document_oldest_first(partner: Caller, path: str) -> None:
    answer = await partner.get(path, no_services="ISP00123")
    documented = example("billing_unpaid", 200)
    assert answer.status == 200
    assert shape(answer.body) == shape(documented)
    assert answer.body["data"][0] == documented["data"][0]
    assert [bill["invoice"] for bill in answer.body["data"]] == [230130001, "INV-2401-001"]


async def test_what_is_paid_in_part_is_a_line_whose_details_still_sum_up(
    partner: Caller, john: Caller, services: Services
) -> None:
    account = await services.billing.account_of("ISP00123")
    old = account.bill("230130001")
    await services.billing.confirm_payment([old.id], 100_000, actor="staff:3", reference="K-1")
    bill = (await partner.get(UNPAID, no_services="ISP00123")).body["data"][0]
    assert (bill["amount"], sum(line["total"] for line in bill["detail"])) == (177_500, 177_500)
    assert (bill["detail"][-1]["name"], bill["detail"][-1]["total"]) == ("Sudah dibayar", -100_000)
    [mine] = (await john.get("/api/invoice", month="1", year="2023")).body["data"]
    assert (mine["amount"], sum(line["total"] for line in mine["details"])) == (177_500, 177_500)


@pytest.mark.parametrize("path", [DETAIL, "/api/bill/detail"])
async def test_all_bills_answer_like_the_document_newest_first(partner: Caller, path: str) -> None:
    answer = await partner.get(path, no_services="ISP00123")
    assert answer.status == 200
    oldest, documented = answer.body["data"][-1], example("billing_detail", 200)["data"][0]
    assert (oldest, shape(oldest)) == (documented, shape(documented))
    paid = answer.body["data"][0]
    assert (paid["status"], paid["payment_date"]) == ("SUDAH BAYAR", "2026-11-21")


async def test_a_number_without_bills_is_not_found(partner: Caller) -> None:
    missing = await partner.get(DETAIL, no_services="99999999")
    assert (missing.status, missing.body) == (404, example("billing_detail", 404))
    settled = await partner.get(UNPAID, no_services="28900004")
    assert (settled.status, settled.body) == (404, example("billing_unpaid", 404))


async def test_a_parameter_that_is_missing_is_named(partner: Caller) -> None:
    missing = {"status": False, "message": "Parameter no_services wajib diisi"}
    for path in (DETAIL, UNPAID, f"{UNPAID}?no_services=", f"{DETAIL}?no_services=%20"):
        answer = await partner.ask("GET", path)
        assert (answer.status, answer.body) == (400, missing)
    answer = await partner.post(PAY, reference_no="x")
    assert (answer.status, answer.body) == (
        400,
        {"status": False, "message": "Parameter invoice, no_services wajib diisi"},
    )


@pytest.mark.parametrize("presented", [None, "", "wrong", "demo-elsewhere-key", "é" * 20])
async def test_a_key_is_checked_before_anything_else(anyone: Caller, presented: str | None) -> None:
    headers = {} if presented is None else {"X-MYWIFI-KEY": presented.encode()}
    for method, path in (("GET", DETAIL), ("GET", UNPAID), ("POST", PAY)):
        answer = await anyone.ask(method, path, headers=headers)
        assert (answer.status, answer.body) == (403, REFUSED)


async def test_a_key_from_a_foreign_address_is_refused(app: Api) -> None:
    async with client_of(app, "203.0.113.9") as client:
        stranger = Caller(client, {"X-MYWIFI-KEY": "demo-partner-key", "X-Forwarded-For": "127.0.0.1"})
        answer = await stranger.get(UNPAID, no_services="ISP00123")
    assert (answer.status, answer.body) == (403, REFUSED)


async def test_a_reading_key_pays_nothing(client: httpx.AsyncClient) -> None:
    reader = Caller(client, {"X-MYWIFI-KEY": "demo-readonly-key"})
    assert (await reader.get(UNPAID, no_services="ISP00123")).status == 200
    answer = await reader.post(PAY, **NOTICE)
    assert (answer.status, answer.body) == (403, REFUSED)


@pytest.mark.parametrize("path", [PAY, "/api/bill/mark-as-paid"])
@pytest.mark.parametrize("invoice", ["230130001", 230130001])
async def test_paying_answers_like_the_document(
    partner: Caller, john: Caller, path: str, invoice: object
) -> None:
    answer = await partner.post(path, **{**NOTICE, "invoice": invoice})
    assert (answer.status, answer.body) == (200, example("mark_as_paid", 200))
    seen = (await john.get("/api/invoice", year=2023, status="all")).body["data"]
    assert [each["status"] for each in seen] == ["paid"]


async def test_paying_again_is_a_conflict_that_tells_a_repeat_from_a_second_payer(partner: Caller) -> None:
    await partner.post(PAY, **NOTICE)
    repeat = await partner.post(PAY, **NOTICE)
    assert (repeat.status, repeat.body) == (409, example("mark_as_paid", 409))
    assert repeat.headers["Idempotent-Replayed"] == "true"
    second = await partner.post(PAY, **{**NOTICE, "reference_no": "OTHER"})
    assert (second.status, second.body) == (409, example("mark_as_paid", 409))
    assert "Idempotent-Replayed" not in second.headers


async def test_many_payments_at_once_book_one(partner: Caller, services: Services) -> None:
    answers = await asyncio.gather(
        *(partner.post(PAY, **{**NOTICE, "reference_no": f"REF{n}"}) for n in range(6))
    )
    assert sorted(answer.status for answer in answers) == [200] + [409] * 5
    async with services.uow.read() as tx:
        booked = await tx.scalar(
            select(func.count()).select_from(payments).where(payments.c.source.startswith("key:"))
        )
        balance = await tx.scalar(select(func.sum(ledger_entries.c.amount)))
    assert (booked, balance) == (1, 0)


async def test_a_pair_that_does_not_belong_together_is_not_found(partner: Caller) -> None:
    for wrong in ({"no_services": "28900001"}, {"invoice": "nope"}):
        answer = await partner.post(PAY, **{**NOTICE, **wrong})
        assert (answer.status, answer.body) == (404, {"status": False, "message": "Tagihan tidak ditemukan"})


async def test_a_reference_pays_one_invoice_only(partner: Caller, john: Caller) -> None:
    await partner.post(PAY, **NOTICE)
    answer = await partner.post(PAY, **{**NOTICE, "invoice": "INV-2401-001"})
    assert (answer.status, answer.body["status"]) == (409, False)
    assert len((await john.get("/api/invoice")).body["data"]) == 1, "the other one is still unpaid"


@pytest.mark.parametrize(("amount", "status"), [(277500, 200), ("277500", 200), (277499, 409), (0, 409)])
async def test_an_amount_must_be_what_is_owed(partner: Caller, amount: object, status: int) -> None:
    answer = await partner.post(PAY, **NOTICE, amount=amount)
    assert answer.status == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"invoice": ["230130001"]},
        {"invoice": True},
        {"invoice": 1.5},
        {"no_services": 28900001},
        {"reference_no": {"a": 1}},
        {"reference_no": "x" * 129},
        {"amount": -1},
        {"amount": "much"},
        {"no_services": "a\x00b"},
    ],
)
async def test_callers_with_a_key_never_see_the_422_form(partner: Caller, wrong: dict[str, object]) -> None:
    answer = await partner.post(PAY, **{**NOTICE, **wrong})
    (name,) = wrong
    assert (answer.status, answer.body) == (
        400,
        {"status": False, "message": f"Parameter {name} tidak valid"},
    )


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"<a/>", "text/xml", 415)],
)
async def test_callers_with_a_key_read_their_own_form_of_every_error(
    partner: Caller, content: bytes, kind: str, status: int
) -> None:
    answer = await partner.ask("POST", PAY, content=content, headers={"Content-Type": kind})
    assert answer.status == status
    assert list(answer.body) == ["status", "message"]
    assert answer.body["status"] is False


async def test_paying_takes_a_form_too(partner: Caller) -> None:
    assert (await partner.ask("POST", PAY, data=NOTICE)).status == 200


async def test_the_eleventh_wrong_key_within_a_minute_locks_the_address_out(anyone: Caller) -> None:
    for number in range(11):
        answer = await anyone.ask("GET", UNPAID, headers={"X-MYWIFI-KEY": f"guess-{number}"})
    assert answer.status == 403
    good = await anyone.ask(
        "GET", f"{UNPAID}?no_services=ISP00123", headers={"X-MYWIFI-KEY": "demo-partner-key"}
    )
    assert good.status == 403
