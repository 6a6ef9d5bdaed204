"""Domain facts in MyWifi's words: dates in the business's zone, status words, numbers that are numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.mywifi import bodies
from core.billing.types import Bill, Invoice, InvoiceLine, InvoiceStatus
from core.catalog.types import Plan
from core.customers.types import CustomerName
from core.identity.types import Account, SignedIn
from core.platform import i18n, phones
from core.subscriptions.types import Profile, Service
from core.tickets.types import Ticket, TicketEvent

#: English whatever the machine's locale says (mywifi contract §7).
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def token(signed_in: SignedIn) -> bodies.Token:
    return bodies.Token(
        token=signed_in.token, expires_in=signed_in.expires_in_s, data=user(signed_in.account)
    )


def user(account: Account) -> bodies.User:
    return bodies.User(
        uid=account.uid,
        name=account.name,
        email=account.email or None,
        phone=int(account.phone) if account.phone else None,
        phonecode=phones.split(account.phone).calling_code if account.phone else None,
        address=account.contact_address,
        image=account.image,
        is_active=account.is_active,
        gender=account.gender,
        role_name=account.role.capitalize(),
    )


def package(plan: Plan) -> bodies.Package:
    return bodies.Package(
        id=plan.id,
        name=plan.name,
        price=plan.price,
        description=plan.description,
        category_id=plan.category.id,
        category=bodies.Named(plan.category.id, plan.category.name),
        company_id=plan.region_id,
    )


def profile(found: Profile) -> bodies.CustomerProfile:
    return bodies.CustomerProfile(
        uid=found.uid,
        name=found.name,
        email=found.email,
        phone=int(found.phone) if found.phone else None,
        no_services=found.service_number,
        address=found.address,
        address_verified_date=found.address_verified_on,
        register_date=found.registered_on,
        activation_date=found.activated_on,
        email_verified_date=found.email_verified_on,
        id_card_verified_date=found.identity_verified_on,
        id_type_id=found.identity_type_id,
        id_type=found.identity_type,
        id_number=found.identity_number,
        status=found.status.value,
        service=None if found.service is None else _service(found.service),
    )


def _service(service: Service) -> bodies.SubscribedService:
    plan = bodies.PackageName(service.plan_name, service.plan_description)
    return bodies.SubscribedService(service.quantity, service.price, service.total, plan)


def head(customer: CustomerName) -> bodies.CustomerHead:
    return bodies.CustomerHead(customer.name, customer.service_number, customer.email)


def ticket(found: Ticket, zone: ZoneInfo) -> bodies.HelpTicket:
    return bodies.HelpTicket(
        id=found.id,
        no_ticket=found.number,
        no_services=found.service_number,
        description=found.description,
        status=found.status.value,
        date_help=_day(found.opened_at, zone),
        created_at=_moment(found.opened_at, zone),
        help_type=bodies.HelpName(found.help_type),
        help_solution=bodies.HelpName(found.help_solution),
    )


def opened_ticket(found: Ticket, zone: ZoneInfo) -> bodies.OpenedTicket:
    return bodies.OpenedTicket(
        id=found.id,
        no_ticket=found.number,
        help_type=bodies.HelpName(found.help_type),
        help_solution=bodies.HelpName(found.help_solution),
        description=found.description,
        status=found.status.value,
        date_help=_day(found.opened_at, zone),
    )


def timeline_entry(event: TicketEvent, zone: ZoneInfo) -> bodies.TimelineEntry:
    return bodies.TimelineEntry(event.remark, event.status.value, event.actor, _moment(event.at, zone))


def closing_entry(event: TicketEvent, zone: ZoneInfo) -> bodies.ClosingEntry:
    at = _moment(event.at, zone)
    return bodies.ClosingEntry(event.remark, event.status.value, event.actor, event.action, at)


def invoice(found: Invoice) -> bodies.CustomerInvoice:
    return bodies.CustomerInvoice(
        invoice=found.number,
        month=found.month,
        year=found.year,
        status=found.status.value,
        due_date=found.due_on,
        amount=found.amount,
        tax=found.tax,
        discount=found.discount,
        period=_period(found),
        payment_codes=found.payment_codes,
        details=tuple(
            bodies.InvoiceDetail(line.name, line.price, line.quantity, line.discount, line.total)
            for line in _lines(found)
        ),
    )


def bill(found: Bill, zone: ZoneInfo) -> bodies.BilledInvoice:
    owed = found.invoice
    return bodies.BilledInvoice(
        invoice=_number(owed.number),
        month=owed.month,
        year=owed.year,
        period=_period(owed),
        name=found.customer_name,
        no_services=found.service_number,
        amount=owed.amount,
        status="SUDAH BAYAR" if owed.status is InvoiceStatus.PAID else "BELUM BAYAR",
        due_date=owed.due_on,
        isolir_date=owed.isolate_on,
        payment_date=None if owed.paid_at is None else _day(owed.paid_at, zone),
        detail=tuple(
            bodies.BillDetail(
                price=line.price,
                qty=line.quantity,
                disc=line.discount,
                total=line.total,
                name=line.name,
                category=line.category,
                remark=line.remark,
            )
            for line in _lines(owed)
        ),
    )


def _lines(found: Invoice) -> Iterator[InvoiceLine]:
    """With what is paid already as a line, so that they sum up to what is asked for (contract §7); Indonesian, as all of them."""
    yield from found.lines
    if paid := found.deducted:
        yield InvoiceLine(i18n.text("invoice.settled", "id"), "Payment", -paid, 1, 0, -paid, "-")


def _number(number: str) -> int | str:
    """A number of digits as a number, unless it would lose a zero in front."""
    return int(number) if number.isdecimal() and str(int(number)) == number else number


def _period(found: Invoice) -> str:
    return f"{_MONTHS[found.month - 1]} {found.year}"


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
