"""Both flows from end to end on SQLite and on PostgreSQL."""

from __future__ import annotations

from core.testing.demo import load_demo
from tests.conversations.stage import JOHN, STRANGER, staged


async def test_bill_and_reset_work_on_either_database(database_url: str) -> None:
    async with staged(database_url) as stage:
        await load_demo(stage.services)
        assert "Rp627.500" in await stage.say(JOHN, "cek tagihan")
        assert "999001ISP00123" in await stage.say(JOHN, "2", "bayar", "bni")
        await stage.say(STRANGER, "lupa password", "28900004", "{}")
        assert "4 kali" in await stage.say(STRANGER, await stage.wrong_code())
        await stage.say(STRANGER, await stage.code(), "kopi-senja-7")
        assert "terhubung" in await stage.say(STRANGER, "ya")
        assert "Dewi" in await stage.say(STRANGER, "cek tagihan")
        await stage.services.identity.sign_in("28900004", "kopi-senja-7", ip="127.0.0.1")
