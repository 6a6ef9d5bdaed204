"""Drift is found in one read of each router and mended by jobs; what cannot be read or is not ours is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.messaging.notices import TEXT_TOPIC
from core.network import switching
from core.network.reconciling import RETENTION, Round
from core.network.switching import APPLY_TOPIC
from core.network.tables import line_states, reconciliations, routers
from core.network.types import Reading
from core.platform.outbox import State, outbox
from core.platform.secrets import Keyring, fingerprint
from core.subscriptions.tables import subscriptions
from core.testing.demo.people import load_staff
from sandbox.routeros import Refuses, Simulator
from tests.core.conftest import Shop
from tests.core.network.conftest import Works, listed, row

JOHN, SITI, WARUNG, AGUS, DEWI, BAMBANG = 1, 2, 3, 4, 5, 6


@pytest.fixture
async def settled(works: Works) -> Works:
    """Every line is as it is wanted, the second router's too."""
    await works.jobs.drain()
    async with works.shop.uow.write() as tx:
        await load_staff(tx, ["no password is checked here"] * 5)
    return works


async def reconcile(works: Works, *, is_dry: bool = False) -> dict[str, Round]:
    return {each.router_alias: each for each in await works.reconciliation.run(is_dry=is_dry)}


async def remembered(shop: Shop) -> list[Any]:
    return await shop.all(select(reconciliations).order_by(reconciliations.c.id))


async def pending(shop: Shop) -> list[dict[str, Any]]:
    jobs = select(outbox.c.payload).where(outbox.c.topic == APPLY_TOPIC, outbox.c.state == State.PENDING)
    return [each.payload for each in await shop.all(jobs.order_by(outbox.c.id))]


def disorder(simulator: Simulator) -> None:
    """What people do to a router by hand: open a closed line, close an open one, move one, delete one."""
    tables = simulator.state.tables
    tables["/ip/firewall/address-list"].drop(row(simulator, "/ip/firewall/address-list", "10.20.0.5"))
    tables["/ppp/secret"].change(row(simulator, "/ppp/secret", "john_pppoe"), {"disabled": "yes"})
    tables["/ppp/secret"].change(row(simulator, "/ppp/secret", "dewi_pppoe"), {"profile": "EXPIRED"})
    tables["/ip/hotspot/user"].drop(row(simulator, "/ip/hotspot/user", "siti_hs"))


async def test_all_as_wanted_is_remembered_and_changes_nothing(settled: Works) -> None:
    rounds = await reconcile(settled)
    assert rounds["RT-01"] == Round(1, "RT-01", Reading.READ, lines=4, as_wanted=4)
    assert rounds["RT-02"] == Round(2, "RT-02", Reading.READ, lines=2, as_wanted=2)
    assert await pending(settled.shop) == []
    assert [each.outcome for each in await remembered(settled.shop)] == ["read", "read"]
    assert await settled.texts() == []


async def test_drift_is_found_told_and_mended(settled: Works) -> None:
    disorder(settled.first)
    rounds = await reconcile(settled)
    assert (rounds["RT-01"].mended, rounds["RT-01"].as_wanted) == (4, 0)
    await settled.jobs.drain()
    assert listed(settled.first) == {"10.20.0.5"}
    secret = row(settled.first, "/ppp/secret", "john_pppoe")
    assert (secret["disabled"], secret["profile"]) == ("false", "REG50M")
    assert row(settled.first, "/ppp/secret", "dewi_pppoe")["profile"] == "REG30M"
    made = row(settled.first, "/ip/hotspot/user", "siti_hs")
    assert (made["password"], made["profile"]) == ("siti-line", "REG50M")
    assert (await reconcile(settled))["RT-01"].as_wanted == 4
    told = await settled.texts()
    # Staff hears of it, customers do not.
    assert told
    assert all(text.startswith("Pemeriksaan router RT-01: 4 pelanggan") for text in told)


async def test_the_same_drift_twice_is_mended_twice(settled: Works) -> None:
    for _ in range(2):
        settled.shop.clock.move(timedelta(minutes=15))
        disorder(settled.first)
        await reconcile(settled)
        await settled.jobs.drain()
        assert listed(settled.first) == {"10.20.0.5"}


async def test_a_dry_run_looks_and_leaves_no_trace(settled: Works) -> None:
    disorder(settled.first)
    assert (await reconcile(settled, is_dry=True))["RT-01"].mended == 4
    assert await pending(settled.shop) == []
    assert await remembered(settled.shop) == []
    assert await settled.texts() == []


async def test_users_that_are_no_line_of_ours_are_never_touched(settled: Works) -> None:
    tables = settled.first.state.tables
    tables["/ppp/secret"].append({"name": "technician", "profile": "EXPIRED", "disabled": "true"})
    tables["/ip/firewall/address-list"].append(
        {"list": "isolir", "address": "10.99.0.1", "disabled": "false"}
    )
    await settled.shop.change(line_states.delete().where(line_states.c.subscription_id == DEWI))
    tables["/ppp/secret"].change(row(settled.first, "/ppp/secret", "dewi_pppoe"), {"disabled": "yes"})
    assert (await reconcile(settled))["RT-01"].lines == 3
    await settled.jobs.drain()
    assert row(settled.first, "/ppp/secret", "technician")["disabled"] == "true"
    assert row(settled.first, "/ppp/secret", "dewi_pppoe")["disabled"] == "true"
    assert listed(settled.first) == {"10.20.0.5", "10.99.0.1"}


