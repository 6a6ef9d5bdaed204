"""`loket templates …`: the words of notices, seen, tried, written anew, taken back."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from core.bootstrap import bootstrap
from core.messaging.editing import Templates, place_of
from core.messaging.kinds import KINDS
from core.platform import i18n
from core.platform.errors import Invalid
from core.settings import Settings


async def show_all(settings: Settings) -> None:
    """Print one line for each text."""
    async with _templates(settings) as templates:
        for each in await templates.listed():
            place, who = each.place, each.edited_by or "-"
            category = KINDS[place.kind].category
            print(f"{place.kind:<17} {place.language:<3} {place.channel:<9} {category:<10} edited by {who}")


async def show(settings: Settings, kind: str, language: str, channel: str) -> None:
    """Print the text with its blanks, below what it may use."""
    async with _templates(settings) as templates:
        found = await templates.shown(place_of(kind, language, channel))
    known = KINDS[found.place.kind]
    print(f"Blanks: {', '.join(sorted(known.fields))}; needed: {', '.join(sorted(known.needs)) or 'none'}")
    if found.approved_name:
        print(
            f"Approved by WhatsApp as {found.approved_name}: {', '.join(found.approved_fields) or 'no blanks'}"
        )
    print(f"Edited by {found.edited_by}.\n" if found.edited_by else "As Loket came.\n")
    print(found.body)


async def preview(settings: Settings, kind: str, language: str, channel: str) -> None:
    """Print what a reader would get."""
    async with _templates(settings) as templates:
        print(await templates.preview(place_of(kind, language, channel)))


async def edit(
    settings: Settings,
    where: tuple[str, str, str],
    text: str,
    approved_name: str | None,
    approved_fields: Sequence[str],
) -> None:
    """Keep a text and print what a reader would get."""
    async with _templates(settings) as templates:
        shown = await templates.edit(
            place_of(*where),
            text,
            actor=_who(),
            approved_name=approved_name,
            approved_fields=approved_fields,
        )
    print(f"Kept. This is how it reads:\n\n{shown}")


async def reset(settings: Settings, kind: str, language: str, channel: str) -> None:
    """Take an edited text back."""
    async with _templates(settings) as templates:
        was_edited = await templates.reset(place_of(kind, language, channel), actor=_who())
    print("It reads again as Loket came." if was_edited else "It has not been edited.")


@asynccontextmanager
async def _templates(settings: Settings) -> AsyncIterator[Templates]:
    """A refusal is printed in words, with exit status 1."""
    try:
        async with bootstrap(settings) as services:
            yield services.templates
    except Invalid as refusal:
        print(i18n.text(f"error.{refusal.reason}", "en", **refusal.facts), file=sys.stderr)
        raise SystemExit(1) from None


def _who() -> str:
    """The audit log names the account of the machine."""
    return f"shell:{getpass.getuser()}"[:64]
