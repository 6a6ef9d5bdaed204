"""A whole aggregator against a whole Loket: lost answers, deaf listeners, polls after 150 s, refunds, statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import pytest
from typing_extensions import override

from api.app import Api
from core.partners.tables import partner_transactions
from core.platform.clock import ManualClock
from core.services import Services
from sandbox.partner import Aggregator, Credentials, Listener, Patience, Stage
from tests.api.bills.conftest import Work
from tests.api.bills.partner import Partner
from tests.api.bills.test_bills_days import SUNDAY
from tests.api.bills.test_bills_payments import count, pay_at_the_counter, unpaid_of
from tests.api.bills.test_bills_payments import rows as rows_of


class Moved(Patience):
    """Time passes only by waiting, and Loket's worker works meanwhile."""

    def __init__(self, clock: ManualClock, work: Work) -> None:
        self._clock, self._work = clock, work
        self.stands_still_until = 0.0
        self.meanwhile: Work | None = None

    @override
    def now(self) -> float:
        return self._clock.now().timestamp()

    @override
    async def wait(self, seconds: float, until: asyncio.Event | None = None) -> None:
        if self.meanwhile is not None:
            something, self.meanwhile = self.meanwhile, None
            await something()
        ends, step = self.now() + seconds, 5 if seconds <= 150 else seconds / 5
        while self.now() < ends and not (until is not None and until.is_set()):
            self._clock.move(timedelta(seconds=min(step, ends - self.now())))
            if self.now() >= self.stands_still_until:
                await self._work()


class Unreliable(httpx.AsyncBaseTransport):
    """The way to Loket: it can lose requests, lose answers, and let a proxy answer instead."""

    def __init__(self, app: Api) -> None:
        self._way = httpx.ASGITransport(app)  # type: ignore[arg-type] # its annotation knows no TypedDict
        self.next: list[str] = []

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fate = self.next.pop(0) if self.next and request.url.path.endswith("/payment") else ""
        if fate == "request lost":
            raise httpx.ConnectTimeout("lost")
        got = await self._way.handle_async_request(request)
        if fate == "answer lost":
            raise httpx.ReadTimeout("lost")
        return httpx.Response(502, text="<html>bad gateway</html>") if fate == "bad gateway" else got


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    """What is written is proven on both elsewhere; here it is about who hears what, and when."""
    return demo_sqlite_url


@pytest.fixture
def way(app: Api) -> Unreliable:
    return Unreliable(app)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    it = Listener()
    await it.start()
    yield it
    await it.stop()


@pytest.fixture
def patience(clock: ManualClock, work: Work) -> Moved:
    return Moved(clock, work)


@pytest.fixture
async def aggregator(way: Unreliable, listener: Listener, patience: Moved) -> AsyncIterator[Aggregator]:
    """The demo's partner; when the test is over, what it spent is what is missing from its deposit."""
    mine = Credentials("demo-partner", "demo-partner-secret", "demo-partner-callback-secret")
    async with httpx.AsyncClient(transport=way, base_url="http://loket") as client:
        it = Aggregator(client, mine, patience, callback_url=listener.url)
        listener.hear = it.hear
        yield it
        real = sum(
            order.amount for order in it.orders.values() if order.product == "SBX-INET" and order.token
        )
        assert await it.balance() == 10_000_000 - it.spent() + real


async def test_a_bill_is_sold_told_and_reopens_the_line(
    aggregator: Aggregator, services: Services, demo_partner: Partner
) -> None:
    order = await aggregator.sell("ISP00123", "A-1", month=1)
    assert (order.stage, order.code, order.amount) == (Stage.PAID, 0, 280_000)
    assert (order.tries, order.callbacks, order.polls) == (1, 1, 0)
    assert order.token == (await demo_partner.status("A-1")).data["token"]
    left = [row.number for row in await rows_of(services, unpaid_of("ISP00123"))]
    assert left == ["INV-2401-001"]
    assert (await aggregator.sell("28900002", "A-2")).stage is Stage.PAID
    assert (await aggregator.sell("28900002", "A-3")).code == 302


