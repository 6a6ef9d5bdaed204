"""What the router tests stand on: one database file, since none of their questions depends on which it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.platform.clock import ManualClock
from core.platform.secrets import Keyring
from core.platform.uow import open_uow
from tests.core.adapters.routeros_stage import Stage, staged


@pytest.fixture
async def stage(sqlite_url: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Stage]:
    uow = open_uow(sqlite_url, clock)
    async with staged(uow, keyring, clock) as made:
        yield made
    await uow.aclose()
