"""`loket understand`: what texts are taken for; and the texts that were taken for nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import settings_or_exit

if TYPE_CHECKING:  # the vocabulary is read when it is needed
    from conversations.understanding import Intent

understand = typer.Typer(help="What texts are taken for.", invoke_without_command=True, rich_markup_mode=None)


@understand.callback()
def understand_lines(context: typer.Context) -> None:
    """Read one text a line and print what Loket makes of it: intent, confidence, text."""
    if context.invoked_subcommand is None:
        from conversations.understanding.lines import label_lines

        for labelled in label_lines(line.rstrip("\n") for line in sys.stdin):
            print(labelled, flush=True)


@understand.command("unmatched")
def understand_unmatched(
    label: Annotated[
        list[str] | None, typer.Option(metavar="ID=INTENT", help="Say what a text means; repeatable.")
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Print what has a label: intent, language, text.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """Show texts that nobody understood, the newest first, without names and numbers: id, how often, best guess, text."""
    labels = [_label(each) for each in label or ()]
    asyncio.run(_unmatched(labels, is_export=export, limit=limit))


def _label(written: str) -> tuple[int, Intent]:
    from conversations.understanding import Intent

    text_id, _, meaning = written.partition("=")
    try:
        return int(text_id), Intent(meaning)
    except ValueError:
        known = ", ".join(Intent)
        raise typer.BadParameter(f"write it as 12=check_bill; intents are {known}") from None


async def _unmatched(labels: Sequence[tuple[int, Intent]], *, is_export: bool, limit: int) -> None:
    from core.bootstrap import bootstrap
    from core.messaging import unmatched
    from core.platform.errors import NotFound

    async with bootstrap(settings_or_exit()) as services:
        try:
            async with services.uow.write() as tx:
                for text_id, meaning in labels:
                    await unmatched.label(tx, text_id, meaning)
        except NotFound:
            print("There is no text of one of these numbers; nothing was labelled.", file=sys.stderr)
            raise SystemExit(1) from None
        async with services.uow.read() as tx:
            found = await unmatched.listed(tx, labelled=is_export, limit=limit)
    for each in found:
        if is_export:
            print(f"{each.label}\t{each.language or 'id'}\t{each.text}")
        else:
            print(f"{each.id:>6}  {each.times:>4}  {each.guess:<16}  {each.text}")
