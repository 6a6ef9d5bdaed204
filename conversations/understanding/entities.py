"""Facts named in free text: numbers told apart by their shape and by the words before them."""

import re
from collections.abc import Iterable

from conversations.parsing import (
    NamedMonth,
    looks_like_phone,
    parse_amount,
    parse_month,
    parse_phone,
    plain,
    word_set,
)
from conversations.understanding.types import Entities

_TICKET_WORDS = word_set(
    "tiket tiketnya ticket laporan laporannya aduan pengaduan keluhan komplain report complaint case tkt"
)
_INVOICE_WORDS = word_set("invoice invois tagihan tagihannya inv bill faktur nota")
_SERVICE_WORDS = word_set(
    "layanan pelanggan langganan id idpel customer service account akun subscriber line nopel"
)
# How many words before a number may say what it is ("tiket saya yang nomor 261122001").
_REACH = 4

_INVOICE = re.compile(r"\binv[-/ ]?(\d{4})[-/ ]?(\d{3,4})\b")
_LETTERED_SERVICE = re.compile(r"\b(?!inv|rt|rw|no|rp|tkt|id)([a-z]{2,5}\d{3,10})\b")
# yymmdd and a running number: the shape of tickets and of most invoices.
_DATED = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3,4}")
_SURE_AMOUNT = re.compile(
    r"(?:rp\.?\s*\d[\d.,]*(?:\s*(?:rb|ribu|k|jt|juta)\b)?|\b\d[\d.,]*\s*(?:rb|ribu|k|jt|juta)\b|\b\d{1,3}(?:\.\d{3})+\b)"
)
_TOKEN = re.compile(r"[a-z]+|(?<![\d.,])\d{6,13}(?![\d,]|\.\d)")


def entities_in(text: str) -> Entities:
    """The first fact of each kind; a number is one kind only."""
    flat = plain(text)
    numbers = _numbers(flat)
    invoice = _INVOICE.search(flat)
    lettered = _LETTERED_SERVICE.search(flat)
    month = parse_month(flat)
    amount = _SURE_AMOUNT.search(flat)
    return Entities(
        service_number=lettered.group(1).upper() if lettered else numbers.get("service_number"),
        invoice=f"INV-{invoice.group(1)}-{invoice.group(2)}" if invoice else numbers.get("invoice"),
        ticket=numbers.get("ticket"),
        month=(month.month, month.year) if isinstance(month, NamedMonth) else None,
        amount=parse_amount(amount.group()) if amount else None,
        phone=parse_phone(_without(flat, numbers.values())),
    )


def _without(flat: str, claimed: Iterable[str]) -> str:
    for number in claimed:
        flat = flat.replace(number, " / ")
    return flat


def _numbers(flat: str) -> dict[str, str]:
    found: dict[str, str] = {}
    before: list[str] = []
    for token in _TOKEN.findall(flat):
        if token.isdigit():
            kind = _kind(token, before[-_REACH:])
            if kind is not None:
                found.setdefault(kind, token)
            before = []
        else:
            before.append(token)
    return found


def _kind(digits: str, before: list[str]) -> str | None:
    """The nearest telling word decides when the shape allows it; the shape alone otherwise."""
    dated = _DATED.fullmatch(digits) is not None
    for word in reversed(before):
        if word in _TICKET_WORDS and dated:
            return "ticket"
        if word in _INVOICE_WORDS and dated:
            return "invoice"
        if word in _SERVICE_WORDS and not digits.startswith("0"):
            return "service_number"
    if looks_like_phone(digits):
        return None
    if dated:
        return "ticket"
    return "service_number" if len(digits) in (8, 10, 11, 12) and not digits.startswith("0") else None
