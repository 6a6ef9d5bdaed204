"""From a wish to the router and to the customer: over real sockets, through downtime, death and races."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters.routeros import Limits
from core.network import switching
from core.platform.outbox import outbox
from core.platform.secrets import Keyring
from core.settings import Settings
from core.subscriptions.tables import subscriptions
from sandbox.routeros import Closes, Hang, Refuses
from tests.core.billing.test_settlement import pay
from tests.core.conftest import Shop
from tests.core.network.conftest import Works, listed, point_at, row, switching_at

JOHN, SITI, WARUNG, AGUS, DEWI, BAMBANG = 1, 2, 3, 4, 5, 6
WARUNGS = "261001001"


async def isolate(works: Works, line: int, key: str = "late") -> None:
    async with works.shop.uow.write() as tx:
        await switching.isolate(tx, line, reason="overdue", key=key)


async def restore(works: Works, line: int, key: str = "paid") -> None:
    async with works.shop.uow.write() as tx:
        await switching.restore(tx, line, key=key)


async def provision(works: Works, line: int, key: str = "changed") -> None:
    async with works.shop.uow.write() as tx:
        await switching.provision(tx, line, key=key)


async def jobs_of(works: Works, line: int) -> list[Any]:
    mine = outbox.c.ordering_key == f"line:{line}"
    return await works.shop.all(select(outbox).where(mine).order_by(outbox.c.id))


async def test_a_payment_opens_the_line_and_only_then_the_customer_hears_of_it(works: Works) -> None:
    assert listed(works.first) == {"10.20.0.5"}
    await pay(works.shop, WARUNGS, service_number="28900002")
    profile = await works.shop.subscriptions.profile(WARUNG)
    assert profile.status == "active"
    [receipt] = await works.texts()
    assert "28900002 sudah dibuka" not in receipt
    await works.jobs.drain()
    assert listed(works.first) == set()
    _, told = await works.texts()
    assert told.startswith("Layanan 28900002 sudah dibuka lagi")
    state = await works.state(WARUNG)
    assert (state.desired, state.revision, state.applied_revision, state.news) == ("open", 2, 2, None)
    assert state.applied_at == works.shop.clock.now()


async def test_until_its_router_has_followed_a_paid_line_is_known_to_be_opening(works: Works) -> None:
    network = works.shop.network
    assert await network.opening_since(WARUNG) is None
    await pay(works.shop, WARUNGS, service_number="28900002")
    assert await network.opening_since(WARUNG) == works.shop.clock.now()
    assert await network.opening_since(AGUS) is None  # to be made, and nobody was ever told it was closed
    await works.jobs.drain()
    assert await network.opening_since(WARUNG) is None


async def test_an_isolated_customer_is_told_what_is_owed_once_the_line_is_closed(works: Works) -> None:
    await isolate(works, JOHN)
    assert await works.texts() == []
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"
    [told] = await works.texts()
    assert told.startswith("Layanan ISP00123 kami isolir")
    assert "Rp627.500" in told
    await restore(works, JOHN)
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "REG50M"
    assert (await works.texts())[1].startswith("Layanan ISP00123 sudah dibuka lagi")


async def test_who_owes_nothing_is_isolated_without_being_told_of_a_bill(works: Works) -> None:
    await isolate(works, DEWI)
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "dewi_pppoe")["profile"] == "EXPIRED"
    assert await works.texts() == []


async def test_a_router_that_is_down_for_days_gets_its_job_when_it_is_back(works: Works) -> None:
    await works.second.stop()
    await isolate(works, AGUS)
    for _ in range(40):
        await works.jobs.drain()
        works.shop.clock.move(timedelta(hours=2))
    state = await works.state(AGUS)
    assert (state.applied_revision, state.last_error) == (0, "ConnectionRefusedError")
    job = (await jobs_of(works, AGUS))[0]
    assert (job.state, job.reason) == ("pending", "ConnectionRefusedError")
    assert job.attempts >= 40
    await works.second.start()
    await works.jobs.drain()
    assert row(works.second, "/ppp/secret", "agus_pppoe")["disabled"] == "true"
    assert (await works.state(AGUS)).last_error is None


async def test_a_router_that_is_back_at_night_closes_no_line_before_the_morning(works: Works) -> None:
    await works.second.stop()
    async with works.shop.uow.write() as tx:
        await switching.isolate(tx, AGUS, reason=switching.UNPAID, key="late")
    await works.jobs.drain()
    works.shop.clock.move(timedelta(hours=11))  # nine in the evening
    await works.second.start()
    for _ in range(6):
        await works.jobs.drain()
        assert (await works.state(AGUS)).applied_revision == 0
        works.shop.clock.move(timedelta(hours=2))
    await works.jobs.drain()
    assert row(works.second, "/ppp/secret", "agus_pppoe")["disabled"] == "true"


async def test_what_staff_close_and_what_is_paid_at_night_is_done_at_night(works: Works) -> None:
    works.shop.clock.move(timedelta(hours=11))
    async with works.shop.uow.write() as tx:
        await switching.isolate(tx, AGUS, reason="staff", key="abuse")
    await pay(works.shop, WARUNGS, service_number="28900002")
    await works.jobs.drain()
    assert row(works.second, "/ppp/secret", "agus_pppoe")["disabled"] == "true"
    assert listed(works.first) == set()


async def test_a_week_and_more_of_silence_is_somebodys_to_look_at(works: Works) -> None:
    await works.second.stop()
    await isolate(works, AGUS)
    for job in await jobs_of(works, AGUS):
        await works.shop.change(outbox.update().where(outbox.c.id == job.id).values(attempts=699))
    await works.jobs.drain()
    assert (await jobs_of(works, AGUS))[0].state == "parked"


async def test_isolated_while_the_router_was_down_and_paid_before_it_was_back_ends_open(works: Works) -> None:
    """The older job finds the newer wish; nobody is told of a closing that never was."""
    await works.second.stop()
    await works.jobs.drain()
    await isolate(works, AGUS)
    await works.jobs.drain()
    await restore(works, AGUS)
    await works.second.start()
    await works.jobs.drain()
    secret = row(works.second, "/ppp/secret", "agus_pppoe")
    assert (secret["disabled"], secret["profile"]) == ("false", "REG100M")
    assert {job.state for job in await jobs_of(works, AGUS)} == {"done"}
    assert await works.texts() == []


async def test_a_wish_that_comes_while_the_router_is_busy_with_the_last_one_is_not_lost(works: Works) -> None:
    works.first.faults.add(Hang(), "/ppp/secret/set", times=1)
    await isolate(works, JOHN)
    draining = asyncio.create_task(works.jobs.drain())
    await works.first.until_asked("/ppp/secret/set")
    await restore(works, JOHN)
    works.first.faults.release()
    await draining
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "REG50M"
    state = await works.state(JOHN)
    assert (state.desired, state.revision, state.applied_revision) == ("open", 3, 3)


@pytest.mark.parametrize("ends_open", [True, False])
async def test_wishes_and_workers_that_race_end_in_the_last_wish(works: Works, *, ends_open: bool) -> None:
    async def wish(number: int) -> None:
        await (restore if number % 2 == ends_open else isolate)(works, JOHN, f"k{number}")

    for number in range(6):
        await asyncio.gather(wish(number), works.jobs.drain())
    await works.jobs.drain()
    expected = "REG50M" if (await works.state(JOHN)).desired == "open" else "EXPIRED"
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == expected
    assert (expected == "REG50M") is ends_open


async def test_a_job_that_breaks_off_halfway_is_finished_by_its_next_try(works: Works) -> None:
    session = row(works.first, "/ppp/active", "john_pppoe")[".id"]
    works.first.faults.add(Closes(), "/ppp/active/print", times=1)
    await isolate(works, JOHN)
    await works.jobs.drain()
    assert (await works.state(JOHN)).applied_revision == 1
    works.shop.clock.move(timedelta(minutes=1))
    await works.jobs.drain()
    assert (await works.state(JOHN)).applied_revision == 2
    assert session not in {each[".id"] for each in works.first.state.tables["/ppp/active"]}


async def test_what_the_router_refuses_for_good_is_parked_with_its_words(works: Works) -> None:
    works.first.faults.add(Refuses("not enough permissions (9)"), "/ppp/secret/set")
    await isolate(works, JOHN)
    await works.jobs.drain()
    [job] = await jobs_of(works, JOHN)
    assert (job.state, job.reason) == ("parked", "/ppp/secret/set: not enough permissions (9)")
    state = await works.state(JOHN)
    assert (state.refused_at, state.attempts) == (works.shop.clock.now(), 1)
    assert await works.texts() == []


async def test_a_hanging_router_delays_nobody_else(shop: Shop, settings: Settings, keyring: Keyring) -> None:
    """Its jobs take up no more than their share of the room, however many there are."""
    async with switching_at(shop, settings, keyring, Limits(switching_s=30)) as works:
        await works.jobs.drain()
        works.second.faults.add(Hang(), "/ppp")
        lines = [await _more_of_agus(works, number) for number in range(160)]
        for line in lines:
            await isolate(works, line)
        await isolate(works, JOHN)
        running = asyncio.create_task(works.jobs.run())
        async with asyncio.timeout(20):
            while (await works.state(JOHN)).applied_revision < 2:  # noqa: ASYNC110 - any worker may do it
                await asyncio.sleep(0.02)
        assert works.second.most_connections <= 2
        works.second.faults.clear()
        works.second.faults.release()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _more_of_agus(works: Works, number: int) -> int:
    async with works.shop.uow.write() as tx:
        found = await tx.first(select(subscriptions).where(subscriptions.c.id == AGUS))
        assert found is not None
        values = {**found._mapping, "line_user": f"agus{number}"}
        del values["id"]
        return await tx.insert(subscriptions, **values)


async def test_a_line_that_moves_is_made_there_and_removed_here(works: Works) -> None:
    await works.shop.change(
        subscriptions.update()
        .where(subscriptions.c.id == JOHN)
        .values(router_id=2, line_user="john_baru", line_profile="REG100M", plan_id=13)
    )
    await provision(works, JOHN)
    await works.jobs.drain()
    made = row(works.second, "/ppp/secret", "john_baru")
    assert (made["password"], made["profile"]) == ("john-line", "REG100M")
    assert {each["name"] for each in works.first.state.tables["/ppp/secret"]} == {"dewi_pppoe"}
    assert [each["name"] for each in works.first.state.tables["/ppp/active"]] == []
    state = await works.state(JOHN)
    assert (state.applied_router_id, state.applied_user) == (2, "john_baru")


async def test_a_changed_plan_gives_the_line_the_plans_own_profile(works: Works) -> None:
    changed = {"plan_id": 13, "line_profile": None}
    await works.shop.change(subscriptions.update().where(subscriptions.c.id == JOHN).values(**changed))
    await provision(works, JOHN)
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "Home 100 Mbps"
    assert row(works.first, "/ppp/profile", "Home 100 Mbps")["rate-limit"] == "100M/100M"


async def test_a_login_that_another_line_has_by_now_is_left_to_it(works: Works) -> None:
    async with works.shop.uow.write() as tx:
        for line, user in ((JOHN, "temporary"), (DEWI, "john_pppoe"), (JOHN, "dewi_pppoe")):
            mine = subscriptions.update().where(subscriptions.c.id == line)
            await tx.execute(mine.values(line_user=user))
        await switching.provision(tx, JOHN, key="swap")
        await switching.provision(tx, DEWI, key="swap")
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "REG30M"
    assert row(works.first, "/ppp/secret", "dewi_pppoe")["profile"] == "REG50M"


async def test_one_login_of_two_lines_that_want_different_things_is_left_alone(works: Works) -> None:
    await works.shop.change(
        subscriptions.update().where(subscriptions.c.id == DEWI).values(line_user="john_pppoe")
    )
    await isolate(works, DEWI)
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "REG50M"
    assert (await jobs_of(works, DEWI))[0].state == "parked"
    async with works.shop.uow.write() as tx:
        await switching.remove(tx, DEWI, key="gone")
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "REG50M"


async def test_a_removed_line_is_gone_and_can_come_back(works: Works) -> None:
    async with works.shop.uow.write() as tx:
        await switching.remove(tx, SITI, key="ended")
    await works.jobs.drain()
    assert list(works.first.state.tables["/ip/hotspot/user"]) == []
    await provision(works, SITI, "again")
    await works.jobs.drain()
    assert row(works.first, "/ip/hotspot/user", "siti_hs")["password"] == "siti-line"


async def test_a_new_secret_reaches_the_router_once(works: Works, keyring: Keyring) -> None:
    mine = subscriptions.update().where(subscriptions.c.id == DEWI)
    await works.shop.change(mine.values(line_secret_sealed=keyring.seal("baru")))
    await provision(works, DEWI)
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "dewi_pppoe")["password"] == "baru"
    before = works.first.asked("/ppp/secret/set")
    await provision(works, DEWI, "nothing new")
    await works.jobs.drain()
    assert works.first.asked("/ppp/secret/set") == before


async def test_a_line_on_no_router_of_ours_is_switched_by_the_database_alone(works: Works) -> None:
    await works.shop.change(subscriptions.update().where(subscriptions.c.id == WARUNG).values(router_id=None))
    await pay(works.shop, WARUNGS, service_number="28900002")
    await works.jobs.drain()
    assert (await works.texts())[-1].startswith("Layanan 28900002 sudah dibuka lagi")


async def test_a_router_that_has_another_address_by_now_is_found_there(works: Works) -> None:
    port = works.second.port
    await point_at(works.shop.uow, 2, 9)
    await isolate(works, AGUS)
    await works.jobs.drain()
    await point_at(works.shop.uow, 2, port)
    works.shop.clock.move(timedelta(minutes=5))
    await works.jobs.drain()
    assert row(works.second, "/ppp/secret", "agus_pppoe")["disabled"] == "true"
