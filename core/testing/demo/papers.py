"""The demo's bills and tickets: the documents' examples by date, the others around the day of loading."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import select

from core.billing import commands as billing
from core.billing.reminders import Stage
from core.billing.rules import isolation_day
from core.billing.tables import billing_terms, invoices
from core.billing.types import InvoiceLine
from core.platform.clock import day_start, local_day
from core.platform.numbering import next_number
from core.platform.uow import WriteTx
from core.testing.demo.catalogue import PRICES
from core.testing.demo.people import AGUS, BAMBANG, DEWI, JOHN, SITI, WARUNG, DemoCustomer
from core.testing.demo.rows import clock_turned_to
from core.tickets.commands import OPENED_REMARK, add_event
from core.tickets.tables import tickets
from core.tickets.types import TicketStatus


class DemoBill(Struct, frozen=True):
    """A bill to issue. `period` is any day of its month; without a number it gets the next one of that month."""

    customer: DemoCustomer
    period: date
    due_on: date
    lines: tuple[InvoiceLine, ...]
    number: str | None = None
    is_paid: bool = False


async def load_bills(tx: WriteTx, zone: ZoneInfo, *, isolation_after_days: int) -> None:
    # The documents' example has a bill of 2023 unpaid and its line open.
    await tx.insert(billing_terms, customer_id=JOHN.id, isolates=False)
    for bill in (*_of_the_documents(), *_around(local_day(tx.now, zone))):
        # Issued on the first of its month, but never after the payment of yesterday.
        issued_at = min(day_start(bill.period.replace(day=1), zone), tx.now - timedelta(days=2))
        with clock_turned_to(tx, issued_at):
            invoice_id = await _issue(tx, bill, isolation_day(bill.due_on, isolation_after_days))
        if bill.is_paid:
            with clock_turned_to(tx, tx.now - timedelta(days=1)):
                await _pay_at_the_counter(tx, invoice_id)
    await _tell_nothing_today(tx)


async def _tell_nothing_today(tx: WriteTx) -> None:
    """Whoever tries the demo should not be reminded at the next full hour; three days before it is due is soon enough."""
    await tx.execute(invoices.update().values(reminder=Stage.SEVEN))


def _of_the_documents() -> tuple[DemoBill, ...]:
    january, a_year_later = date(2023, 1, 10), date(2024, 1, 10)
    old = _lines("Internet 50 Mbps", 250_000, tax=27_500)
    newer = _lines("Paket Internet 50 Mbps", 300_000, tax=50_000)
    return (
        DemoBill(JOHN, january, january, old, "230130001"),
        DemoBill(JOHN, a_year_later, a_year_later, newer, "INV-2401-001"),
    )


def _around(today: date) -> tuple[DemoBill, ...]:
    this_month = today.replace(day=10)
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=10)
    soon = today + timedelta(days=5)
    return (
        DemoBill(JOHN, this_month, this_month, _month_of(JOHN), is_paid=True),
        DemoBill(SITI, this_month, soon, _month_of(SITI)),
        DemoBill(WARUNG, last_month, last_month, _month_of(WARUNG)),
        DemoBill(AGUS, this_month, soon, _month_of(AGUS)),
        DemoBill(DEWI, this_month, this_month, _month_of(DEWI), is_paid=True),
        DemoBill(BAMBANG, this_month, soon, _month_of(BAMBANG)),
    )


def _month_of(customer: DemoCustomer) -> tuple[InvoiceLine, ...]:
    return _lines("Paket Internet", PRICES[customer.plan_id])


def _lines(name: str, price: int, *, tax: int = 0) -> tuple[InvoiceLine, ...]:
    internet = InvoiceLine(name, "Internet", price, 1, 0, price, "-")
    return (internet, InvoiceLine("PPN", "Tax", tax, 1, 0, tax, "-")) if tax else (internet,)


async def _issue(tx: WriteTx, bill: DemoBill, isolate_on: date) -> int:
    number = bill.number or await next_number(tx, "invoice", bill.period.replace(day=1))
    return await billing.issue(
        tx,
        billing.NewInvoice(
            number=number,
            customer_id=bill.customer.id,
            year=bill.period.year,
            month=bill.period.month,
            due_on=bill.due_on,
            isolate_on=isolate_on,
            lines=bill.lines,
            is_monthly=True,
        ),
    )


async def _pay_at_the_counter(tx: WriteTx, invoice_id: int) -> None:
    invoice = await tx.first(select(invoices).where(invoices.c.id == invoice_id))
    if invoice is not None:
        await billing.settle(tx, invoice, billing.Payment("counter", f"DEMO-{invoice_id}"))


class DemoTicket(Struct, frozen=True):
    """A ticket to open, that staff have said one thing about."""

    customer: DemoCustomer
    number: str
    description: str
    status: TicketStatus
    opened_at: datetime
    worked_on_at: datetime


async def load_tickets(tx: WriteTx, zone: ZoneInfo) -> None:
    new_year, now = datetime(2024, 1, 1, 10, 0, tzinfo=zone), tx.now
    today = await next_number(tx, "ticket", local_day(now, zone))
    for ticket in (
        DemoTicket(
            JOHN,
            "240101001",
            "Internet down sejak pagi.",
            TicketStatus.PENDING,
            new_year,
            new_year + timedelta(minutes=90),
        ),
        DemoTicket(SITI, today, "Wifi lemot sejak kemarin malam.", TicketStatus.PROCESS, now, now),
    ):
        await _open(tx, ticket)


async def _open(tx: WriteTx, ticket: DemoTicket) -> None:
    ticket_id = await tx.insert(
        tickets,
        number=ticket.number,
        customer_id=ticket.customer.id,
        help_type_id=1,
        help_solution_id=1,
        description=ticket.description,
        status=ticket.status,
        opened_at=ticket.opened_at,
    )
    with clock_turned_to(tx, ticket.opened_at):
        await add_event(
            tx,
            ticket_id,
            remark=OPENED_REMARK,
            status=TicketStatus.PENDING,
            actor=ticket.customer.name,
            action="by customer",
        )
    with clock_turned_to(tx, ticket.worked_on_at):
        await add_event(
            tx,
            ticket_id,
            remark="Teknisi sedang menuju lokasi.",
            status=TicketStatus.PROCESS,
            actor="Admin Helpdesk",
            action="by staff",
        )
