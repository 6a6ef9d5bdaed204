"""The last line of defence: whatever reaches a log line, no secret and no personal data leaves in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from core.platform import logging as our_logging
from core.platform.logging import FORBIDDEN_KEYS, redact

_PHONES = [
    "628123456789",
    "+628123456789",
    "08123456789",
    "+62 812-3456-789",
    "+62 (812) 3456 789",
    "0812.3456.789",
    "62 812 3456 789",
    "6281200000001",
    "+6581234567",
    "+1 (202) 555-0123",
    "+44 20 7946 0958",
    "021 5551234",
]
_ADDRESSES = [
    "john@example.com",
    "Siti.Rahma+wifi@mail.example.co.id",
    "a@b.id",
    "628123456789@s.whatsapp.net",
]
_TOKENS = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "Bearer abcdef123456",
    "Basic dXNlcjpwYXNz",
    "bearer A.b-C_d~e+f/g==",
]
_URLS = [
    ("https://wa.example.id/ext/s3cr3t-segment/wa", "s3cr3t-segment"),
    ("POST /webhooks/whatsapp/wire/unguessable-part 200", "unguessable-part"),
    ("postgresql://loket:hunter2@db.example.id/loket", "hunter2"),
    ("redis://:hunter2@127.0.0.1:6379/0", "hunter2"),
]
_SENTENCES = ["{}", "sent to {}", "no answer for {}.", "({})", "to={}, tries=3", '{{"to": "{}"}}']

#: A value, and the part of it that must not be seen.
SAMPLES: list[tuple[str, str]] = [
    *((sentence.format(secret), secret) for secret in _PHONES + _ADDRESSES for sentence in _SENTENCES),
    *((sentence.format(secret), secret.split()[-1]) for secret in _TOKENS for sentence in _SENTENCES[:2]),
    *_URLS,
]


def logged(**facts: Any) -> str:
    return json.dumps(redact(None, "info", {"event": "something_happened", **facts}))


def test_there_are_a_hundred_samples() -> None:
    assert len(SAMPLES) >= 100


@pytest.mark.parametrize(("value", "secret"), SAMPLES)
def test_nothing_that_looks_personal_or_secret_is_written(value: str, secret: str) -> None:
    for facts in ({"detail": value}, {"nested": {"list": [{"detail": (value,)}]}}, {"event": value}):
        assert secret not in logged(**facts)


@pytest.mark.parametrize("key", sorted(FORBIDDEN_KEYS))
def test_a_forbidden_fact_is_dropped_at_any_depth(key: str) -> None:
    assert "harmless" not in logged(**{key: "harmless"})
    assert "harmless" not in logged(request={"headers": [{key.upper(): "harmless"}]})


def test_a_phone_written_as_a_number_is_masked_and_an_id_is_not() -> None:
    assert "628123456789" not in logged(customer=628123456789)
    assert "628123456789" not in logged(numbers=[628123456789])
    assert json.loads(logged(job_id=12_345_678_901, attempt=3, took_s=0.25, ok=True, nothing=None)) == {
        "event": "something_happened",
        "job_id": 12_345_678_901,
        "attempt": 3,
        "took_s": 0.25,
        "ok": True,
        "nothing": None,
    }


@pytest.mark.parametrize(
    "value",
    [
        "outbox_tried",
        "message.text",
        "INV-2401-001",
        "240101001",
        "28900001",
        "127.0.0.1",
        "192.168.100.20",
        "2fa9-11ee",
    ],
)
def test_what_operators_need_stays_readable(value: str) -> None:
    assert json.loads(logged(detail=value))["detail"] == value


@pytest.fixture
def unconfigured() -> Iterator[None]:
    """Logging as it was, once the test is over."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_and_a_librarys_own_line_are_masked_too(
    unconfigured: None, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    our_logging.configure("info", as_json=as_json)
    password = "a local variable"
    try:
        int("no such phone: 628123456789")
    except ValueError:
        structlog.get_logger("ours").exception("broken")
        logging.getLogger("a.library").exception("failed for john@example.com")
    lines = capsys.readouterr().err
    assert lines.count("Traceback") == 2
    assert "[number]" in lines
    assert "[address]" in lines
    assert not any(secret in lines for secret in ("628123456789", "john@example.com", password))


def test_json_lines_are_json_and_quiet_levels_stay_quiet(
    unconfigured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    our_logging.configure("warning", as_json=True)
    log = structlog.get_logger()
    log.info("not_shown")
    log.warning("shown", count=1)
    logging.getLogger("a.library").info("not shown")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "shown"
