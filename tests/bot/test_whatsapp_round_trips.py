"""Every dialect from the customer's phone through Loket and back, over real sockets and a strict stand-in."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from core.adapters.whatsapp import DialectChannel
from core.adapters.whatsapp.dialects.dialect import HookCall
from core.customers.tables import chat_links
from core.messaging import deliveries
from core.messaging.ports import Accepted, ChannelDown, Misconfigured, OutgoingText
from core.messaging.received import DeliveryState
from core.messaging.tables import chats, inbound_messages, message_deliveries
from core.platform.outbox import State
from core.proofs.tables import proof_pictures
from core.testing.demo import load_demo
from core.whatsapp import dialect, whatsapp_channel
from sandbox.web.photos import Photo
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.providers.provider import Said
from tests.bot.dialect_stage import Stage, dialect_stage, until
from tests.conversations.stage import JOHN

NAMES = ("cloud", "waha", "evolution", "gowa", "fonnte", "wablas")
TEXT_ONLY = NAMES[1:]
LID = "77123456789012"


@pytest.mark.parametrize("name", NAMES)
async def test_a_customer_reads_the_bill(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name) as stage:
        answer = await stage.say("cek tagihan")
        assert "total Rp627.500" in answer["text"]
        assert "INV-2401-001" in (await stage.say("2."))["text"]
        jobs = await stage.jobs()
        assert {(job.topic, job.payload == {}) for job in jobs} == {(f"inbound.{name}", True)}


@pytest.mark.parametrize("name", ["cloud", "wablas"])
async def test_a_customer_reads_the_bill_on_postgres(postgres_url: str, name: str) -> None:
    async with dialect_stage(postgres_url, name) as stage:
        await load_demo(stage.services)
        assert "total Rp627.500" in (await stage.say("cek tagihan"))["text"]
        await until_state(stage, DeliveryState.DELIVERED)


@pytest.mark.parametrize("name", TEXT_ONLY)
async def test_where_nothing_can_be_tapped_choices_are_numbered(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name) as stage:
        menu = await stage.say("menu")
        assert "\n1. " in menu["text"]
        assert (menu["buttons"], menu["menu"]) == ([], None)
        first = menu["text"].partition("\n1. ")[2].splitlines()[0].partition(" · ")[0]
        assert (await stage.say("1"))["text"]
        await stage.say("menu")
        assert (await stage.say(first))["text"]


async def test_at_meta_choices_are_tapped(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        menu = (await stage.say("menu"))["menu"]
        row = menu["sections"][0]["choices"][0]
        answer = await stage.say(row["label"], choice_id=row["id"])
        assert "total Rp627.500" in answer["text"]
        chosen = (answer["menu"]["sections"][0]["choices"] if answer["menu"] else answer["buttons"])[1]
        assert "INV-2401-001" in (await stage.say(chosen["label"], choice_id=chosen["id"]))["text"]


async def test_a_button_of_last_month_answers_no_new_question(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        bills = await stage.say("cek tagihan")
        old = (bills["menu"]["sections"][0]["choices"] if bills["menu"] else bills["buttons"])[1]
        await stage.say("menu")
        assert "sudah lama" in (await stage.say(old["label"], choice_id=old["id"]))["text"]


async def test_an_old_menu_still_opens_what_it_names(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        row = (await stage.say("menu"))["menu"]["sections"][0]["choices"][0]
        await stage.say("lupa password")
        assert "total Rp627.500" in (await stage.say(row["label"], choice_id=row["id"]))["text"]


async def until_state(stage: Stage, state: DeliveryState) -> None:
    async def risen() -> bool:
        return await stage.count(message_deliveries, message_deliveries.c.state >= int(state)) > 0

    await until(risen)


@pytest.mark.parametrize("name", NAMES)
async def test_receipts_find_the_answer_they_speak_of(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name) as stage:
        await stage.say("cek tagihan")
        await until_state(stage, DeliveryState.DELIVERED)
        await stage.say("makasih")
        await until_state(stage, DeliveryState.READ)

        async def found() -> bool:
            ids = [job.id for job in await stage.jobs()]
            async with stage.services.uow.read() as tx:
                return len(await deliveries.of_jobs(tx, ids)) == len(ids)

        await until(found)


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_message_many_times_is_answered_once(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name) as stage:
        await stage.say("cek tagihan")
        await asyncio.gather(*(stage.http.post(f"phone/api/chats/{JOHN}/resend-last") for _ in range(10)))
        await stage.say("makasih")
        assert len(await stage.answers()) == 2
        assert await stage.count(inbound_messages) == 2


def genuine(
    stage: Stage, name: str, said: str = "cek tagihan", message_id: str = "m-1"
) -> tuple[str, HookCall]:
    """A call as the provider would make it, and where to."""
    provider = stage.gateway.business.providers[name]
    hook = provider.said(Said(message_id, JOHN, "John", said, stage.clock.now()))
    return hook.path, HookCall(hook.headers, hook.body)


@pytest.mark.parametrize("name", NAMES)
async def test_forged_and_oversized_and_malformed_calls_leave_no_trace(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name, working=False) as stage:
        path, call = genuine(stage, name)
        spoken = dialect(stage.settings)
        assert spoken is not None
        if spoken.signed:
            forged = await stage.hook(path, call.body + b" ", **call.headers)
            unsigned = await stage.hook(path, call.body, **{"Content-Type": "application/json"})
            assert (forged.status_code, unsigned.status_code) == (401, 401)
        else:
            wrong = path.replace(stage.settings.wa_webhook_secret, "another-secret-of-length")
            assert (await stage.hook(wrong, call.body, **call.headers)).status_code == 404
            garbage = await stage.hook(path, b"halo", **{"Content-Type": "application/json"})
            assert garbage.status_code == 400
        large = await stage.hook(path, b" " * (3 * 1024 * 1024 + 1), **call.headers)
        assert large.status_code == 413
        chunked = await stage.http.post(
            f"{stage.loket}/webhooks/whatsapp/{path}", content=_chunks(), headers=dict(call.headers)
        )
        assert chunked.status_code == 413
        assert await stage.jobs() == []
        assert (await stage.hook(path, call.body, **call.headers)).status_code == 200
        assert len(await stage.jobs()) == 1


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b" " * 100_000


@pytest.mark.parametrize("name", NAMES)
async def test_what_was_taken_before_a_crash_is_answered_after_it(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name, working=False) as stage:
        path, call = genuine(stage, name)
        for _ in range(3):
            answered = await stage.hook(path, call.body, **call.headers)
            assert (answered.status_code, answered.content) == (200, b"")
    async with dialect_stage(demo_url, name) as stage:

        async def done() -> bool:
            return [job.state for job in await stage.jobs()] == [State.DONE]

        await until(done)
        assert len(await stage.answers()) == 1


async def test_the_messages_of_one_chat_keep_their_order(demo_url: str) -> None:
    async with dialect_stage(demo_url, "waha", working=False) as stage:
        for number, said in enumerate(("english", "bahasa indonesia", "english", "menu")):
            path, call = genuine(stage, "waha", said, f"m-{number}")
            await stage.hook(path, call.body, **call.headers)
        await stage.bot.drain()
        async with stage.services.uow.read() as tx:
            spoken = await tx.scalar(select(chats.c.language))
        assert spoken == "en"
        assert len(await stage.answers()) == 4


async def test_a_lid_is_answered_though_nobody_knows_the_number(demo_url: str) -> None:
    async with dialect_stage(demo_url, "waha") as stage:
        provider = stage.gateway.business.providers["waha"]
        hook = provider.said(Said("m-1", LID, "Somebody", "cek tagihan", stage.clock.now()))
        body = hook.body.replace(f"{LID}@c.us".encode(), f"{LID}@lid".encode())
        resigned = _resigned(stage, body)
        assert (await stage.hook("waha", body, **resigned)).status_code == 200

        async def answered() -> bool:
            return any(chat.phone == f"{LID}@lid" and chat.received for chat in stage.gateway.phones.chats)

        await until(answered)
        (chat,) = (each for each in stage.gateway.phones.chats if each.phone == f"{LID}@lid")
        assert "belum terhubung" in chat.messages[-1].content.text


def _resigned(stage: Stage, body: bytes) -> dict[str, str]:
    key = stage.settings.waha_hmac_key.encode()
    return {"X-Webhook-Hmac": hmac.new(key, body, hashlib.sha512).hexdigest()}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *((name, FaultMode.HTTP_500) for name in NAMES),
        ("cloud", FaultMode.THROTTLED),
        ("cloud", FaultMode.REFUSE),
        ("fonnte", FaultMode.STATUS_FALSE),
        ("wablas", FaultMode.STATUS_FALSE),
    ],
)
async def test_an_answer_that_does_not_get_through_is_tried_again(
    demo_url: str, name: str, fault: FaultMode
) -> None:
    async with dialect_stage(demo_url, name, working=False) as stage:
        stage.gateway.faults.choose(fault, times=1)
        path, call = genuine(stage, name)
        await stage.hook(path, call.body, **call.headers)
        await stage.bot.drain()
        assert await stage.answers() == []
        stage.clock.move(timedelta(minutes=2))
        await stage.bot.drain()
        assert len(await stage.answers()) == 1
        assert await stage.count(inbound_messages) == 1


async def test_a_lost_answer_at_meta_is_not_sent_twice(demo_url: str) -> None:
    """The message reached the phone, our connection broke; its receipt comes before the next try."""
    async with dialect_stage(demo_url, "cloud") as stage:
        stage.gateway.faults.hang_s = 0.2
        stage.gateway.faults.choose(FaultMode.HANG, times=1)
        await stage.say("cek tagihan")
        await until_state(stage, DeliveryState.DELIVERED)

        async def waits() -> bool:
            return [job.attempts for job in await stage.jobs() if job.leased_until is None] == [1]

        await until(waits)
        stage.clock.move(timedelta(minutes=2))
        stage.bot.nudge()

        async def done() -> bool:
            return [job.state for job in await stage.jobs()] == [State.DONE]

        await until(done)
        assert len(await stage.answers()) == 1


async def test_outside_the_window_a_notice_is_a_template(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        channel = whatsapp_channel(stage.services)
        notice = OutgoingText(JOHN, "Tagihan Januari sudah terbit:\nRp350.000")
        await channel.send(notice, idempotency_key="n-1")
        assert (await stage.answers())[0]["text"] == "Tagihan Januari sudah terbit: Rp350.000"
        await stage.say("menu")
        await channel.send(notice, idempotency_key="n-2")
        assert (await stage.answers())[-1]["text"] == notice.text
        stage.clock.move(timedelta(hours=25))
        await channel.send(notice, idempotency_key="n-3")
        assert "\n" not in (await stage.answers())[-1]["text"]
        await channel.aclose()


async def test_where_meta_says_the_window_is_closed_a_template_is_tried_at_once(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        await stage.say("menu")
        chat = stage.gateway.phones.chats.open(JOHN)
        chat.written_at = stage.clock.now() - timedelta(hours=30)
        channel = whatsapp_channel(stage.services)
        await channel.send(OutgoingText(JOHN, "Halo\nlagi"), idempotency_key="n-1")
        assert (await stage.answers())[-1]["text"] == "Halo lagi"
        await channel.aclose()


async def test_a_picture_sent_to_meta_is_downloaded_whole(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud", working=False) as stage:
        photo = Photo(b"\x89PNG" * 100_000, "image/png", "bukti.png")
        provider = stage.gateway.business.providers["cloud"]
        provider.keep("p1", photo)
        said = Said("m-1", JOHN, "John", "bukti", stage.clock.now(), photo=photo, photo_id="p1")
        spoken = dialect(stage.settings)
        assert spoken is not None
        (received,) = spoken.read(HookCall({}, provider.said(said).body)).messages
        channel = stage.bot.channel
        assert await channel.download(received.media[0]) == photo.content
        other = msgspec.structs.replace(received.media[0], sha256="AAAA")
        assert not isinstance(await channel.download(other), bytes)
        gone = msgspec.structs.replace(received.media[0], reference="p2")
        assert not isinstance(await channel.download(gone), bytes)


async def test_meta_is_told_that_the_webhook_is_ours_only_with_the_word(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud", working=False) as stage:
        url = f"{stage.loket}/webhooks/whatsapp/cloud"
        word = stage.settings.wa_cloud_verify_token
        asked = {"hub.mode": "subscribe", "hub.verify_token": word, "hub.challenge": "1158201444"}
        ours = await stage.http.get(url, params=asked)
        assert (ours.status_code, ours.text) == (200, "1158201444")
        for wrong in ({"hub.verify_token": "x"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": "\u00e9"}):
            assert (await stage.http.get(url, params=asked | wrong)).status_code == 403


async def test_only_allowed_networks_may_call(demo_url: str) -> None:
    async with dialect_stage(
        demo_url, "waha", working=False, LOKET_WA_WEBHOOK_NETWORKS="203.0.113.0/24"
    ) as stage:
        path, call = genuine(stage, "waha")
        assert (await stage.hook(path, call.body, **call.headers)).status_code == 404
    async with dialect_stage(
        demo_url, "waha", working=False, LOKET_WA_WEBHOOK_NETWORKS="127.0.0.0/8"
    ) as stage:
        path, call = genuine(stage, "waha")
        assert (await stage.hook(path, call.body, **call.headers)).status_code == 200


async def test_a_chat_belongs_to_its_number_whatever_the_dialect(demo_url: str) -> None:
    async with dialect_stage(demo_url, "fonnte") as stage:
        await stage.say("english")
    async with dialect_stage(demo_url, "gowa") as stage:
        assert "total Rp627.500" not in (await stage.say("menu"))["text"]
        async with stage.services.uow.read() as tx:
            rows = await tx.all(select(chats.c.channel, chats.c.address, chats.c.language))
        assert [tuple(row) for row in rows] == [("whatsapp", JOHN, "en")]


#: What each dialect shows of itself when it calls.
CREDENTIALS = {
    "cloud": "wa_cloud_token",
    "waha": "waha_key",
    "evolution": "evolution_key",
    "gowa": "gowa_password",
    "fonnte": "fonnte_token",
    "wablas": "wablas_token",
}


@pytest.mark.parametrize("name", NAMES)
async def test_wrong_credentials_are_told_from_right_ones(demo_url: str, name: str) -> None:
    async with dialect_stage(demo_url, name, working=False) as stage:
        assert isinstance(await stage.bot.channel.look(), Accepted)
        spoken = dialect(msgspec.structs.replace(stage.settings, **{CREDENTIALS[name]: "wrong"}))
        assert spoken is not None
        channel = DialectChannel(spoken, now=stage.clock.now)
        assert isinstance(await channel.look(), Misconfigured)
        refused = await channel.send(OutgoingText(JOHN, "Halo"), idempotency_key="k")
        assert isinstance(refused, Misconfigured)
        await channel.aclose()
        assert await stage.answers() == []


async def test_a_number_that_was_too_fast_rests_and_then_goes_on(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        await stage.say("menu")
        stage.gateway.faults.choose(FaultMode.THROTTLED, times=1)
        channel, halo = stage.bot.channel, OutgoingText(JOHN, "Halo")
        first, second = [await channel.send(halo, idempotency_key=f"n-{number}") for number in range(2)]
        assert isinstance(first, ChannelDown)
        assert isinstance(second, ChannelDown)
        assert "rests" in second.reason
        stage.clock.move(timedelta(seconds=11))
        assert isinstance(await channel.send(halo, idempotency_key="n-1"), Accepted)
        assert [answer["text"] for answer in await stage.answers()].count("Halo") == 1


async def test_who_was_out_of_reach_and_writes_is_in_reach_again(demo_url: str) -> None:
    async with dialect_stage(demo_url, "waha") as stage:
        (customer,) = await stage.services.customers.services_of_chat("whatsapp", JOHN)
        await stage.services.customers.link_chat("whatsapp", JOHN, customer.customer_id)
        await stage.services.customers.mark_chat("whatsapp", JOHN, is_blocked=True)
        assert await stage.count(chat_links, chat_links.c.blocked_at.is_not(None)) == 1
        await stage.say("menu")
        assert await stage.count(chat_links, chat_links.c.blocked_at.is_not(None)) == 0


PNG = b"\x89PNG\r\n\x1a\n" + b"proof" * 40_000


async def test_a_photo_sent_to_meta_is_fetched_and_kept_as_the_proof_of_a_payment(demo_url: str) -> None:
    async with dialect_stage(demo_url, "cloud") as stage:
        files = {"photo": ("bukti.png", PNG, "image/png")}
        sent = await stage.http.post(f"phone/api/chats/{JOHN}/messages", data={"text": ""}, files=files)
        assert sent.status_code == 202

        async def asked() -> bool:
            return any("tagihan yang mana" in answer["text"] for answer in await stage.answers())

        await until(asked)
        assert "bukti bayar 1" in (await stage.say("2"))["text"]
        async with stage.services.uow.read() as tx:
            assert bytes(await tx.scalar(select(proof_pictures.c.content))) == PNG
