"""The probe: 200 once the process can serve, 503 otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.app import create_app
from core.bootstrap import bootstrap
from core.platform.clock import ManualClock
from core.settings import load
from tests.api.support import SECRET, START, Caller, client_of


async def _health(url: str) -> tuple[int, object]:
    settings = load({"LOKET_SECRET_KEY": SECRET, "LOKET_DATABASE_URL": url})
    async with (
        bootstrap(settings, clock=ManualClock(START)) as services,
        client_of(create_app(services, settings)) as client,
    ):
        answer = await Caller(client).get("/healthz")
    return answer.status, answer.body


async def test_a_migrated_database_is_healthy(sqlite_url: str) -> None:
    assert await _health(sqlite_url) == (200, {"status": "ok"})


async def test_an_empty_database_is_not_served(tmp_path: Path) -> None:
    assert await _health(f"sqlite+aiosqlite:///{tmp_path}/new.db") == (503, {"status": "unavailable"})


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:////nowhere/at/all.db", "postgresql://127.0.0.1:9/loket"])
async def test_a_database_that_is_not_there_is_not_served(url: str) -> None:
    assert await _health(url) == (503, {"status": "unavailable"})
