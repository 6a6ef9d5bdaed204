"""What an edited text of a notice may be: whole, bounded, and asking for nothing its kind does not know."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Iterable

from core.platform.errors import Invalid

#: What WhatsApp takes as the body of a template (whatsapp contract §2.1), and what people read (conversations.md).
LONGEST, MOST_LINES = 1024, 10
_APPROVED_NAME = re.compile(r"[a-z0-9_]{1,512}")


def check_text(body: str, *, allowed: Collection[str], needed: Collection[str]) -> None:
    """Raises `Invalid` with the first thing that is wrong: `template_empty`, `_characters`, `_long`, `_braces`, `_blank`, `_missing`."""
    if not body.strip():
        raise Invalid("template_empty")
    if any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} and c != "\n" for c in body):
        raise Invalid("template_characters")
    if len(body) > LONGEST or body.count("\n") >= MOST_LINES:
        raise Invalid("template_long", longest=LONGEST, lines=MOST_LINES)
    used = blanks_of(body)
    unknown = sorted(used - set(allowed))
    if unknown:
        raise Invalid("template_blank", name=unknown[0], allowed=_listed(allowed))
    missing = sorted(set(needed) - used)
    if missing:
        raise Invalid("template_missing", missing=_listed(missing))


def blanks_of(body: str) -> set[str]:
    """The blanks of a text; raises `Invalid("template_braces")` for anything between braces but a name."""
    try:
        parts = list(string.Formatter().parse(body))
    except ValueError:
        raise Invalid("template_braces", example="{name}") from None
    if any(name is not None and (not name or spec or conversion) for _, name, spec, conversion in parts):
        raise Invalid("template_braces", example="{name}")
    return {name for _, name, _, _ in parts if name}


def check_approved(name: str, fields: Iterable[str], *, allowed: Collection[str]) -> None:
    """What WhatsApp approved under a name; raises `Invalid("template_approved")`, `Invalid("template_blank")`."""
    if not _APPROVED_NAME.fullmatch(name):
        raise Invalid("template_approved")
    for field in fields:
        if field not in allowed:
            raise Invalid("template_blank", name=field, allowed=_listed(allowed))


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
