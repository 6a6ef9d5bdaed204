"""`loket transcript …`: a real chat written down without its owner, and played again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import settings_or_exit

transcript = typer.Typer(help="Chats to show and to play again.", no_args_is_help=True, rich_markup_mode=None)


@transcript.command("export")
def transcript_export(
    chat: Annotated[str, typer.Argument(help="The chat's number, or the phone that writes in it.")],
) -> None:
    """Write down what was said in a chat in the last days, as if it had been a customer of the demo."""
    from cli.transcripts import exported
    from conversations.transcripts import written

    found = asyncio.run(exported(settings_or_exit(), chat))
    if found is None:
        print("There is no such chat, or nothing of it is kept any more.", file=sys.stderr)
        raise SystemExit(1)
    print(written(found), end="")


@transcript.command("replay")
def transcript_replay(
    file: Annotated[Path, typer.Argument(help="What `loket transcript export` wrote.", exists=True)],
) -> None:
    """Play a chat on a scratch database with the demo data, and show every answer that reads otherwise now."""
    from cli.transcripts import replayed
    from conversations.transcripts import differences, read

    try:
        before = read(file.read_text())
    except ValueError as problem:
        print(f"{file}: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    told = differences(before.lines, asyncio.run(replayed(settings_or_exit(), before)))
    print("\n".join(told) or f"All {len(before.lines)} answers read as they did.")
    if told:
        raise SystemExit(1)
