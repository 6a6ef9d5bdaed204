"""What Loket's sender meets: strict bodies, one effect per key, every fault on request."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.sandbox.whatsapp_stage import JOHN, SECRET, SECRET_SEGMENT, Stage, staged

TEXT: dict[str, Any] = {"action": "send", "to": JOHN, "text": "Halo"}
BUTTONS: dict[str, Any] = {
    "type": "buttons",
    "text": "Pilih",
    "buttons": [{"id": "1", "text": "Tagihan"}, {"id": "2", "text": "Gangguan"}],
}
LIST: dict[str, Any] = {
    "type": "list",
    "text": "Tagihan yang mana?",
    "buttonText": "Lihat",
    "sections": [
        {"title": "Belum dibayar", "rows": [{"id": "a", "title": "Januari", "description": "Rp277.500"}]}
    ],
}
TEMPLATE: dict[str, Any] = {
    "type": "template",
    "text": "Bayar",
    "buttons": [
        {"type": "quick", "id": "q", "text": "Sudah"},
        {"type": "url", "text": "Buka", "url": "https://bayar.example/1"},
        {"type": "call", "text": "Telepon", "phoneNumber": "+622112345"},
    ],
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


async def test_a_text_reaches_the_phone(stage: Stage) -> None:
    response = await stage.wa(TEXT)
    assert response.status_code == 200
    assert response.json() == {"ok": True, "status": "sent", "id": response.json()["id"]}
    assert await stage.bubbles() == [("business", "Halo")]


async def test_the_captured_examples_of_the_contract_are_accepted(stage: Stage) -> None:
    text = {"action": "send", "to": "628123", "text": "Halo", "idempotency_key": "wa-a"}
    buttons = {
        "action": "send",
        "interactive": {"type": "buttons", "buttons": [{"id": "1", "text": "Tagihan"}], "text": "Pilih"},
        "to": "628123",
        "idempotency_key": "wa-b",
    }
    assert [(await stage.wa(body)).status_code for body in (text, buttons)] == [200, 200]


async def test_buttons_a_list_and_a_template_become_things_to_tap(stage: Stage) -> None:
    for key, interactive in (("b", BUTTONS), ("l", LIST), ("t", TEMPLATE)):
        response = await stage.wa({"to": JOHN, "interactive": interactive, "idempotency_key": key})
        assert response.status_code == 200, response.text
    buttons, menu, template = [each["content"] for each in (await stage.chat())["messages"]]
    assert [(each["label"], each["value"]) for each in buttons["buttons"]] == [
        ("Tagihan", "Tagihan"),
        ("Gangguan", "Gangguan"),
    ]
    assert menu["menu"]["button"] == "Lihat"
    assert menu["menu"]["sections"][0]["choices"][0]["description"] == "Rp277.500"
    assert [each["kind"] for each in template["buttons"]] == ["reply", "url", "call"]


async def test_text_beside_an_interactive_text_is_shown_above_it(stage: Stage) -> None:
    await stage.wa({"to": JOHN, "text": "Atas", "interactive": BUTTONS, "requestPhoneNumber": True})
    content = (await stage.chat())["messages"][0]["content"]
    assert content["text"] == "Atas\n\nPilih"
    assert content["buttons"][-1]["kind"] == "share_phone"


async def test_a_raw_message_shows_its_conversation(stage: Stage) -> None:
    await stage.wa({"to": JOHN, "message": {"conversation": "Mentah"}})
    assert await stage.bubbles() == [("business", "Mentah")]


REFUSED_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"text": "Halo"}, "needs to"),
    ({**TEXT, "to": "+628123456789"}, "$.to"),
    ({**TEXT, "to": "08123456789"}, "$.to"),
    ({**TEXT, "to": f"{JOHN}\n"}, "$.to"),
    ({**TEXT, "to": f"{JOHN}@s.whatsapp.net"}, "$.to"),
    ({**TEXT, "to": 628123456789}, "$.to"),
    ({**TEXT, "action": "SEND"}, "$.action"),
    ({**TEXT, "action": "broadcast"}, "$.action"),
    ({**TEXT, "idempotency_key": "k" * 129}, "$.idempotency_key"),
    ({**TEXT, "idempotencyKey": "wa-1"}, "idempotencyKey"),
    ({**TEXT, "text": "x" * 4097}, "$.text"),
    ({**TEXT, "sessionId": "s-1"}, "sessionId"),
    ({**TEXT, "surprise": 1}, "surprise"),
    ({**TEXT, "queue": "yes"}, "$.queue"),
    ({"to": JOHN}, "nothing to send"),
    ({"to": JOHN, "text": ""}, "nothing to send"),
    ({**TEXT, "contacts": [{"name": "A", "phone": JOHN}]}, "takes no contacts"),
    ({"to": JOHN, "interactive": {**BUTTONS, "type": "carousel"}}, "carousel"),
    ({"to": JOHN, "interactive": {**BUTTONS, "buttons": []}}, "$.interactive.buttons"),
    ({"to": JOHN, "interactive": {**BUTTONS, "buttons": [{"id": "1"}]}}, "text"),
    ({"to": JOHN, "interactive": {**BUTTONS, "buttons": [{"id": "", "text": "A"}]}}, "id"),
    ({"to": JOHN, "interactive": {**BUTTONS, "buttons": [{"id": "1", "text": "A"}] * 2}}, "unique"),
    ({"to": JOHN, "interactive": {**BUTTONS, "headerType": 5}}, "headerType"),
    ({"to": JOHN, "interactive": {**BUTTONS, "headerMedia": {"type": "image", "url": "ftp://x"}}}, "url"),
    ({"to": JOHN, "interactive": {**LIST, "sections": []}}, "$.interactive.sections"),
    ({"to": JOHN, "interactive": {**LIST, "sections": [{"title": "Kosong", "rows": []}]}}, "rows"),
    (
        {
            "to": JOHN,
            "interactive": {**TEMPLATE, "buttons": [{"type": "url", "text": "A", "url": "ftp://x"}]},
        },
        "url",
    ),
    ({"to": JOHN, "interactive": {**TEMPLATE, "buttons": [{"type": "call", "text": "A"}]}}, "phoneNumber"),
    ({"action": "upsert", "contacts": [{"name": "Tanpa nomor"}]}, "name and phone"),
    ({"action": "upsert"}, "needs contacts"),
    ({"action": "delete", "contacts": [{"name": "Siapa"}]}, "id or phone"),
]


async def test_a_body_outside_the_contract_is_refused_by_name(stage: Stage) -> None:
    for body, told in REFUSED_BODIES:
        response = await stage.wa(body)
        assert (response.status_code, response.json()["ok"]) == (400, False), body
        assert told in response.json()["message"]
    assert await stage.bubbles() == []


def rows(count: int, *, prefix: str = "") -> list[dict[str, str]]:
    return [{"id": f"{prefix}{number}", "title": f"Baris {number}"} for number in range(count)]


async def test_a_list_beyond_its_limits_is_refused(stage: Stage) -> None:
    many = [{"title": "Banyak", "rows": rows(11)}]
    together = [{"title": "A", "rows": rows(6)}, {"title": "B", "rows": rows(5, prefix="b")}]
    untitled = [{"title": "A", "rows": rows(1)}, {"rows": rows(1, prefix="b")}]
    twice = [{"title": "A", "rows": rows(1) * 2}]
    for sections, told in (
        (many, "at most 10 rows"),
        (together, "at most 10 rows"),
        (untitled, "every section needs a title"),
        (twice, "row ids must be unique"),
    ):
        response = await stage.wa({"to": JOHN, "interactive": {**LIST, "sections": sections}})
        assert response.status_code == 400
        assert told in response.json()["message"]


async def test_the_header_key_must_equal_the_one_in_the_body(stage: Stage) -> None:
    other = await stage.wa(TEXT, **{"Idempotency-Key": "wa-other"})
    assert (other.status_code, "Idempotency-Key" in other.json()["message"]) == (400, True)
    path = f"wa/ext/{SECRET_SEGMENT}/wa"
    missing = await stage.http.post(path, json={**TEXT, "idempotency_key": "wa-1"})
    assert missing.status_code == 400


async def test_only_json_is_read(stage: Stage) -> None:
    path, headers = f"wa/ext/{SECRET_SEGMENT}/wa", {"Idempotency-Key": "wa-1"}
    form = await stage.http.post(path, data={"to": JOHN}, headers=headers)
    assert (form.status_code, form.json()["message"]) == (400, "Content-Type must be application/json")
    json = {**headers, "Content-Type": "application/json"}
    for content in (b"{", b"[]", b'"halo"', b"\xff"):
        assert (await stage.http.post(path, content=content, headers=json)).status_code == 400


@pytest.mark.parametrize("surface", ["wa", "ai"])
async def test_a_wrong_secret_is_refused_and_never_written_down(stage: Stage, surface: str) -> None:
    response = await stage.http.post(f"wa/ext/tebakan/{surface}", json=TEXT)
    assert (response.status_code, response.json()["ok"]) == (401, False)
    await stage.wa(TEXT)
    shown = (await stage.http.get("phone/api/gateway")).text
    assert "tebakan" not in shown
    assert SECRET not in shown
    assert SECRET_SEGMENT not in shown


async def test_the_same_key_is_shown_once_and_answered_alike(stage: Stage) -> None:
    first, second = (await stage.wa(TEXT)).json(), (await stage.wa(TEXT)).json()
    assert second == {**first, "duplicate": True}
    assert (await stage.wa({**TEXT, "idempotency_key": "wa-2"})).json()["id"] != first["id"]
    assert await stage.bubbles() == [("business", "Halo")] * 2


async def test_a_refused_body_does_not_use_up_its_key(stage: Stage) -> None:
    assert (await stage.wa({**TEXT, "to": "abc"})).status_code == 400
    assert "duplicate" not in (await stage.wa(TEXT)).json()


async def test_contacts_come_and_go(stage: Stage) -> None:
    new = {"contacts": [{"name": "Rina", "phone": "6281200000009"}], "idempotency_key": "c-1"}
    assert (await stage.wa(new)).json() == {"ok": True, "status": "success"}
    assert "Rina" in await _names(stage)
    gone = {"action": "delete", "contacts": [{"id": "6281200000009"}], "idempotency_key": "c-2"}
    assert (await stage.wa(gone)).status_code == 200
    assert "Rina" not in await _names(stage)


async def _names(stage: Stage) -> list[str]:
    return [each["name"] for each in (await stage.http.get("phone/api/contacts")).json()["contacts"]]


async def test_the_legacy_url_carries_a_text(stage: Stage) -> None:
    response = await stage.http.get(f"wa/send?number={JOHN}&text=Halo+pak%21")
    assert (response.status_code, response.json()["status"]) == (200, "sent")
    assert await stage.bubbles() == [("business", "Halo pak!")]


@pytest.mark.parametrize(
    "query", ["number=+628123&text=a", "number=08123456&text=a", "number=628123456&text="]
)
async def test_the_legacy_url_needs_a_number_and_a_text(stage: Stage, query: str) -> None:
    assert (await stage.http.get(f"wa/send?{query}")).status_code == 400


async def test_what_a_phone_would_cut_is_remarked_but_sent(stage: Stage) -> None:
    long = {**BUTTONS, "buttons": [{"id": "1", "text": "Bicara dengan petugas kami"}]}
    assert (await stage.wa({"to": JOHN, "interactive": long})).status_code == 200
    assert (await stage.journal())[0]["remarks"] == ["a button has 26 characters, phones show 20"]


async def test_the_journal_keeps_fifty_entries_and_no_codes(stage: Stage) -> None:
    for number in range(55):
        await stage.wa({**TEXT, "text": f"Kode 482913 ke-{number}", "idempotency_key": f"wa-{number}"})
    journal = await stage.journal()
    assert (len(journal), journal[0]["summary"]) == (50, "send text to …6789")
    assert "wa-54" in journal[0]["body"]
    assert "482913" not in str(journal)
    assert "Kode ••••••" in journal[0]["body"]


async def test_a_refused_connection_takes_nothing(stage: Stage) -> None:
    await stage.choose_fault("refuse", times=1)
    with pytest.raises(httpx.TransportError):
        await stage.wa(TEXT)
    assert await stage.bubbles() == []
    assert "duplicate" not in (await stage.wa(TEXT)).json()


async def test_a_lost_answer_is_recognised_at_the_retry() -> None:
    async with staged(hang_s=0.05) as stage:
        await stage.choose_fault("hang", times=1)
        with pytest.raises(httpx.TransportError):
            await stage.wa(TEXT)
        assert (await stage.wa(TEXT)).json()["duplicate"] is True
        assert await stage.bubbles() == [("business", "Halo")]


async def test_a_held_answer_ends_when_the_gateway_closes(stage: Stage) -> None:
    await stage.choose_fault("hang")
    with stage.gateway.feed.listen(JOHN) as inbox:
        held = asyncio.create_task(stage.wa(TEXT))
        await asyncio.wait_for(inbox.get(), 5)
    assert not held.done()
    await stage.gateway.close()
    with pytest.raises(httpx.TransportError):
        await asyncio.wait_for(held, 3)


@pytest.mark.parametrize(
    ("mode", "status", "answer"),
    [
        ("http_500", 500, {"message": "Internal"}),
        ("status_false", 200, {"status": False, "reason": "device disconnected"}),
    ],
)
async def test_a_failing_gateway_takes_nothing(
    stage: Stage, mode: str, status: int, answer: dict[str, Any]
) -> None:
    await stage.choose_fault(mode)
    for _ in range(2):
        response = await stage.wa(TEXT)
        assert (response.status_code, response.json()) == (status, answer)
    assert await stage.bubbles() == []
    assert (await stage.journal())[0]["failed"] is True
    await stage.choose_fault("none")
    assert (await stage.wa(TEXT)).json()["ok"] is True


@pytest.mark.parametrize(("mode", "duplicate"), [("slow", False), ("duplicate", True)])
async def test_a_slow_or_forgetful_gateway_still_shows_the_message(
    stage: Stage, mode: str, *, duplicate: bool
) -> None:
    await stage.choose_fault(mode)
    answer = (await stage.wa(TEXT)).json()
    assert (answer["ok"], answer.get("duplicate", False)) == (True, duplicate)
    assert await stage.bubbles() == [("business", "Halo")]


async def test_an_unknown_fault_is_refused(stage: Stage) -> None:
    response = await stage.http.post("phone/api/faults", json={"mode": "explode"})
    assert response.status_code == 400
