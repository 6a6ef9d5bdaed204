"""A file in an answer, as each channel brings it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.inbound import answer
from bot.telegram.sender import TelegramChannel
from bot.terminal import chat
from cli.chatting import Shelf
from conversations.engine.flow import Flow
from conversations.engine.runtime import Conversation
from conversations.engine.say import CANCEL, say
from conversations.engine.turn import Outcome, Turn
from conversations.flows import FLOWS
from core.messaging.attachments import File, FileLinks, Renderers
from core.messaging.notices import TEXT_TOPIC
from core.messaging.ports import Accepted, Attachment, OutgoingText, Refused
from core.platform.errors import NotFound
from core.platform.i18n import text
from core.platform.outbox import outbox
from core.platform.secrets import Keyring
from tests.bot.telegram_stage import JOHN, Office, labels, office
from tests.conversations import stage as stages
from tests.conversations.engine.toys import ToyState
from tests.conversations.stage import Stage, staged

PDF = b"%PDF-1.7 a page"
PNG = b"\x89PNG a picture"


async def _render(args: Mapping[str, int | str]) -> File:
    if args.get("gone"):
        raise NotFound("attachment")
    return File(PNG, "image/png") if args.get("picture") else File(PDF, "application/pdf")


RENDERERS = Renderers({"toy": _render})
BILL = Attachment("document", "tagihan-17.pdf", "toy")
PICTURE = Attachment("image", "qris.png", "toy", {"picture": 1})
GONE = Attachment("document", "hilang.pdf", "toy", {"gone": 1})


def handing_out() -> Flow[ToyState]:
    """Hands out a file where the chat takes one, and stays open."""
    flow = Flow("handing_out", ToyState, label="topic.profile", commands=("file",))

    @flow.step(say("engine.thanks", actions=(CANCEL,)))
    async def ask(turn: Turn[ToyState]) -> Outcome:
        if not turn.chat.takes_files:
            return turn.end("error.attachment")
        file = PICTURE if turn.text == "picture" else GONE if turn.text == "gone" else BILL
        return turn.retry(say("engine.thanks", attachment=file), limited=False)

    return flow


@pytest.fixture
async def desk(demo_url: str) -> AsyncIterator[Office]:
    flows = (*FLOWS, handing_out())
    async with office(demo_url, flows=flows) as opened:
        services = dataclasses.replace(opened.inside.services, renderers=RENDERERS)
        opened.desk._services = services
        yield opened


async def _fetched(desk: Office, file_id: str) -> bytes:
    return bytes(await (await desk.bot.get_file(file_id)).download_as_bytearray())


async def test_telegram_brings_a_document_with_the_words_and_buttons(desk: Office) -> None:
    await desk.say(JOHN, "/file")
    (message,) = await desk.say(JOHN, "pdf")
    assert message["document"]["file_name"] == "tagihan-17.pdf"
    assert message["caption"].startswith(text("engine.thanks", "id"))
    assert labels(message) == [text("engine.cancel", "id")]
    assert await _fetched(desk, message["document"]["file_id"]) == PDF


async def test_telegram_brings_a_picture(desk: Office) -> None:
    await desk.say(JOHN, "/file")
    (message,) = await desk.say(JOHN, "picture")
    assert await _fetched(desk, message["photo"][-1]["file_id"]) == PNG


async def test_what_is_gone_is_said_to_be_gone(desk: Office) -> None:
    await desk.say(JOHN, "/file")
    (message,) = await desk.say(JOHN, "gone")
    assert message["text"] == text("error.attachment", "id")


async def test_a_queued_file_reaches_telegram_however_long_its_text(desk: Office) -> None:
    await desk.done(JOHN, ("start", {}))
    channel = TelegramChannel(desk.bot, RENDERERS)
    long = "\n".join(f"baris {number}" for number in range(200))
    for said in ("Lunas & *terima kasih*", long):
        sent = await channel.send(OutgoingText(str(JOHN.id), said, attachment=BILL), idempotency_key="k")
        assert isinstance(sent, Accepted)
    short, file, below = (await desk.outside.messages(JOHN))[-3:]
    assert (short["caption"], short["caption_entities"][0]["type"]) == ("Lunas & terima kasih", "bold")
    assert "caption" not in file
    assert (file["document"]["file_name"], below["text"]) == ("tagihan-17.pdf", long)
    gone = await channel.send(OutgoingText(str(JOHN.id), "Lunas", attachment=GONE), idempotency_key="k")
    assert isinstance(gone, Refused)


@pytest.fixture
async def stage(demo_url: str) -> AsyncIterator[Stage]:
    async with staged(demo_url, flows=(*FLOWS, handing_out())) as opened:
        yield opened


def _linked(stage: Stage, public_url: str) -> Conversation:
    links = FileLinks(Keyring([stages.SECRET]), public_url)
    services = dataclasses.replace(stage.services, file_links=links, renderers=RENDERERS)
    return Conversation(services, (*FLOWS, handing_out()))


async def test_a_channel_that_takes_text_gets_the_file_after_it_once(stage: Stage) -> None:
    talk = _linked(stage, "https://loket.example")
    start, ask = (stage.message(stages.JOHN, said, answered_in_text=True) for said in ("/file", "pdf"))
    await answer(talk, start, language="id")
    first, second = [await answer(talk, ask, language="id") for _ in range(2)]
    assert first == second
    assert text("engine.thanks", "id") in first
    async with stage.services.uow.read() as tx:
        (row,) = await tx.all(select(outbox).where(outbox.c.topic == TEXT_TOPIC))
    assert (row.payload["to"], row.payload["text"]) == (stages.JOHN, "tagihan-17.pdf")
    assert row.payload["extras"]["attachment"] == {
        "kind": "document",
        "name": "tagihan-17.pdf",
        "source": "toy",
        "args": {},
    }


async def test_where_no_file_can_be_brought_none_is_promised(stage: Stage) -> None:
    talk = _linked(stage, "")
    messages = [stage.message(stages.JOHN, said, answered_in_text=True) for said in ("/file", "pdf")]
    *_, said = [await answer(talk, message, language="id") for message in messages]
    assert said == text("error.attachment", "id")
    assert await stage.sent() == []


async def test_the_terminal_says_where_the_file_is(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    lines, shown = iter(("/file", "pdf", "gone", None)), list[str]()

    async def typed() -> str | None:
        return next(lines)

    keep = Shelf(RENDERERS, stage.services.settings)
    await chat(stage.conversation, stages.JOHN, typed, shown.append, keep=keep)
    path = Path(shown[2].removeprefix("[tagihan-17.pdf] "))
    assert path.name == "tagihan-17.pdf"
    assert await asyncio.to_thread(path.read_bytes) == PDF
    assert shown[-1] == text("error.attachment", "id")


@pytest.mark.parametrize(("public_url", "offered"), [("https://loket.example", True), ("", False)])
async def test_bills_are_offered_as_pdf_only_where_they_can_be_brought(
    stage: Stage, public_url: str, *, offered: bool
) -> None:
    talk = _linked(stage, public_url)
    *_, bill, paper = [
        await answer(talk, stage.message(stages.JOHN, said, answered_in_text=True), language="id")
        for said in ("cek tagihan", "2", "pdf")
    ]
    assert (text("papers.bill_pdf", "id") in bill) is offered
    assert (text("papers.cannot_here", "id") in paper) is not offered
    async with stage.services.uow.read() as tx:
        rows = await tx.all(select(outbox.c.payload).where(outbox.c.topic == TEXT_TOPIC))
    files = [row.payload["extras"]["attachment"]["name"] for row in rows]
    assert files == (["tagihan-INV-2401-001.pdf"] if offered else [])
