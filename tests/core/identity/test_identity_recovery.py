"""Codes: sent to the right phone, right once, wrong five times, and never told to strangers."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from core.customers.tables import customers
from core.identity.tables import logins, otp_challenges
from core.identity.types import Expired, Verified, WrongCode
from core.identity.usecases import Identity
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Invalid, NotFound, Throttled, Unauthenticated
from core.platform.outbox import Priority, outbox
from core.platform.uow import UnitOfWork
from tests.core.identity.people import AddCustomer, SentCode, other_than

HOME = "203.0.113.7"
SITI = "28900001"
RIGHT, BETTER = "kopi-tubruk-7", "teh-poci-8"


async def start(
    identity: Identity, service_number: str = SITI, *, ip: str = HOME, request: str = "r1"
) -> str:
    return (await identity.start_recovery(service_number, ip=ip, request_id=request)).masked_phone


async def messages(uow: UnitOfWork) -> int:
    async with uow.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(outbox)))


async def newest_message(uow: UnitOfWork) -> tuple[str, str]:
    async with uow.read() as tx:
        payload = await tx.scalar(select(outbox.c.payload).order_by(outbox.c.id.desc()).limit(1))
    return payload["to"], payload["text"]


@pytest.fixture
async def code(identity: Identity, add_customer: AddCustomer, sent_code: SentCode) -> str:
    """The code that Siti has just been sent."""
    await add_customer()
    await start(identity)
    return await sent_code()


# -- Sending


async def test_a_code_goes_to_the_owners_phone_urgently_and_is_erased_afterwards(
    identity: Identity, uow: UnitOfWork, clock: ManualClock, code: str
) -> None:
    async with uow.read() as tx:
        job = await tx.first(select(outbox))
    assert job is not None
    assert (job.topic, job.payload["to"], job.priority) == ("message.text", "628123456789", Priority.URGENT)
    assert job.sensitive
    assert job.expires_at == clock.now() + timedelta(minutes=5)
    assert "28900001" in job.payload["text"]


async def test_a_code_is_stored_only_as_a_keyed_hash(identity: Identity, uow: UnitOfWork, code: str) -> None:
    async with uow.read() as tx:
        row = await tx.first(select(otp_challenges))
    assert row is not None
    assert len(row.code_mac) == 64
    assert code not in "".join(str(value) for value in row if value is not row.code_mac)


async def test_the_answer_shows_a_masked_phone_and_no_code(
    identity: Identity, add_customer: AddCustomer
) -> None:
    await add_customer()
    started = await identity.start_recovery(SITI, ip=HOME, request_id="r1")
    assert started.masked_phone == "62812****789"
    assert started.echo is None


async def test_the_code_is_echoed_only_where_the_setting_says_so(
    echoing: Identity, add_customer: AddCustomer, sent_code: SentCode
) -> None:
    await add_customer()
    started = await echoing.start_recovery(SITI, ip=HOME, request_id="r1")
    assert started.echo == await sent_code()
    assert (await echoing.start_recovery(SITI, ip=HOME, request_id="r1")).echo is None


@pytest.mark.parametrize(
    ("language", "word"), [("id", "Jangan berikan"), ("en", "Give it to nobody"), (None, "Jangan")]
)
async def test_the_message_speaks_the_customers_language(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer, language: str | None, word: str
) -> None:
    await add_customer(language=language)
    await start(identity)
    _, text = await newest_message(uow)
    assert word in text
    assert "5 m" in text


async def test_a_code_goes_to_the_former_phone_for_a_day_after_a_change(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer(recovery_phone="6285700000001", recovery_phone_until=clock.now() + timedelta(hours=24))
    assert await start(identity) == "62857****001"
    assert (await newest_message(uow))[0] == "6285700000001"
    clock.move(timedelta(hours=24))
    assert await start(identity, request="r2") == "62812****789"
    assert (await newest_message(uow))[0] == "628123456789"


async def test_a_repeated_request_sends_nothing_and_answers_alike(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    first = await identity.start_recovery(SITI, ip=HOME, request_id="r1")
    for _ in range(5):
        assert await identity.start_recovery(SITI, ip=HOME, request_id="r1") == first
    assert await messages(uow) == 1


async def test_one_request_five_times_at_once_sends_one_code(
    identity: Identity, elsewhere: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    tries = [(identity, elsewhere)[n % 2].start_recovery(SITI, ip=HOME, request_id="r1") for n in range(5)]
    answers = await asyncio.gather(*tries)
    assert len({answer.challenge_id for answer in answers}) == 1
    assert await messages(uow) == 1


async def test_a_request_used_for_another_service_is_refused(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    await add_customer("28900002", email="dewi@example.com", phone="6281200000002")
    await start(identity)
    with pytest.raises(Conflict):
        await start(identity, "28900002")
    assert await messages(uow) == 1


async def test_a_new_code_replaces_the_old_one(identity: Identity, sent_code: SentCode, code: str) -> None:
    await start(identity, request="r2")
    newer = await sent_code()
    if newer != code:
        assert await identity.check_code(SITI, code, request_id="c1") == WrongCode(4)
    assert isinstance(await identity.check_code(SITI, newer, request_id="c2"), Verified)


async def test_requests_at_once_leave_one_live_code(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    await asyncio.gather(*(start(identity, request=f"r{n}") for n in range(3)))
    async with uow.read() as tx:
        states = [row.state for row in await tx.all(select(otp_challenges.c.state))]
    assert Counter(states) == {"live": 1, "over": 2}


@pytest.mark.parametrize("unknown", ["28909999", "", "2890\0", "\ud800", "x" * 3000])
async def test_an_unknown_number_is_not_found(identity: Identity, uow: UnitOfWork, unknown: str) -> None:
    with pytest.raises(NotFound):
        await start(identity, unknown)
    with pytest.raises(NotFound):
        await identity.check_code(unknown, "123456", request_id="c1")
    assert await messages(uow) == 0


async def test_a_customer_without_a_phone_has_no_destination(
    identity: Identity, add_customer: AddCustomer
) -> None:
    await add_customer(phone=None)
    with pytest.raises(Invalid) as refusal:
        await start(identity)
    assert refusal.value.reason == "no_destination"


async def test_a_customer_without_a_login_is_not_found(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    async with uow.write() as tx:
        await tx.execute(logins.delete())
    with pytest.raises(NotFound):
        await start(identity)


# -- How often


async def test_three_codes_in_a_quarter_of_an_hour_to_one_phone(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer()
    await add_customer("28900002", email="warung@example.com")
    for n in range(3):
        await start(identity, (SITI, "28900002")[n % 2], ip=f"203.0.113.{n}", request=f"r{n}")
    with pytest.raises(Throttled) as refusal:
        await start(identity, ip="203.0.113.9", request="r9")
    assert refusal.value.retry_after_s == 900
    assert await messages(uow) == 3
    clock.move(timedelta(minutes=15))
    await start(identity, request="r10")


async def test_ten_codes_an_hour_from_one_address_found_or_not(
    identity: Identity, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer()
    for n in range(10):
        with pytest.raises(NotFound):
            await start(identity, f"2890{n:04d}9", request=f"r{n}")
    with pytest.raises(Throttled) as refusal:
        await start(identity, request="r10")
    assert refusal.value.retry_after_s == 3600
    await start(identity, ip="198.51.100.9", request="r11")


async def test_twenty_requests_at_once_send_three_codes(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    tries = (start(identity, ip=f"203.0.113.{n}", request=f"r{n}") for n in range(20))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Throttled) for result in results) == 17
    assert await messages(uow) == 3


# -- Checking


async def test_a_right_code_is_right_once(identity: Identity, code: str) -> None:
    assert isinstance(await identity.check_code(SITI, code, request_id="c1"), Verified)
    assert await identity.check_code(SITI, code, request_id="c2") == Expired()


async def test_a_repeated_check_gets_the_same_answer_and_spends_nothing(
    identity: Identity, code: str
) -> None:
    wrong = other_than(code)
    for _ in range(7):
        assert await identity.check_code(SITI, wrong, request_id="c1") == WrongCode(4)
    verified = await identity.check_code(SITI, code, request_id="c2")
    assert isinstance(verified, Verified)
    assert await identity.check_code(SITI, code, request_id="c2") == verified


async def test_a_repeat_cannot_turn_a_wrong_guess_into_a_right_one(identity: Identity, code: str) -> None:
    assert await identity.check_code(SITI, other_than(code), request_id="c1") == WrongCode(4)
    assert await identity.check_code(SITI, code, request_id="c1") == WrongCode(4)


async def test_five_wrong_codes_are_the_end(identity: Identity, code: str) -> None:
    left = [await identity.check_code(SITI, other_than(code), request_id=f"c{n}") for n in range(5)]
    assert left == [WrongCode(4), WrongCode(3), WrongCode(2), WrongCode(1), WrongCode(0)]
    assert await identity.check_code(SITI, code, request_id="c9") == Expired()
    assert await identity.reset_password(SITI, code, BETTER) == Expired()


async def test_checking_and_resetting_share_the_tries(identity: Identity, code: str) -> None:
    wrong = other_than(code)
    assert await identity.check_code(SITI, wrong, request_id="c1") == WrongCode(4)
    assert await identity.reset_password(SITI, wrong, BETTER) == WrongCode(3)
    assert await identity.check_code(SITI, wrong, request_id="c2") == WrongCode(2)


@pytest.mark.parametrize("malformed", ["", "12345", "1234567", "12a456", "１２３４５６", "123456 "])
async def test_a_malformed_code_spends_nothing(identity: Identity, code: str, malformed: str) -> None:
    for n in range(6):
        assert await identity.check_code(SITI, malformed, request_id=f"c{n}") == WrongCode(5)
        assert await identity.reset_password(SITI, malformed, BETTER) == WrongCode(5)
    assert isinstance(await identity.check_code(SITI, code, request_id="c9"), Verified)


async def test_a_code_lives_five_minutes(
    identity: Identity, clock: ManualClock, sent_code: SentCode, code: str
) -> None:
    clock.move(timedelta(minutes=4, seconds=59))
    assert await identity.check_code(SITI, other_than(code), request_id="c1") == WrongCode(4)
    clock.move(timedelta(seconds=2))
    assert await identity.check_code(SITI, code, request_id="c2") == Expired()
    assert await identity.reset_password(SITI, code, BETTER) == Expired()


async def test_somebody_elses_code_is_wrong(
    identity: Identity, add_customer: AddCustomer, sent_code: SentCode, code: str
) -> None:
    await add_customer("28900002", email="dewi@example.com", phone="6281200000002")
    assert await identity.check_code("28900002", code, request_id="c1") == Expired()
    await start(identity, "28900002", request="r2")
    deweys = await sent_code()
    if deweys != code:
        assert await identity.check_code("28900002", code, request_id="c2") == WrongCode(4)


async def test_checking_for_an_unknown_number_is_not_found(identity: Identity) -> None:
    with pytest.raises(NotFound):
        await identity.check_code("28909999", "123456", request_id="c1")
    with pytest.raises(NotFound):
        await identity.reset_password("28909999", "123456", BETTER)


async def test_fifty_checks_of_one_code_at_once_verify_it_once(
    identity: Identity, elsewhere: Identity, code: str
) -> None:
    tries = [(identity, elsewhere)[n % 2].check_code(SITI, code, request_id=f"c{n}") for n in range(50)]
    outcomes = Counter(type(outcome) for outcome in await asyncio.gather(*tries))
    assert outcomes == {Verified: 1, Expired: 49}


async def test_ten_guesses_at_once_spend_exactly_five(
    identity: Identity, elsewhere: Identity, code: str
) -> None:
    wrong = other_than(code)
    tries = [(identity, elsewhere)[n % 2].check_code(SITI, wrong, request_id=f"c{n}") for n in range(10)]
    outcomes = await asyncio.gather(*tries)
    left = sorted(outcome.attempts_left for outcome in outcomes if isinstance(outcome, WrongCode))
    assert left == [0, 1, 2, 3, 4]
    assert outcomes.count(Expired()) == 5


async def test_one_check_delivered_five_times_at_once_spends_one_try(identity: Identity, code: str) -> None:
    wrong = other_than(code)
    outcomes = await asyncio.gather(*(identity.check_code(SITI, wrong, request_id="c1") for _ in range(5)))
    assert outcomes == [WrongCode(4)] * 5


# -- Setting the password


async def test_a_live_code_resets_the_password_once_and_logs_everybody_out(
    identity: Identity, add_customer: AddCustomer, sent_code: SentCode
) -> None:
    await add_customer()
    token = (await identity.sign_in(SITI, RIGHT, ip=HOME)).token
    await start(identity)
    code = await sent_code()
    assert isinstance(await identity.reset_password(SITI, code, BETTER), Verified)
    assert await identity.reset_password(SITI, code, RIGHT) == Expired()
    with pytest.raises(Unauthenticated):
        await identity.authenticate(token)
    with pytest.raises(Unauthenticated):
        await identity.refresh(token)
    await identity.sign_in(SITI, BETTER, ip=HOME)


async def test_a_verified_code_resets_the_password_once(identity: Identity, code: str) -> None:
    await identity.check_code(SITI, code, request_id="c1")
    assert isinstance(await identity.reset_password(SITI, code, BETTER), Verified)
    assert await identity.reset_password(SITI, code, RIGHT) == Expired()
    await identity.sign_in(SITI, BETTER, ip=HOME)


async def test_a_verified_code_is_good_for_five_minutes_more(
    identity: Identity, clock: ManualClock, code: str
) -> None:
    clock.move(timedelta(minutes=4))
    await identity.check_code(SITI, code, request_id="c1")
    clock.move(timedelta(minutes=4, seconds=59))
    assert await identity.reset_password(SITI, other_than(code), BETTER) == WrongCode(4)
    clock.move(timedelta(seconds=1))
    assert await identity.reset_password(SITI, code, BETTER) == Expired()


async def test_trying_again_does_not_prolong_a_verified_code(
    identity: Identity, clock: ManualClock, code: str
) -> None:
    for _ in range(3):
        with pytest.raises(Invalid):
            await identity.reset_password(SITI, code, SITI)
        clock.move(timedelta(minutes=2))
    assert await identity.reset_password(SITI, code, BETTER) == Expired()


async def test_a_refused_password_does_not_cost_the_code(identity: Identity, code: str) -> None:
    for weak in ("12345", "123456", SITI, "Siti Rahma"):
        with pytest.raises(Invalid):
            await identity.reset_password(SITI, code, weak)
    assert isinstance(await identity.reset_password(SITI, code, BETTER), Verified)


async def test_a_stranger_cannot_probe_for_facts_with_passwords(identity: Identity, code: str) -> None:
    assert await identity.reset_password(SITI, other_than(code), "Siti Rahma") == WrongCode(4)


async def test_ten_resets_at_once_set_one_password(
    identity: Identity, elsewhere: Identity, uow: UnitOfWork, code: str
) -> None:
    news = [f"teh-poci-{n}" for n in range(10)]
    tries = [(identity, elsewhere)[n % 2].reset_password(SITI, code, new) for n, new in enumerate(news)]
    outcomes = await asyncio.gather(*tries)
    winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Verified)]
    assert len(winners) == 1
    await identity.sign_in(SITI, news[winners[0]], ip=HOME)
    async with uow.read() as tx:
        assert await tx.scalar(select(logins.c.token_version)) == 2


async def test_starting_checking_and_resetting_at_once_do_not_block_each_other(
    identity: Identity, elsewhere: Identity, code: str
) -> None:
    both = (identity, elsewhere)
    tries = [
        task
        for n in range(8)
        for task in (
            both[n % 2].start_recovery(SITI, ip=f"203.0.113.{n}", request_id=f"s{n}"),
            both[n % 2].check_code(SITI, code, request_id=f"c{n}"),
            both[n % 2].reset_password(SITI, code, BETTER),
        )
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    failures = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Throttled)]
    assert failures == []


async def test_a_grant_sets_a_password_once_per_request(
    identity: Identity, uow: UnitOfWork, code: str
) -> None:
    verified = await identity.check_code(SITI, code, request_id="c1")
    assert isinstance(verified, Verified)
    assert await identity.set_password(verified.grant, BETTER, request_id="p1")
    assert await identity.set_password(verified.grant, BETTER, request_id="p1")
    assert not await identity.set_password(verified.grant, RIGHT, request_id="p2")
    async with uow.read() as tx:
        assert await tx.scalar(select(logins.c.token_version)) == 2
    await identity.sign_in(SITI, BETTER, ip=HOME)


async def test_one_request_to_set_a_password_five_times_at_once_sets_it_once(
    identity: Identity, uow: UnitOfWork, code: str
) -> None:
    verified = await identity.check_code(SITI, code, request_id="c1")
    assert isinstance(verified, Verified)
    tries = (identity.set_password(verified.grant, BETTER, request_id="p1") for _ in range(5))
    assert await asyncio.gather(*tries) == [True] * 5
    async with uow.read() as tx:
        assert await tx.scalar(select(logins.c.token_version)) == 2


async def test_a_weak_password_leaves_the_grant_good(identity: Identity, code: str) -> None:
    verified = await identity.check_code(SITI, code, request_id="c1")
    assert isinstance(verified, Verified)
    for n, weak in enumerate(("12345", "123456", "Siti Rahma")):
        with pytest.raises(Invalid):
            await identity.set_password(verified.grant, weak, request_id=f"p{n}")
    assert await identity.set_password(verified.grant, BETTER, request_id="p9")


async def test_a_challenge_that_is_not_verified_sets_nothing(
    identity: Identity, add_customer: AddCustomer
) -> None:
    await add_customer()
    started = await identity.start_recovery(SITI, ip=HOME, request_id="r1")
    assert not await identity.set_password(started.challenge_id, BETTER, request_id="p1")
    assert not await identity.set_password("no such grant", BETTER, request_id="p1")
    await identity.sign_in(SITI, RIGHT, ip=HOME)


async def test_a_grant_ends_after_five_minutes_and_with_a_new_code(
    identity: Identity, clock: ManualClock, sent_code: SentCode, code: str
) -> None:
    verified = await identity.check_code(SITI, code, request_id="c1")
    assert isinstance(verified, Verified)
    clock.move(timedelta(minutes=5))
    assert not await identity.set_password(verified.grant, BETTER, request_id="p1")
    await start(identity, request="r2")
    again = await identity.check_code(SITI, await sent_code(), request_id="c2")
    assert isinstance(again, Verified)
    await start(identity, request="r3")
    assert not await identity.set_password(again.grant, BETTER, request_id="p2")


# -- Telling nobody who is a customer


async def test_uniform_recovery_answers_alike_for_known_unknown_and_phoneless(
    uniform: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    await add_customer("28900002", email="dewi@example.com", phone=None)
    answers = [
        await uniform.start_recovery(number, ip=HOME, request_id=number)
        for number in (SITI, "28900002", "28909999")
    ]
    assert all(len(answer.masked_phone) == len("62812****789") for answer in answers)
    assert all(answer.masked_phone.startswith("628") and answer.echo is None for answer in answers)
    assert all(len(answer.challenge_id) == 36 for answer in answers)
    assert await messages(uow) == 1


async def test_an_invented_phone_stays_the_same(uniform: Identity) -> None:
    masks = [await start(uniform, "28909999", request=f"r{n}") for n in range(3)]
    assert len(set(masks)) == 1
    assert await start(uniform, "28909998", request="r9") != masks[0]


async def test_uniform_recovery_throttles_unknown_numbers_like_known_ones(uniform: Identity) -> None:
    for n in range(3):
        await start(uniform, "28909999", request=f"r{n}")
    with pytest.raises(Throttled) as refusal:
        await start(uniform, "28909999", request="r9")
    assert refusal.value.retry_after_s == 900


async def test_uniform_recovery_says_expired_for_unknown_numbers(uniform: Identity) -> None:
    assert await uniform.check_code("28909999", "123456", request_id="c1") == Expired()
    assert await uniform.reset_password("28909999", "123456", BETTER) == Expired()


async def test_uniform_answers_take_their_time_whoever_is_asked_about(
    uniform: Identity, add_customer: AddCustomer
) -> None:
    await add_customer()
    now = asyncio.get_running_loop().time
    for number in (SITI, "28909999"):
        moments = [now()]
        await uniform.start_recovery(number, ip=HOME, request_id=number)
        moments.append(now())
        await uniform.check_code(number, "12345", request_id="c1")
        moments.append(now())
        await uniform.reset_password(number, "12345", BETTER)
        moments.append(now())
        assert all(after - before > 0.14 for before, after in pairwise(moments))


async def test_deleting_a_customer_takes_the_codes_along(
    identity: Identity, uow: UnitOfWork, code: str
) -> None:
    async with uow.write() as tx:
        await tx.execute(customers.delete())
    async with uow.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(otp_challenges)) == 0
