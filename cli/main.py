"""`loket …`: every command, each a few lines that wire what it needs and run it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

# structlog and typer load rich where it is installed, for output nobody asks for here: 8 MiB in every process.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None is how Python marks a module as absent

from cli.billing_commands import billing  # noqa: E402 - after the line above
from cli.environment import settings_or_exit  # noqa: E402
from cli.orders import orders  # noqa: E402
from cli.partner_commands import partner  # noqa: E402
from cli.transcript_commands import transcript  # noqa: E402
from cli.understanding import understand  # noqa: E402

app = typer.Typer(
    name="loket",
    help="The service counter of an internet provider in the customer's pocket.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
audit = typer.Typer(help="The tamper-evident log and the books.", no_args_is_help=True, rich_markup_mode=None)
db = typer.Typer(help="The database's schema.", no_args_is_help=True, rich_markup_mode=None)
demo = typer.Typer(help="Demo data to try Loket with.", no_args_is_help=True, rich_markup_mode=None)
keys = typer.Typer(help="API keys of billing partners.", no_args_is_help=True, rich_markup_mode=None)
network = typer.Typer(help="Routers and the lines behind them.", no_args_is_help=True, rich_markup_mode=None)
outbox = typer.Typer(
    help="What waits to leave for the outside world.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(audit, name="audit")
app.add_typer(billing, name="billing")
templates = typer.Typer(help="The words of notices.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db, name="db")
app.add_typer(orders, name="orders")
app.add_typer(demo, name="demo")
app.add_typer(keys, name="keys")
app.add_typer(network, name="network")
app.add_typer(outbox, name="outbox")
app.add_typer(templates, name="templates")
app.add_typer(partner, name="partner")
app.add_typer(transcript, name="transcript")
app.add_typer(understand, name="understand")


@app.command()
def serve() -> None:
    """Run everything in one process: API, chats, background work, and the sandbox if it is on."""
    from cli.serving import Part, run

    asyncio.run(run(settings_or_exit(), {Part.API, Part.BOT, Part.WORKER}))


@app.command()
def api() -> None:
    """Answer HTTP requests only; run `loket bot` and `loket worker` beside it."""
    from cli.serving import Part, run

    asyncio.run(run(settings_or_exit(), {Part.API}))


@app.command()
def bot() -> None:
    """Answer chats only: the webhooks of the messaging gateways."""
    from cli.serving import Part, run

    asyncio.run(run(settings_or_exit(), {Part.BOT}))


@app.command()
def worker() -> None:
    """Send what waits in the outbox and run the recurring chores; as many of these as needed."""
    from cli.serving import run_worker

    asyncio.run(run_worker(settings_or_exit()))


@app.command()
def chat(
    as_phone: Annotated[
        str, typer.Option("--as", metavar="PHONE", help="Whose phone to be, such as 628123456789.")
    ],
) -> None:
    """Chat in the terminal, as the customer with that phone number would."""
    from cli.chatting import run_chat

    asyncio.run(run_chat(settings_or_exit(), as_phone))


@app.command()
def simulate(
    months: Annotated[int, typer.Option(min=1, max=120, help="How long.")] = 14,
    start: Annotated[str, typer.Option(help="The first day; the default meets a leap day.")] = "2027-01-12",
    seed: Annotated[int, typer.Option(help="The same seed gives the same days.")] = 1,
    customers: Annotated[int, typer.Option(min=0, max=5000, help="Beside the demo's six.")] = 40,
) -> None:
    """Live through months of billing in seconds, on a scratch database, and check every day that all is right."""
    from datetime import date

    from cli.time_machine import run
    from core.testing.simulation import Plan

    try:
        first = date.fromisoformat(start)
    except ValueError:
        raise typer.BadParameter("a day looks like 2027-01-12") from None
    if not asyncio.run(run(settings_or_exit(), Plan(months, first, seed, customers))):
        raise SystemExit(1)


@app.command()
def status() -> None:
    """Show how the business stands: money today, open bills, lines, routers, what waits or is parked, the last runs."""
    from cli.status import show

    asyncio.run(show(settings_or_exit()))


@app.command()
def doctor() -> None:
    """Check settings, database, migrations and gateway, and say what to do about what is wrong."""
    from cli.doctor import examine

    if not asyncio.run(examine(settings_or_exit())):
        raise SystemExit(1)


@audit.command("verify")
def audit_verify(
    anchor: Annotated[
        str | None, typer.Option(metavar="PLACE:HASH", help="An end of the chain noted down earlier.")
    ] = None,
) -> None:
    """Check that no sealed row of the audit log was changed, removed, put in or moved; name the first that was."""
    from cli.auditing import verify

    if not asyncio.run(verify(settings_or_exit(), anchor)):
        raise SystemExit(1)


@audit.command("ledger")
def audit_ledger() -> None:
    """Check that every booking balances and every bill, credit and deposit agrees with its entries."""
    from cli.auditing import ledger

    if not asyncio.run(ledger(settings_or_exit())):
        raise SystemExit(1)


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to the newest version; harmless when it is there already."""
    from core.migrations import present
    from core.migrations.moves import upgrade

    settings = settings_or_exit()

    async def bring_up() -> str | None:
        await upgrade(settings.database_url)
        return await present(settings.database_url)

    print(f"The database is at version {asyncio.run(bring_up())}.")


