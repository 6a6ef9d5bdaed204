"""Broadcasts from a program, over the app with its real database."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from core.identity.types import Scope
from core.platform.outbox import outbox
from core.services import Services
from tests.api.support import Caller

PATH = "/api/staff/broadcasts"
TEXT = "Halo {nama}, besok ada perawatan."


@pytest.fixture
async def program(client: httpx.AsyncClient, services: Services) -> Caller:
    key = await services.identity.create_key("siaran", scopes=[Scope.STAFF], networks=[])
    return Caller(client, {"X-MYWIFI-KEY": key})


async def steps(services: Services) -> int:
    async with services.uow.read() as tx:
        return len(await tx.all(select(outbox.c.id).where(outbox.c.topic == "broadcast.step")))


async def test_a_broadcast_is_composed_confirmed_watched_paused_and_cancelled(
    program: Caller, services: Services
) -> None:
    shown = await program.post(PATH, staff="budi", audience="all", text=TEXT)
    assert shown.status == 200
    draft = shown.body["broadcast"]
    assert (draft["state"], draft["recipients"], shown.body["services"]) == ("draft", 4, 6)
    assert shown.body["sample"] == "Halo John Doe, besok ada perawatan."
    who = {"staff": "budi", "id": draft["id"]}
    wrong = await program.post(f"{PATH}/confirm", **who, count=3)
    assert (wrong.status, await steps(services)) == (409, 0)
    for _ in range(2):
        sent = await program.post(f"{PATH}/confirm", **who, count=4)
        assert (sent.status, sent.body["state"], await steps(services)) == (200, "running", 1)
    assert (await program.post(f"{PATH}/pause", **who)).body["state"] == "paused"
    assert (await program.post(f"{PATH}/resume", **who)).body["state"] == "running"
    assert (await program.post(f"{PATH}/cancel", **who)).body["state"] == "cancelled"
    assert (await program.post(f"{PATH}/resume", **who)).status == 409
    assert (await program.get(f"{PATH}/progress", **who)).body["state"] == "cancelled"
    listed = (await program.get(PATH, staff="budi")).body["data"]
    assert [each["id"] for each in listed] == [draft["id"]]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"staff": "nobody"}, 404),
        ({"staff": "laporan"}, 403),
        ({"audience": "friends"}, 400),
        ({"audience": "region"}, 404),
        ({"audience": "region", "audience_id": 999}, 404),
        ({"text": ""}, 400),
        ({"text": "Halo {telepon}"}, 400),
        ({"text": "Halo {nama"}, 400),
        ({"start_at": "besok"}, 400),
        ({"start_at": "2026-12-01T10:00:00"}, 400),
        ({"start_at": "2020-12-01T10:00:00+07:00"}, 400),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    program: Caller, change: dict[str, str | int], status: int
) -> None:
    body: dict[str, str | int] = {"staff": "budi", "audience": "all", "text": TEXT}
    assert (await program.post(PATH, **(body | change))).status == status


async def test_other_keys_and_other_numbers_get_nowhere(
    client: httpx.AsyncClient, program: Caller, services: Services
) -> None:
    key = await services.identity.create_key("baca", scopes=[Scope.READ], networks=[])
    reader = Caller(client, {"X-MYWIFI-KEY": key})
    assert (await reader.post(PATH, staff="budi", audience="all", text=TEXT)).status in {401, 403}
    assert (await program.get(f"{PATH}/progress", staff="budi", id=99)).status == 404
