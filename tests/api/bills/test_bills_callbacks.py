"""Callbacks: signed, retried on the contract's schedule, never redirected, never into somebody's network."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import select, update

from core.adapters.callbacks import HttpCallbacks
from core.partners.callbacks import CallbackSchedule
from core.partners.ports import Answered, OffLimits, Unreachable
from core.partners.rules import may_call, may_reach
from core.partners.tables import partners
from core.platform.clock import ManualClock
from core.platform.outbox import attempts, outbox
from core.platform.secrets import Keyring
from core.services import Services
from core.settings import BadSettings, load
from tests.api.bills.conftest import Work
from tests.api.bills.partner import Partner
from tests.api.support import SECRET


class Call(Struct, frozen=True):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


class Listener:
    """A partner's server: answers as told, one status after another, and remembers what came."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: list[bytes] = []
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def say(self, *statuses: int, headers: str = "", body: bytes = b"ok") -> None:
        for status in statuses:
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n\r\n"
            self.answers.append(head.encode() + body)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *rest = head.splitlines()
        fields = dict(each.split(": ", 1) for each in rest if ": " in each)
        headers = {name.lower(): value for name, value in fields.items()}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.calls.append(Call(line.split(" ")[1], headers, body))
        writer.write(self.answers.pop(0) if self.answers else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    it = Listener()
    server = await asyncio.start_server(it.answer, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    yield it
    server.close()
    await server.wait_closed()


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    """What is written is proven on both elsewhere; here it is about the wire."""
    return demo_sqlite_url


def signed(secret: str, call: Call) -> str:
    """The signature as the contract words it."""
    text = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


async def states(services: Services) -> list[tuple[str, str | None]]:
    jobs = select(outbox.c.state, outbox.c.reason).where(outbox.c.topic == "partner.callback")
    async with services.uow.read() as tx:
        return [(row.state, row.reason) for row in await tx.all(jobs.order_by(outbox.c.id))]


async def test_the_end_of_a_payment_is_told_and_signed(
    demo_partner: Partner, listener: Listener, work: Work, clock: ManualClock
) -> None:
    order = await demo_partner.order("28900001", "CB-1", callbackUrls=[listener.url, listener.url])
    accepted = await demo_partner.pay(order)
    await work()
    (call,) = listener.calls
    transaction = accepted.data["transactionId"]
    assert call.path == "/hook"
    assert call.headers["webhook-id"] == f"evt_{transaction}_1"
    assert call.headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    assert call.headers["key"] == "demo-partner"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["webhook-signature"] == signed("demo-partner-callback-secret", call)
    assert call.body.decode() == (await demo_partner.status("CB-1")).text
    assert json.loads(call.body)["responseCode"] == 0


async def test_a_failed_payment_is_told_too(
    demo_partner: Partner, listener: Listener, work: Work, clock: ManualClock
) -> None:
    order = await demo_partner.order("9000000199", "CB-2", "SBX-INET", callbackUrls=[listener.url])
    await demo_partner.pay(order)
    await work()
    assert listener.calls == []
    clock.move(timedelta(seconds=6))
    await work()
    assert [json.loads(call.body)["responseCode"] for call in listener.calls] == [199]


async def test_whatever_is_not_200_is_tried_again_with_the_same_id(
    demo_partner: Partner, listener: Listener, work: Work, clock: ManualClock, services: Services
) -> None:
    listener.say(500, 404, 201)
    await demo_partner.pay(await demo_partner.order("28900001", "CB-3", callbackUrls=[listener.url]))
    await work()
    for seconds in (13, 37, 73):
        assert (await states(services))[0][0] == "pending"
        clock.move(timedelta(seconds=seconds))
        await work()
    assert len(listener.calls) == 4
    assert len({(call.headers["webhook-id"], call.body) for call in listener.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in listener.calls}) == 4
    assert [state for state, _ in await states(services)] == ["done"]
    async with services.uow.read() as tx:
        told = await tx.all(
            select(attempts.c.outcome, attempts.c.detail)
            .join(outbox, outbox.c.id == attempts.c.outbox_id)
            .where(outbox.c.topic == "partner.callback")
            .order_by(attempts.c.id)
        )
    assert [(row.outcome, row.detail[:8]) for row in told] == [
        ("retry", "HTTP 500"),
        ("retry", "HTTP 404"),
        ("retry", "HTTP 201"),
        ("done", "HTTP 200"),
    ]


async def test_a_redirect_is_an_answer_and_not_a_way(
    demo_partner: Partner, listener: Listener, work: Work, services: Services
) -> None:
    listener.say(302, headers=f"Location: http://127.0.0.1:{listener.port}/elsewhere\r\n")
    await demo_partner.pay(await demo_partner.order("28900001", "CB-4", callbackUrls=[listener.url]))
    await work()
    assert [call.path for call in listener.calls] == ["/hook"]
    ((state, reason),) = await states(services)
    assert (state, str(reason)[:8]) == ("pending", "HTTP 302")


async def test_410_disables_the_address_for_later_payments_too(
    demo_partner: Partner, listener: Listener, work: Work, services: Services
) -> None:
    listener.say(410)
    for account, ref in (("28900001", "CB-5"), ("28900003", "CB-6")):
        await demo_partner.pay(await demo_partner.order(account, ref, callbackUrls=[listener.url]))
        await work()
    assert len(listener.calls) == 1
    assert [state for state, _ in await states(services)] == ["parked", "parked"]


async def test_both_secrets_sign_while_a_rotation_lasts(
    demo_partner: Partner, listener: Listener, work: Work, services: Services
) -> None:
    async with services.uow.write() as tx:
        await tx.execute(
            update(partners).values(callback_secret_before_sealed=Keyring([SECRET]).seal("older"))
        )
    await demo_partner.pay(await demo_partner.order("28900001", "CB-7", callbackUrls=[listener.url]))
    await work()
    (call,) = listener.calls
    newer, older = call.headers["webhook-signature"].split(" ")
    assert (newer, older) == (signed("demo-partner-callback-secret", call), signed("older", call))


async def test_the_sandbox_repeats_a_callback_on_demand(
    demo_partner: Partner, poor_partner: Partner, listener: Listener, work: Work, clock: ManualClock
) -> None:
    order = await demo_partner.order("9000000300", "CB-8", "SBX-INET", callbackUrls=[listener.url])
    number = (await demo_partner.pay(order)).data["transactionId"]
    path = f"/sandbox/callbacks/{number}/resend"
    assert (await demo_partner.post(path)).rc == 188
    clock.move(timedelta(seconds=6))
    await work()
    assert (await demo_partner.post(path)).data == {"callbacks": 1}
    assert (await poor_partner.post(path)).rc == 188
    await work()
    assert [call.headers["webhook-id"] for call in listener.calls] == [f"evt_{number}_1", f"evt_{number}_2"]
    assert listener.calls[0].body == listener.calls[1].body


async def test_an_endless_answer_is_cut_off(listener: Listener) -> None:
    listener.say(200, body=b"x" * 5_000_000)
    said = await HttpCallbacks(allow_private=True).send(listener.url, {}, b"{}")
    assert isinstance(said, Answered)
    assert len(said.excerpt) == 1024


async def test_a_silent_partner_is_unreachable() -> None:
    said = await HttpCallbacks(allow_private=True).send("http://127.0.0.1:9/x", {}, b"{}")
    assert isinstance(said, Unreachable)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"])
async def test_no_callback_enters_the_own_network(host: str, listener: Listener) -> None:
    said = await HttpCallbacks(allow_private=False).send(f"https://{host}:{listener.port}/x", {}, b"{}")
    assert isinstance(said, OffLimits)
    assert listener.calls == []


async def test_plain_http_is_for_the_demo_only(listener: Listener) -> None:
    said = await HttpCallbacks(allow_private=False).send("http://example.com/x", {}, b"{}")
    assert isinstance(said, OffLimits)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "2001:db8::1",
    ],
)
def test_addresses_that_are_not_the_public_internet_are_refused(address: str) -> None:
    assert not may_reach(ip_address(address), allow_private=False)


