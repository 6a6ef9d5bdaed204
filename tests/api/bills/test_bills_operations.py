"""Daily work with partners: limits that are told, blocked customers, maintenance, payments that hang, callbacks asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.partners.availability import Block
from core.partners.breaker import FAILURES, LONGEST_REST, SHORTEST_REST, Breaker
from core.partners.tables import callback_attempts, partner_keys
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.outbox import outbox
from core.services import Services
from tests.api.bills.conftest import Work
from tests.api.bills.partner import CHECK, Partner, token_of
from tests.api.bills.test_bills_callbacks import Listener, listener
from tests.api.bills.test_bills_payments import count

__all__ = ["listener"]

CALLBACKS, RESEND = "/api/v2/partner/callbacks", "/api/v2/partner/callbacks/resend"


class TestThrottled:
    """With throttles on, as in production."""

    @pytest.fixture
    def environment(self) -> dict[str, str]:
        return {"LOKET_THROTTLE": "on"}

    async def test_every_answer_tells_what_is_left(self, demo_partner: Partner, services: Services) -> None:
        left = [(await demo_partner.check(str(28900001 + n))).headers for n in range(3)]
        assert [each["ratelimit-remaining"] for each in left] == ["59", "58", "57"]
        assert {each["ratelimit-policy"] for each in left} == {"60;w=3"}
        assert all(0 <= int(each["ratelimit-reset"]) <= 3 for each in left)
        async with services.uow.write() as tx:
            await tx.execute(update(partner_keys).values(limits={"inquiry": "2/minute"}))
        other = await demo_partner.check("28900001")
        assert (other.headers["ratelimit-policy"], other.headers["ratelimit-limit"]) == ("2;w=60", "2")
        refused = await demo_partner.send("POST", CHECK, "x.y.z")
        assert refused.status == 401
        assert "ratelimit-limit" not in refused.headers


async def test_a_key_that_is_not_known_is_shut_out_like_one_that_is(demo_partner: Partner) -> None:
    wrong = token_of({"partnerId": "demo-partner"}, "guess")
    for key in ("demo-partner", "nobody"):
        said = [
            (await demo_partner.send("POST", CHECK, wrong, headers={"KEY": key})).status for _ in range(21)
        ]
        assert said == [401] * 20 + [429], key
    malformed = [
        (await demo_partner.send("POST", CHECK, "x.y.z", headers={"KEY": "somebody"})).status
        for _ in range(25)
    ]
    assert malformed == [401] * 25


async def test_nobody_collects_from_a_blocked_customer(demo_partner: Partner, services: Services) -> None:
    order = await demo_partner.order("28900001", "BL-1")
    await services.partners.desk.block("28900001", Block.BLOCKED, "fraud")
    assert (await demo_partner.check("28900001")).rc == 112
    assert (await demo_partner.pay(order)).rc == 105
    assert await demo_partner.balance() == 10_000_000
    await services.partners.desk.block("28900001", Block.DISPUTE, "the amount is being checked")
    assert (await demo_partner.check("28900001")).rc == 320
    assert (await demo_partner.pay(order)).rc == 105
    assert await services.partners.desk.unblock("28900001")
    assert not await services.partners.desk.unblock("28900001")
    assert (await demo_partner.pay(order)).rc == 299
    with pytest.raises(NotFound):
        await services.partners.desk.block("0", Block.BLOCKED, "")


async def test_maintenance_is_announced_for_all_or_for_one(
    demo_partner: Partner, poor_partner: Partner, services: Services, clock: ManualClock
) -> None:
    order = await demo_partner.order("28900001", "MA-1")
    desk, now = services.partners.desk, clock.now()
    ends = now + timedelta(minutes=10)
    await desk.announce(now + timedelta(minutes=5), ends, note="billing", partner="demo-partner")
    assert (await demo_partner.check("28900001")).rc == 300
    clock.move(timedelta(minutes=5))
    assert (await demo_partner.check("28900001")).rc == 305
    assert (await demo_partner.pay(order)).rc == 109
    assert (await demo_partner.check("9000000300", "SBX-INET")).rc == 300
    assert (await poor_partner.check("28900001")).rc == 300
    await desk.announce(now, ends, note="everything")
    assert (await poor_partner.check("28900001")).rc == 305
    clock.move(timedelta(minutes=5))
    assert (await demo_partner.pay(order)).rc == 299
    with pytest.raises(Invalid):
        await desk.announce(ends, ends, note="")


async def test_a_payment_that_hangs_is_failed_by_hand(
    demo_partner: Partner, services: Services, work: Work
) -> None:
    order = await demo_partner.order("28900001", "HA-1")
    await demo_partner.pay(order)
    ended = await services.partners.desk.fail("demo-partner", "HA-1", actor="staff:1")
    assert ended.response == 198
    said = await demo_partner.status("HA-1")
    assert (said.rc, said.data["token"]) == (198, "")
    assert await demo_partner.balance() == 10_000_000
    await work()  # its settlement comes too late and changes nothing
    assert (await demo_partner.status("HA-1")).body == said.body
    with pytest.raises(Conflict):
        await services.partners.desk.fail("demo-partner", "HA-1", actor="staff:1")
    with pytest.raises(NotFound):
        await services.partners.desk.fail("demo-partner", "HA-2", actor="staff:1")
    assert (await demo_partner.pay(order | {"refNumber": "HA-2"})).rc == 299
    assert (await services.partners.desk.settle("demo-partner", "HA-2")).response == 0
    assert (await demo_partner.status("HA-2")).rc == 0


async def test_a_partner_may_have_the_end_at_once(
    demo_partner: Partner, services: Services, work: Work
) -> None:
    await services.partners.desk.settle_at_once("demo-partner", wanted=True)
    order = await demo_partner.order("28900001", "AO-1")
    first = await demo_partner.pay(order)
    assert (first.rc, len(first.data["token"])) == (0, 16)
    assert "idempotent-replayed" not in first.headers
    assert (await demo_partner.pay(order)).body == first.body
    await work()
    assert (await demo_partner.status("AO-1")).body == first.body
    assert await demo_partner.balance() == 10_000_000 - 302_500
    sandboxed = await demo_partner.order("9000000300", "AO-2", "SBX-INET")
    assert (await demo_partner.pay(sandboxed)).rc == 299
    twins = await demo_partner.order("28900003", "AO-3")
    said = await asyncio.gather(*(demo_partner.pay(twins) for _ in range(5)))
    assert {each.rc for each in said} <= {0, 299}
    assert len({each.data["transactionId"] for each in said}) == 1


async def test_a_partner_sees_every_try_and_asks_for_another(
    demo_partner: Partner, poor_partner: Partner, listener: Listener, work: Work, clock: ManualClock
) -> None:
    listener.say(500, body=b"no\0t now")
    await demo_partner.pay(await demo_partner.order("28900001", "TR-1", callbackUrls=[listener.url]))
    assert (await demo_partner.post(RESEND, {"refNumber": "TR-1"})).rc == 188
    await work()
    clock.move(timedelta(seconds=13))
    await work()
    tries = (await demo_partner.post(CALLBACKS, {"refNumber": "TR-1"})).data
    assert [(each["status"], each["said"]) for each in tries] == [(200, ""), (500, "not now")]
    assert {each["url"] for each in tries} == {listener.url}
    assert all(each["latencyMs"] >= 0 and each["eventId"].startswith("evt_") for each in tries)
    assert (await demo_partner.post(RESEND, {"refNumber": "TR-1"})).data == {"callbacks": 1}
    await work()
    assert len(listener.calls) == 3
    for path in (CALLBACKS, RESEND):
        assert (await poor_partner.post(path, {"refNumber": "TR-1"})).rc == 188
        assert (await demo_partner.post(path, {"refNumber": 5})).rc == 321


async def test_a_host_that_fails_again_and_again_is_left_alone_without_spending_tries(
    demo_partner: Partner, listener: Listener, work: Work, clock: ManualClock, services: Services
) -> None:
    listener.say(*[503] * (FAILURES + 4))
    accounts = [f"9000000{number}" for number in (300, 999, 504, 100, 199, 300, 999)]
    for number, account in enumerate(accounts):
        order = await demo_partner.order(account, f"BR-{number}", "SBX-INET", callbackUrls=[listener.url])
        if account.endswith("504"):
            order = await demo_partner.order(
                "9000000300", f"BR-{number}", "SBX-INET", callbackUrls=[listener.url]
            )
        await demo_partner.pay(order)
    clock.move(timedelta(seconds=6))
    await work()
    tried = await count(services, callback_attempts)
    assert FAILURES <= tried <= len(accounts)
    clock.move(SHORTEST_REST / 2)
    await work()
    assert await count(services, callback_attempts) == tried, "it rests"
    waiting = select(outbox.c.attempts).where(outbox.c.topic == "partner.callback")
    async with services.uow.read() as tx:
        assert sum(row.attempts for row in await tx.all(waiting)) == tried, "resting spends no try"
    for _ in range(40):
        clock.move(LONGEST_REST)
        await work()
    async with services.uow.read() as tx:
        states = await tx.all(select(outbox.c.state).where(outbox.c.topic == "partner.callback"))
    assert {row.state for row in states} == {"done"}


def test_a_resting_host_lets_one_try_go_first_and_then_everybody(clock: ManualClock) -> None:
    breaker = Breaker()
    here, there = "https://pay.example/hook", "https://other.example/hook"
    for _ in range(FAILURES):
        assert not breaker.wait(here, clock.now())
        breaker.note(here, clock.now(), is_well=False)
    assert breaker.wait(here, clock.now()) == SHORTEST_REST
    assert not breaker.wait(there, clock.now())
    clock.move(SHORTEST_REST)
    assert not breaker.wait(here, clock.now())
    assert breaker.wait(here, clock.now()), "the others wait for the first"
    breaker.note(here, clock.now(), is_well=False)
    assert breaker.wait(here, clock.now()) == 2 * SHORTEST_REST
    for _ in range(10):
        breaker.note(here, clock.now(), is_well=False)
    assert breaker.wait(here, clock.now()) == LONGEST_REST
    breaker.note(here, clock.now(), is_well=True)
    assert not breaker.wait(here, clock.now())


@pytest.fixture
def database_url(demo_sqlite_url: str) -> Any:
    """What is written for money is proven on both elsewhere."""
    return demo_sqlite_url
