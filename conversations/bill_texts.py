"""How a bill is told in a chat: one line in a list, or everything about it in a few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from conversations.engine.say import Option
from core.billing.types import Invoice, InvoiceStatus
from core.customers.types import ServiceOfChat
from core.platform.clock import local_day
from core.platform.i18n import Day, Message, Month, Rupiah, message

#: Lines of a bill that are told one by one; the rest is summed up.
LINES_SHOWN = 3


def heading(owed: Sequence[Invoice], *, name: str, number: str, is_one_of_many: bool) -> Message:
    """How much is owed in all, and for which service when the chat has several."""
    total = Rupiah(sum(bill.amount for bill in owed))
    if is_one_of_many:
        return message(
            "invoice_lookup.total_of_service", number=number, name=name, count=len(owed), total=total
        )
    return message("invoice_lookup.total", name=first_name(name), count=len(owed), total=total)


def row(bill: Invoice, today: date) -> Option:
    key = "invoice_lookup.row_overdue" if bill.due_on < today else "invoice_lookup.row_due"
    period = Month(bill.year, bill.month)
    return Option(bill.number, message(key, period=period, amount=Rupiah(bill.amount), due=Day(bill.due_on)))


def details(bill: Invoice, zone: ZoneInfo, today: date) -> Iterable[Message]:
    """The bill line by line, and when it is due or was paid."""
    yield message(
        "invoice_lookup.bill",
        invoice=bill.number,
        period=Month(bill.year, bill.month),
        amount=Rupiah(bill.amount),
    )
    yield from _lines(bill)
    if bill.status is InvoiceStatus.PAID:
        yield message("invoice_lookup.paid_on", day=Day(day_paid(bill, zone)))
        return
    if bill.due_on < today:
        yield message("invoice_lookup.was_due", due=Day(bill.due_on))
    else:
        yield message("invoice_lookup.is_due", due=Day(bill.due_on), isolation=Day(bill.isolate_on))


def nothing_owed(service: ServiceOfChat, newest_first: Sequence[Invoice], zone: ZoneInfo) -> Message:
    """Good news, with the last bill that was paid."""
    name = first_name(service.name)
    last = next((bill for bill in newest_first if bill.status is InvoiceStatus.PAID), None)
    if last is None:
        return message("invoice_lookup.no_bills", name=name)
    return message(
        "invoice_lookup.all_paid",
        name=name,
        number=service.service_number,
        period=Month(last.year, last.month),
        day=Day(day_paid(last, zone)),
    )


def first_name(name: str) -> str:
    """What people are called: the first of their names."""
    return name.split(maxsplit=1)[0] if name.split() else name


def day_paid(bill: Invoice, zone: ZoneInfo) -> date:
    """The day at the business; for a bill imported without one, the day it was due."""
    return bill.due_on if bill.paid_at is None else local_day(bill.paid_at, zone)


def _lines(bill: Invoice) -> list[Message]:
    parts = [(line.name, line.total) for line in bill.lines]
    told = [message("invoice_lookup.line", name=name, amount=Rupiah(total)) for name, total in parts]
    if bill.tax:
        told.append(message("invoice_lookup.tax", amount=Rupiah(bill.tax)))
    if bill.discount:
        told.append(message("invoice_lookup.discount", amount=Rupiah(bill.discount)))
    settled = bill.deducted
    already = [message("invoice_lookup.settled", amount=Rupiah(settled))] if settled else []
    if len(told) <= LINES_SHOWN:
        return told + already
    shown = parts[: LINES_SHOWN - 1]
    rest = bill.amount + settled - sum(total for _, total in shown)
    return [
        *told[: len(shown)],
        message("invoice_lookup.more_lines", count=len(told) - len(shown), amount=Rupiah(rest)),
        *already,
    ]
