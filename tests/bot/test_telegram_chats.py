"""Chatting in Telegram, from the phone to the conversation and back (telegram contract §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.telegram.inbox import TOPIC
from core.customers.types import ChatRole
from core.identity.types import Verified
from core.platform.outbox import outbox
from core.proofs.tables import proof_pictures
from sandbox.telegram.news import AnswerNews
from tests.bot.telegram_stage import ADMIN, JOHN, SITI, STRANGER, Office, buttons, labels, office

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def desk(demo_url: str) -> AsyncIterator[Office]:
    async with office(demo_url) as opened:
        yield opened


async def share_own_number(desk: Office) -> str:
    """John starts the bot and shares his number; what he is told."""
    answers = await desk.done(JOHN, ("start", {}), ("contacts", {}))
    return "\n".join(answer["text"] for answer in answers)


async def test_start_shows_the_menu_as_buttons_and_asks_for_the_number(desk: Office) -> None:
    menu, ask = await desk.done(JOHN, ("start", {}))
    assert labels(menu)[0] == "Cek tagihan"
    assert "nomor HP" in ask["text"]
    keyboard = (await desk.outside.state(JOHN))["keyboard"]
    assert keyboard["rows"][0][0] == {"text": "Bagikan nomor HP saya", "request_contact": True}


async def test_start_again_is_harmless(desk: Office) -> None:
    first, _ = await desk.done(JOHN, ("start", {}))
    again, _ = await desk.done(JOHN, ("start", {}))
    assert again["text"] == first["text"]


async def test_ones_own_contact_links_the_services_of_its_number(desk: Office) -> None:
    told = await share_own_number(desk)
    assert "ISP00123 · John Doe" in told
    assert (await desk.outside.state(JOHN))["keyboard"] is None
    own = await desk.inside.services.customers.services_of_chat("telegram", str(JOHN.id))
    assert [each.service_number for each in own] == ["ISP00123"]
    [bill] = await desk.say(JOHN, "cek tagihan")
    assert "Rp627.500" in bill["text"]


@pytest.mark.parametrize("shared", [{"phone": SITI.phone}, {"phone": "628999999999"}, {"forwarded": True}])
async def test_a_contact_that_is_not_proven_links_nothing(desk: Office, shared: dict[str, object]) -> None:
    [*_, answer] = await desk.done(JOHN, ("start", {}), ("contacts", shared))
    assert "bukan kontak Anda sendiri" in answer["text"]
    assert await desk.inside.services.customers.services_of_chat("telegram", str(JOHN.id)) == ()


async def test_a_number_nobody_is_registered_with_is_told_so(desk: Office) -> None:
    [*_, answer] = await desk.done(STRANGER, ("start", {}), ("contacts", {}))
    assert "not registered" in answer["text"]


async def test_sharing_the_number_goes_on_with_what_was_asked(desk: Office) -> None:
    [question] = await desk.say(JOHN, "brp tagihan sy bln ini min")
    assert "nomor layanan" in question["text"]
    linked, bill = await desk.done(JOHN, ("contacts", {}))
    assert "ISP00123" in linked["text"]
    assert "Rp627.500" in bill["text"]


async def test_a_tap_is_acknowledged_and_answered_in_place(desk: Office) -> None:
    await share_own_number(desk)
    [bill] = await desk.say(JOHN, "cek tagihan")
    async with desk.outside.news(AnswerNews) as acknowledged:
        messages = await desk.tap(JOHN, labels(bill)[0])
    assert acknowledged[0].text == ""
    assert messages[-1]["message_id"] == bill["message_id"]
    assert messages[-1]["text"] != bill["text"]
    assert messages[-1]["edit_date"]


async def test_buttons_fit_telegrams_limit_and_stand_two_in_a_row_when_short(desk: Office) -> None:
    await share_own_number(desk)
    [bill] = await desk.say(JOHN, "cek tagihan")
    rows = bill["reply_markup"]["inline_keyboard"]
    assert max(map(len, rows)) >= 2
    assert all(len(each["callback_data"].encode()) <= 64 for each in buttons(bill))


async def test_an_old_button_answers_no_new_question(desk: Office) -> None:
    await share_own_number(desk)
    [code] = await desk.say(JOHN, "lupa password")
    assert "Batal" in labels(code)
    await desk.say(JOHN, "batal", "cek tagihan")
    async with desk.outside.news(AnswerNews) as told:
        messages = await desk.tap(JOHN, "Batal")
    assert "sudah lama" in told[0].text
    assert (
        next(each for each in messages if each["message_id"] == code["message_id"]).get("reply_markup")
        is None
    )


async def test_an_old_menu_still_works_as_its_words(desk: Office) -> None:
    await share_own_number(desk)
    [*_, menu] = [each for each in await desk.outside.messages(JOHN) if "Cek tagihan" in labels(each)]
    await desk.say(JOHN, "lupa password")
    messages = await desk.tap(JOHN, "Cek tagihan")
    changed = next(each for each in messages if each["message_id"] == menu["message_id"])
    assert "Rp627.500" in changed["text"]


async def test_a_remark_in_between_leaves_buttons_good(desk: Office) -> None:
    await share_own_number(desk)
    [bill] = await desk.say(JOHN, "cek tagihan")
    await desk.say(JOHN, "makasih ya")
    messages = await desk.tap(JOHN, labels(bill)[0])
    changed = next(each for each in messages if each["message_id"] == bill["message_id"])
    assert changed["text"] != bill["text"]


async def test_numbers_and_words_work_beside_buttons(desk: Office) -> None:
    await share_own_number(desk)
    [*_, by_number] = await desk.say(JOHN, "menu", "1")
    assert "Rp627.500" in by_number["text"]


async def test_a_deep_link_goes_straight_to_its_flow(desk: Office) -> None:
    await share_own_number(desk)
    [answer] = await desk.done(JOHN, ("start", {"payload": "tagihan"}))
    assert "Rp627.500" in answer["text"]


async def test_an_invitations_link_lets_a_chat_in_once_it_says_yes(desk: Office) -> None:
    services = desk.inside.services
    await services.identity.start_recovery("28900004", ip="chat:x", request_id="own")
    checked = await services.identity.check_code("28900004", await desk.inside.code(), request_id="owned")
    assert isinstance(checked, Verified)
    code = await services.access.invite(5, ChatRole.PAYER, grant=checked.grant, request_id="invite")
    [asked] = await desk.done(STRANGER, ("start", {"payload": code}))
    assert "28900004" in asked["text"]
    await desk.tap(STRANGER, "Yes")
    own = await services.customers.services_of_chat("telegram", str(STRANGER.id))
    assert [(each.service_number, each.role) for each in own] == [("28900004", ChatRole.PAYER)]


async def test_an_unknown_payload_shows_the_menu(desk: Office) -> None:
    await share_own_number(desk)
    [answer] = await desk.done(JOHN, ("start", {"payload": "halo-dunia"}))
    assert "Cek tagihan" in labels(answer)


async def test_somebody_whose_app_speaks_english_is_greeted_in_english(desk: Office) -> None:
    menu, ask = await desk.done(STRANGER, ("start", {}))
    assert "Check my bill" in labels(menu)
    assert "phone number" in ask["text"]


async def test_a_secret_does_not_stay_in_the_chat(desk: Office) -> None:
    await share_own_number(desk)
    await desk.say(JOHN, "lupa password")
    await desk.say(JOHN, await desk.inside.code())
    [done] = await desk.say(JOHN, "sandi-baru-2026")
    assert "sudah" in done["text"]
    assert "sandi-baru-2026" not in str(await desk.outside.messages(JOHN))


async def test_what_people_wrote_is_erased_once_it_is_answered(desk: Office) -> None:
    await desk.say(JOHN, "rahasia sekali")
    async with desk.inside.services.uow.read() as tx:
        rows = await tx.all(select(outbox.c.payload, outbox.c.state).where(outbox.c.topic == TOPIC))
    assert [(row.payload, row.state) for row in rows] == [({}, "done")]


async def test_an_edited_message_is_not_executed_again(desk: Office) -> None:
    await desk.say(JOHN, "cek tagihan")
    [first, *_] = await desk.outside.messages(JOHN)
    path = f"phone/api/chats/{JOHN.id}/messages/{first['message_id']}"
    assert (await desk.outside.http.patch(path, json={"text": "lupa password"})).status_code == 202
    before = await desk.outside.messages(JOHN)
    await desk.work()
    assert await desk.outside.messages(JOHN) == before


async def test_a_photo_with_a_caption_is_heard_and_one_without_is_asked_about(desk: Office) -> None:
    await desk.say(JOHN, "halo")
    for caption in ("", "cek tagihan"):
        response = await desk.outside.http.post(
            f"phone/api/chats/{JOHN.id}/messages",
            data={"text": caption},
            files={"photo": ("foto.png", PNG, "image/png")},
        )
        assert response.status_code == 202
        await desk.work()
    *_, alone, captioned = [each for each in await desk.outside.messages(JOHN) if each["from"]["is_bot"]]
    assert alone["text"]
    assert "nomor layanan" in captioned["text"]


async def test_a_group_hears_nothing_of_accounts(desk: Office) -> None:
    await share_own_number(desk)
    body = {"title": "Warga RT 05", "creator": JOHN.id}
    group = (await desk.outside.http.post("phone/api/groups", json=body)).json()["id"]
    path = f"phone/api/groups/{group}/messages"
    for text in ("/tagihan", "/tagihan@lain_bot", "apa kabar"):
        await desk.outside.http.post(path, json={"person": JOHN.id, "text": text})
    await desk.work()
    said = (await desk.outside.http.get(path)).json()["messages"]
    [answer] = [each for each in said if each.get("from", {}).get("is_bot")]
    assert "pribadi" in answer["text"]
    assert buttons(answer)[0]["url"] == "https://t.me/loket_sandbox_bot?start=menu"
    assert "Rp" not in str(said)


async def test_a_failure_of_ours_is_said_in_words(demo_url: str) -> None:
    async with office(demo_url, flows=()) as desk:
        desk.desk._conversation = None  # type: ignore[assignment] # a bug of ours, whichever
        [answer] = await desk.say(JOHN, "halo")
    assert answer["text"].startswith("Maaf")


async def test_staff_link_their_chat_prove_it_and_answer_a_customer(desk: Office) -> None:
    services = desk.inside.services
    told = "\n".join(each["text"] for each in await desk.done(ADMIN, ("start", {}), ("contacts", {})))
    assert "chat petugas" in told
    assert desk.outside.api.commands.shown(ADMIN.id, "id")[0].command == "staf"
    await desk.say(ADMIN, "/antrean")
    await desk.say(ADMIN, await desk.inside.code())
    await share_own_number(desk)
    [called] = await desk.say(JOHN, "mau bicara dengan orang")
    assert "panggilkan petugas" in called["text"]
    assert await desk.say(JOHN, "internet saya kenapa ya") == []
    async with services.uow.read() as tx:
        rows = await tx.all(select(outbox.c.payload).where(outbox.c.topic == "message.text"))
    notice = next(row.payload for row in reversed(rows) if row.payload["to"] == str(ADMIN.id))
    assert notice["channel"] == "telegram"
    [shown] = await desk.say(ADMIN, "ambil 1")
    assert "internet saya kenapa ya" in shown["text"]
    [sent] = await desk.say(ADMIN, "Sebentar, kami cek.")
    assert sent["text"] == "Terkirim."
    assert "Cek tagihan" in labels((await desk.say(JOHN, "menu"))[0])


async def test_a_photo_is_fetched_and_kept_as_the_proof_of_a_payment(desk: Office) -> None:
    await share_own_number(desk)
    response = await desk.outside.http.post(
        f"phone/api/chats/{JOHN.id}/messages", files={"photo": ("foto.png", PNG, "image/png")}
    )
    assert response.status_code == 202
    await desk.work()
    [sent] = await desk.say(JOHN, "1")
    assert "bukti bayar 1" in sent["text"]
    async with desk.inside.services.uow.read() as tx:
        assert bytes(await tx.scalar(select(proof_pictures.c.content))) == PNG
