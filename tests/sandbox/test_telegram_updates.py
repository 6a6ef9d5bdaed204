"""How updates reach the bot: long polling and the webhook, each at least once and in order (telegram contract §3)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram.error import BadRequest, Conflict

from sandbox.telegram.updates import MAX_PENDING
from tests.sandbox.telegram_stage import JOHN, SECRET, SITI, TOKEN, Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as ready:
        yield ready


def hook_url(stage: Stage) -> str:
    return str(stage.http.base_url.copy_with(path="/hook"))


async def polling(stage: Stage) -> None:
    """Wait until a long poll has arrived."""
    async with asyncio.timeout(3):
        while stage.api.updates._poll is None:  # noqa: ASYNC110 - a poll that waits rings no bell
            await asyncio.sleep(0.01)


async def set_hook(stage: Stage, **extra: object) -> None:
    await stage.bot.set_webhook(hook_url(stage), secret_token=SECRET, **extra)  # type: ignore[arg-type]


async def test_a_poll_waits_until_something_comes(stage: Stage) -> None:
    poll = asyncio.create_task(stage.bot.get_updates(timeout=5))
    await asyncio.sleep(0)
    await stage.say(JOHN, "halo")
    async with asyncio.timeout(3):
        [update] = await poll
    assert update.message
    assert update.message.text == "halo"


async def test_an_unconfirmed_update_comes_again_and_a_confirmed_one_never(stage: Stage) -> None:
    for text in ("satu", "dua", "tiga"):
        await stage.say(JOHN, text)
    first = await stage.updates()
    assert [update.update_id for update in await stage.updates()] == [each.update_id for each in first]
    [last] = await stage.updates(offset=first[2].update_id)
    assert last.message
    assert last.message.text == "tiga"
    assert (await stage.state())["taken_id"] == first[1].message.message_id  # type: ignore[union-attr]
    assert await stage.updates(offset=last.update_id + 1) == ()


async def test_limit_and_negative_offset_are_understood(stage: Stage) -> None:
    for text in ("satu", "dua", "tiga"):
        await stage.say(JOHN, text)
    assert len(await stage.bot.get_updates(limit=2, timeout=0)) == 2
    [last] = await stage.updates(offset=-1)
    assert last.message
    assert last.message.text == "tiga"


async def test_only_wanted_kinds_are_kept(stage: Stage) -> None:
    await stage.bot.get_updates(timeout=0, allowed_updates=["callback_query"])
    await stage.say(JOHN, "tidak diminta")
    assert await stage.updates() == ()
    await stage.bot.get_updates(timeout=0, allowed_updates=[])
    await stage.say(JOHN, "semua lagi")
    assert len(await stage.updates()) == 1


async def test_a_second_poller_ends_the_first(stage: Stage) -> None:
    first = asyncio.create_task(stage.bot.get_updates(timeout=5))
    await polling(stage)
    call = stage.http.post(f"{stage.base_url}{TOKEN}/getUpdates", json={"timeout": 5})
    second = asyncio.create_task(call)
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await first
    await stage.say(JOHN, "halo")
    assert len((await second).json()["result"]) == 1


async def test_closing_ends_a_long_poll(stage: Stage) -> None:
    poll = asyncio.create_task(stage.bot.get_updates(timeout=50))
    await polling(stage)
    await stage.api.close()
    async with asyncio.timeout(3):
        assert await poll == ()


async def test_the_last_update_can_be_handed_out_twice(stage: Stage) -> None:
    await stage.say(JOHN, "halo")
    update = await stage.next_update()
    repeated = await stage.do(JOHN, "repeat-last")
    assert repeated["update_id"] == update.update_id
    assert (await stage.next_update()).update_id == update.update_id
    assert await stage.updates() == ()


async def test_the_webhook_gets_updates_with_the_secret(stage: Stage) -> None:
    await set_hook(stage, max_connections=3, allowed_updates=["message"])
    await stage.say(JOHN, "halo")
    await stage.hook.until(1)
    [(headers, update)] = stage.hook.heard
    assert headers["x-telegram-bot-api-secret-token"] == SECRET
    assert headers["content-type"] == "application/json"
    assert update["message"]["text"] == "halo"
    info = await stage.bot.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == (hook_url(stage), 3, ("message",))
    with pytest.raises(Conflict, match="can't use getUpdates"):
        await stage.updates()


async def test_a_refused_update_is_pushed_again_before_the_next_one(stage: Stage) -> None:
    stage.hook.status = 500
    await set_hook(stage)
    await stage.say(JOHN, "satu")
    await stage.say(JOHN, "dua")
    await stage.hook.until(2)
    info = await stage.bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    stage.hook.status = 200
    tries = len(stage.hook.heard)
    await stage.hook.until(tries + 2)
    texts = [update["message"]["text"] for _, update in stage.hook.heard]
    assert texts == ["satu"] * (len(texts) - 1) + ["dua"]
    assert len({update["update_id"] for _, update in stage.hook.heard}) == 2


async def test_one_chats_trouble_does_not_hold_up_another(stage: Stage) -> None:
    stage.hook.status = 403
    await set_hook(stage)
    await stage.say(JOHN, "satu")
    await stage.say(SITI, "dua")
    async with asyncio.timeout(3):
        while len({update["message"]["text"] for _, update in stage.hook.heard}) < 2:
            await stage.hook.until(len(stage.hook.heard) + 1)
    assert {update["message"]["text"] for _, update in stage.hook.heard} == {"satu", "dua"}


async def test_a_pushed_update_can_come_twice(stage: Stage) -> None:
    await set_hook(stage)
    await stage.say(JOHN, "halo")
    await stage.hook.until(1)
    await stage.do(JOHN, "repeat-last")
    await stage.hook.until(2)
    assert stage.hook.heard[0][1] == stage.hook.heard[1][1]


async def test_what_waits_goes_to_the_webhook_unless_it_is_dropped(stage: Stage) -> None:
    await stage.say(JOHN, "lama")
    await set_hook(stage, drop_pending_updates=True)
    await stage.bot.delete_webhook()
    await stage.say(JOHN, "baru")
    await set_hook(stage)
    await stage.hook.until(1)
    assert stage.hook.heard[0][1]["message"]["text"] == "baru"
    assert (await stage.bot.delete_webhook()) is True
    assert (await stage.bot.get_webhook_info()).url == ""


@pytest.mark.parametrize(
    ("url", "secret", "told"),
    [
        ("http://loket.example/hook", SECRET, "An HTTPS URL must be provided"),
        ("https://loket.example:8080/hook", SECRET, "only on ports 80, 88, 443 or 8443"),
        ("https://loket.example/hook", "ada spasi", "unallowed characters"),
        ("https://loket.example/hook", "x" * 257, "unallowed characters"),
    ],
)
async def test_a_webhook_telegram_would_not_take_is_refused(
    stage: Stage, url: str, secret: str, told: str
) -> None:
    with pytest.raises(BadRequest, match=f"(?i){told}"):
        await stage.bot.set_webhook(url, secret_token=secret)


async def test_the_queue_is_bounded(stage: Stage) -> None:
    for number in range(MAX_PENDING + 5):
        await stage.say(JOHN, str(number)) if number < 3 else stage.api.updates.repeat_last(JOHN.id)
    assert len(stage.api.updates) == MAX_PENDING


async def test_ids_go_on_rising_over_a_restart(stage: Stage) -> None:
    first = (await stage.say(JOHN, "halo"))["message_id"]
    update_id = (await stage.next_update()).update_id
    async with staged() as restarted:
        restarted.clock.advance(10)
        later = restarted.api
        assert type(later)(token="1:x", clock=restarted.clock).next_message_id() > first
        assert type(later)(token="1:x", clock=restarted.clock).updates.next_id() > update_id