@pytest.mark.parametrize(
    "fates",
    [
        ["request lost", "request lost"],
        ["answer lost"],
        ["answer lost", "bad gateway", "request lost"],
        ["bad gateway", "answer lost", "answer lost", "answer lost", "answer lost"],
    ],
)
async def test_whatever_the_network_loses_the_bill_is_paid_once(
    aggregator: Aggregator, way: Unreliable, services: Services, fates: list[str]
) -> None:
    way.next += fates
    order = await aggregator.sell("28900001", "N-1")
    assert order.stage is Stage.PAID
    assert await count(services, partner_transactions) == 1


async def test_a_payment_that_never_arrived_is_given_up_without_loss(
    aggregator: Aggregator, way: Unreliable, services: Services
) -> None:
    way.next += ["request lost"] * 5
    order = await aggregator.sell("28900001", "G-1")
    assert (order.stage, order.code) == (Stage.PROCESSING, 188), (
        "it asked for a day, and leaves it to the report"
    )
    assert order.polls > 24
    assert await count(services, partner_transactions) == 0
    order.stage = Stage.REFUNDED  # what the day's report tells it


async def test_a_deaf_listener_is_told_again(aggregator: Aggregator, listener: Listener) -> None:
    listener.deaf = 3
    order = await aggregator.sell("28900001", "D-1")
    assert (order.stage, order.callbacks) == (Stage.PAID, 1)


async def test_without_callbacks_the_first_poll_is_final(aggregator: Aggregator, listener: Listener) -> None:
    listener.deaf = 1000
    order = await aggregator.sell("28900001", "P-1")
    assert (order.stage, order.polls, order.callbacks) == (Stage.PAID, 1, 0)


async def test_a_stopped_worker_is_waited_for(aggregator: Aggregator, patience: Moved) -> None:
    patience.stands_still_until = patience.now() + 1000
    order = await aggregator.sell("28900001", "W-1")
    assert (order.stage, order.polls) == (Stage.PAID, 2)


@pytest.mark.parametrize(
    ("account", "stage", "code"),
    [
        ("9000000300", Stage.PAID, 0),
        ("9000000100", Stage.REFUNDED, 100),
        ("9000000199", Stage.REFUNDED, 199),
        ("9000000114", Stage.REFUNDED, 114),
        ("9000000187", Stage.REFUNDED, 187),
        ("9000000312", Stage.REFUNDED, 312),
        ("9000000299", Stage.PROCESSING, 299),
        ("9000000304", Stage.REFUSED, 304),
    ],
)
async def test_every_code_ends_a_sale_the_right_way(
    aggregator: Aggregator, account: str, stage: Stage, code: int
) -> None:
    order = await aggregator.sell(account, "C-1", "SBX-INET")
    assert (order.stage, order.code) == (stage, code)
    if stage is Stage.PROCESSING:
        order.stage = Stage.REFUNDED


async def test_a_bill_paid_elsewhere_meanwhile_is_refunded(
    aggregator: Aggregator, services: Services, patience: Moved
) -> None:
    async def pay() -> int:
        await pay_at_the_counter(services, "28900001")
        return 1

    patience.meanwhile = pay
    order = await aggregator.sell("28900001", "E-1")
    assert (order.stage, order.code) == (Stage.REFUNDED, 199)


async def test_the_aggregators_statement_agrees_with_ours(
    aggregator: Aggregator, way: Unreliable, services: Services
) -> None:
    way.next += ["answer lost"]
    for account, ref in (("28900001", "S-1"), ("28900002", "S-2"), ("28900003", "S-3")):
        assert (await aggregator.sell(account, ref)).stage is Stage.PAID
    assert date(2026, 11, 22) == SUNDAY
    found = await services.partners.desk.reconcile(
        "demo-partner", SUNDAY, aggregator.statement(), actor="staff:1"
    )
    assert (found.matched, found.differences) == (3, ())


async def test_a_forged_or_old_callback_changes_nothing(
    aggregator: Aggregator, listener: Listener, clock: ManualClock
) -> None:
    listener.deaf = 1000
    selling = asyncio.create_task(aggregator.sell("28900001", "F-1"))
    await asyncio.sleep(0)
    now = str(int(clock.now().timestamp()))
    body = b'{"responseCode": 199, "data": {"refNumber": "F-1"}}'
    for stamp in (now, "0", "soon", ""):
        forged = {"webhook-id": "evt_1_1", "webhook-timestamp": stamp, "webhook-signature": "v1,AAAA"}
        assert aggregator.hear(forged, body) == 401
    assert (await selling).stage is Stage.PAID
