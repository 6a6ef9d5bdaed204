"""A kill at every step between request and callback: whatever was committed is found and ends, nothing is paid twice.

A forked process does everything, from the inquiry to the note that the callback was taken, and is killed before or
after its nth commit. Then another process takes up what it left, and the partner asks again as partners do.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from api.app import create_app
from core.billing.tables import payments
from core.bootstrap import bootstrap
from core.partners.callbacks import CALLBACK_TOPIC, CallbackDelivery
from core.partners.ports import Answered
from core.partners.settlement import SETTLE_TOPIC, PartnerSettlement
from core.partners.tables import partner_transactions
from core.partners.usecases import Partners
from core.platform.clock import ManualClock
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx
from core.services import Services
from core.settings import Settings
from core.testing.demo import load_demo
from tests.api.bills.conftest import check_books
from tests.api.bills.partner import Partner
from tests.api.support import START, client_of

BEFORE, AFTER = "before", "after"
MOST_COMMITS = 40

Kill = Callable[[str, int], None]


class Counting:
    """A unit of work that tells the number of every commit, right before and right after it."""

    def __init__(self, inner: UnitOfWork, kill: Kill) -> None:
        self._inner, self._kill, self._count = inner, kill, 0

    def read(self) -> Any:
        return self._inner.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with self._inner.write() as tx:
            yield tx
            self._count += 1
            number = self._count
            self._kill(BEFORE, number)
        self._kill(AFTER, number)

    def scan(self, statement: Any, *, batch: int = 500) -> Any:
        return self._inner.scan(statement, batch=batch)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Told:
    """A partner's listener that writes down in a file which events it took."""

    def __init__(self, heard: Path) -> None:
        self._heard = heard

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        with self._heard.open("a") as file:
            file.write(f"{headers['webhook-id']}\n")
        return Answered(200, "ok")


def workers(services: Services, heard: Path) -> Dispatcher:
    told = CallbackDelivery(services.uow, services.settings, Keyring(services.settings.masters), Told(heard))
    return Dispatcher(
        services.uow,
        services.clock,
        {
            SETTLE_TOPIC: Consumer(PartnerSettlement(services.uow, services.settings)),
            CALLBACK_TOPIC: Consumer(told),
        },
    )


async def everything(settings: Settings, heard: Path, kill: Kill, *, resent: bool = False) -> None:
    """Inquire, pay, settle, call back. `resent` is the partner that comes back and sends the same order first."""
    clock = ManualClock(START + timedelta(minutes=5 if resent else 0))
    async with bootstrap(settings, clock=clock) as plain:
        uow = Counting(plain.uow, kill)
        services = dataclasses.replace(
            plain, uow=uow, partners=Partners(uow, settings, Keyring(settings.masters))
        )
        async with client_of(create_app(services, settings)) as client:
            partner = Partner(client)
            if not resent:
                await partner.check("28900003")
                hook = "http://127.0.0.1:9/hook"
                await partner.pay(await partner.order("28900001", "ONCE", callbackUrls=[hook]))
                await workers(services, heard).drain()
                return
            await finished(services, partner, heard)


async def finished(services: Services, partner: Partner, heard: Path) -> None:
    """What must hold once another process has taken up the work and the partner has asked again."""
    known = await partner.status("ONCE")
    assert known.rc in {0, 188, 299}
    await workers(services, heard).drain()
    told = await partner.status("ONCE")
    assert told.rc == (188 if known.rc == 188 else 0), "what was committed ends; what was not is not there"
    if told.rc == 188:
        hook = "http://127.0.0.1:9/hook"
        assert (await partner.pay(await partner.order("28900001", "ONCE", callbackUrls=[hook]))).rc == 299
        await workers(services, heard).drain()
    final = await partner.status("ONCE")
    assert final.rc == 0
    assert await partner.balance() == 10_000_000 - 302_500
    async with services.uow.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(partner_transactions)) == 1
        brought = select(func.count()).select_from(payments).where(payments.c.source == "partner:1")
        assert await tx.scalar(brought) == 1
    assert (await partner.check("28900001")).rc == 302
    assert _events(heard) == {f"evt_{final.data['transactionId']}_1"}
    await check_books(services)


def _events(heard: Path) -> set[str]:
    return set(heard.read_text().split())


def killed(settings: Settings, heard: Path, moment: str, number: int) -> bool:
    """Do everything in a forked process that kills itself at the moment; False when it got through without meeting it."""

    def kill(now: str, count: int) -> None:
        if (now, count) == (moment, number):
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(everything(settings, heard, kill))
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(ended) == 0
    return False


def never(_moment: str, _number: int) -> None:
    return None


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    return demo_sqlite_url


@pytest.mark.slow
def test_a_kill_at_any_step_loses_nothing_and_pays_nothing_twice(
    demo_template: Path, settings: Settings, tmp_path: Path
) -> None:
    database = Path(settings.database_url.partition("///")[2])
    number, kills = 1, 0
    while number < MOST_COMMITS:
        hits = 0
        for moment in (BEFORE, AFTER):
            for left in database.parent.glob(f"{database.name}*"):
                left.unlink()
            for piece in demo_template.parent.iterdir():
                (database.parent / piece.name).write_bytes(piece.read_bytes())
            heard = tmp_path / f"heard-{number}-{moment}"
            heard.touch()
            hits += killed(settings, heard, moment, number)
            asyncio.run(everything(settings, heard, never, resent=True))
        kills += hits
        if not hits:
            break
        number += 1
    assert kills >= 12, (
        "inquiries, payment, claims, settlement, callback and its note are commits of their own"
    )


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize(("moment", "number"), [(BEFORE, 4), (AFTER, 4), (BEFORE, 6), (AFTER, 6), (AFTER, 8)])
def test_a_kill_on_postgres_loses_nothing_either(
    settings: Settings, postgres_demo_url: str, tmp_path: Path, moment: str, number: int
) -> None:
    there = msgspec.structs.replace(settings, database_url=postgres_demo_url)
    heard = tmp_path / "heard"
    heard.touch()
    assert killed(there, heard, moment, number)
    asyncio.run(everything(there, heard, never, resent=True))


@pytest.fixture
def postgres_demo_url(postgres_url: str, settings: Settings) -> str:
    async def load() -> None:
        there = msgspec.structs.replace(settings, database_url=postgres_url)
        async with bootstrap(there, clock=ManualClock(START)) as services:
            await load_demo(services)

    asyncio.run(load())
    return postgres_url
