"""`loket billing …`: the use cases of billing for an operator, by service and invoice number, each asked back first."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import NoReturn

import typer
from msgspec import Struct

from cli.desk import OPERATOR
from core.billing.account import Account, AccountPayment
from core.billing.corrections import Correction
from core.billing.counter import Confirmed
from core.billing.terms import ExtraCharge
from core.billing.types import InvoiceStatus
from core.bootstrap import bootstrap
from core.platform import i18n
from core.platform.clock import local_day
from core.platform.errors import DomainError, NotFound
from core.platform.ids import new_id
from core.platform.money import rupiah
from core.platform.quiet import is_waking
from core.services import Services
from core.settings import Settings


class Wanted(Struct, frozen=True):
    """A charge as it was typed; months look like 2026-12."""

    name: str
    category: str
    price: int
    quantity: int
    is_monthly: bool
    since: str
    until: str


async def show(settings: Settings, service: str) -> None:
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
    print(f"{account.name}, {account.service_number}")
    print(f"Owes {rupiah(_owed(account))}, has {rupiah(account.credit)} credit. {_told(account)}")
    _list_bills(account)
    _list_payments(account, settings)
    _list_charges(account)


async def confirm(
    settings: Settings, service: str, amount: int, reference: str, numbers: Sequence[str], *, sure: bool
) -> None:
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        unpaid = [bill for bill in account.bills if bill.status == InvoiceStatus.UNPAID]
        bills = [account.bill(number) for number in dict.fromkeys(numbers)] or unpaid
        if not bills:
            _refuse(f"{account.name} owes nothing. Keep it for later with: loket billing advance")
        named = ", ".join(bill.number for bill in bills)
        _ask(f"Book {rupiah(amount)} from {account.name} for {named} ({reference})?", sure=sure)
        made = await services.billing.confirm_payment(
            [bill.id for bill in bills], amount, actor=OPERATOR, reference=reference
        )
    _tell_confirmed(made)


async def advance(settings: Settings, service: str, amount: int, reference: str, *, sure: bool) -> None:
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        _ask(f"Keep {rupiah(amount)} from {account.name} as credit ({reference})?", sure=sure)
        made = await services.billing.take_in_advance(
            account.customer_id, amount, actor=OPERATOR, reference=reference
        )
    _tell_confirmed(made)


async def reverse(
    settings: Settings, service: str, invoice: str | None, payment: int | None, reason: str, *, sure: bool
) -> None:
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        paid = _payment_meant(account, invoice, payment)
        purpose = f"for {paid.invoice_number}" if paid.invoice_number else "paid in advance"
        _ask(f"Take back {rupiah(paid.amount)} {purpose} ({paid.source} {paid.reference})?", sure=sure)
        made = await services.billing.reverse_payment(paid.id, reason=reason, actor=OPERATOR)
    _tell_corrected(made)


async def waive(settings: Settings, service: str, invoice: str, reason: str, *, sure: bool) -> None:
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        bill = account.bill(invoice)
        _ask(f"Give up {rupiah(bill.owed)} of {bill.number} for {account.name}?", sure=sure)
        made = await services.billing.waive(bill.id, reason=reason, actor=OPERATOR, key=new_id("waiver"))
    _tell_corrected(made)


async def credit_note(
    settings: Settings, service: str, invoice: str, amount: int, reason: str, *, sure: bool
) -> None:
    """The same amount with the same reason is written once: a command that was repeated does no harm."""
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        bill = account.bill(invoice)
        _ask(f"Take {rupiah(amount)} off {bill.number} of {account.name}?", sure=sure)
        said = f"{bill.id} {amount} {' '.join(reason.split())}"
        key = f"operator-credit-{hashlib.sha256(said.encode()).hexdigest()[:32]}"
        made = await services.billing.credit_note(bill.id, amount, reason=reason, actor=OPERATOR, key=key)
    _tell_corrected(made)


async def charge(settings: Settings, service: str, wanted: Wanted, *, sure: bool) -> None:
    until = _month(wanted.until) if wanted.until else None
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        since = _month(wanted.since) if wanted.since else _today(services)
        often = "every month" if wanted.is_monthly else "once"
        _ask(
            f"Bill {account.name} {wanted.quantity} x {wanted.name} at {rupiah(wanted.price)} {often},"
            f" from {since:%Y-%m}{f' to {until:%Y-%m}' if until else ''}?",
            sure=sure,
        )
        extra = ExtraCharge(
            wanted.name, wanted.category, wanted.price, wanted.quantity, wanted.is_monthly, since, until
        )
        number = await services.billing.add_charge(account.customer_id, extra, actor=OPERATOR)
    print(f"Charge {number} is on the next bill written.")


async def end_charge(settings: Settings, service: str, number: int, last: str, *, sure: bool) -> None:
    last_month = _month(last)
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        found = account.charge(number)
        _ask(f"Bill {account.name} for {found.name} the last time in {last_month:%Y-%m}?", sure=sure)
        await services.billing.end_charge(found.id, last_month=last_month, actor=OPERATOR)
    print(f"Charge {number} ends with {last_month:%Y-%m}.")


async def terms(
    settings: Settings, service: str, due_day: int | None, isolates: bool | None, *, sure: bool
) -> None:
    """A due day of 0 goes back to everybody's; None leaves what was agreed."""
    async with _at_the_books(settings) as services:
        account = await services.billing.account_of(service)
        before = account.terms
        day = before.due_day if due_day is None else due_day or None
        closes = before.isolates if isolates is None else isolates
        _ask(f"{account.name}: {_spelled(day, closes)}?", sure=sure)
        await services.billing.set_terms(account.customer_id, due_day=day, isolates=closes, actor=OPERATOR)
    print("Agreed. Bills that are written keep their days.")


