"""`loket billing …`: what staff do about one customer's money, each a few lines that call `cli.billing`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli.environment import settings_or_exit

billing = typer.Typer(
    help="One customer's money: look, confirm, correct, agree. Everything is asked back and audited.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Service = Annotated[str, typer.Argument(help="The customer's service number.")]
Invoice = Annotated[str, typer.Argument(help="The bill's number.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.")]
Reference = Annotated[str, typer.Argument(help="The receipt's or transfer's own number; one is booked once.")]
Rupiahs = Annotated[int, typer.Argument(min=1, help="Whole rupiah.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask back.")]


@billing.command("show")
def billing_show(service: Service) -> None:
    """Show bills, payments, charges and terms, each with the number the other commands call it by."""
    from cli.billing import show

    asyncio.run(show(settings_or_exit(), service))


@billing.command("confirm")
def billing_confirm(
    service: Service,
    amount: Rupiahs,
    reference: Reference,
    *,
    invoice: Annotated[
        list[str] | None, typer.Option(help="Only this bill; repeatable. All unpaid ones otherwise.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Book money you have received: the oldest bill first, the last may be paid in part, the rest is kept as credit."""
    from cli.billing import confirm

    asyncio.run(confirm(settings_or_exit(), service, amount, reference, invoice or [], sure=yes))


@billing.command("advance")
def billing_advance(service: Service, amount: Rupiahs, reference: Reference, *, yes: Yes = False) -> None:
    """Keep money for bills to come; the next monthly bill uses it first."""
    from cli.billing import advance

    asyncio.run(advance(settings_or_exit(), service, amount, reference, sure=yes))


@billing.command("reverse")
def billing_reverse(
    service: Service,
    invoice: Annotated[str | None, typer.Argument(help="The bill it paid; none for one in advance.")] = None,
    *,
    reason: Reason,
    payment: Annotated[
        int | None, typer.Option(help="Which payment, as `show` numbers it, where there are several.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Take a payment back, such as a cheque that bounced: its bill is open again, and the line may close by day."""
    from cli.billing import reverse

    asyncio.run(reverse(settings_or_exit(), service, invoice, payment, reason, sure=yes))


@billing.command("waive")
def billing_waive(service: Service, invoice: Invoice, *, reason: Reason, yes: Yes = False) -> None:
    """Give up asking for what a bill still asks for; the line may open."""
    from cli.billing import waive

    asyncio.run(waive(settings_or_exit(), service, invoice, reason, sure=yes))


@billing.command("credit-note")
def billing_credit_note(
    service: Service, invoice: Invoice, amount: Rupiahs, *, reason: Reason, yes: Yes = False
) -> None:
    """Ask for less than a bill said, tax in proportion; what was paid already becomes credit."""
    from cli.billing import credit_note

    asyncio.run(credit_note(settings_or_exit(), service, invoice, amount, reason, sure=yes))


@billing.command("charge")
def billing_charge(
    service: Service,
    name: Annotated[str, typer.Argument(help="What it is, as the bill says it.")],
    price: Annotated[
        int, typer.Argument(help="Whole rupiah a piece; a discount is negative (put -- before the numbers).")
    ],
    *,
    quantity: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    category: Annotated[str, typer.Option(help="Its kind, as the bill says it.")] = "Other",
    monthly: Annotated[bool, typer.Option("--monthly", help="Every month; once otherwise.")] = False,
    since: Annotated[str, typer.Option(help="The first month, such as 2026-12; this one otherwise.")] = "",
    until: Annotated[str, typer.Option(help="The last month; open otherwise.")] = "",
    yes: Yes = False,
) -> None:
    """Bill something beside the plan, once or every month."""
    from cli.billing import Wanted, charge

    wanted = Wanted(name, category, price, quantity, monthly, since, until)
    asyncio.run(charge(settings_or_exit(), service, wanted, sure=yes))


@billing.command("end-charge")
def billing_end_charge(
    service: Service,
    number: Annotated[int, typer.Argument(help="The charge, as `show` numbers it.")],
    last_month: Annotated[str, typer.Argument(help="The last month it is billed for, such as 2026-12.")],
    *,
    yes: Yes = False,
) -> None:
    """Stop billing something beside the plan after a month."""
    from cli.billing import end_charge

    asyncio.run(end_charge(settings_or_exit(), service, number, last_month, sure=yes))


@billing.command("isolate")
def billing_isolate(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Close them now, however many they are.")
    ] = False,
    *,
    yes: Yes = False,
) -> None:
    """Show whose lines the ladder would close today; with --confirm let it, when there are too many to go unseen."""
    from cli.billing import isolate

    asyncio.run(isolate(settings_or_exit(), wanted=confirm, sure=yes))


@billing.command("terms")
def billing_terms(
    service: Service,
    *,
    due_day: Annotated[
        int | None, typer.Option(min=0, max=31, help="Day of the month bills fall due; 0 as everybody's.")
    ] = None,
    isolates: Annotated[
        bool | None, typer.Option("--isolate/--never-isolate", help="Whether unpaid bills close the lines.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Agree on a due day, or that lines stay open; what is not named stays as it is."""
    from cli.billing import terms

    asyncio.run(terms(settings_or_exit(), service, due_day, isolates, sure=yes))
