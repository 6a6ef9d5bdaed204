"""What Loket's webhook gets when a customer types, and what the customer gets back (whatsapp contract §1.8, §1.9)."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sandbox.whatsapp.news import MessageNews
from tests.sandbox.whatsapp_stage import JOHN, Stage, staged

PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


async def test_a_typed_text_arrives_as_a_wire_message(stage: Stage) -> None:
    await stage.say("cek tagihan")
    [heard] = stage.loket.heard
    payload = heard.payload
    said = {"chatInput": "cek tagihan", "inputType": "text", "attachments": []}
    assert payload["body"] == said
    assert {name: payload[name] for name in said} == said
    assert payload["messages"] == [{"role": "user", "content": "cek tagihan"}]
    assert payload["extra"] == {
        "wire_chatbot": True,
        "contact_id": JOHN,
        "contact_jid": f"{JOHN}@s.whatsapp.net",
        "session_id": payload["extra"]["session_id"],
    }
    assert payload["metadata"]["scope"] == "wa"


async def test_the_headers_carry_the_request_id(stage: Stage) -> None:
    await stage.say("halo")
    [heard] = stage.loket.heard
    metadata, extra = heard.payload["metadata"], heard.payload["extra"]
    expected = {
        "content-type": "application/json",
        "x-ai-request-id": metadata["requestId"],
        "x-idempotency-key": metadata["requestId"],
        "x-ai-scope": "wa",
        "x-ai-entity": metadata["entityId"],
        "x-ai-owner": metadata["ownerId"],
        "x-ai-session": extra["session_id"],
    }
    assert {name: heard.headers[name] for name in expected} == expected


async def test_every_message_has_its_own_request_id_and_the_chat_one_session(stage: Stage) -> None:
    await stage.say("satu")
    await stage.say("dua")
    await stage.say("tiga", phone="6281200000004")
    ids = [heard.headers["x-ai-request-id"] for heard in stage.loket.heard]
    sessions = [heard.headers["x-ai-session"] for heard in stage.loket.heard]
    assert len(set(ids)) == 3
    assert sessions[0] == sessions[1] != sessions[2]


async def test_the_conversation_so_far_is_sent_along(stage: Stage) -> None:
    await stage.say("satu")
    await stage.say("dua")
    assert stage.loket.heard[-1].payload["messages"] == [
        {"role": "user", "content": "satu"},
        {"role": "assistant", "content": "Siap."},
        {"role": "user", "content": "dua"},
    ]


async def test_a_photo_arrives_as_a_form_with_payload_and_file(stage: Stage) -> None:
    async with stage.answered():
        response = await stage.http.post(
            f"phone/api/chats/{JOHN}/messages",
            data={"text": "bukti transfer", "width": "640", "height": "480"},
            files={"photo": ("bukti.png", PHOTO, "image/png")},
        )
    assert response.status_code == 202
    [heard] = stage.loket.heard
    assert heard.files == {"file0": PHOTO}
    assert heard.form["sessionid"] == heard.payload["extra"]["session_id"]
    assert heard.payload["inputType"] == "image"
    assert heard.payload["body"]["attachments"] == [
        {
            "type": "image",
            "mimetype": "image/png",
            "size": len(PHOTO),
            "width": 640,
            "height": 480,
            "sha256": hashlib.sha256(PHOTO).hexdigest(),
            "fileField": "file0",
            "caption": "bukti transfer",
        }
    ]


async def test_the_phone_can_show_its_photo_again(stage: Stage) -> None:
    path, files = f"phone/api/chats/{JOHN}/messages", {"photo": ("a.png", PHOTO, "image/png")}
    message = (await stage.http.post(path, files=files)).json()
    photo = await stage.http.get(f"phone/api/files/{message['content']['photo_id']}")
    assert (photo.content, photo.headers["content-type"]) == (PHOTO, "image/png")
    assert photo.headers["x-content-type-options"] == "nosniff"
    assert (await stage.http.get("phone/api/files/unknown")).status_code == 404


@pytest.mark.parametrize(("content", "mimetype"), [(b"<script>", "text/html"), (b"", "image/png")])
async def test_only_a_picture_is_a_photo(stage: Stage, content: bytes, mimetype: str) -> None:
    files = {"photo": ("x", content, mimetype)}
    response = await stage.http.post(f"phone/api/chats/{JOHN}/messages", files=files)
    assert response.status_code == 400
    assert stage.loket.heard == []


@pytest.mark.parametrize("body", [{"text": "  "}, {"text": "x" * 4097}, {"words": "x"}, {}])
async def test_an_empty_or_endless_message_is_refused(stage: Stage, body: dict[str, str]) -> None:
    response = await stage.http.post(f"phone/api/chats/{JOHN}/messages", json=body)
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ('{"output":"A","message":"B"}', "A"),
        ('{"output":"","message":"B"}', "B"),
        ('{"message":"B"}', "B"),
        ("teks polos", "teks polos"),
        ('{"reply":"?"}', '{"reply":"?"}'),
        ("[1]", "[1]"),
    ],
)
async def test_the_answer_is_output_else_message_else_the_raw_body(
    stage: Stage, answer: str, shown: str
) -> None:
    stage.loket.answer = answer
    await stage.say("halo")
    assert await stage.bubbles() == [("customer", "halo"), ("business", shown)]


@pytest.mark.parametrize("answer", ["", '{"output":"","message":"","text":""}', '{"output":"   "}'])
async def test_an_empty_answer_is_an_error(stage: Stage, answer: str) -> None:
    stage.loket.answer = answer
    await stage.say("halo")
    assert (await stage.bubbles())[-1] == ("gateway", "empty")
    [entry] = await stage.journal()
    assert (entry["surface"], entry["failed"], entry["summary"]) == ("wire", True, "empty answer")


async def test_an_empty_answer_under_handoff_is_silence(stage: Stage) -> None:
    stage.loket.answer = '{"output":"","message":"","text":"","handoff":true}'
    await stage.say("halo")
    assert await stage.bubbles() == [("customer", "halo")]
    [entry] = await stage.journal()
    assert entry["failed"] is False


async def test_a_refusal_is_shown_and_leaves_the_message_untaken(stage: Stage) -> None:
    await stage.say("halo")
    stage.loket.status = 503
    await stage.say("lagi")
    chat = await stage.chat()
    assert (await stage.bubbles())[-1] == ("gateway", "refused")
    assert chat["state"]["taken_seq"] == 1
    assert len(stage.loket.heard) == 2


async def test_sending_again_keeps_the_request_id(stage: Stage) -> None:
    await stage.say("bayar")
    async with stage.answered():
        response = await stage.http.post(f"phone/api/chats/{JOHN}/resend-last")
    first, second = stage.loket.heard
    assert response.json()["request_id"] == first.headers["x-ai-request-id"]
    assert first.payload == second.payload
    assert first.headers["x-idempotency-key"] == second.headers["x-idempotency-key"]
    assert [sender for sender, _ in await stage.bubbles()] == ["customer", "business", "business"]


async def test_a_phone_that_said_nothing_has_nothing_to_send_again(stage: Stage) -> None:
    assert (await stage.http.post(f"phone/api/chats/{JOHN}/resend-last")).status_code == 409


async def test_answers_keep_the_order_of_the_questions(stage: Stage) -> None:
    path = f"phone/api/chats/{JOHN}/messages"
    with stage.gateway.feed.listen(JOHN) as inbox:
        await asyncio.gather(*(stage.http.post(path, json={"text": f"pesan {n}"}) for n in range(5)))
        answers = 0
        while answers < 5:
            news = await asyncio.wait_for(inbox.get(), 5)
            answers += isinstance(news, MessageNews) and news.message.sender == "business"
    asked = [text for sender, text in await stage.bubbles() if sender == "customer"]
    assert [heard.payload["chatInput"] for heard in stage.loket.heard] == asked


async def test_a_stranger_can_chat(stage: Stage) -> None:
    added = await stage.http.post("phone/api/contacts", json={"phone": "0899 1234-567", "name": "Tamu"})
    assert (added.status_code, added.json()["phone"]) == (201, "628991234567")
    await stage.say("halo", phone="628991234567")
    contacts = (await stage.http.get("phone/api/contacts")).json()["contacts"]
    [guest] = [each for each in contacts if each["name"] == "Tamu"]
    assert (guest["received"], guest["last"]["content"]["text"]) == (1, "Siap.")
    assert (await stage.http.post("phone/api/contacts", json={"phone": "abc"})).status_code == 400


@asynccontextmanager
async def dropping(times: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A webhook that hangs up `times` times before it answers; yields its URL and the request ids it saw."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        seen.append(head.split(b"x-ai-request-id: ")[1].split(b"\r\n")[0])
        if len(seen) > times:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nSiap.")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", seen


@pytest.mark.parametrize(("drops", "shown"), [(2, ("business", "Siap.")), (3, ("gateway", "unreachable"))])
async def test_a_dropped_call_is_repeated_twice_under_one_id(drops: int, shown: tuple[str, str]) -> None:
    async with dropping(drops) as (url, seen), staged(webhook_url=url) as stage:
        await stage.say("halo")
        assert (await stage.bubbles())[-1] == shown
        assert len(seen) == 3
        assert len(set(seen)) == 1


async def test_a_webhook_that_is_not_there_is_told_on_the_phone() -> None:
    async with staged(webhook_url="http://127.0.0.1:9/") as stage:
        await stage.say("halo")
        assert await stage.bubbles() == [("customer", "halo"), ("gateway", "unreachable")]
        [entry] = await stage.journal()
        assert (entry["status"], entry["summary"]) == (0, "no answer: ConnectError")


async def test_the_journal_shows_the_wire_without_its_codes(stage: Stage) -> None:
    await stage.say("482913")
    [entry] = await stage.journal()
    assert json.loads(entry["body"])["body"]["chatInput"] == "••••••"