@demo.command("load")
def demo_load() -> None:
    """Load the demo data into an empty database."""
    from cli.demo import load

    asyncio.run(load(settings_or_exit()))


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="Who the key is for.")],
    scope: Annotated[list[str], typer.Option(help="read, pay or pii; repeat for several.")] = ["read"],  # noqa: B006 - typer copies it
    ip: Annotated[
        list[str] | None, typer.Option(help="Address or network the key may be used from; repeatable.")
    ] = None,
    rate: Annotated[str | None, typer.Option(help="Calls it may make, such as 600/minute.")] = None,
) -> None:
    """Create an API key and show it, this once."""
    from cli.keys import create

    asyncio.run(create(settings_or_exit(), name, scope, ip or [], rate))


@keys.command("revoke")
def keys_revoke(name: Annotated[str, typer.Argument(help="Who the key was for.")]) -> None:
    """Shut an API key at once."""
    from cli.keys import revoke

    asyncio.run(revoke(settings_or_exit(), name))


@network.command("reconcile")
def network_reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look, change nothing.")] = False,
) -> None:
    """Compare every router with what is wanted of its lines, and queue jobs for what differs."""
    from cli.network import reconcile

    asyncio.run(reconcile(settings_or_exit(), is_dry=dry_run))


@network.command("place")
def network_place(
    service: Annotated[str | None, typer.Argument(help="The customer's service number.")] = None,
    odp: Annotated[
        str | None, typer.Argument(help="The box in the street; without it the present one is shown.")
    ] = None,
    *,
    csv: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, readable=True, help="Many at once: columns service_number and odp."
        ),
    ] = None,
) -> None:
    """Say which ODP lines join the fibre in, so that an outage of one box is told from the rest; all or none."""
    from cli.network import place, place_all, show_place

    if (service is None) == (csv is None):
        raise typer.BadParameter("name a service number, or a file with --csv.")
    if csv is not None:
        work = place_all(settings_or_exit(), csv)
    elif odp is not None:
        work = place(settings_or_exit(), service or "", odp)
    else:
        work = show_place(settings_or_exit(), service or "")
    asyncio.run(work)


@network.command("incidents")
def network_incidents(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
) -> None:
    """List outages and routers out of sight, the newest hundred."""
    from cli.network import incidents

    asyncio.run(incidents(settings_or_exit(), only_open=only_open))


@outbox.command("list")
def outbox_list(
    state: Annotated[str, typer.Option(help="pending, done, parked, or all.")] = "all",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Show the newest jobs with what became of them; never their content."""
    from cli.queue import show

    asyncio.run(show(settings_or_exit(), state, limit))


@outbox.command("retry")
def outbox_retry(job_id: Annotated[int, typer.Argument(help="The job's number in the list.")]) -> None:
    """Give a parked job new tries, with the same key as before."""
    from cli.queue import retry

    if not asyncio.run(retry(settings_or_exit(), job_id)):
        raise SystemExit(1)


_KIND = typer.Argument(help="Which notice, as `loket templates list` calls it.")
_LANGUAGE = typer.Option(help="id or en.")
_CHANNEL = typer.Option(help="whatsapp or telegram; all serves both.")


@templates.command("list")
def templates_list() -> None:
    """Show every notice in every language, and who has edited it."""
    from cli.templates import show_all

    asyncio.run(show_all(settings_or_exit()))


@templates.command("show")
def templates_show(
    kind: Annotated[str, _KIND],
    language: Annotated[str, _LANGUAGE] = "id",
    channel: Annotated[str, _CHANNEL] = "all",
) -> None:
    """Show a notice's text with its blanks, and which blanks it may use."""
    from cli.templates import show

    asyncio.run(show(settings_or_exit(), kind, language, channel))


@templates.command("preview")
def templates_preview(
    kind: Annotated[str, _KIND],
    language: Annotated[str, _LANGUAGE] = "id",
    channel: Annotated[str, _CHANNEL] = "all",
) -> None:
    """Show a notice as a customer reads it, with sample data."""
    from cli.templates import preview

    asyncio.run(preview(settings_or_exit(), kind, language, channel))


@templates.command("edit")
def templates_edit(
    kind: Annotated[str, _KIND],
    language: Annotated[str, _LANGUAGE] = "id",
    channel: Annotated[str, _CHANNEL] = "all",
    *,
    approved_name: Annotated[
        str | None, typer.Option(help="The name WhatsApp approved this text under.")
    ] = None,
    approved_field: Annotated[
        list[str] | None, typer.Option(help="A blank of the approved text, in its order; repeatable.")
    ] = None,
) -> None:
    """Read a new text for a notice from standard input, check it, keep it, and show it with sample data."""
    from cli.templates import edit

    where, text = (kind, language, channel), sys.stdin.read()
    asyncio.run(edit(settings_or_exit(), where, text, approved_name, approved_field or []))


@templates.command("reset")
def templates_reset(
    kind: Annotated[str, _KIND],
    language: Annotated[str, _LANGUAGE] = "id",
    channel: Annotated[str, _CHANNEL] = "all",
) -> None:
    """Go back to the text Loket came with."""
    from cli.templates import reset

    asyncio.run(reset(settings_or_exit(), kind, language, channel))


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
