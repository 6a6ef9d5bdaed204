"""Workers that are killed in the middle of it: what was wanted is done all the same, by whoever comes next."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta

from core.network import switching
from core.platform.outbox import outbox
from core.settings import Settings
from sandbox.routeros import Hang
from tests.conftest import SECRET
from tests.core.network.conftest import Works, row

JOHN = 1

_WORKER = """
import asyncio, sys
from datetime import datetime
from core.bootstrap import bootstrap
from core.network import switching
from core.platform.clock import ManualClock
from core.settings import load
from core.workers import line_dispatcher

async def main(url, secret, now, wish):
    environ = {"LOKET_SECRET_KEY": secret, "LOKET_DATABASE_URL": url, "LOKET_SANDBOX": "1"}
    async with bootstrap(load(environ), clock=ManualClock(datetime.fromisoformat(now))) as services:
        if wish == "commits":
            async with services.uow.write() as tx:
                await switching.isolate(tx, 1, reason="overdue", key="late")
            print("committed", flush=True)
            await asyncio.Event().wait()
        await line_dispatcher(services).run()

asyncio.run(main(*sys.argv[1:]))
"""


async def worker(works: Works, settings: Settings, wish: str) -> asyncio.subprocess.Process:
    """A second process on the same database, at the same hour of the same clock."""
    now = works.shop.clock.now().isoformat()
    arguments = (settings.database_url, SECRET, now, wish)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _WORKER,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not name.startswith("LOKET_")},
    )


async def killed(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGKILL)
    await process.communicate()


async def test_killed_between_the_commit_and_the_router(works: Works, settings: Settings) -> None:
    process = await worker(works, settings, "commits")
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"committed\n"
    await killed(process)
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "REG50M"
    await works.jobs.drain()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"


async def test_killed_between_the_change_and_the_end_of_the_old_session(
    works: Works, settings: Settings
) -> None:
    """The router shows a user in order; only the job's history tells that a session of before may be left."""
    await works.jobs.drain()
    session = row(works.first, "/ppp/active", "john_pppoe")[".id"]
    works.first.faults.add(Hang(), "/ppp/active/print")
    async with works.shop.uow.write() as tx:
        await switching.isolate(tx, JOHN, reason="overdue", key="late")
    process = await worker(works, settings, "works")
    async with asyncio.timeout(60):
        await works.first.until_asked("/ppp/active/print")
    await killed(process)
    works.first.faults.clear()
    assert row(works.first, "/ppp/secret", "john_pppoe")["profile"] == "EXPIRED"
    assert await works.jobs.drain() == 0  # the dead one's lease still holds
    works.shop.clock.move(timedelta(minutes=2))
    await works.jobs.drain()
    assert session not in {each[".id"] for each in works.first.state.tables["/ppp/active"]}
    state = await works.state(JOHN)
    assert (state.applied_revision, state.news) == (2, None)
    told = [text for text in await works.texts() if "kami isolir" in text]
    assert len(told) == 1
    [job] = await works.shop.all(outbox.select().where(outbox.c.ordering_key == "line:1"))
    assert (job.state, job.attempts) == ("done", 2)
