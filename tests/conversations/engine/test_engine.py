"""What every flow gets from the engine: tries, refusals, pages, other wishes, languages, calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from conversations.engine.book import FlowBook
from conversations.engine.flow import Flow, Subflow
from conversations.engine.say import MENU_PAGE, Say
from conversations.engine.turn import Audience, Outcome, Turn
from conversations.engine.words import TOPICS
from conversations.flows import FLOWS
from conversations.understanding import Intent, understand
from core.platform.errors import Invalid, NotFound
from core.platform.i18n import text
from tests.conversations.engine.toys import ToyState, asking, choosing, for_staff, listening
from tests.conversations.stage import JOHN, STRANGER, Stage, staged


@pytest.fixture
async def stage(demo_url: str) -> AsyncIterator[Stage]:
    """The real flows with toys beside them."""
    async with staged(demo_url, flows=(*FLOWS, listening(), choosing(), for_staff(), *asking())) as opened:
        yield opened


def _id(key: str, **args: str | int) -> str:
    return text(key, "id", **args)


async def test_the_second_wrong_answer_brings_help_and_the_third_a_person(stage: Stage) -> None:
    await stage.say(JOHN, "/listen")
    first = await stage.say(JOHN, "1234")
    second = await stage.say(JOHN, "1234")
    third = await stage.say(JOHN, "1234")
    assert first.splitlines() == [_id("which_service.not_listed"), "1. Batal"]
    assert second.splitlines() == [_id("which_service.not_listed"), _id("which_service.help"), "1. Batal"]
    assert _id("engine.contact", business="Loket") in third
    assert await stage.place(JOHN) == ""


async def test_a_right_answer_forgives_the_wrong_ones_before(stage: Stage) -> None:
    await stage.say(JOHN, "/listen", "1234", "1234", "kabar baik", "1234", "1234")
    assert await stage.place(JOHN) == "listening.listen"


@pytest.mark.parametrize(
    ("refusal", "expected", "place"),
    [
        ("invalid", _id("error.invalid"), "listening.listen"),
        ("short", _id("error.password_short", shortest=6), "listening.listen"),
        ("conflict", _id("error.conflict"), ""),
        ("forbidden", _id("error.api_key"), ""),
        ("throttled", _id("error.throttled", count=2), ""),
        ("unavailable", _id("error.unavailable"), ""),
    ],
)
async def test_a_refusal_of_core_is_said_in_its_own_words(
    stage: Stage, refusal: str, expected: str, place: str
) -> None:
    await stage.say(JOHN, "/listen")
    answer = await stage.say(JOHN, refusal)
    assert answer.splitlines()[0] == expected
    assert await stage.place(JOHN) == place


async def test_a_bug_leaves_the_chat_as_it_was_and_the_message_unseen(stage: Stage) -> None:
    await stage.say(JOHN, "/listen", "satu")
    before = await stage.chat(JOHN)
    with pytest.raises(RuntimeError):
        await stage.say(JOHN, "bug", message_id="the-bug")
    assert await stage.chat(JOHN) == before
    assert "satu/dua" in await stage.say(JOHN, "dua", message_id="the-bug")


async def test_a_long_list_is_shown_in_pages(stage: Stage) -> None:
    first = await stage.say(JOHN, "/choose")
    assert first.splitlines()[1:] == [f"{n + 1}. P{n:02} · Paket" for n in range(5)] + ["6. Lainnya"]
    assert "1. P05 · Paket" in await stage.say(JOHN, "6")
    last = await stage.say(JOHN, "lainnya")
    assert last.splitlines()[1:] == ["1. P10 · Paket", "2. P11 · Paket", "3. Lainnya"]
    assert "row-10" in await stage.say(JOHN, "1")


async def test_a_wrong_choice_shows_the_page_one_is_on(stage: Stage) -> None:
    await stage.say(JOHN, "/choose", "lainnya")
    assert "1. P05 · Paket" in await stage.say(JOHN, "77")


async def test_a_choice_is_taken_by_number_word_label_and_tap(stage: Stage) -> None:
    for answer in ("2", "2.", "no 2", "yang kedua", "P01", "p01 · paket"):
        await stage.say(JOHN, "/choose")
        assert "row-1" in await stage.say(JOHN, answer), answer
    await stage.say(JOHN, "/choose")
    assert "row-3" in await stage.say(JOHN, "", choice_id="row-3")


async def test_a_button_of_an_earlier_message_is_not_taken_for_an_answer(stage: Stage) -> None:
    await stage.say(JOHN, "/choose", "lainnya")
    answer = await stage.say(JOHN, "", choice_id="row-0")
    assert _id("which_service.not_listed") in answer
    assert await stage.place(JOHN) == "choosing.choose"


async def test_a_called_flow_gives_its_result_to_the_one_that_called(stage: Stage) -> None:
    asked = await stage.say(JOHN, "/ask")
    assert asked.splitlines() == [_id("engine.thanks"), _id("which_service.help")]
    assert await stage.place(JOHN) == "counter.count"
    answer = await stage.say(JOHN, "2")
    assert answer.splitlines() == [_id("engine.cancelled"), _id("engine.menu", business="before 42")]
    assert await stage.place(JOHN) == ""


async def test_thanks_in_the_middle_change_nothing(stage: Stage) -> None:
    await stage.say(JOHN, "/choose")
    assert await stage.say(JOHN, "makasih") == _id("engine.thanks_waiting")
    assert "row-1" in await stage.say(JOHN, "2")


async def test_a_wish_nobody_serves_is_answered_and_the_question_stays(demo_url: str) -> None:
    async with staged(demo_url, flows=[choosing()]) as stage:
        await stage.say(JOHN, "/choose")
        assert _id("not_yet.other") in await stage.say(JOHN, "mau bicara sama petugas")
        assert "row-1" in await stage.say(JOHN, "2")


async def test_batal_and_menu_always_work(stage: Stage) -> None:
    for word in ("batal", "/batal", "BATAL!", "cancel", "menu", "/menu"):
        await stage.say(JOHN, "/choose")
        await stage.say(JOHN, word)
        assert await stage.place(JOHN) == "", word


async def test_silence_sets_the_question_aside_after_half_an_hour(stage: Stage) -> None:
    await stage.say(JOHN, "/choose")
    stage.clock.move(timedelta(minutes=30))
    assert "row-1" in await stage.say(JOHN, "2")
    await stage.say(JOHN, "/choose", "lainnya")
    stage.clock.move(timedelta(minutes=30, seconds=1))
    assert await stage.say(JOHN, "2") == _id("engine.reopening") + "\n1. Lanjut · 2. Mulai ulang · 3. Menu"
    assert "1. P00 · Paket" in await stage.say(JOHN, "ya")
    assert "row-1" in await stage.say(JOHN, "2")


async def test_the_menu_holds_what_the_chat_may_use(stage: Stage) -> None:
    toys = [_id(f"topic.{name}") for name in ("profile", "packages", "profile")]
    expected = [
        *(_id(flow.label) for flow in FLOWS if flow.label and flow.audience is Audience.EVERYONE),
        *toys,
    ]
    first, *others = [
        await stage.say(JOHN, "menu" if start == 0 else "lainnya")
        for start in range(0, len(expected), MENU_PAGE)
    ]
    pages = [page.splitlines()[1:] for page in (first, *others)]
    assert [row.partition(". ")[2] for page in pages for row in page[:-1]] == expected
    assert all("English" in page[-1] and "Lainnya" in page[-1] for page in pages)
    assert all(len(page) < 10 for page in pages)


async def test_a_staff_command_is_no_command_to_a_customer(stage: Stage) -> None:
    await stage.say(JOHN, "/mainan")
    assert await stage.place(JOHN) == ""


@pytest.mark.parametrize(("said", "english"), [("/start", True), ("cek tagihan saya", False), ("?!", True)])
async def test_before_a_text_shows_a_language_that_of_the_app_is_spoken(
    stage: Stage, said: str, *, english: bool
) -> None:
    await stage.say(STRANGER, said, language="en")
    assert (await stage.chat(STRANGER)).language == ("en" if english else "id")


async def test_the_first_clear_text_decides_the_language(stage: Stage) -> None:
    assert "Which one" not in await stage.say(JOHN, "menu")
    assert "Your bills, John" in await stage.say(JOHN, "how much is my internet bill this month?")
    assert (await stage.chat(JOHN)).language == "en"
    assert "Your bills, John" in await stage.say(JOHN, "berapa tagihan saya")


async def test_a_chosen_language_is_remembered(stage: Stage) -> None:
    await stage.say(JOHN, "english")
    assert await stage.say(JOHN, "batal") == text("engine.nothing_open", "en")
    await stage.say(JOHN, "tolong ganti ke bahasa indonesia")
    assert await stage.say(JOHN, "batal") == text("engine.nothing_open", "id")


async def test_three_misses_are_answered_in_three_ways(stage: Stage) -> None:
    answers = [await stage.say(STRANGER, "blub blub") for _ in range(4)]
    assert len(set(answers)) == 3
    assert answers[0] == answers[3]
    assert answers[2].splitlines() == [_id("engine.unknown_person"), f"1. {_id('topic.human')}"]
    assert "petugas" in await stage.say(STRANGER, *["blub blub"] * 2, "1")


async def test_an_unsure_guess_is_asked_once_and_taken_by_number(stage: Stage) -> None:
    unsure = next(said for said in ("wifi", "reset", "data", "kemarin bayar lemot") if _is_unsure(said))
    asked = await stage.say(JOHN, unsure)
    assert asked.splitlines()[0] == _id("engine.did_you_mean")
    assert 1 <= len(asked.splitlines()[1:]) <= 3
    assert await stage.say(JOHN, unsure) == _id("engine.unknown_examples")
    await stage.say(JOHN, "batal", unsure)
    assert _id("engine.did_you_mean") not in await stage.say(JOHN, "1")


def _is_unsure(said: str) -> bool:
    meaning = understand(said)
    return (
        meaning.intent is not Intent.UNKNOWN
        and not meaning.confident
        and bool(set(meaning.guesses) & set(TOPICS))
    )


async def test_a_flow_that_goes_round_in_circles_is_stopped(demo_url: str) -> None:
    flow, counter = Flow("circle", ToyState, commands=("circle",)), Subflow[ToyState, int]("inner", ToyState)

    @counter.entry
    async def give(turn: Turn[ToyState]) -> Outcome:
        return turn.give(1)

    @flow.continuation
    async def again(turn: Turn[ToyState], _result: int) -> Outcome:
        return await begin(turn)

    @flow.entry
    async def begin(turn: Turn[ToyState]) -> Outcome:
        return turn.call(counter, ToyState(), then=again)

    async with staged(demo_url, flows=(flow, counter)) as circling:
        with pytest.raises(RuntimeError, match="circle goes round in circles"):
            await circling.say(JOHN, "/circle")


async def test_a_refusal_where_nobody_was_asked_ends_with_its_reason(demo_url: str) -> None:
    flow = Flow("refusing", ToyState, commands=("entry", "prompt"))

    @flow.entry
    async def begin(turn: Turn[ToyState]) -> Outcome:
        if turn.text == "/entry":
            raise Invalid
        return turn.goto(never)

    async def ask(_turn: Turn[ToyState]) -> Say:
        raise NotFound

    @flow.step(ask)
    async def never(turn: Turn[ToyState]) -> Outcome:
        return turn.end("engine.thanks")

    async with staged(demo_url, flows=(flow,)) as refused:
        assert await refused.say(JOHN, "/entry") == _id("error.invalid")
        assert await refused.say(JOHN, "/prompt") == _id("error.not_found")
        assert await refused.place(JOHN) == ""


@pytest.mark.parametrize(
    ("kinds", "key"),
    [(("image",), "engine.attachment_alone"), (("voice",), "engine.voice_alone"), ((), "engine.empty")],
)
async def test_a_message_without_words_keeps_the_question(
    stage: Stage, kinds: tuple[str, ...], key: str
) -> None:
    await stage.say(JOHN, "/choose")
    assert await stage.say(JOHN, "  ", attachments=kinds) == _id(key)
    assert "row-1" in await stage.say(JOHN, "2")


async def test_a_caption_is_answered_and_the_picture_is_mentioned(stage: Stage) -> None:
    answer = await stage.say(JOHN, "cek tagihan", attachments=("image",))
    assert answer.splitlines()[0] == _id("engine.attachment_ignored")
    assert "Rp627.500" in answer


def test_two_flows_may_not_claim_the_same() -> None:
    for twin in (
        Flow("invoice_lookup", ToyState),
        Flow("twin", ToyState, serves=(Intent.CHECK_BILL,)),
        Flow("twin", ToyState, commands=("tagihan",)),
    ):
        with pytest.raises(ValueError, match="both claim"):
            FlowBook((*FLOWS, twin))


def test_two_steps_may_not_have_one_name() -> None:
    flow = listening()
    with pytest.raises(ValueError, match="two steps called listen"):
        flow.step("engine.menu")(flow.steps["listen"].answer)
