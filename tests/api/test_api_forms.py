"""The form reader by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from api.forms import Complaints, Repeated, ValidationFailed, fields_of, fill
from api.rules import Confirmed, Decimal, Digits, EmailAddress, OneOf, Password, SomeOf, Spelled, Text, Whole


class Order(Struct, frozen=True):
    """A form with a rule of each kind."""

    title: Annotated[str, Text(longest=10)]
    count: Annotated[int, Whole(1, 99)]
    secret: Annotated[str | None, Password(shortest=3), Confirmed()] = None
    weight: Annotated[float | None, Decimal(0, 10)] = None
    code: Annotated[str | None, Spelled()] = None
    digits: Annotated[str | None, Digits(2, 4)] = None
    email: Annotated[str | None, EmailAddress()] = None
    size: Annotated[str, OneOf(("S", "M"), also={"small": "S"})] = "M"
    colours: Annotated[frozenset[str], SomeOf(OneOf(("red", "blue")))] = frozenset()


GOOD = {"title": "Tea", "count": 3}


async def _complaints(**given_values: object) -> Complaints:
    with pytest.raises(ValidationFailed) as failed:
        await fill(Order, {**GOOD, **given_values})
    return failed.value.errors


async def test_a_form_is_filled_with_values_of_its_types() -> None:
    order = await fill(
        Order,
        {
            "title": "  Tea ",
            "count": "3",
            "secret": " abc ",
            "secret_confirmation": " abc ",
            "weight": "1.5",
            "code": 42,
            "digits": "007",
            "size": "Small",
            "colours": "red, blue",
            "unknown": "ignored",
        },
    )
    expected = Order("Tea", 3, " abc ", 1.5, "42", "007", None, "S", frozenset({"red", "blue"}))
    assert order == expected
    assert msgspec.convert(msgspec.to_builtins(order), Order) == order


async def test_what_is_missing_is_told_apart_from_what_is_wrong() -> None:
    with pytest.raises(ValidationFailed) as failed:
        await fill(Order, {"title": " ", "count": "many"})
    assert failed.value.missing == {"title"}
    assert failed.value.errors == {
        "title": ["The title field is required."],
        "count": ["The count must be an integer."],
    }


async def test_optional_fields_take_their_default_when_empty() -> None:
    nothings: list[object] = [None, "", "  ", []]
    for empty in nothings:
        order = await fill(Order, {**GOOD, "size": empty, "colours": empty, "weight": empty})
        assert (order.size, order.colours, order.weight) == ("M", frozenset(), None)


async def test_a_confirmation_must_match() -> None:
    mismatch = {"secret": ["The secret confirmation does not match."]}
    assert await _complaints(secret="abc") == mismatch
    assert await _complaints(secret="abc", secret_confirmation="abd") == mismatch
    both = await _complaints(secret="ab", secret_confirmation="x")
    assert both["secret"] == [
        "The secret must be at least 3 characters.",
        "The secret confirmation does not match.",
    ]


async def test_of_a_repeated_plain_field_the_last_counts_unless_many_are_wanted() -> None:
    order = await fill(
        Order, {"title": Repeated(["a", "b"]), "count": 1, "colours": Repeated(["red", "blue"])}
    )
    assert (order.title, order.colours) == ("b", frozenset({"red", "blue"}))


async def test_what_the_domain_knows_joins_the_other_complaints_but_repeats_none() -> None:
    async def check(values: Mapping[str, Any]) -> Complaints:
        assert values == {"title": "Tea"}
        return {"title": ["No tea today."], "count": ["Ask again."]}

    with pytest.raises(ValidationFailed) as failed:
        await fill(Order, {"title": "Tea", "count": "x"}, check)
    assert failed.value.errors == {"title": ["No tea today."], "count": ["The count must be an integer."]}


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("count", 0, "The count must be between 1 and 99."),
        ("weight", "nan", "The weight must be a number."),
        ("weight", "1e999", "The weight must be a number."),
        ("weight", 10**400, "The weight must be a number."),
        ("weight", True, "The weight must be a number."),
        ("weight", 11, "The weight must be between 0 and 10."),
        ("code", -1, "The code must be a string."),
        ("code", True, "The code must be a string."),
        ("digits", "12345", "The digits must be between 2 and 4 digits."),
        ("digits", "1 2", "The digits must be between 2 and 4 digits."),
        ("title", "\ud800", "The title format is invalid."),
        ("size", ["S"], "The selected size is invalid."),
        ("colours", "green", "The selected colours is invalid."),
        ("colours", 5, "The colours must be an array."),
    ],
)
async def test_every_rule_words_its_complaint(field: str, value: object, complaint: str) -> None:
    assert await _complaints(**{field: value}) == {field: [complaint]}


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(values=st.fixed_dictionaries({}, optional={field.name: _ANYTHING for field in fields_of(Order)}))
async def test_whatever_comes_a_form_is_filled_or_complained_about(values: dict[str, object]) -> None:
    try:
        order = await fill(Order, values)
    except ValidationFailed as failed:
        complaints = failed.errors
    else:
        assert msgspec.convert(msgspec.to_builtins(order), Order) == order
        return
    assert complaints
    assert all(complaints.values())


class Ruleless(Struct, frozen=True):
    """A form somebody forgot to finish."""

    title: str


def test_a_field_without_a_rule_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="title"):
        fields_of(Ruleless)
