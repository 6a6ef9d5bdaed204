"""Getting updates in and answers out although Telegram, the network or the process fails (telegram contract §3, §4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from quart import Quart
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from typing_extensions import override

from bot.inbound import Incoming
from bot.telegram.inbox import Inbox
from bot.telegram.outcome import outcome_of
from bot.telegram.pace import Pace
from bot.telegram.poller import LONGEST_PAUSE_S, Poller
from bot.telegram.sender import TelegramChannel
from bot.telegram.webhook import PATH, SECRET_HEADER, create_blueprint
from conversations.engine.say import Reply
from core.messaging.ports import Accepted, ChannelDown, Choice, Gone, Misconfigured, OutgoingText, Refused
from sandbox.telegram.news import StateNews
from tests.bot.telegram_stage import JOHN, SITI, Office, buttons, office

SECRET = "a-webhook-secret-1"


@pytest.fixture
async def desk(demo_url: str) -> AsyncIterator[Office]:
    async with office(demo_url, hang_s=0.05) as opened:
        yield opened


async def answers(desk: Office) -> list[str]:
    return [each["text"] for each in await desk.outside.messages(JOHN) if each["from"]["is_bot"]]


async def test_an_update_that_comes_twice_is_answered_once(desk: Office) -> None:
    await desk.say(JOHN, "halo")
    before = await answers(desk)
    await desk.done(JOHN, ("repeat-last", {}))
    assert await answers(desk) == before


async def test_an_answer_that_was_refused_for_a_while_comes_later_without_a_second_turn(desk: Office) -> None:
    await desk.outside.choose_fault("flood", times=1, retry_after_s=9)
    assert await desk.say(JOHN, "halo") == []
    desk.inside.clock.move(timedelta(seconds=8))
    assert await desk.work() == 0
    desk.inside.clock.move(timedelta(seconds=2))
    assert await desk.work() == 1
    assert len(await answers(desk)) == 1
    assert len(desk.inside.says) == 1


async def test_later_messages_of_a_chat_wait_for_the_answer_before_them(desk: Office) -> None:
    await desk.outside.choose_fault("server_error", times=1)
    await desk.say(JOHN, "halo")
    await desk.outside.say(JOHN, "cek tagihan")
    await desk.outside.say(SITI, "halo")
    await desk.work()
    assert await answers(desk) == []
    assert len(await desk.outside.messages(SITI)) == 2
    desk.inside.clock.move(timedelta(seconds=2))
    await desk.work()
    first, second = await answers(desk)
    assert "nomor layanan" not in first
    assert "nomor layanan" in second


async def test_a_lost_answer_may_be_shown_twice_but_the_turn_is_played_once(desk: Office) -> None:
    await desk.outside.choose_fault("hang", times=1)
    await desk.say(JOHN, "halo")
    desk.inside.clock.move(timedelta(seconds=2))
    await desk.work()
    first, second = await answers(desk)
    assert first == second
    assert len(desk.inside.says) == 1


async def test_a_tap_whose_answer_was_lost_is_answered_after_all(desk: Office) -> None:
    await desk.done(JOHN, ("start", {}))
    await desk.outside.choose_fault("server_error", times=1)
    await desk.tap(JOHN, "Cek tagihan")
    desk.inside.clock.move(timedelta(seconds=2))
    await desk.work()
    menu, _ = await answers(desk)
    assert "nomor layanan" in menu


async def test_nobody_goes_on_writing_to_somebody_who_has_blocked_the_bot(desk: Office) -> None:
    await desk.outside.say(JOHN, "halo")
    await desk.outside.do(JOHN, "block")
    assert await desk.work() == 2
    desk.inside.clock.move(timedelta(hours=1))
    assert await desk.work() == 0


class Hesitant:
    """A conversation that answers only once the person has been told that it is being written."""

    def __init__(self, desk: Office) -> None:
        self._desk = desk

    async def receive(self, incoming: Incoming) -> tuple[Reply, ...]:
        with self._desk.outside.api.feed.listen() as inbox:
            async with asyncio.timeout(3):
                while True:
                    news = await inbox.get()
                    if isinstance(news, StateNews) and news.state.typing_until:
                        return await self._desk.inside.conversation.receive(incoming)


async def test_slow_answers_are_announced(desk: Office) -> None:
    desk.desk._typing_after_s = 0.0
    desk.desk._conversation = Hesitant(desk)  # type: ignore[assignment] # slow, and otherwise the real one
    assert len(await desk.say(JOHN, "halo")) == 1


ERRORS: list[tuple[TelegramError, object]] = [
    (RetryAfter(7), ChannelDown("Telegram asks to slow down", 7)),
    (RetryAfter(timedelta(seconds=7)), ChannelDown("Telegram asks to slow down", 7)),
    (Forbidden("bot was blocked by the user"), Gone),
    (Forbidden("user is deactivated"), Gone),
    (BadRequest("Chat not found"), Gone("Telegram knows no such chat")),
    (BadRequest("Can't parse entities"), Refused("Telegram cannot show the message as it is")),
    (TimedOut(), ChannelDown("Telegram did not answer in time")),
    (NetworkError("https://api.telegram.org/bot1:secret"), ChannelDown("Telegram cannot be reached")),
    (InvalidToken("Unauthorized"), Misconfigured("Telegram does not know the bot's token")),
    (ChatMigrated(-1001), Refused),
    (Conflict("terminated"), Refused),
]


@pytest.mark.parametrize(("error", "meaning"), ERRORS)
def test_every_error_has_its_meaning(error: TelegramError, meaning: object) -> None:
    outcome = outcome_of(error)
    assert (type(outcome) if isinstance(meaning, type) else outcome) == meaning
    assert "secret" not in outcome.reason


@pytest.fixture
async def channel(desk: Office) -> TelegramChannel:
    await desk.done(JOHN, ("start", {}))
    return TelegramChannel(desk.bot, desk.inside.services.renderers)


async def test_a_queued_text_is_carried_with_its_choices(desk: Office, channel: TelegramChannel) -> None:
    text = OutgoingText(str(JOHN.id), "*Lunas* <terima kasih> & salam", (Choice("intent:menu", "Menu"),))
    sent = await channel.send(text, idempotency_key="k")
    shown = (await desk.outside.messages(JOHN))[-1]
    assert sent == Accepted(str(shown["message_id"]))
    assert (shown["text"], shown["entities"][0]["type"]) == ("Lunas <terima kasih> & salam", "bold")
    assert buttons(shown) == [{"text": "Menu", "callback_data": "n.intent:menu"}]


async def test_a_long_text_comes_in_parts(desk: Office, channel: TelegramChannel) -> None:
    lines = "\n".join(f"baris <{number}> " + "x" * 80 for number in range(100))
    await channel.send(OutgoingText(str(JOHN.id), lines, (Choice("a", "A"),)), idempotency_key="k")
    parts = [each for each in await desk.outside.messages(JOHN) if "baris" in each["text"]]
    assert "\n".join(each["text"] for each in parts) == lines.replace(" \n", "\n").rstrip()
    assert [bool(buttons(each)) for each in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("flood", ChannelDown("Telegram asks to slow down", 3)),
        ("blocked", Gone("the person has blocked the bot, left, or never started it")),
        ("not_found", Gone("Telegram knows no such chat")),
        ("bad_gateway", ChannelDown("Telegram cannot be reached")),
        ("refuse", ChannelDown("Telegram cannot be reached")),
    ],
)
async def test_a_queued_text_meets_trouble(
    desk: Office, channel: TelegramChannel, mode: str, outcome: object
) -> None:
    await desk.outside.choose_fault(mode)
    assert await channel.send(OutgoingText(str(JOHN.id), "x"), idempotency_key="k") == outcome


async def test_a_moved_group_is_followed(desk: Office, channel: TelegramChannel) -> None:
    body = {"title": "Warga", "creator": JOHN.id}
    old = (await desk.outside.http.post("phone/api/groups", json=body)).json()["id"]
    new = (await desk.outside.http.post(f"phone/api/groups/{old}/upgrade")).json()["id"]
    sent = await channel.send(OutgoingText(str(old), "Halo"), idempotency_key="k")
    assert isinstance(sent, Accepted)
    assert sent.moved_to == str(new)
    said = (await desk.outside.http.get(f"phone/api/groups/{new}/messages")).json()["messages"]
    assert said[-1]["text"] == "Halo"


async def test_addresses_of_other_channels_and_a_closed_channel_send_nothing(
    channel: TelegramChannel,
) -> None:
    assert isinstance(await channel.send(OutgoingText("x@lid", "x"), idempotency_key="k"), Refused)
    await channel.aclose()
    assert isinstance(await channel.send(OutgoingText("1", "x"), idempotency_key="k"), ChannelDown)


async def test_messages_leave_at_an_even_pace() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))

    pace = Pace(25, time=lambda: 100.0, sleep=sleep)
    for _ in range(4):
        await pace.wait()
    assert slept == [0.04, 0.08, 0.12]


class Pauses:
    """Stands in for sleeping: notes how long, and ends the poller when it has seen enough."""

    def __init__(self, enough: int) -> None:
        self.noted: list[float] = []
        self._enough = enough

    async def __call__(self, seconds: float) -> None:
        self.noted.append(seconds)
        if len(self.noted) == self._enough:
            raise asyncio.CancelledError


def poller(desk: Office, pauses: Pauses, inbox: Inbox | None = None) -> Poller:
    return Poller(desk.bot, inbox or desk.inbox, poll_s=0, sleep=pauses, chance=lambda: 0.5)


@pytest.mark.parametrize(
    ("fault", "pauses"),
    [
        ({"mode": "server_error"}, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]),
        ({"mode": "flood", "retry_after_s": 7}, [7.0, 7.0]),
        ({"mode": "bad_gateway"}, [1.0, 2.0]),
    ],
)
async def test_polling_outlives_trouble_with_growing_pauses(
    desk: Office, fault: dict[str, Any], pauses: list[float]
) -> None:
    await desk.outside.choose_fault(method="getUpdates", **fault)
    noted = Pauses(len(pauses))
    with pytest.raises(asyncio.CancelledError):
        await poller(desk, noted).run()
    assert noted.noted == pauses


async def test_a_second_bot_or_a_webhook_makes_polling_wait_for_a_person(desk: Office) -> None:
    hook = str(desk.outside.http.base_url.copy_with(path="/hook"))
    await desk.bot.set_webhook(hook)
    noted = Pauses(1)
    with pytest.raises(asyncio.CancelledError):
        await poller(desk, noted).run()
    assert noted.noted == [LONGEST_PAUSE_S]


async def test_what_could_not_be_kept_is_fetched_again(desk: Office) -> None:
    class Broken(Inbox):
        @override
        async def keep(self, updates: Any) -> None:
            raise OSError("no database")

    await desk.outside.say(JOHN, "halo")
    with pytest.raises(asyncio.CancelledError):
        await poller(desk, Pauses(2), Broken(desk.inside.services.uow, 1)).run()
    assert await desk.work() == 1
    assert len(await answers(desk)) == 1


async def test_the_webhook_keeps_updates_that_show_the_secret(desk: Office) -> None:
    app = Quart("webhook_under_test")
    app.register_blueprint(create_blueprint(desk.inbox.keep, SECRET))
    client, right = app.test_client(), {SECRET_HEADER: SECRET}
    await desk.outside.say(JOHN, "halo")
    [update] = await desk.bot.get_updates(timeout=0)
    for headers, body, status in (
        ({}, update.to_json(), 403),
        ({SECRET_HEADER: "salah"}, update.to_json(), 403),
        (right, "{", 400),
        (right, "[]", 400),
        (right, '{"update_id": "1"}', 400),
        (right, update.to_json(), 200),
        (right, update.to_json(), 200),
    ):
        response = await client.post(PATH, data=body, headers=headers)
        assert response.status_code == status, body
    assert await desk.dispatcher.drain() == 1
    assert len(await answers(desk)) == 1
