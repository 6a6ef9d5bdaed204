"""Statements against our books: every planted error is found, and none is invented."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.partners.reconciliation import (
    Comparison,
    Difference,
    Kind,
    Name,
    Ours,
    Theirs,
    as_csv,
    compared,
    statement,
)
from core.partners.types import State
from core.platform.errors import Invalid

AMOUNTS = st.integers(1, 10**9)


def paid(ref: str, amount: int, state: State = State.SUCCESS, number: int = 0, *, back: bool = False) -> Ours:
    return Ours(Name(ref, back), amount, state, number)


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Ours], list[Ours], list[Theirs], set[tuple[Kind, str, bool]]]:
    """A day of ours, the days around it, the partner's statement of it, and the errors that were planted."""
    ours: list[Ours] = []
    elsewhere: list[Ours] = []
    theirs: list[Theirs] = []
    planted: set[tuple[Kind, str, bool]] = set()
    for number in range(draw(st.integers(0, 30))):
        ref, amount = f"R-{number}", draw(AMOUNTS)
        back = draw(st.booleans())
        name = Name(ref, back)
        match draw(
            st.sampled_from(["good", "lost", "strange", "differs", "twice", "failed", "pending", "other day"])
        ):
            case "good":
                ours.append(paid(ref, amount, back=back))
                theirs.append(Theirs(name, amount))
            case "lost":
                ours.append(paid(ref, amount, back=back))
                planted.add((Kind.OURS_ONLY, ref, back))
            case "strange":
                theirs.append(Theirs(name, amount))
                planted.add((Kind.THEIRS_ONLY, ref, back))
            case "differs":
                ours.append(paid(ref, amount, back=back))
                theirs.append(Theirs(name, amount + draw(st.integers(1, 1000))))
                planted.add((Kind.AMOUNT_DIFFERS, ref, back))
            case "twice":
                ours.append(paid(ref, amount, back=back))
                theirs += [Theirs(name, amount)] * 2
                planted.add((Kind.THEIRS_ONLY, ref, back))
            case "failed":
                ours.append(paid(ref, amount, State.FAILED))
                if draw(st.booleans()):
                    theirs.append(Theirs(Name(ref, is_reversal=False), amount))
                    planted.add((Kind.THEIRS_ONLY, ref, False))
            case "pending":
                ours.append(paid(ref, amount, State.PENDING))
                if draw(st.booleans()):
                    theirs.append(Theirs(Name(ref, is_reversal=False), amount))
                    planted.add((Kind.UNDECIDED, ref, False))
            case _:
                elsewhere.append(paid(ref, amount, back=back))
                theirs.append(Theirs(name, amount))
    return ours, elsewhere, draw(st.permutations(theirs)), planted


@given(days())
def test_every_planted_error_is_found_and_none_is_invented(
    day: tuple[list[Ours], list[Ours], list[Theirs], set[tuple[Kind, str, bool]]],
) -> None:
    ours, elsewhere, theirs, planted = day
    result = compared(ours, elsewhere, theirs)
    found = [(each.kind, each.ref_number, each.is_reversal) for each in result.differences]
    assert sorted(found) == sorted(planted)
    from_theirs = sum(each.kind is not Kind.OURS_ONLY for each in result.differences)
    assert result.matched == len(theirs) - from_theirs


@given(days())
def test_a_statement_says_the_same_in_json_and_in_csv(
    day: tuple[list[Ours], list[Ours], list[Theirs], set[tuple[Kind, str, bool]]],
) -> None:
    _, _, theirs, _ = day
    rows = [
        {
            "refNumber": line.name.ref_number,
            "amount": -line.amount if line.name.is_reversal else line.amount,
            "status": "REVERSED" if line.name.is_reversal else "SUCCESS",
        }
        for line in theirs
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, ["refNumber", "amount", "status"])
    writer.writeheader()
    writer.writerows(rows)
    assert statement(text.getvalue().encode()) == theirs
    assert statement(text.getvalue().replace(",", ";").encode("utf-8-sig")) == theirs
    assert statement(json.dumps(rows).encode()) == theirs
    assert statement(json.dumps({"lines": rows}).encode()) == theirs


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    with suppress(Invalid):
        assert isinstance(statement(content), list)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff\xfe", 0),
        (b"", 0),
        (b"ref,amount\nA,1\n", 0),
        (b"{", 0),
        (b'{"lines": 5}', 0),
        (b'[{"refNumber": "A", "amount": 5}, 7]', 2),
        (b"refNumber,amount\nA,5\nB,five\n", 2),
        (b"refNumber,amount\nA,302.500\n", 1),
        (b"refNumber,amount\nA,5.5\n", 1),
        (b"refNumber,amount\n,5\n", 1),
        (b"refNumber,amount\n" + b"x" * 65 + b",5\n", 1),
        (b'[{"refNumber": "A", "amount": true}]', 1),
        (b'[{"refNumber": "A"}]', 1),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, line: int) -> None:
    with pytest.raises(Invalid) as refused:
        statement(content)
    assert refused.value.facts == {"line": line}


def test_what_the_partner_does_not_count_is_left_out() -> None:
    content = b"REFNUMBER,Amount,STATUS,date\nA,5.00,FAILED,\nB,5.00,sukses,\n,10,,TOTAL\n"
    assert statement(content) == [Theirs(Name("B", is_reversal=False), 5)]


def test_a_result_can_be_opened_in_a_spreadsheet() -> None:
    result = Comparison(
        2, 10, (Difference(Kind.OURS_ONLY, "A", is_reversal=False, our_amount=5, transaction_id=1),)
    )
    assert as_csv(result.matched, result.matched_amount, result.differences).decode().splitlines() == [
        "kind,refNumber,isReversal,ourAmount,theirAmount,transactionId",
        "oursOnly,A,False,5,,1",
        "matched,2,,10,10,",
    ]
