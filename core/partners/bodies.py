"""The answers partners read, member by member in the contract's order (bill-partner contract §5).

They stand here and not at the edge, because the callback carries the very body that Status answers with.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date
from msgspec import UNSET, Struct, UnsetType

from core.partners.codes import DONE, WORDS, Code, Words
from core.partners.types import BillItem, Inquiry, State, Transaction

encoded = msgspec.json.Encoder().encode


class Said(Struct, frozen=True):
    """A message in both languages."""

    ID: str
    EN: str


class Pair(Struct, frozen=True):
    key: str
    value: str


class BillDetail(Struct, frozen=True, kw_only=True, rename="camel"):
    """A bill, or the admin fee as bill "0"; a transaction's bills say nothing of being mandatory."""

    bill_id: str
    bill_info: tuple[Pair, ...]
    is_mandatory: bool | UnsetType = UNSET
    key: str
    value: int


class InquiryData(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an account owes."""

    inquiry_id: int
    account_number: str
    customer_name: str
    product_name: str
    product_code: str
    category: str
    amount: int
    total_admin: int
    processing_fee: int
    denom: str = ""
    validity: str = ""
    customer_details: tuple[Pair, ...]
    bill_details: tuple[BillDetail, ...]
    product_details: tuple[Pair, ...]
    extra_fields: tuple[Pair, ...] = ()


class TransactionData(Struct, frozen=True, kw_only=True, rename="camel"):
    """A payment; the lists are filled once it has succeeded, and null when there is no such payment."""

    ref_number: str = ""
    transaction_id: int = 0
    account_number: str = ""
    amount: int = 0
    total_admin: int = 0
    processing_fee: int = 0
    denom: str = ""
    product_code: str = ""
    product_name: str = ""
    category: str = ""
    token: str = ""
    customer_name: str = ""
    validity: str = ""
    customer_details: tuple[Pair, ...] | None = None
    bill_details: tuple[BillDetail, ...] | None = None
    product_details: tuple[Pair, ...] | None = None
    extra_fields: tuple[Pair, ...] | None = None


class Nothing(Struct, frozen=True):
    """An empty object."""


class Envelope(Struct, frozen=True, rename="camel"):
    """What every answer is wrapped in."""

    response_code: int
    success: bool
    message: Said
    data: msgspec.Raw | Struct


def envelope(code: Code, data: Struct | None = None, *, words: Words | None = None) -> Envelope:
    """An answer with the words of its code, or with others."""
    said = words or WORDS[code]
    return Envelope(int(code), code.is_success, Said(said.indonesian, said.english), data or Nothing())


def report(data: bytes) -> Envelope:
    """A good answer with data that is encoded already."""
    said = Said(DONE.indonesian, DONE.english)
    return Envelope(int(Code.SUCCESS), success=True, message=said, data=msgspec.Raw(data))


def refused(code: Code, detail: str = "") -> Envelope:
    """A refusal; `detail` names the member that is wrong."""
    words = WORDS[code]
    if detail:
        words = Words(f"{words.indonesian}: {detail}", f"{words.english}: {detail}")
    return envelope(code, words=words)


def of_inquiry(inquiry: Inquiry, zone: ZoneInfo) -> Envelope:
    """RC 300 (§5.2)."""
    return envelope(
        Code.INQUIRY_OK,
        InquiryData(
            inquiry_id=inquiry.id,
            account_number=inquiry.account_number,
            customer_name=inquiry.customer_name,
            product_name=inquiry.product.name,
            product_code=inquiry.product.code,
            category=inquiry.product.category,
            amount=inquiry.amount,
            total_admin=inquiry.admin,
            processing_fee=inquiry.processing_fee,
            customer_details=_customer(inquiry, inquiry.created_at, zone),
            bill_details=_bill_details(inquiry, is_mandatory=True),
            product_details=(_period(inquiry.bills),),
        ),
    )


def of_transaction(transaction: Transaction, zone: ZoneInfo) -> Envelope:
    """RC 299, 0 or 1xx, by the state of the one row that payment, Status, callback and report read (§5.3 to §5.6)."""
    inquiry, has_succeeded = transaction.inquiry, transaction.state is State.SUCCESS
    data = TransactionData(
        ref_number=transaction.ref_number,
        transaction_id=transaction.id,
        account_number=inquiry.account_number,
        amount=inquiry.amount,
        total_admin=inquiry.admin,
        processing_fee=inquiry.processing_fee,
        product_code=inquiry.product.code,
        product_name=inquiry.product.name,
        category=inquiry.product.category,
        customer_name="N/A",
        customer_details=(),
        bill_details=(),
        product_details=(),
        extra_fields=(),
    )
    return envelope(transaction.response, _filled_in(data, transaction, zone) if has_succeeded else data)


def _filled_in(data: TransactionData, transaction: Transaction, zone: ZoneInfo) -> TransactionData:
    inquiry = transaction.inquiry
    return msgspec.structs.replace(
        data,
        token=transaction.token,
        customer_name=inquiry.customer_name,
        customer_details=_customer(inquiry, transaction.accepted_at, zone),
        bill_details=_bill_details(inquiry, is_mandatory=UNSET),
        product_details=(_period(inquiry.bills), Pair("Nomor Referensi", transaction.token)),
    )


def of_nobody() -> Envelope:
    """RC 188: every member is there and empty (§5.7)."""
    return envelope(Code.NO_SUCH_TRANSACTION, TransactionData())


def _customer(inquiry: Inquiry, moment: datetime, zone: ZoneInfo) -> tuple[Pair, ...]:
    at = f"{moment.astimezone(zone):%d %b %Y | %H:%M}"  # the process speaks English, whoever it serves
    return (
        Pair("Nama Pelanggan", inquiry.customer_name),
        Pair("Tanggal & Waktu Pembayaran", at),
        Pair("Nomor Pelanggan", inquiry.account_number),
    )


def _bill_details(inquiry: Inquiry, *, is_mandatory: bool | UnsetType) -> tuple[BillDetail, ...]:
    """Bill 1 is the oldest; the newest stands first and the admin fee last (§5.2)."""
    bills = [
        BillDetail(
            bill_id=str(number),
            bill_info=(Pair("Bulan", _month(bill.year, bill.month, "MMMM y", "id")),),
            is_mandatory=is_mandatory,
            key="Jumlah Tagihan",
            value=bill.amount,
        )
        for number, bill in enumerate(inquiry.bills, 1)
    ]
    admin = BillDetail(
        bill_id="0",
        bill_info=(),
        is_mandatory=is_mandatory,
        key="Biaya Administrasi",
        value=inquiry.admin,
    )
    return (*reversed(bills), admin)


def _period(bills: Sequence[BillItem]) -> Pair:
    first, last = (_month(bill.year, bill.month, "MMM y", "en") for bill in (bills[0], bills[-1]))
    return Pair("Periode", first if first == last else f"{first} - {last}")


@lru_cache(maxsize=1024)
def _month(year: int, month: int, pattern: str, language: str) -> str:
    return format_date(date(year, month, 1), pattern, locale=language)
