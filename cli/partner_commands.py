"""`loket partner …`: the commands for companies that collect bills for us, each a few lines that call `cli.partner` or `cli.desk`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import settings_or_exit

partner = typer.Typer(
    help="Bill partners: who pays bills through our API.", no_args_is_help=True, rich_markup_mode=None
)

Code = Annotated[str, typer.Argument(help="The partner's short name.")]
Ref = Annotated[str, typer.Argument(help="The payment's refNumber.")]
Number = Annotated[str, typer.Argument(help="The customer's service number.")]


Environment = Annotated[str, typer.Option(help="sandbox or production.")]
Addresses = Annotated[list[str] | None, typer.Option(help="Address or network they call from; repeatable.")]
Scopes = Annotated[
    list[str] | None, typer.Option(help="inquiry, payment, status or report; repeatable, all by default.")
]
Signed = Annotated[bool, typer.Option("--signed", help="Every request must carry X-Signature.")]
Key = Annotated[str, typer.Argument(help="The key, as the partner sends it.")]


@partner.command("create")
def partner_create(
    code: Annotated[str, typer.Argument(help="The partner's short name, their partnerId.")],
    name: Annotated[str, typer.Argument(help="Their name for people.")],
    *,
    environment: Environment = "sandbox",
    ip: Addresses = None,
    scope: Scopes = None,
    signed: Signed = False,
    host: Annotated[
        list[str] | None, typer.Option(help="Host their callbacks may go to; repeatable.")
    ] = None,
    callback_url: Annotated[
        str | None, typer.Option(help="Where callbacks go unless a payment says so.")
    ] = None,
    admin_fee: Annotated[int, typer.Option(min=0, help="Rupiah a transaction.")] = 2500,
    credit_limit: Annotated[
        int, typer.Option(min=0, help="Rupiah a partner without deposit may owe us.")
    ] = 0,
) -> None:
    """Create a partner with a first key and show its secret, this once."""
    from cli.partner import Asked, create

    asyncio.run(
        create(
            settings_or_exit(),
            code,
            name,
            Asked(environment=environment, addresses=ip, scopes=scope, is_signed=signed),
            hosts=host,
            callback_url=callback_url,
            admin_fee=admin_fee,
            credit_limit=credit_limit,
        )
    )


@partner.command("key")
def partner_key(
    code: Code,
    *,
    environment: Environment = "sandbox",
    ip: Addresses = None,
    scope: Scopes = None,
    signed: Signed = False,
) -> None:
    """Give a partner one more key and show its secret, this once."""
    from cli.partner import Asked, add_key

    asked = Asked(environment=environment, addresses=ip, scopes=scope, is_signed=signed)
    asyncio.run(add_key(settings_or_exit(), code, asked))


@partner.command("keys")
def partner_keys(code: Code) -> None:
    """Show a partner's keys: what they may do, from where, and when they were used."""
    from cli.partner import show_keys

    asyncio.run(show_keys(settings_or_exit(), code))


@partner.command("revoke")
def partner_revoke(key: Key) -> None:
    """Shut a key at once."""
    from cli.partner import revoke

    asyncio.run(revoke(settings_or_exit(), key))


@partner.command("rotate-callbacks")
def partner_rotate_callbacks(
    code: Code, end: Annotated[bool, typer.Option("--end", help="Let only the newest secret sign.")] = False
) -> None:
    """Give a partner a new secret for callbacks; both sign until the partner has changed over."""
    from cli.partner import rotate_callbacks

    asyncio.run(rotate_callbacks(settings_or_exit(), code, end_overlap=end))


@partner.command("cut-off")
def partner_cut_off(
    code: Code,
    product: Annotated[str, typer.Argument(help="The product's code.")],
    starts: Annotated[str | None, typer.Argument(help="When it begins every night, such as 23:30.")] = None,
    ends: Annotated[str | None, typer.Argument(help="When it ends; without times there is none.")] = None,
) -> None:
    """Sell nothing at certain hours of the night: inquiries answer 310, payments 109."""
    from cli.desk import cut_off

    asyncio.run(cut_off(settings_or_exit(), code, product, starts, ends))


@partner.command("rotate")
def partner_rotate(key: Annotated[str, typer.Argument(help="The key to be replaced.")]) -> None:
    """Give a key a successor with a new secret; the old one works for another week."""
    from cli.partner import rotate

    asyncio.run(rotate(settings_or_exit(), key))


@partner.command("topup")
def partner_top_up(
    code: Annotated[str, typer.Argument(help="The partner's short name.")],
    amount: Annotated[int, typer.Argument(min=1, help="Rupiah received.")],
    reference: Annotated[str, typer.Argument(help="The transfer's reference; the same one is booked once.")],
) -> None:
    """Book money that arrived for a partner's deposit."""
    from cli.partner import top_up

    asyncio.run(top_up(settings_or_exit(), code, amount, reference))


@partner.command("report")
def partner_report(
    code: Annotated[str, typer.Argument(help="The partner's short name.")],
    day: Annotated[str, typer.Argument(help="The day, such as 2026-11-22.")],
) -> None:
    """Print a day's transactions as the partner gets them."""
    from cli.partner import report

    asyncio.run(report(settings_or_exit(), code, day))


