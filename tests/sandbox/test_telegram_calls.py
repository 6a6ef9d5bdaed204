"""The Bot API as a client library meets it: what is answered, what is refused, and in which words (telegram contract §1, §2)."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, InvalidToken

from sandbox.telegram.news import AnswerNews
from tests.sandbox.telegram_stage import JOHN, RINA, SITI, TOKEN, Stage, staged

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


def keyboard(*data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Pilih", callback_data=each)] for each in data])


async def test_the_bot_learns_who_it_is(stage: Stage) -> None:
    me = await stage.bot.get_me()
    assert (me.id, me.is_bot, me.username) == (4242424242, True, "loket_sandbox_bot")
    assert me.can_read_all_group_messages is False


async def test_another_token_is_refused_and_never_written_down(stage: Stage) -> None:
    stranger = Bot("1:tebakan", base_url=stage.base_url)
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()
    shown = (await stage.http.get("phone/api/server")).text
    assert "tebakan" not in shown
    assert TOKEN not in shown


async def test_an_unknown_method_is_not_found(stage: Stage) -> None:
    answer = await stage.http.post(f"{stage.base_url}{TOKEN}/sendSticker")
    assert (answer.status_code, answer.json()["error_code"]) == (404, 404)


async def test_html_becomes_entities_counted_in_utf16(stage: Stage) -> None:
    message = await stage.greet(
        text='  😀 <b>te<i>bal</i></b> &lt;1&amp;2&gt; <a href="https://a.example/?x=1&amp;y=2">tautan</a> ',
        parse_mode="HTML",
    )
    assert message.text == "😀 tebal <1&2> tautan"
    assert [(each.type, each.offset, each.length) for each in message.entities] == [
        ("bold", 3, 5),
        ("italic", 5, 3),
        ("text_link", 15, 6),
    ]
    assert message.parse_entity(message.entities[0]) == "tebal"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a < b", "Unclosed start tag"),
        ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("é<b>x", 'find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x", "start tag"),
        ("  <b> </b> ", "message text is empty"),
    ],
)
async def test_broken_html_is_refused(stage: Stage, text: str, told: str) -> None:
    with pytest.raises(BadRequest, match=r"(?i)parse entities|empty") as refusal:
        await stage.greet(text=text, parse_mode="HTML")
    assert told.lower() in refusal.value.message.lower()


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "x", "parse_mode": "Bbcode"}, "unsupported parse_mode"),
        ({"text": "x", "reply_markup": keyboard("x" * 65)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": keyboard("é" * 33)}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "reply_markup": InlineKeyboardMarkup([[InlineKeyboardButton("tanpa aksi")]])},
            "Text buttons are unallowed",
        ),
        (
            {"text": "x", "reply_markup": InlineKeyboardMarkup([[InlineKeyboardButton("a", url="ftp://x")]])},
            "Wrong HTTP URL",
        ),
        ({"text": "x", "reply_markup": keyboard(*("x",) * 101)}, "reply markup is too long"),
        ({"text": "x", "reply_parameters": ReplyParameters(1)}, "message to be replied not found"),
    ],
)
async def test_what_telegram_would_not_show_is_refused(
    stage: Stage, extra: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        await stage.greet(**extra)
    assert told.lower() in refusal.value.message.lower()
    assert [each["text"] for each in await stage.messages()] == ["/start"]


async def test_limits_are_inclusive(stage: Stage) -> None:
    message = await stage.greet(text="😀" * 2048, reply_markup=keyboard("x" * 64))
    assert len(message.text or "") == 2048
    with pytest.raises(BadRequest, match="too long"):
        await stage.greet(text="😀" * 2049)


async def test_nobody_is_written_to_who_has_not_begun(stage: Stage) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await stage.bot.send_message(SITI.id, "Halo")
    with pytest.raises(BadRequest, match="Chat_id is empty"):
        await stage.bot.send_message("", "Halo")
    with pytest.raises(BadRequest, match="Chat not found"):
        await stage.bot.send_message("@somebody", "Halo")


async def test_only_inline_keyboards_come_back_in_a_message(stage: Stage) -> None:
    share = ReplyKeyboardMarkup([[KeyboardButton("Bagikan nomor", request_contact=True)], ["Batal"]])
    assert (await stage.greet(reply_markup=share)).reply_markup is None
    rows = (await stage.state())["keyboard"]["rows"]
    assert [[key.get("request_contact", False) for key in row] for row in rows] == [[True], [False]]
    await stage.greet(reply_markup=ForceReply(input_field_placeholder="Nomor layanan"))
    await stage.greet(reply_markup=ReplyKeyboardRemove())
    assert (await stage.state())["keyboard"] is None
    inline = await stage.greet(reply_markup=keyboard("1.a"))
    assert inline.reply_markup == keyboard("1.a")


async def test_a_message_is_edited_in_place(stage: Stage) -> None:
    message = await stage.greet(reply_markup=keyboard("a"))
    stage.clock.advance(60)
    edited = await stage.bot.edit_message_text(
        "<b>Baru</b>", JOHN.id, message.message_id, parse_mode="HTML", reply_markup=keyboard("b")
    )
    assert isinstance(edited, Message)
    assert edited.edit_date == message.date + timedelta(seconds=60)
    [_, shown] = await stage.messages()
    assert (shown["text"], shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"]) == ("Baru", "b")
    with pytest.raises(BadRequest, match="Message is not modified"):
        await stage.bot.edit_message_text(
            "<b>Baru</b>", JOHN.id, message.message_id, parse_mode="HTML", reply_markup=keyboard("b")
        )
    plain = await stage.bot.edit_message_reply_markup(JOHN.id, message.message_id)
    assert isinstance(plain, Message)
    assert plain.reply_markup is None


async def test_only_the_bots_own_messages_can_be_edited(stage: Stage) -> None:
    await stage.greet()
    [theirs, _] = await stage.messages()
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await stage.bot.edit_message_text("x", JOHN.id, theirs["message_id"])
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await stage.bot.edit_message_text("x", JOHN.id, 1)
    with pytest.raises(BadRequest, match="Message_too_long"):
        await stage.bot.edit_message_text("x" * 4097, JOHN.id, (await stage.greet()).message_id)


async def test_messages_of_both_sides_can_be_deleted_for_two_days(stage: Stage) -> None:
    message = await stage.greet()
    [theirs, _] = await stage.messages()
    await stage.bot.delete_message(JOHN.id, theirs["message_id"])
    assert [each["message_id"] for each in await stage.messages()] == [message.message_id]
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await stage.bot.delete_message(JOHN.id, theirs["message_id"])
    stage.clock.advance(48 * 3600 + 1)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await stage.bot.delete_message(JOHN.id, message.message_id)


async def test_a_tap_is_answered_once_and_in_time(stage: Stage) -> None:
    message = await stage.greet(reply_markup=keyboard("1.a"))
    await stage.do(JOHN, "taps", message_id=message.message_id, data="1.a")
    query = (await stage.next_update()).callback_query
    assert query is not None
    assert (query.data, query.from_user.id, query.message and query.message.message_id) == (
        "1.a",
        JOHN.id,
        message.message_id,
    )
    with pytest.raises(BadRequest, match="Message_too_long"):
        await query.answer("x" * 201)
    async with stage.news(AnswerNews) as told:
        await query.answer("Sebentar", show_alert=True)
    assert told == [AnswerNews(JOHN.id, message.message_id, "Sebentar", alert=True)]
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer()
    await stage.do(JOHN, "taps", message_id=message.message_id, data="1.a")
    stage.clock.advance(61)
    late = (await stage.next_update()).callback_query
    assert late is not None
    with pytest.raises(BadRequest, match="Query is too old"):
        await late.answer()


async def test_typing_shows_until_the_message_comes(stage: Stage) -> None:
    await stage.greet()
    await stage.bot.send_chat_action(JOHN.id, "typing")
    assert (await stage.state())["typing_until"] == "2026-11-22T03:00:05Z"
    await stage.greet()
    assert (await stage.state())["typing_until"] is None
    with pytest.raises(BadRequest, match="Wrong parameter action"):
        await stage.bot.send_chat_action(JOHN.id, "thinking")


async def test_documents_and_photos_are_kept_and_can_be_fetched(stage: Stage) -> None:
    await stage.greet()
    sent = await stage.bot.send_document(
        JOHN.id, io.BytesIO(b"isi"), filename="tagihan.pdf", caption="<b>Tagihan</b>", parse_mode="HTML"
    )
    assert sent.document
    assert (sent.document.file_name, sent.caption, sent.caption_entities[0].type) == (
        "tagihan.pdf",
        "Tagihan",
        "bold",
    )
    file = await sent.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"isi"
    photo = await stage.bot.send_photo(JOHN.id, PNG)
    again = await stage.bot.send_photo(JOHN.id, photo.photo[-1].file_id)
    assert again.photo[-1].file_size == len(PNG)
    with pytest.raises(BadRequest, match="Invalid file_id"):
        await stage.bot.get_file("tidak-ada")
    with pytest.raises(BadRequest, match="caption is too long"):
        await stage.bot.send_photo(JOHN.id, PNG, caption="x" * 1025)


async def test_commands_are_shown_by_the_narrowest_scope_and_language(stage: Stage) -> None:
    general = [BotCommand("tagihan", "Cek tagihan")]
    await stage.bot.set_my_commands(general)
    await stage.bot.set_my_commands([BotCommand("bill", "Check my bill")], language_code="en")
    await stage.bot.set_my_commands([BotCommand("siaran", "Siaran")], scope=BotCommandScopeChat(SITI.id))
    people = (await stage.http.get("phone/api/people")).json()["people"]
    shown = {each["name"]: [command["command"] for command in each["commands"]] for each in people}
    assert shown == {"John Doe": ["tagihan"], "Siti Rahma": ["siaran"], "Rina": ["bill"]}
    assert await stage.bot.get_my_commands() == tuple(general)
    await stage.bot.set_my_commands([BotCommand("menu", "Menu")], scope=BotCommandScopeAllPrivateChats())
    await stage.bot.delete_my_commands(scope=BotCommandScopeChat(SITI.id))
    assert [c.command for c in stage.api.commands.shown(SITI.id, "id")] == ["menu"]
    assert [c.command for c in stage.api.commands.shown(RINA.id, "en")] == ["menu"]


@pytest.mark.parametrize(
    ("command", "description", "told"),
    [
        ("Tagihan", "x", "Bot_command_invalid"),
        ("cek-tagihan", "x", "invalid"),
        ("tagihan", "", "description"),
    ],
)
async def test_commands_outside_the_limits_are_refused(
    stage: Stage, command: str, description: str, told: str
) -> None:
    with pytest.raises(BadRequest, match=f"(?i){told}"):
        await stage.bot.set_my_commands([(command, description)])


async def test_a_phone_number_is_asked_for_in_private_only(stage: Stage) -> None:
    group = (await stage.http.post("phone/api/groups", json={"title": "Warga", "creator": JOHN.id})).json()
    share = ReplyKeyboardMarkup([[KeyboardButton("Bagikan", request_contact=True)]])
    with pytest.raises(BadRequest, match="Phone number can be requested in private chats only"):
        await stage.bot.send_message(group["id"], "Nomor?", reply_markup=share)
    with pytest.raises(Forbidden, match="bot can't initiate conversation"):
        await stage.bot.send_message(JOHN.id, "Halo")


async def test_parameters_are_read_from_query_form_and_json_alike(stage: Stage) -> None:
    await stage.greet()
    path, markup = (
        f"{stage.base_url}{TOKEN}/sendmessage",
        {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]},
    )
    asked = {"chat_id": str(JOHN.id), "text": "Halo"}
    for response in (
        await stage.http.get(path, params=asked),
        await stage.http.post(path, data=asked),
        await stage.http.post(path, json={**asked, "reply_markup": markup, "surprise": 1}),
    ):
        assert response.json()["ok"] is True, response.text
    assert (await stage.journal())[0]["remarks"] == ["unknown parameter: surprise"]
    for json, told in (
        ({**asked, "reply_markup": "[]"}, "object expected as reply markup"),
        ({**asked, "reply_markup": {"inline_keyboard": [["a"]]}}, "can't parse inline keyboard markup"),
        ({**asked, "text": 5}, "Expected `str`"),
    ):
        assert told in (await stage.http.post(path, json=json)).json()["description"]
    broken = await stage.http.post(path, content=b"{", headers={"Content-Type": "application/json"})
    assert broken.json()["description"] == "Bad Request: can't parse JSON object"
