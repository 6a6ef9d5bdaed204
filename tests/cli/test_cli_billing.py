"""What staff do about one customer's money from the command line: asked back, refused in words, audited as the operator."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Installation, Typed

WARUNG, BILL = "28900002", "261001001"
JOHN, OLD = "ISP00123", "230130001"


@pytest.fixture
def desk(typed: Typed) -> Typed:
    """Types `loket billing …`."""
    typed("demo", "load")
    return partial(typed, "billing")


def rows(demo: Installation, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(demo.folder / "loket.db")) as database:
        return list(database.execute(query))


def test_money_is_taken_in_and_taken_back(demo: Installation, desk: Typed) -> None:
    part = desk("confirm", WARUNG, "100000", "K-1", answer="y\n")
    assert (part.status, "Rp200.000 is still owed." in part.out) == (0, True)
    again = desk("confirm", WARUNG, "100000", "K-1", "--yes")
    assert (again.status, "booked before" in again.out) == (0, True)
    desk("confirm", WARUNG, "210000", "K-2", "--yes")
    several = desk("reverse", WARUNG, BILL, "--reason", "cek kosong", "--yes")
    assert (several.status, "name one with --payment" in several.err) == (1, True)
    [(first,)] = rows(demo, "SELECT id FROM payments WHERE reference = 'K-1'")
    taken = "reverse", WARUNG, BILL, "--payment", str(first), "--reason", "cek kosong"
    assert "reversal of Rp100.000" in desk(*taken, answer="y\n").out
    shown = desk("show", WARUNG).out
    assert "Owes Rp100.000, has Rp10.000 credit." in shown
    assert "(taken back)" in shown
    assert {row for row in rows(demo, "SELECT actor, action FROM audit_log") if row[0] == "operator"} == {
        ("operator", "payment_booked"),
        ("operator", "advance_booked"),
        ("operator", "reversal"),
    }


def test_bills_are_corrected_once_and_only_when_it_is_meant(demo: Installation, desk: Typed) -> None:
    unsure = desk("waive", JOHN, OLD, "--reason", "gangguan", answer="n\n")
    assert (unsure.status, "Give up Rp277.500" in unsure.out) == (1, True)
    note = "credit-note", JOHN, OLD, "27500", "--reason", "gangguan", "--yes"
    assert "credit note of Rp27.500" in desk(*note).out
    assert "nothing was changed" in desk(*note).out
    waived = desk("waive", JOHN, OLD, "--reason", "gangguan", "--yes")
    assert "waiver of Rp250.000" in waived.out
    foreign = desk("waive", WARUNG, OLD, "--reason", "gangguan", "--yes")
    assert (foreign.status, foreign.err) == (1, "There is no such bill for this service number.\n")
    assert desk("show", "0").err == ("That service number was not found. Please check it again.\n")
    assert rows(demo, "SELECT kind, amount, actor FROM corrections ORDER BY id") == [
        ("credit_note", 27_500, "operator"),
        ("waiver", 250_000, "operator"),
    ]


def test_terms_and_charges_are_agreed(demo: Installation, desk: Typed) -> None:
    desk("terms", JOHN, "--due-day", "20", "--yes")
    desk("terms", JOHN, "--never-isolate", "--yes")
    kept = "charge", "--monthly", "--yes", "--", JOHN, "Potongan setia", "-25000"
    assert "Charge 1" in desk(*kept).out
    shown = desk("show", JOHN).out
    assert "Bills fall due on day 20, unpaid ones never close the lines." in shown
    assert "Potongan setia" in shown
    assert desk("end-charge", JOHN, "1", "2026-13", "--yes").status == 2
    assert desk("end-charge", WARUNG, "1", "2026-12", "--yes").status == 1
    assert "ends with 2030-12" in desk("end-charge", JOHN, "1", "2030-12", "--yes").out
    desk("advance", JOHN, "50000", "A-1", "--yes")
    shown = desk("show", JOHN).out
    assert "Rp50.000 credit" in shown
    assert "to 2030-12" in shown


def test_status_shows_what_an_owner_looks_at_first(demo: Installation, desk: Typed) -> None:
    desk("confirm", WARUNG, "300000", "K-1", "--yes")
    shown = CliRunner().invoke(app, ["status"], env=demo.environ).stdout
    assert "Paid today         Rp300.000 in 1 payments" in shown or "Rp600.000 in 2 payments" in shown
    assert "Still owed         Rp1.827.500 in 5 bills" in shown
    assert "Parked             nothing" in shown
    assert "Monthly run        never yet" in shown
    looked = desk("isolate", "--confirm", "--yes")
    assert (looked.status, "0 of 6 lines are to be closed" in looked.out) == (0, True)
