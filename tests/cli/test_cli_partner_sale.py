"""A sale seen whole: an aggregator pays over the signed API, and everybody who looks sees it paid at once."""

from __future__ import annotations

import httpx

from tests.cli.conftest import Installation, until
from tests.cli.test_cli_network import KEY, closed_lines

JOHN, JOHNS_PHONE, JANUARY_2023 = "ISP00123", "628123456789", "230130001"
WARUNG, WARUNGS_PHONE = "28900002", "6281200000001"


async def test_a_partner_pays_and_api_chat_phone_and_router_know(demo: Installation) -> None:
    async with demo.running("serve"), httpx.AsyncClient(base_url=demo.url, timeout=30) as client:
        assert JANUARY_2023 in await _owed_by_john(client)
        assert await closed_lines(demo) == ["10.20.0.5"]

        sold = await demo.run("partner", "simulate", f"{JOHN}:1", WARUNG, "--first-poll", "5")
        assert sold.status == 0, sold.out + sold.err
        assert sold.out.count("paid") == 2, sold.out
        assert sold.out.rstrip().endswith("agrees"), sold.out

        assert JANUARY_2023 not in await _owed_by_john(client)
        bills = (await client.get("/api/billing/detail", params={"no_services": JOHN}, headers=KEY)).json()
        [january] = [bill for bill in bills["data"] if bill["invoice"] == int(JANUARY_2023)]
        assert january["status"] == "SUDAH BAYAR"
        chat = await demo.run("chat", "--as", JOHNS_PHONE, typed="brp tagihan sy bln ini min\n")
        assert "Rp350.000" in chat.out
        assert "Rp627.500" not in chat.out

        async def has_receipt() -> bool:
            return "Rp277.500" in (text := await _phone(client, JOHNS_PHONE)) and JANUARY_2023 in text

        async def is_back() -> bool:
            return await closed_lines(demo) == []

        async def is_told() -> bool:
            return f"Layanan {WARUNG} sudah dibuka lagi" in await _phone(client, WARUNGS_PHONE)

        for seen in (has_receipt, is_back, is_told):
            await until(seen)
    books = await demo.run("audit", "ledger")
    assert books.status == 0, books.out


async def _owed_by_john(client: httpx.AsyncClient) -> set[str]:
    """As his app lists it."""
    login = await client.post("/api/auth/login", json={"identifier": JOHN, "password": "rahasia123"})
    token = {"Authorization": f"Bearer {login.json()['token']}"}
    return {bill["invoice"] for bill in (await client.get("/api/invoice", headers=token)).json()["data"]}


async def _phone(client: httpx.AsyncClient, number: str) -> str:
    """What has arrived on a phone of the sandbox."""
    return (await client.get(f"/sandbox/phone/api/chats/{number}/messages?after=0")).text
