"""The business's own questions about customers (phpnuxbill-1 contract §7.10)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from api.nuxbill.actions import OFFICE, POST, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused, Reply
from core.preferences.types import CustomField

customfield = Controller("customfield", roles=OFFICE, fallback="")

_KINDS = frozenset({"text", "date", "time", "number", "option"})
_MOST_FIELDS = 50
_FAILED = "Failed to save custom fields!"
_COLUMNS = ("name", "order", "type", "placeholder", "value", "register", "required")


@customfield.action(gives="fields")
async def show_fields(call: Call) -> Reply:
    """The questions, in their order."""
    fields = [field_row(each) for each in call.preferences.custom_fields]
    return Page("Custom Fields", "settings", {"fields": fields})


@customfield.action(
    "save",
    methods=POST,
    takes=(*(Param(f"{column}[]") for column in _COLUMNS), Param("fields", "The same as a JSON list.")),
    likeness=Likeness.STRICTER,
    because="Two questions of one name are refused.",
)
async def save_fields(call: Call) -> Reply:
    """Replace all questions; one without a name is dropped."""
    fields = [field for field in map(_read, _given(call)) if field.name]
    if len({field.name for field in fields}) < len(fields) or len(fields) > _MOST_FIELDS:
        raise Refused(_FAILED)
    ordered = sorted(fields, key=lambda field: field.rank)
    await call.services.preferences.change({"custom_fields": ordered}, actor=call.actor)
    return Done("Successfully saved custom fields!")


def field_row(field: CustomField) -> dict[str, object]:
    """A question as clients know it."""
    return {
        "order": field.rank,
        "name": field.name,
        "type": field.kind,
        "placeholder": field.placeholder,
        "value": field.options,
        "register": int(field.at_registration),
        "required": int(field.is_required),
    }


def _given(call: Call) -> list[Mapping[str, str]]:
    listed = call.posted("fields")
    if not listed:
        columns = {column: call.texts(column) for column in _COLUMNS}
        return [
            {column: items[at] for column, items in columns.items() if at < len(items)}
            for at in range(len(columns["name"]))
        ]
    try:
        found = json.loads(listed)
    except ValueError as error:
        raise Refused(_FAILED) from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Refused(_FAILED)
    return [{key: str(value) for key, value in each.items()} for each in found]


def _read(given: Mapping[str, str]) -> CustomField:
    name = re.sub(r"[^a-z0-9_]", "", given.get("name", "").strip().lower().replace(" ", "_"))
    kind = given.get("type", "text")
    rank = given.get("order", "")
    return CustomField(
        name=name[:60],
        kind=kind if kind in _KINDS else "text",
        placeholder=given.get("placeholder", "")[:120],
        options=given.get("value", "")[:500],
        at_registration=given.get("register") == "1",
        is_required=given.get("required") == "1",
        rank=int(rank) if rank.isdigit() and len(rank) < 5 else 99,
    )
