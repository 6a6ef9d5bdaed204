"""What people do with their phones, as the bot is told of it, and the page's own API."""

from collections.abc import AsyncIterator

import pytest
from telegram import ChatMember, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import ChatMigrated, Forbidden

from tests.sandbox.telegram_stage import JOHN, RINA, SITI, Stage, staged

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


async def test_a_deep_link_starts_with_its_payload(stage: Stage) -> None:
    await stage.do(JOHN, "start", payload="tagihan")
    message = (await stage.next_update()).message
    assert message
    assert (message.text, message.entities[0].type, message.entities[0].length) == (
        "/start tagihan",
        "bot_command",
        6,
    )
    refused = await stage.http.post(f"phone/api/chats/{JOHN.id}/start", json={"payload": "a b"})
    assert refused.status_code == 400


async def test_the_same_person_has_the_same_id_after_a_restart(stage: Stage) -> None:
    async with staged() as restarted:
        assert restarted.api.people.find(JOHN.id) == JOHN
    assert JOHN.id > 2**32
    assert len({JOHN.id, SITI.id, RINA.id}) == 3


async def test_the_language_of_the_app_is_told(stage: Stage) -> None:
    await stage.say(RINA, "hello")
    user = (await stage.next_update()).effective_user
    assert user
    assert (user.language_code, user.last_name) == ("en", None)


async def test_ones_own_contact_names_the_sender_and_a_strangers_does_not(stage: Stage) -> None:
    await stage.do(JOHN, "contacts")
    own = (await stage.next_update()).message
    assert own
    assert own.contact
    assert (own.contact.user_id, own.contact.phone_number) == (JOHN.id, JOHN.phone)
    await stage.do(JOHN, "contacts", phone=SITI.phone)
    sitis = (await stage.next_update()).message
    assert sitis
    assert sitis.contact
    assert sitis.contact.user_id == SITI.id
    await stage.do(JOHN, "contacts", phone="628999999999", name="Tukang Listrik")
    foreign = (await stage.next_update()).message
    assert foreign
    assert foreign.contact
    assert (foreign.contact.user_id, foreign.contact.last_name) == (None, "Listrik")
    await stage.do(JOHN, "contacts", forwarded=True)
    forwarded = (await stage.next_update()).message
    assert forwarded
    assert forwarded.forward_origin is not None


async def test_a_photo_can_be_downloaded_by_the_bot(stage: Stage) -> None:
    response = await stage.http.post(
        f"phone/api/chats/{JOHN.id}/messages",
        data={"text": "bukti transfer", "width": "640", "height": "480"},
        files={"photo": ("bukti.png", PNG, "image/png")},
    )
    assert response.status_code == 202
    message = (await stage.next_update()).message
    assert message
    assert (message.caption, message.photo[-1].width, message.photo[0].width) == ("bukti transfer", 640, 90)
    file = await message.photo[-1].get_file()
    assert bytes(await file.download_as_bytearray()) == PNG
    seen = await stage.http.get(f"phone/api/files/{message.photo[-1].file_id}")
    assert (seen.content, seen.headers["content-type"]) == (PNG, "image/png")


async def test_a_text_can_be_changed_afterwards(stage: Stage) -> None:
    sent = await stage.say(JOHN, "tagihann")
    await stage.next_update()
    path = f"phone/api/chats/{JOHN.id}/messages/{sent['message_id']}"
    assert (await stage.http.patch(path, json={"text": "tagihan"})).status_code == 202
    update = await stage.next_update()
    assert update.message is None
    assert update.edited_message
    assert update.edited_message.text == "tagihan"


async def test_a_blocked_bot_may_not_write_until_it_is_let_in_again(stage: Stage) -> None:
    await stage.greet()
    await stage.do(JOHN, "block")
    gone = (await stage.next_update()).my_chat_member
    assert gone
    assert gone.new_chat_member.status == ChatMember.BANNED
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await stage.bot.send_message(JOHN.id, "Halo")
    refused = await stage.http.post(f"phone/api/chats/{JOHN.id}/messages", json={"text": "halo"})
    assert (refused.status_code, refused.json()["message"]) == (409, "unblock the bot first")
    await stage.do(JOHN, "start")
    back, start = await stage.updates()
    assert back.my_chat_member
    assert back.my_chat_member.new_chat_member.status == ChatMember.MEMBER
    assert start.message
    await stage.bot.send_message(JOHN.id, "Halo")


