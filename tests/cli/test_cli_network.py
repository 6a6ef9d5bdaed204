"""The demo as people see it: a closed line opens by paying, and an operator sees router and records agree."""

from __future__ import annotations

import asyncio
import sqlite3

import httpx

from sandbox.routeros.wire import SentenceReader, encode_sentence
from tests.cli.conftest import Installation, Typed, until

WARUNG = "28900002"
KEY = {"X-MYWIFI-KEY": "demo-partner-key"}


async def test_a_closed_line_opens_at_the_router_by_paying(demo: Installation) -> None:
    async with demo.running("serve"), httpx.AsyncClient(base_url=demo.url) as client:
        assert await closed_lines(demo) == ["10.20.0.5"]
        asked = {"no_services": WARUNG}
        [bill] = (await client.get("/api/billing/unpaid", params=asked, headers=KEY)).json()["data"]
        paid = {"invoice": bill["invoice"], "reference_no": "R-1", **asked}
        assert (await client.post("/api/billing/mark-as-paid", json=paid, headers=KEY)).status_code == 200

        async def is_open() -> bool:
            return await closed_lines(demo) == []

        async def is_told() -> bool:
            shown = await client.get("/sandbox/phone/api/chats/6281200000001/messages?after=0")
            return f"Layanan {WARUNG} sudah dibuka lagi" in shown.text

        await until(is_open)
        await until(is_told)
        run = await demo.run("network", "reconcile", "--dry-run")
        waiting = await demo.run("outbox", "list", "--state", "pending")
    rows = [line.split() for line in run.out.splitlines()]
    assert ["RT-01", "read", "4", "4", "0", "0", "0"] in rows
    assert any(row[:3] == ["RT-02", "unseen", "2"] for row in rows)
    assert waiting.out.count("line.apply") == 2


async def test_without_lines_there_is_nothing_to_reconcile(demo: Installation) -> None:
    await demo.run("db", "upgrade")
    run = await demo.run("network", "reconcile")
    assert run.out == "No router has a line of ours yet.\n"


def test_lines_are_placed_by_hand_and_by_file(demo: Installation, typed: Typed) -> None:
    typed("demo", "load")
    assert (
        typed("network", "place", WARUNG, "odp-jkt-09").out == "1 lines, 1 of them were elsewhere before.\n"
    )
    assert typed("network", "place", WARUNG).out == "28900002: ODP-JKT-09\n"
    file = demo.folder / "places.csv"
    file.write_text("service_number,odp\nISP00123,ODP-1\n0,ODP-1\n28900003,\n")
    refused = typed("network", "place", "--csv", str(file))
    assert (refused.status, refused.err.splitlines()) == (
        1,
        [
            "line 3: 0: there is no such service number",
            "line 4: 28900003: the name of an ODP has 1 to 64 characters",
            "Nothing was changed.",
        ],
    )
    file.write_text("service_number,odp\nISP00123,ODP-1\n28900003,ODP-1\n")
    assert typed("network", "place", "--csv", str(file)).out.startswith("2 lines, 2 of them")
    assert typed("network", "place", "ISP00123").out == "ISP00123: ODP-1\n"
    assert typed("network", "place", "0").status == 1
    assert typed("network", "place", "0", "ODP-1", "--csv", str(file)).status == 2


def test_open_and_past_incidents_are_listed(demo: Installation, typed: Typed) -> None:
    typed("db", "upgrade")
    assert typed("network", "incidents").out == "Nothing has gone wrong yet.\n"
    began = "2026-11-01 06:02:00"
    with sqlite3.connect(demo.folder / "loket.db") as database:
        database.executemany(
            "INSERT INTO incidents (kind, place, label, started_at, opened_at, closed_at, down, total, worst)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                ("outage", "odp:ODP-1", "ODP-1", began, began, None, 7, 8, 8),
                ("unseen", "router:1", "RT-01", began, began, "2026-11-01 06:30:00", 0, 4, 0),
            ],
        )
    still = ["outage", "ODP-1", "2026-11-01", "13:02", "still", "7", "8", "8", "0"]
    past = ["router", "unseen", "RT-01", "2026-11-01", "13:02", "2026-11-01", "13:30", "0", "0", "4", "0"]
    everything = [line.split() for line in typed("network", "incidents").out.splitlines()]
    assert sorted(everything[1:]) == [still, past]
    assert [line.split() for line in typed("network", "incidents", "--open").out.splitlines()[1:]] == [still]


async def closed_lines(demo: Installation) -> list[str]:
    """Addresses on the list of the simulated router, asked over its own protocol."""
    with sqlite3.connect(demo.folder / "loket.db") as database:
        [(port,)] = database.execute("SELECT port FROM routers WHERE alias = 'RT-01'").fetchall()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sentences = SentenceReader(reader)
    for words in (
        ("/login", "=name=loket", "=password=loket"),
        ("/ip/firewall/address-list/print", "?list=isolir"),
    ):
        writer.write(encode_sentence(words))
        answer = [await sentences.next()]
        while answer[-1][0] != "!done":
            answer.append(await sentences.next())
    writer.close()
    return [word.removeprefix("=address=") for row in answer for word in row if word.startswith("=address=")]