def test_the_public_internet_may_be_reached_and_the_metadata_service_never() -> None:
    assert may_reach(ip_address("8.8.8.8"), allow_private=False)
    assert may_reach(ip_address("2606:4700::1111"), allow_private=False)
    assert may_reach(ip_address("127.0.0.1"), allow_private=True)
    assert not may_reach(ip_address("169.254.169.254"), allow_private=True)


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://pay.example/hook?x=1", True),
        ("https://pay.example:443/", True),
        ("https://PAY.example/", True),
        ("https://pay.example:8443/", False),
        ("http://pay.example/", False),
        ("https://sub.pay.example/", False),
        ("https://pay.example.evil.example/", False),
        ("https://user@pay.example/", False),
        ("https://pay.example@evil.example/", False),
        ("https://pay.example\\@evil.example/", False),
        ("https://pay.example/#x", False),
        ("https://pay.example:0/", False),
        ("https://pay.example:x/", False),
        ("https:///hook", False),
        ("//pay.example/", False),
        ("https://pay.example/ x", False),
        ("https://pay.example/\r\nHost: x", False),
        ("https://10.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://[::1/", False),
        ("https://pay.example/" + "x" * 500, False),
    ],
)
def test_only_registered_hosts_over_tls_may_be_called(url: str, *, is_good: bool) -> None:
    hosts = ("pay.example", "10.0.0.1", "::1")
    assert may_call(url, hosts=hosts, ports=(443,), allow_private=False) is is_good


def test_the_schedule_is_the_contracts() -> None:
    schedule = CallbackSchedule()
    pauses = [schedule.wait(attempt, 0.5).total_seconds() for attempt in range(1, 11)]
    assert pauses == [10, 30, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400]
    assert schedule.limit == 11
    assert schedule.wait(1, 0).total_seconds() == 8
    assert schedule.wait(1, 0.999).total_seconds() == pytest.approx(12, abs=0.01)


def test_production_refuses_callbacks_into_the_own_network() -> None:
    environ = {"LOKET_SECRET_KEY": SECRET, "LOKET_ENV": "production", "LOKET_CALLBACK_ALLOW_PRIVATE": "1"}
    with pytest.raises(BadSettings, match="LOKET_CALLBACK_ALLOW_PRIVATE"):
        load(environ)


class TestWithoutPermission:
    """An installation that does not allow private callbacks."""

    @pytest.fixture
    def environment(self) -> dict[str, str]:
        return {}

    async def test_a_payment_that_wants_them_is_refused(
        self, demo_partner: Partner, listener: Listener
    ) -> None:
        order: dict[str, Any] = await demo_partner.order("28900001", "NO", callbackUrls=[listener.url])
        assert (await demo_partner.pay(order)).rc == 199
        secure = order | {"callbackUrls": [f"https://127.0.0.1:{listener.port}/hook"]}
        assert (await demo_partner.pay(secure)).rc == 199
        assert (await demo_partner.status("NO")).rc == 188
