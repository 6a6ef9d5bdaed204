"""A sale as a slip of letters of one width, for receipt printers and chats (phpnuxbill-2 contract §A15)."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from msgspec import Struct

from core.preferences.types import Preferences
from core.prepaid.recording import spelled_money
from core.prepaid.types import PlanKind, Sale
from core.settings import Settings

PRINTER_COLUMNS, WHATSAPP_COLUMNS = 37, 30


class Slip(Struct, frozen=True):
    """What a slip is written from."""

    preferences: Preferences
    settings: Settings
    sale: Sale


def slip(of: Slip, columns: int = PRINTER_COLUMNS) -> str:
    """The lines of a slip."""
    rule = "-" * columns
    blocks = (_head(of), _number(of), _what(of), _whom(of), [of.preferences.invoice_note])
    written: list[str] = []
    for place, block in enumerate(blocks):
        is_centred = place in {0, len(blocks) - 1}
        lines = [line for text in block if text for line in _fitted(text, columns)]
        if lines:
            written += [line.center(columns).rstrip() for line in lines] if is_centred else lines
            written.append(rule)
    return "\n".join(written[:-1])


def _fitted(text: str, columns: int) -> list[str]:
    """A line; one with a label and a value has the value at the right edge, where both fit."""
    label, found, value = text.partition(" : ")
    if found and len(label) + len(value) + 1 <= columns:
        return [label + value.rjust(columns - len(label))]
    return wrap(text, columns) or [""]


def _head(of: Slip) -> list[str]:
    return [of.settings.business_name, of.preferences.address, of.preferences.phone]


def _number(of: Slip) -> list[str]:
    sold = of.sale.sold_at.astimezone(of.settings.zone)
    by = "Customer" if of.sale.staff_id is None else of.sale.channel
    return [f"Invoice : {of.sale.number}", f"Date : {sold:%Y-%m-%d %H:%M}", f"Sales : {by}"]


def _what(of: Slip) -> list[str]:
    sale = of.sale
    return [
        f"Type : {sale.kind}",
        f"Plan Name : {sale.plan_name}",
        f"Total : {spelled_money(sale.price, of.preferences)}",
        f"{sale.gateway} : {sale.channel}",
    ]


def _whom(of: Slip) -> Iterator[str]:
    sale, zone = of.sale, of.settings.zone
    yield f"Full Name : {sale.full_name}"
    yield f"Username : {sale.username}"
    yield "Password : **********"
    if sale.kind != PlanKind.BALANCE:
        yield f"Created On : {sale.sold_at.astimezone(zone):%Y-%m-%d %H:%M}"
        yield f"Expires On : {sale.expires_at.astimezone(zone):%Y-%m-%d %H:%M}"
