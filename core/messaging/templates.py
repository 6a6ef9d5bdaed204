"""The words of a notice: what staff have written for its kind, language and channel, else what the catalogs say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, bindparam, select

from core.messaging.kinds import KINDS, Given, Notice
from core.messaging.ports import ApprovedTemplate
from core.messaging.tables import notice_templates
from core.platform import i18n
from core.platform.i18n import Argument, Language, Message, Rupiah
from core.platform.money import counted
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx

#: A template for this channel serves every channel that has none of its own.
ALL_CHANNELS = "all"

_EDITED = Prepared(
    select(
        notice_templates.c.channel,
        notice_templates.c.body,
        notice_templates.c.approved_name,
        notice_templates.c.approved_fields,
    ).where(
        notice_templates.c.kind == bindparam("kind"),
        notice_templates.c.language == bindparam("language"),
        notice_templates.c.channel.in_((ALL_CHANNELS, bindparam("channel"))),
    )
)


class Wording(Struct, frozen=True):
    """A notice in words. `approved` is what WhatsApp wants instead of them outside its 24 hours."""

    text: str
    approved: ApprovedTemplate | None = None


async def worded(
    tx: ReadTx,
    kind: Notice,
    args: Mapping[str, Given],
    *,
    language: Language,
    channel: str,
    is_plain: bool,
) -> Wording:
    """Write a notice the way it is to be read on a channel; `args` must hold all fields of its kind."""
    rows = await tx.rows(_EDITED, kind=kind, language=language, channel=channel)
    edited = max(rows, key=lambda row: str(row.channel != ALL_CHANNELS), default=None)
    return _written(kind, args, language, edited, is_plain=is_plain)


def _written(
    kind: Notice, args: Mapping[str, Given], language: Language, edited: Row[Any] | None, *, is_plain: bool
) -> Wording:
    if edited is None:
        return Wording(catalog_text(kind, args, language, is_plain=is_plain))
    values = {name: spelled(value, language, is_plain=is_plain) for name, value in args.items()}
    approved = None
    if edited.approved_name:
        given = tuple(values[name] for name in edited.approved_fields or ())
        code = values["code"] if kind is Notice.OTP else ""
        approved = ApprovedTemplate(edited.approved_name, language, given, code)
    return Wording(tidy(edited.body.format_map(values), is_plain=is_plain), approved)


def catalog_text(kind: Notice, args: Mapping[str, Given], language: Language, *, is_plain: bool) -> str:
    """What the catalogs say, for whom nobody has written something else."""
    given = {name: _in_words(value, language, is_plain=is_plain) for name, value in args.items()}
    return tidy(i18n.text(KINDS[kind].text, language, **given), is_plain=is_plain)


def spelled(value: Given, language: Language, *, is_plain: bool) -> str:
    """A value the way its reader expects it; plainly, money is a number of rupiah and not a sign."""
    return i18n.spelled(_in_words(value, language, is_plain=is_plain), language)


def _in_words(value: Given, language: Language, *, is_plain: bool) -> Argument:
    if isinstance(value, Message):
        return value.render(language)
    return counted(value.amount, language) if is_plain and isinstance(value, Rupiah) else value


def tidy(text: str, *, is_plain: bool) -> str:
    """Without blanks at its end, where a field may have been empty.

    Plainly: without pictures and without marks for bold, which a screen reader would read out.
    """
    text = text.rstrip()
    if not is_plain:
        return text
    unmarked = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]*?[^\s*])\*(?![\w*])", r"\1", text)
    bare = "".join(c for c in unmarked if not _is_picture(c))
    return "\n".join(re.sub(r" {2,}", " ", line).strip() for line in bare.split("\n"))


def _is_picture(character: str) -> bool:
    """Emoji and what joins and colours them; `Sk` holds their skin tones, but the caret and the backtick too."""
    kind = unicodedata.category(character)
    return kind in {"So", "Cs"} or character in "\ufe0f\u200d" or "\U0001f3fb" <= character <= "\U0001f3ff"
