"""What staff can do about the words of notices: see them, write them anew, try them out, take them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, select

from core.audit.log import record
from core.messaging.kinds import COMMON, KINDS, Notice
from core.messaging.recipients import TELEGRAM, WHATSAPP
from core.messaging.rules import check_approved, check_text
from core.messaging.tables import notice_templates
from core.messaging.templates import ALL_CHANNELS, catalog_text, spelled, tidy, worded
from core.platform.errors import Invalid
from core.platform.i18n import LANGUAGES, Language
from core.platform.uow import UnitOfWork, WriteTx
from core.settings import Settings

CHANNELS = (ALL_CHANNELS, WHATSAPP, TELEGRAM)


class Place(Struct, frozen=True):
    """Which text is meant."""

    kind: Notice
    language: Language
    channel: str = ALL_CHANNELS

    @property
    def subject(self) -> str:
        return f"template:{self.kind}.{self.language}.{self.channel}"


class Template(Struct, frozen=True):
    """A text with its blanks open; `edited_by` is None while the catalogs speak."""

    place: Place
    body: str
    edited_by: str | None = None
    approved_name: str | None = None
    approved_fields: tuple[str, ...] = ()


def place_of(kind: str, language: str, channel: str = ALL_CHANNELS) -> Place:
    """Read what people typed; raises `Invalid("template_kind")`."""
    if kind not in set(Notice) or language not in LANGUAGES or channel not in CHANNELS:
        raise Invalid("template_kind")
    return Place(Notice(kind), "en" if language == "en" else "id", channel)


class Templates:
    """Each method is one use case and one transaction; `actor` is who the audit log names."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    async def listed(self) -> tuple[Template, ...]:
        """Every kind in every language, with the texts of single channels below."""
        async with self._uow.read() as tx:
            rows = await tx.all(select(notice_templates))
        edited = {place: row for row in rows if (place := _stored_at(row)) is not None}
        places = {Place(kind, language): None for kind in Notice for language in LANGUAGES} | dict.fromkeys(
            edited
        )
        order = {kind: number for number, kind in enumerate(Notice)}
        ordered = sorted(places, key=lambda each: (order[each.kind], each.language, each.channel))
        return tuple(_template(place, edited.get(place)) for place in ordered)

    async def shown(self, place: Place) -> Template:
        """The text as it stands at a place, be it the catalogs'."""
        async with self._uow.read() as tx:
            row = await tx.first(select(notice_templates).where(_at(place)))
        return _template(place, row)

    async def edit(
        self,
        place: Place,
        body: str,
        *,
        actor: str,
        approved_name: str | None = None,
        approved_fields: Sequence[str] = (),
    ) -> str:
        """Keep a new text and return it as its reader would see it; raises `Invalid` as `rules.check_text` says."""
        kind = KINDS[place.kind]
        body = body.replace("\r\n", "\n").strip()
        check_text(body, allowed=kind.fields, needed=kind.needs)
        if approved_name is not None:
            check_approved(approved_name, approved_fields, allowed=kind.fields)
        values: dict[str, Any] = {
            "body": body,
            "approved_name": approved_name,
            "approved_fields": list(approved_fields),
            "updated_by": actor,
        }
        async with self._uow.write() as tx:
            values["updated_at"] = tx.now
            fresh = await tx.insert_new(
                notice_templates, kind=place.kind, language=place.language, channel=place.channel, **values
            )
            if not fresh:
                await tx.execute(notice_templates.update().where(_at(place)).values(values))
            await _note(tx, actor, "template_edited", place)
        return self.tried(place, body)

    async def reset(self, place: Place, *, actor: str) -> bool:
        """Let the catalogs speak again; False when they do already."""
        async with self._uow.write() as tx:
            removed = await tx.execute(notice_templates.delete().where(_at(place))) > 0
            if removed:
                await _note(tx, actor, "template_reset", place)
        return removed

    def tried(self, place: Place, body: str) -> str:
        """A text with sample data in its blanks; raises `Invalid` as `rules.check_text` says."""
        kind, is_plain = KINDS[place.kind], self._settings.plain_notices
        check_text(body, allowed=kind.fields, needed=kind.needs)
        samples = {**COMMON, "business": self._settings.business_name, **kind.samples}
        values = {name: spelled(value, place.language, is_plain=is_plain) for name, value in samples.items()}
        return tidy(body.format_map(values), is_plain=is_plain)

    async def preview(self, place: Place) -> str:
        """What a reader at a place would get today, with sample data."""
        samples = {**COMMON, "business": self._settings.business_name, **KINDS[place.kind].samples}
        async with self._uow.read() as tx:
            wording = await worded(
                tx,
                place.kind,
                samples,
                language=place.language,
                channel=place.channel,
                is_plain=self._settings.plain_notices,
            )
        return wording.text


def _at(place: Place) -> ColumnElement[bool]:
    row = notice_templates.c
    return and_(row.kind == place.kind, row.language == place.language, row.channel == place.channel)


def _stored_at(row: Any) -> Place | None:
    """None for a kind that an older version knew."""
    return place_of(row.kind, row.language, row.channel) if row.kind in set(Notice) else None


def _template(place: Place, row: Any) -> Template:
    if row is None:
        return Template(place, _with_blanks(place))
    return Template(place, row.body, row.updated_by, row.approved_name, tuple(row.approved_fields or ()))


def _with_blanks(place: Place) -> str:
    names = KINDS[place.kind].fields
    return catalog_text(place.kind, {name: f"{{{name}}}" for name in names}, place.language, is_plain=False)


async def _note(tx: WriteTx, actor: str, action: str, place: Place) -> None:
    details = {"kind": str(place.kind), "language": place.language, "channel": place.channel}
    await record(tx, actor=actor, action=action, subject=place.subject, details=details)
