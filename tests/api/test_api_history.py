"""A line's history over HTTP: the caller's own, as numbers and as a picture."""

from __future__ import annotations

import pytest

from api.mywifi import examples
from core.services import Services
from tests.api.support import UNAUTHENTICATED, Caller
from tests.api.test_api_papers import fetched
from tests.conversations.network import live

PATH, CARD = "/api/customer/network-history", "/api/customer/network-history/card"


async def test_a_customer_reads_the_last_day(john: Caller, services: Services) -> None:
    await live(services.uow, "ISP00123", 3, drops=2)
    answer = await john.get(PATH, no_services="ISP00123")
    data = answer.body["data"]
    assert (answer.status, data["period"], data["step_minutes"], len(data["stretches"])) == (
        200,
        "24h",
        15,
        96,
    )
    assert (data["totals"]["seen_seconds"], data["totals"]["drops"]) == (10_800, 2)
    assert set(data) == set(examples.HISTORY.data.__struct_fields__)
    week = (await john.get(PATH, no_services="ISP00123", period="7d")).body["data"]
    assert (week["step_minutes"], week["totals"]) == (60, data["totals"])


async def test_the_card_is_a_picture(john: Caller) -> None:
    for lang in ("id", "en"):
        answer = await fetched(john, CARD, no_services="ISP00123", lang=lang)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("path", [PATH, CARD])
async def test_nobody_reads_somebody_elses(john: Caller, anyone: Caller, path: str) -> None:
    foreign = await john.get(path, no_services="28900004")
    assert (foreign.status, foreign.body["status"]) == (403, "forbidden")
    unknown = await john.get(path, no_services="99999999")
    assert (unknown.status, unknown.body["status"]) == (404, "not_found")
    assert (await john.get(path, no_services="ISP00123", period="1y")).status == 422
    assert (await anyone.get(path, no_services="ISP00123")).body == UNAUTHENTICATED
