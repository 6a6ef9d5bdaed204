"""Forms: what a request may bring, declared on frozen Structs and checked all at once (mywifi contract §1).

A field is `Annotated[str, Text(longest=255)]`; its rule reads the value, words the complaint and describes itself for
the API document. A field with a default is optional, and an empty value counts as none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct

from api.rules import Confirmed, Rule, Wrong

Form = TypeVar("Form", bound=Struct)
Complaints = dict[str, list[str]]
#: A look at what only the domain knows, given the values that are good so far. Its complaints join the others, except
#: about a field that has some already.
Check = Callable[[Mapping[str, Any]], Awaitable[Complaints]]


class Repeated(list[str]):
    """A plain field that came several times, as `a=1&a=2`; a rule for a single value takes the last one."""


class ValidationFailed(Exception):
    """A form with complaints. `missing` names the required fields that did not come at all."""

    def __init__(self, errors: Complaints, missing: frozenset[str] = frozenset()) -> None:
        self.errors, self.missing = errors, missing
        super().__init__(", ".join(errors))


class Field(NamedTuple):
    """One field of a form, compiled."""

    name: str
    rule: Rule
    is_required: bool
    is_confirmed: bool

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")


@cache
def fields_of(form: type[Struct]) -> tuple[Field, ...]:
    """A form's fields in order; raises `TypeError` when one has no rule."""
    hints = get_type_hints(form, include_extras=True)
    return tuple(
        _field(each.name, hints[each.name], is_required=each.default is NODEFAULT)
        for each in msgspec.structs.fields(form)
    )


def _field(name: str, hint: Any, *, is_required: bool) -> Field:
    metadata = getattr(hint, "__metadata__", ())
    rules = [each for each in metadata if isinstance(each, Rule)]
    if len(rules) != 1:
        raise TypeError(f"the form field {name} needs exactly one rule")
    confirmed = any(isinstance(each, Confirmed) for each in metadata)
    return Field(name, rules[0], is_required, confirmed)


async def fill(form: type[Form], given: Mapping[str, object], check: Check | None = None) -> Form:
    """The form filled with what was given; unknown fields are ignored. Raises `ValidationFailed` with every complaint."""
    values, errors, missing = _read(form, given)
    if check is not None:
        for name, texts in (await check(values)).items():
            errors.setdefault(name, texts)
    if errors:
        raise ValidationFailed(_in_order(form, errors), frozenset(missing))
    return form(**values)


def _in_order(form: type[Struct], errors: Complaints) -> Complaints:
    """Complaints in the order of the form's fields, whoever made them."""
    return {field.name: errors[field.name] for field in fields_of(form) if field.name in errors}


def _read(form: type[Struct], given: Mapping[str, object]) -> tuple[dict[str, object], Complaints, set[str]]:
    values: dict[str, object] = {}
    errors: Complaints = {}
    missing: set[str] = set()
    for field in fields_of(form):
        value = _cleaned(given.get(field.name), field.rule)
        if value is None:
            if field.is_required:
                missing.add(field.name)
                errors[field.name] = [f"The {field.label} field is required."]
        elif texts := _complaints(field, value, given, values):
            errors[field.name] = texts
    return values, errors, missing


def _complaints(
    field: Field, value: object, given: Mapping[str, object], values: dict[str, object]
) -> list[str]:
    """What is wrong with a value; a good one is put into `values`."""
    texts = []
    try:
        values[field.name] = field.rule.read(value)
    except Wrong as wrong:
        texts = [wrong.text.format(field=field.label)]
    if field.is_confirmed and given.get(f"{field.name}_confirmation") != given.get(field.name):
        texts.append(f"The {field.label} confirmation does not match.")
    return texts


def _cleaned(value: object, rule: Rule) -> object:
    """Trimmed text, the last of several, and None for whatever is empty."""
    if isinstance(value, Repeated) and not rule.takes_many:
        value = value[-1]
    if isinstance(value, str):
        trimmed = value.strip()
        return (trimmed if rule.trims else value) if trimmed else None
    return None if value == [] else value