async def test_a_line_removed_once_may_have_been_made_anew_by_somebody(settled: Works) -> None:
    async with settled.shop.uow.write() as tx:
        await switching.remove(tx, DEWI, key="ended")
    await settled.jobs.drain()
    settled.first.state.tables["/ppp/secret"].append(
        {"name": "dewi_pppoe", "profile": "x", "disabled": "false"}
    )
    assert (await reconcile(settled))["RT-01"].mended == 0


@pytest.mark.parametrize("fault", [Refuses("not enough permissions (9)"), Refuses("no such command prefix")])
async def test_a_menu_that_is_refused_says_nothing_about_its_lines(settled: Works, fault: Refuses) -> None:
    settled.first.faults.add(fault, "/ppp/secret/print")
    found = (await reconcile(settled))["RT-01"]
    assert (found.lines, found.as_wanted, found.mended, found.stuck) == (4, 2, 0, 0)
    assert found.detail == "2 not shown by the router"


async def test_a_router_that_cannot_be_read_says_nothing_and_delays_no_other(settled: Works) -> None:
    disorder(settled.first)
    await settled.second.stop()
    rounds = await reconcile(settled)
    assert (rounds["RT-02"].reading, rounds["RT-02"].mended) == (Reading.UNSEEN, 0)
    assert rounds["RT-02"].detail == "ConnectionRefusedError"
    assert rounds["RT-01"].mended == 4
    assert {each.outcome for each in await remembered(settled.shop)} == {"read", "unseen"}


async def test_a_round_that_sees_a_router_again_hurries_what_waits_for_it(works: Works) -> None:
    await works.second.stop()
    await works.jobs.drain()
    await works.second.start()
    assert await works.jobs.drain() == 0
    assert (await reconcile(works))["RT-02"].waiting == 2
    await works.jobs.drain()
    assert (await works.state(BAMBANG)).applied_revision == 1
    assert row(works.second, "/ppp/secret", "bambang_pppoe")["password"] == "bambang-line"


async def test_a_wish_whose_job_was_lost_gets_a_new_one(settled: Works) -> None:
    async with settled.shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="a")
        await tx.execute(outbox.delete().where(outbox.c.topic == APPLY_TOPIC))
    assert (await reconcile(settled))["RT-01"].waiting == 1
    assert await pending(settled.shop) == [{"subscription_id": JOHN}]


async def test_what_was_refused_for_good_is_tried_once_a_day_and_told_once(settled: Works) -> None:
    settled.first.faults.add(Refuses("not enough permissions (9)"), "/ppp/secret/set")
    async with settled.shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="a")
    await settled.jobs.drain()
    for _ in range(3):
        assert (await reconcile(settled))["RT-01"].stuck == 1
        settled.shop.clock.move(timedelta(minutes=15))
        assert await pending(settled.shop) == []
    assert len({each["text"] for each in await settled.shop.queued(TEXT_TOPIC)}) == 1
    settled.first.faults.clear()
    settled.shop.clock.move(timedelta(hours=20))
    assert (await reconcile(settled))["RT-01"].waiting == 1
    await settled.jobs.drain()
    assert row(settled.first, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"


async def test_a_missing_user_whose_secret_nobody_knows_is_somebodys_to_look_at(settled: Works) -> None:
    await settled.shop.change(
        subscriptions.update().where(subscriptions.c.id == DEWI).values(line_secret_sealed=None)
    )
    settled.first.state.tables["/ppp/secret"].drop(row(settled.first, "/ppp/secret", "dewi_pppoe"))
    assert (await reconcile(settled))["RT-01"].stuck == 1
    assert await pending(settled.shop) == []


async def test_a_router_that_was_reset_is_doubtful_and_not_filled_again(
    settled: Works, keyring: Keyring
) -> None:
    sealed = keyring.seal("x")
    async with settled.shop.uow.write() as tx:
        agus = await tx.first(select(subscriptions).where(subscriptions.c.id == AGUS))
        assert agus is not None
        for number in range(12):
            values = {**agus._mapping, "line_user": f"agus{number}", "line_secret_sealed": sealed}
            del values["id"]
            line = await tx.insert(subscriptions, **values)
            await tx.insert(
                line_states,
                subscription_id=line,
                desired="open",
                revision=1,
                wanted_at=tx.now,
                applied_revision=1,
                applied_router_id=2,
                applied_mode="PPPOE",
                applied_user=f"agus{number}",
                applied_secret=fingerprint(sealed),
                attempts=0,
            )
    found = (await reconcile(settled))["RT-02"]
    assert (found.reading, found.mended, found.stuck) == (Reading.DOUBTFUL, 0, 12)
    assert found.detail is not None
    assert await pending(settled.shop) == []


async def test_a_changed_plan_limit_is_drift_of_every_line_of_its_profile(settled: Works) -> None:
    profile = row(settled.first, "/ppp/profile", "REG50M")
    profile["rate-limit"] = "1M/1M"
    assert (await reconcile(settled))["RT-01"].mended == 1
    await settled.jobs.drain()
    assert profile["rate-limit"] == "50M/50M"


async def test_a_router_out_of_service_has_no_round(settled: Works) -> None:
    await settled.shop.change(routers.update().where(routers.c.id == 2).values(is_active=False))
    assert set(await reconcile(settled)) == {"RT-01"}


async def test_rounds_are_forgotten_after_their_time(settled: Works) -> None:
    await reconcile(settled)
    settled.shop.clock.move(RETENTION + timedelta(seconds=1))
    assert await settled.reconciliation.purge() == 2
    assert await remembered(settled.shop) == []
