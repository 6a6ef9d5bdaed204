"""General throttles over HTTP (mywifi contract §9): by login, by address, by key."""

from __future__ import annotations

import pytest

from api.app import Api
from tests.api.conftest import LogIn
from tests.api.support import Caller, client_of

TOO_MANY = {"message": "Too Many Attempts."}


@pytest.fixture
def environment() -> dict[str, str]:
    return {"LOKET_THROTTLE": "on"}


async def test_a_login_may_ask_sixty_times_a_minute_and_others_are_not_held_up(log_in: LogIn) -> None:
    john, siti = await log_in(), await log_in("28900001")
    statuses = [(await john.get("/api/help/options")).status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    answer = await john.get("/api/auth/me")
    assert (answer.status, answer.body) == (429, TOO_MANY)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert (await siti.get("/api/auth/me")).status == 200


async def test_an_address_may_ask_thirty_times_a_minute_without_a_token(anyone: Caller, app: Api) -> None:
    statuses = [(await anyone.get("/api/region")).status for _ in range(31)]
    assert statuses == [200] * 30 + [429]
    async with client_of(app, "198.51.100.7") as elsewhere:
        assert (await Caller(elsewhere).get("/api/region")).status == 200


async def test_bad_tokens_count_by_address(anyone: Caller) -> None:
    statuses = [(await anyone.get("/api/auth/me")).status for _ in range(31)]
    assert statuses == [401] * 30 + [429]


async def test_a_key_may_ask_sixty_times_a_minute(partner: Caller) -> None:
    statuses = [(await partner.get("/api/billing/unpaid", no_services="ISP00123")).status for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert (await partner.get("/api/billing/unpaid")).body == TOO_MANY


async def test_the_probe_and_the_document_are_never_throttled(anyone: Caller) -> None:
    for path in ("/healthz", "/api/openapi.json"):
        assert {(await anyone.get(path)).status for _ in range(40)} == {200}
