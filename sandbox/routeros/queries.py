"""Query words: a small stack machine that says which rows are wanted (routeros contract §1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_STEP = re.compile(r"\d+|[!&|.]")


class BadQuery(Exception):
    """A query word that asks for values the stack does not hold."""


def matches(row: Mapping[str, str], queries: Sequence[str]) -> bool:
    """Whether a row is wanted; what is left on the stack in the end must all be true."""
    stack: list[bool] = []
    for word in queries:
        if word.startswith("?#"):
            _operate(stack, word[2:])
        else:
            stack.append(_holds(row, word[1:]))
    return all(stack)


def sole_equality(queries: Sequence[str]) -> tuple[str, str] | None:
    """The column and value of a query that is nothing but one comparison; None for any other."""
    if len(queries) != 1 or queries[0][1:2] in {"#", "<", ">", "-"}:
        return None
    name, equals, value = queries[0][1:].removeprefix("=").partition("=")
    return (name, value) if equals else None


def _holds(row: Mapping[str, str], test: str) -> bool:
    if test.startswith("-"):
        return test[1:] not in row
    if test.startswith(("<", ">")):
        return _compares(row, test)
    name, equals, value = test.removeprefix("=").partition("=")
    return row.get(name) == value if equals else name in row


def _compares(row: Mapping[str, str], test: str) -> bool:
    name, _, value = test[1:].partition("=")
    if name not in row:
        return False
    held = row[name]
    if held.isdecimal() and value.isdecimal():
        return int(held) < int(value) if test[0] == "<" else int(held) > int(value)
    return held < value if test[0] == "<" else held > value


def _operate(stack: list[bool], operation: str) -> None:
    try:
        for step in _STEP.findall(operation):
            _take_step(stack, step)
    except IndexError as error:
        raise BadQuery(operation) from error
    if operation[-1:].isdigit():
        # An index at the very end replaces everything by the value it points to.
        stack[:] = stack[-1:]


def _take_step(stack: list[bool], step: str) -> None:
    if step == "!":
        stack.append(not stack.pop())
    elif step == "&":
        right, left = stack.pop(), stack.pop()
        stack.append(left and right)
    elif step == "|":
        right, left = stack.pop(), stack.pop()
        stack.append(left or right)
    elif step == ".":
        stack.append(stack[-1])
    else:
        stack.append(stack[-1 - int(step)])