async def test_only_buttons_that_are_there_can_be_tapped(stage: Stage) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data="a")]])
    message = await stage.greet(reply_markup=keyboard)
    path = f"phone/api/chats/{JOHN.id}/taps"
    wrong = await stage.http.post(path, json={"message_id": message.message_id, "data": "b"})
    assert wrong.status_code == 409
    await stage.bot.edit_message_reply_markup(JOHN.id, message.message_id)
    gone = await stage.http.post(path, json={"message_id": message.message_id, "data": "a"})
    assert gone.status_code == 409
    assert (await stage.http.post(path, json={"message_id": 1, "data": "a"})).status_code == 404


async def new_group(stage: Stage) -> int:
    answer = await stage.http.post("phone/api/groups", json={"title": "Warga RT 05", "creator": JOHN.id})
    joined, hello = await stage.updates()
    assert joined.my_chat_member
    assert hello.message
    assert hello.message.new_chat_members[0].id == stage.bot.id
    await stage.updates(offset=hello.update_id + 1)
    return int(answer.json()["id"])


async def test_in_a_group_the_bot_hears_commands_and_replies_only(stage: Stage) -> None:
    group, path = await new_group(stage), "phone/api/groups/{}/messages"
    shown = await stage.bot.send_message(group, "Halo semua")
    for text, reply_to in (
        ("tagihan saya berapa", None),
        ("/tagihan@lain_bot", None),
        ("/tagihan@loket_sandbox_bot", None),
        ("menjawab bot", shown.message_id),
    ):
        body = {"person": SITI.id, "text": text, "reply_to": reply_to}
        assert (await stage.http.post(path.format(group), json=body)).status_code == 202
    heard = [update.message.text for update in await stage.updates() if update.message]
    assert heard == ["/tagihan@loket_sandbox_bot", "menjawab bot"]


async def test_a_group_that_moved_answers_with_its_new_id(stage: Stage) -> None:
    group = await new_group(stage)
    moved = (await stage.http.post(f"phone/api/groups/{group}/upgrade")).json()
    assert (moved["type"], str(moved["id"])[:4]) == ("supergroup", "-100")
    with pytest.raises(ChatMigrated) as refusal:
        await stage.bot.send_message(group, "Halo")
    assert refusal.value.new_chat_id == moved["id"]
    await stage.bot.send_message(moved["id"], "Halo")
    first, second = [update.message for update in await stage.updates()]
    assert first
    assert second
    assert (first.migrate_to_chat_id, second.migrate_from_chat_id) == (moved["id"], group)


async def test_a_stranger_is_added_once(stage: Stage) -> None:
    answer = await stage.http.post("phone/api/people", json={"phone": "0899 1234 567", "name": "Tamu"})
    assert (answer.status_code, answer.json()["phone"]) == (201, "628991234567")
    again = await stage.http.post("phone/api/people", json={"phone": "+628991234567"})
    assert (again.json()["id"], again.json()["name"]) == (answer.json()["id"], "Tamu")
    for wrong in ({"phone": "abc"}, {"phone": "0812345678", "language_code": "Bahasa"}, {}):
        assert (await stage.http.post("phone/api/people", json=wrong)).status_code == 400
    assert (await stage.http.get("phone/api/chats/1/messages")).status_code == 404


async def test_news_arrive_on_the_open_stream(stage: Stage) -> None:
    async with stage.http.stream("GET", "phone/api/events") as response:
        lines = response.aiter_lines()
        await anext(lines)
        await stage.say(JOHN, "halo")
        events = [line async for line in _first(lines, 2)]
    assert events == ["event: message", "event: state"]


async def _first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    async for line in lines:
        if line.startswith("event: "):
            yield line
            count -= 1
        if not count:
            return


async def test_the_page_loads_nothing_from_elsewhere(stage: Stage) -> None:
    page = await stage.http.get("phone")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in page.text
    assert "style=" not in page.text
    for name in ("shared/base.css", "shared/dom.js", "static/phone/main.js"):
        assert (await stage.http.get(name)).status_code == 200