async def isolate(settings: Settings, *, wanted: bool, sure: bool) -> None:
    async with _at_the_books(settings) as services:
        closing = await services.billing.about_to_isolate()
        print(
            f"{closing.lines} of {closing.active} lines are to be closed, {rupiah(closing.owed)} is unpaid."
        )
        for number, name in closing.samples:
            print(f"  {number:<16} {name}")
        if closing.is_much(settings) and not closing.is_confirmed:
            print("So many wait for you: --confirm closes them.")
        if not wanted or not closing.lines:
            return
        if not is_waking(services.clock.now(), settings.zone):
            _refuse("It is night: no line is closed before eight in the morning. Confirm it then.")
        _ask(f"Close {closing.lines} lines now?", sure=sure)
        closed = await services.billing.isolate_confirmed(actor=OPERATOR)
    print(f"Lines of {closed} customers are closed; their routers follow.")


@asynccontextmanager
async def _at_the_books(settings: Settings) -> AsyncIterator[Services]:
    """The use cases; a refusal is explained and exits with status 1."""
    try:
        async with bootstrap(settings) as services:
            yield services
    except DomainError as refused:
        _refuse(_explained(refused))


def _explained(refused: DomainError) -> str:
    try:
        return i18n.text(f"error.{refused.reason}", "en", **refused.facts)
    except KeyError:
        return f"Refused: {refused.reason}."


def _refuse(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    raise SystemExit(1)


def _ask(question: str, *, sure: bool) -> None:
    if not sure:
        typer.confirm(question, abort=True)


def _payment_meant(account: Account, invoice: str | None, number: int | None) -> AccountPayment:
    if number is not None:
        paid = account.payment(number)
        if invoice is not None and paid.invoice_number != invoice:
            raise NotFound("payment")
        return paid
    if invoice is None:
        _refuse("Say which: the bill's number, or --payment with the number that `show` tells.")
    bill = account.bill(invoice)
    standing = [p for p in account.payments if p.invoice_number == bill.number and not p.is_taken_back]
    if not standing:
        raise NotFound("payment")
    if len(standing) > 1:
        listed = ", ".join(f"{paid.id} ({rupiah(paid.amount)})" for paid in standing)
        _refuse(f"{bill.number} was paid by several: name one with --payment. {listed}")
    return standing[0]


def _tell_confirmed(made: Confirmed) -> None:
    if not made.is_new:
        print("This reference was booked before; nothing was changed.")
        return
    numbers = ", ".join(map(str, made.paid))
    more = [f"{rupiah(made.rest)} is still owed." if made.rest else ""]
    more += [f"{rupiah(made.credit)} is kept as credit." if made.credit else ""]
    print(" ".join(filter(None, [f"Booked as payment {numbers}.", *more])))


def _tell_corrected(made: Correction) -> None:
    name = made.kind.value.replace("_", " ")
    if made.is_new:
        print(f"Correction {made.id}: {name} of {rupiah(made.amount)}.")
    else:
        print(f"Was done before, as correction {made.id}; nothing was changed.")


def _owed(account: Account) -> int:
    return sum(bill.owed for bill in account.bills)


def _told(account: Account) -> str:
    return _spelled(account.terms.due_day, account.terms.isolates).capitalize() + "."


def _spelled(due_day: int | None, isolates: bool) -> str:
    day = "bills fall due as everybody's" if due_day is None else f"bills fall due on day {due_day}"
    return f"{day}, unpaid ones {'close the lines' if isolates else 'never close the lines'}"


def _list_bills(account: Account) -> None:
    if not account.bills:
        return
    print(f"\n{'BILL':<16} {'MONTH':<8} {'STATE':<7} {'AMOUNT':>14} {'OWED':>14}  {'DUE':<10}  CLOSES AFTER")
    for bill in account.bills:
        print(
            f"{bill.number:<16} {bill.year}-{bill.month:02} {bill.status:<8} {rupiah(bill.amount):>14}"
            f" {rupiah(bill.owed):>14}  {bill.due_on}  {bill.isolate_on}"
        )


def _list_payments(account: Account, settings: Settings) -> None:
    if not account.payments:
        return
    print(f"\n{'PAYMENT':<8} {'DAY':<10} {'AMOUNT':>14}  {'BILL':<16} {'BY':<14} REFERENCE")
    for paid in account.payments:
        day = local_day(paid.paid_at, settings.zone)
        note = "  (taken back)" if paid.is_taken_back else ""
        print(
            f"{paid.id:<8} {day} {rupiah(paid.amount):>14}  {paid.invoice_number or 'in advance':<16}"
            f" {paid.source:<14} {paid.reference}{note}"
        )


def _list_charges(account: Account) -> None:
    if not account.charges:
        return
    print(f"\n{'CHARGE':<8} {'PRICE':>14} {'PIECES':>6}  {'WHEN':<20} NAME")
    for each in account.charges:
        often = "monthly" if each.is_recurring else "once"
        end = f" to {each.ends_on:%Y-%m}" if each.ends_on else ""
        when = f"{often} {each.starts_on:%Y-%m}{end}"
        print(f"{each.id:<8} {rupiah(each.price):>14} {each.quantity:>6}  {when:<20} {each.name}")


def _today(services: Services) -> date:
    return local_day(services.clock.now(), services.settings.zone)


def _month(typed: str) -> date:
    try:
        return date.fromisoformat(f"{typed}-01")
    except ValueError:
        print("A month looks like 2026-12.", file=sys.stderr)
        raise SystemExit(2) from None