@partner.command("list")
def partner_list() -> None:
    """Show every partner, its deposit, and how many payments wait for somebody to look."""
    from cli.desk import show

    asyncio.run(show(settings_or_exit()))


@partner.command("fail")
def partner_fail(code: Code, ref: Ref) -> None:
    """End a payment that hangs as failed (RC 198): the deposit is given back, the partner is told."""
    from cli.desk import fail

    asyncio.run(fail(settings_or_exit(), code, ref))


@partner.command("reverse")
def partner_reverse(
    code: Code, ref: Ref, reason: Annotated[str, typer.Argument(help="Why, for whoever asks later.")]
) -> None:
    """Take a successful payment back: the deposit is returned, the bills are open again."""
    from cli.desk import reverse

    asyncio.run(reverse(settings_or_exit(), code, ref, reason))


@partner.command("settle")
def partner_settle(code: Code, ref: Ref) -> None:
    """Try once more to bring a payment that hangs to its end."""
    from cli.desk import settle

    asyncio.run(settle(settings_or_exit(), code, ref))


@partner.command("resend")
def partner_resend(code: Code, ref: Ref) -> None:
    """Tell the partner once more how a payment ended."""
    from cli.desk import resend

    asyncio.run(resend(settings_or_exit(), code, ref))


@partner.command("at-once")
def partner_at_once(
    code: Code, wanted: Annotated[bool, typer.Option("--on/--off", help="Whether to do so.")] = True
) -> None:
    """Answer this partner's payments with their end (RC 0) where it comes within two seconds."""
    from cli.desk import at_once

    asyncio.run(at_once(settings_or_exit(), code, wanted=wanted))


@partner.command("batches")
def partner_batches(
    code: Code,
    first: Annotated[str, typer.Argument(help="The first day, such as 2026-11-01.")],
    last: Annotated[str, typer.Argument(help="The last day.")],
) -> None:
    """Show what each day comes to, and whether it is open, closed or paid."""
    from cli.desk import batches

    asyncio.run(batches(settings_or_exit(), code, first, last))


@partner.command("paid")
def partner_paid(
    code: Code,
    day: Annotated[str, typer.Argument(help="The day that was settled.")],
    reference: Annotated[str, typer.Argument(help="The transfer's reference.")],
) -> None:
    """Note that a closed day's batch was paid."""
    from cli.desk import paid

    asyncio.run(paid(settings_or_exit(), code, day, reference))


@partner.command("reconcile")
def partner_reconcile(
    code: Code,
    day: Annotated[str, typer.Argument(help="The statement's day.")],
    statement: Annotated[Path, typer.Argument(help="Their file, CSV or JSON.", exists=True, dir_okay=False)],
    csv: Annotated[bool, typer.Option("--csv", help="Every difference as CSV.")] = False,
) -> None:
    """Compare a partner's statement of a day with ours; exits with 1 when anything differs."""
    from cli.desk import reconcile

    if not asyncio.run(reconcile(settings_or_exit(), code, day, statement, as_csv=csv)):
        raise SystemExit(1)


@partner.command("block")
def partner_block(
    number: Number,
    reason: Annotated[str, typer.Argument(help="Why, for whoever asks later.")],
    dispute: Annotated[
        bool, typer.Option("--dispute", help="The bill is in dispute: send them to us.")
    ] = False,
) -> None:
    """Let no partner collect this customer's bills."""
    from cli.desk import block

    asyncio.run(block(settings_or_exit(), number, reason, dispute=dispute))


@partner.command("unblock")
def partner_unblock(number: Number) -> None:
    """Let partners collect this customer's bills again."""
    from cli.desk import unblock

    asyncio.run(unblock(settings_or_exit(), number))


@partner.command("maintenance")
def partner_maintenance(
    starts: Annotated[str, typer.Argument(help="When it begins, here: 2026-11-22T23:00.")],
    ends: Annotated[str, typer.Argument(help="When it ends, here.")],
    note: Annotated[str, typer.Option(help="What for.")] = "",
    only: Annotated[str | None, typer.Option(help="Only this partner; all of them otherwise.")] = None,
) -> None:
    """Announce a time without service: inquiries answer 305, payments 109."""
    from cli.desk import announce

    asyncio.run(announce(settings_or_exit(), starts, ends, note, only))


@partner.command("simulate")
def partner_simulate(
    accounts: Annotated[
        list[str] | None,
        typer.Argument(help="Service numbers to pay for; 28900003:1 pays the oldest month only."),
    ] = None,
    url: Annotated[str, typer.Option(help="Where Loket runs; this installation by default.")] = "",
    first_poll: Annotated[float, typer.Option(help="Seconds to wait for a callback before asking.")] = 150,
) -> None:
    """Be the demo's aggregator: inquire, pay, hear the callback, and check that the deposit agrees."""
    from cli.simulating import simulate

    wanted = accounts or ["ISP00123:1", "28900002", "9000000300", "9000000302", "9000000114", "9000000100"]
    if not asyncio.run(simulate(url or settings_or_exit().base_url, wanted, first_poll_s=first_poll)):
        raise SystemExit(1)
