"""The stage on which chats are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conversations.stage import Stage, copied, filled_with_demo, staged


@pytest.fixture(scope="session")
def demo_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the demo data, that every test copies."""
    return filled_with_demo(sqlite_template, tmp_path_factory.mktemp("demo"))


@pytest.fixture
def demo_url(demo_template: Path, tmp_path: Path) -> str:
    return copied(demo_template, tmp_path)


@pytest.fixture
async def stage(demo_url: str) -> AsyncIterator[Stage]:
    async with staged(demo_url) as opened:
        yield opened
