"""Answering customers from a program, over the app with its real database."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from core.handover.types import Person, Taken
from core.identity.types import Scope
from core.platform.outbox import outbox
from core.services import Services
from tests.api.support import Caller

JOHN = "628123456789"


@pytest.fixture
async def helper(client: httpx.AsyncClient, services: Services) -> Caller:
    key = await services.identity.create_key("meja-depan", scopes=[Scope.STAFF], networks=[])
    return Caller(client, {"X-MYWIFI-KEY": key})


@pytest.fixture
async def asked(services: Services) -> int:
    found = await services.handovers.request(
        "whatsapp", JOHN, session="", language="id", customer_id=1, text="mau tanya", request_id="whatsapp:1"
    )
    return found.id


async def sent_to(services: Services, phone: str) -> list[str]:
    async with services.uow.read() as tx:
        rows = await tx.all(select(outbox.c.payload).order_by(outbox.c.id))
    return [row.payload["text"] for row in rows if row.payload.get("to") == phone and "text" in row.payload]


async def test_a_chat_is_listed_taken_answered_and_ended(
    helper: Caller, services: Services, asked: int
) -> None:
    (listed,) = (await helper.get("/api/staff/chats")).body["data"]
    assert (listed["id"], listed["owner"], listed["last"]) == (asked, None, "mau tanya")
    taken = await helper.post("/api/staff/chats/take", id=asked, name="Rani")
    assert [line["text"] for line in taken.body["messages"]] == ["mau tanya"]
    first = await helper.post("/api/staff/chats/send", id=asked, text="Silakan, Pak John")
    assert first.status == 200
    after = await helper.get("/api/staff/chats/messages", id=asked, after=taken.body["messages"][-1]["id"])
    assert [(line["author"], line["text"]) for line in after.body["messages"]] == [
        ("meja-depan", "Silakan, Pak John")
    ]
    assert (await helper.post("/api/staff/chats/close", id=asked)).status == 200
    assert (await helper.post("/api/staff/chats/send", id=asked, text="masih?")).status == 409
    assert "Silakan, Pak John" in await sent_to(services, JOHN)
    assert (await helper.get("/api/staff/chats")).body["data"] == []


async def test_somebody_elses_chat_is_refused(helper: Caller, services: Services, asked: int) -> None:
    assert isinstance(await services.handovers.take(asked, Person("staff:1", "Budi")), Taken)
    for path in ("take", "send", "release", "close"):
        answer = await helper.post(f"/api/staff/chats/{path}", id=asked, text="halo")
        assert (answer.status, answer.body["message"]) == (409, "Percakapan ini sudah dipegang Budi.")
    assert "halo" not in await sent_to(services, JOHN)


async def test_what_is_not_there_or_wrong_is_refused(helper: Caller, asked: int) -> None:
    assert (await helper.post("/api/staff/chats/take", id=77)).status == 404
    assert (await helper.get("/api/staff/chats/messages", id=77)).status == 404
    assert (await helper.post("/api/staff/chats/send", id=asked)).status == 400
    assert (await helper.post("/api/staff/chats/send", id="x", text="y")).status == 400


async def test_other_keys_and_strangers_stay_outside(partner: Caller, anyone: Caller, asked: int) -> None:
    for caller in (partner, anyone):
        assert (await caller.get("/api/staff/chats")).status == 403
        assert (await caller.post("/api/staff/chats/send", id=asked, text="halo")).status == 403
