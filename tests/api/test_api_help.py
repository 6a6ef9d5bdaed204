"""The help desk over HTTP (mywifi contract §6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from core.platform.clock import ManualClock
from tests.api.conftest import LogIn
from tests.api.support import Caller, example, shape

PROBLEM = {"help_type": 1, "help_solution": 1, "description": "Internet sering putus-putus."}


async def test_tickets_answer_like_the_document(john: Caller) -> None:
    answer = await john.get("/api/help", status="all", year=2024)
    assert (answer.status, answer.body) == (200, example("tickets", 200))
    assert shape(answer.body) == shape(example("tickets", 200))


async def test_open_tickets_of_this_year_are_shown_unless_asked_otherwise(
    john: Caller, log_in: LogIn
) -> None:
    assert (await john.get("/api/help")).body["data"] == []
    siti = await log_in("28900001")
    shown = (await siti.get("/api/help")).body["data"]
    assert [ticket["status"] for ticket in shown] == ["process"]
    await siti.post("/api/help/close", id=shown[0]["id"], remark="Sudah beres.")
    assert (await siti.get("/api/help")).body["data"] == []


@pytest.mark.parametrize(
    ("status", "count"),
    [
        ("all", 2),
        ("closed", 1),
        ("close", 1),
        ("CLOSED", 1),
        ("pending", 1),
        ("process", 0),
        ("pending,closed", 2),
    ],
)
async def test_the_status_filter_takes_words_lists_and_both_spellings(
    john: Caller, status: str, count: int
) -> None:
    opened = [(await john.post("/api/help", **PROBLEM)).body["data"]["id"] for _ in range(2)]
    await john.post("/api/help/close", id=opened[0], remark="Sudah beres.")
    assert len((await john.get("/api/help", status=status)).body["data"]) == count


async def test_newest_tickets_come_first(john: Caller) -> None:
    opened = [(await john.post("/api/help", **PROBLEM)).body["data"]["id"] for _ in range(3)]
    assert [each["id"] for each in (await john.get("/api/help")).body["data"]] == opened[::-1]


async def test_bad_filters_are_complaints(john: Caller) -> None:
    answer = await john.get("/api/help", status="open", year="last")
    assert answer.errors == {
        "status": ["The selected status is invalid."],
        "year": ["The year must be an integer."],
    }
    for year in ("1969", "2101", "-1", "99999"):
        assert (await john.get("/api/help", year=year)).errors == {
            "year": ["The year must be between 1970 and 2100."]
        }


async def test_options_answer_like_the_document(john: Caller) -> None:
    body = (await john.get("/api/help/options")).body
    documented = example("help_options", 200)
    assert shape(body) == shape(documented)
    assert body["help_types"][0] == documented["help_types"][0]
    assert body["help_solutions"][0] == documented["help_solutions"][0]


async def test_opening_a_ticket_answers_like_the_document(john: Caller) -> None:
    answer = await john.post("/api/help", **PROBLEM)
    documented = example("open_ticket", 201)
    assert answer.status == 201
    assert shape(answer.body) == shape(documented)
    same = {"help_type", "help_solution", "description", "status"}
    assert {name: answer.body["data"][name] for name in same} == {
        name: documented["data"][name] for name in same
    }
    assert answer.body["data"]["date_help"] == "2026-11-22"
    assert answer.body["data"]["no_ticket"].startswith("261122")
    lines = (await john.get("/api/help/timeline", id=answer.body["data"]["id"])).body["data"]
    assert [(line["remark"], line["teknisi"]) for line in lines] == [
        ("Tiket dibuat oleh pelanggan.", "John Doe")
    ]


async def test_ticket_numbers_start_over_at_the_business_midnight(john: Caller, clock: ManualClock) -> None:
    clock.move_to(datetime(2026, 11, 22, 16, 59, tzinfo=UTC))
    before = (await john.post("/api/auth/refresh")).body["token"]
    john.headers = {"Authorization": f"Bearer {before}"}
    evening = (await john.post("/api/help", **PROBLEM)).body["data"]
    clock.move_to(datetime(2026, 11, 22, 17, 1, tzinfo=UTC))
    morning = (await john.post("/api/help", **PROBLEM)).body["data"]
    assert (evening["date_help"], morning["date_help"]) == ("2026-11-22", "2026-11-23")
    assert morning["no_ticket"] == "261123001"


async def test_an_idempotency_key_opens_one_ticket(john: Caller, log_in: LogIn) -> None:
    key = {"Idempotency-Key": "tap-1"}
    answers = await asyncio.gather(
        *(john.ask("POST", "/api/help", json=PROBLEM, headers=key) for _ in range(3))
    )
    assert len({answer.body["data"]["no_ticket"] for answer in answers}) == 1
    siti = await log_in("28900001")
    other = await siti.ask("POST", "/api/help", json=PROBLEM, headers=key)
    assert other.body["data"]["no_ticket"] != answers[0].body["data"]["no_ticket"]


async def test_a_sixth_open_ticket_is_refused(john: Caller) -> None:
    statuses = [(await john.post("/api/help", **PROBLEM)).status for _ in range(4)]
    assert statuses == [201] * 4, "one of the demo is open already"
    answer = await john.post("/api/help", **PROBLEM)
    assert answer.errors == {"description": ["Masih ada 5 tiket terbuka. Tutup salah satu terlebih dahulu."]}


async def test_all_complaints_about_a_ticket_come_at_once(john: Caller) -> None:
    assert (await john.post("/api/help", help_type=9, help_solution="x")).errors == {
        "help_type": ["The selected help type is invalid."],
        "help_solution": ["The help solution must be an integer."],
        "description": ["The description field is required."],
    }
    mismatched = await john.post("/api/help", help_type=1, help_solution=3, description="x" * 2001)
    assert mismatched.errors == {
        "help_solution": ["The selected help solution is invalid."],
        "description": ["The description may not be greater than 2000 characters."],
    }


@pytest.mark.parametrize("choice", [{"id": 1}, {"id": "1"}, {"no_ticket": "240101001"}])
async def test_a_timeline_answers_like_the_document(john: Caller, choice: dict[str, object]) -> None:
    answer = await john.get("/api/help/timeline", **choice)
    assert (answer.status, answer.body) == (200, example("timeline", 200))


@pytest.mark.parametrize(
    "choice", [{"id": 2}, {"id": 9**15}, {"no_ticket": "nope"}, {"id": 1, "no_ticket": "261122001"}]
)
async def test_tickets_of_others_and_pairs_that_disagree_are_not_found(
    john: Caller, choice: dict[str, object]
) -> None:
    answer = await john.get("/api/help/timeline", **choice)
    assert (answer.status, answer.body) == (404, example("timeline", 404))
    closing = await john.post("/api/help/close", **choice, remark="x")
    assert (closing.status, closing.body) == (404, example("close_ticket", 404))


async def test_a_ticket_must_be_named(john: Caller) -> None:
    neither = {"id": ["Parameter id/no_ticket wajib ada salah satu."]}
    assert (await john.get("/api/help/timeline")).errors == neither
    closing = (await john.post("/api/help/close")).errors
    assert closing == {"remark": ["The remark field is required."], **neither}
    assert (await john.get("/api/help/timeline", id="x")).errors == {"id": ["The id must be an integer."]}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_closing_answers_like_the_document_and_keeps_the_remark(john: Caller, method: str) -> None:
    closing = {"id": 1, "remark": "Tiket ditutup oleh pelanggan."}
    answer = await john.ask(method, "/api/help/close", json=closing)
    documented = example("close_ticket", 200)
    assert answer.status == 200
    assert shape(answer.body) == shape(documented)
    documented["timeline"]["updated_at"] = "2026-11-22 10:00:00"
    assert answer.body == documented


async def test_closing_twice_gives_the_first_closing_line(john: Caller, clock: ManualClock) -> None:
    first = await john.post("/api/help/close", id=1, remark="Beres.")
    second = await john.post("/api/help/close", no_ticket="240101001", remark="Sekali lagi.")
    assert (second.status, second.body) == (200, first.body)
