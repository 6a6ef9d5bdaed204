"""A killed process: what was accepted before the answer got out is found, and ends, when Loket is back."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from tests.api.bills.partner import PAYMENT, Partner
from tests.cli.conftest import Installation, until


@pytest.mark.slow
async def test_a_kill_between_commit_and_answer_loses_nothing(tmp_path: Path) -> None:
    loket = Installation(
        tmp_path, LOKET_DEMO="1", LOKET_THROTTLE="off", LOKET_LOG_FORMAT="json", LOKET_LOG_LEVEL="warning"
    )
    async with httpx.AsyncClient(base_url=loket.url, timeout=5, trust_env=False) as client:
        partner = Partner(client)
        async with loket.running("serve") as process:
            order = await partner.order("9000000504", "KILLED", "SBX-INET")
            with pytest.raises(httpx.ReadTimeout):
                await partner.post(PAYMENT, order, timeout=0.7)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with loket.running("serve"):
            assert (await partner.status("KILLED")).rc in {0, 299}
            again = await partner.pay(order)
            assert again.headers["idempotent-replayed"] == "true"

            async def is_over() -> bool:
                return (await partner.status("KILLED")).rc == 0

            await until(is_over)


@pytest.mark.slow
async def test_a_kill_right_after_the_answer_still_settles(tmp_path: Path) -> None:
    loket = Installation(
        tmp_path, LOKET_DEMO="1", LOKET_THROTTLE="off", LOKET_LOG_FORMAT="json", LOKET_LOG_LEVEL="warning"
    )
    async with httpx.AsyncClient(base_url=loket.url, timeout=5, trust_env=False) as client:
        partner = Partner(client)
        async with loket.running("api") as process:  # nobody settles here
            assert (await partner.pay(await partner.order("28900001", "TAKEN"))).rc == 299
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with loket.running("serve"):

            async def is_over() -> bool:
                return (await partner.status("TAKEN")).rc == 0

            await until(is_over)
            assert await partner.balance() == 10_000_000 - 302_500
