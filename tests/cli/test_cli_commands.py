"""The commands an operator types."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import httpx

from core.migrations import newest
from tests.cli.conftest import Gateway, Installation, until


async def test_chat_answers_a_bill_question_and_shows_the_code_the_phone_gets(demo: Installation) -> None:
    run = await demo.run(
        "chat", "--as", "08123456789", typed="brp tagihan sy bln ini min\nbatal\nlupa password\n"
    )
    assert "Rp627.500" in run.out
    assert "[WhatsApp] " in run.out
    assert run.status == 0


async def test_chat_refuses_what_is_no_phone_number(demo: Installation) -> None:
    run = await demo.run("chat", "--as", "budi")
    assert run.status == 2
    assert "not a phone number" in run.err


async def test_understand_labels_one_text_a_line(demo: Installation) -> None:
    run = await demo.run("understand", typed="cek tagihan\nlupa password\n")
    rows = [line.split("\t") for line in run.out.splitlines()]
    assert [(row[0], row[2]) for row in rows] == [
        ("check_bill", "cek tagihan"),
        ("reset_password", "lupa password"),
    ]
    assert all(0 <= float(row[1]) <= 1 for row in rows)


async def test_the_demo_is_loaded_once(demo: Installation) -> None:
    assert "Demo data loaded" in (await demo.run("demo", "load")).out
    assert "nothing was changed" in (await demo.run("demo", "load")).out


async def test_a_created_key_opens_the_billing_api(demo: Installation) -> None:
    await demo.run("demo", "load")
    refused = await demo.run("keys", "create", "bank", "--scope", "pay")
    assert refused.status == 1
    assert "--ip" in refused.out
    made = await demo.run("keys", "create", "bank", "--scope", "read", "--scope", "pay", "--ip", "127.0.0.1")
    key = made.out.splitlines()[0]
    async with demo.running("api"), httpx.AsyncClient(base_url=demo.url) as client:
        found = await client.get(
            "/api/billing/unpaid", params={"no_services": "ISP00123"}, headers={"X-MYWIFI-KEY": key}
        )
    assert found.status_code == 200
    assert (await demo.run("keys", "create", "bank")).status == 1


async def test_an_order_made_in_chat_is_listed_and_decided(demo: Installation) -> None:
    await demo.run("chat", "--as", "08123456789", typed="ganti paket\n2\n1\nya\n")
    listed = (await demo.run("orders", "list")).out
    assert "Home 100 Mbps" in listed
    number = listed.split()[0]
    assert "approved" in (await demo.run("orders", "approve", number)).out
    assert number in (await demo.run("orders", "list", "--status", "approved")).out
    refused = await demo.run("orders", "refuse", number, "--reason", "belum terjangkau")
    assert (refused.status, "order_decided" in refused.err) == (1, True)


async def test_a_refused_message_is_listed_with_its_reason(demo: Installation, gateway: Gateway) -> None:
    gateway.status = 404
    to_gateway = {
        "LOKET_WA_GATEWAY_URL": f"http://127.0.0.1:{gateway.port}/ext/{{secret}}/wa",
        "LOKET_WA_GATEWAY_SECRET": "s",
    }
    async with demo.running("serve", **to_gateway), httpx.AsyncClient(base_url=demo.url) as client:
        await client.post("/api/auth/forgot-password", json={"no_services": "ISP00123"})
        await until(lambda: _is_parked(demo))
        listed = (await demo.run("outbox", "list")).out
    assert "the gateway answered HTTP 404" in listed
    assert "628123456789" not in listed
    retried = await demo.run("outbox", "retry", "1")
    assert retried.status == 1
    assert "erased" in retried.out


async def _is_parked(demo: Installation) -> bool:
    return "parked" in (await demo.run("outbox", "list")).out


async def test_doctor_says_what_to_do(demo: Installation) -> None:
    sick = await demo.run("doctor")
    assert sick.status == 1
    assert "loket db upgrade" in sick.out
    await demo.run("db", "upgrade")
    well = await demo.run("doctor", LOKET_WA_GATEWAY_URL="http://127.0.0.1:9/ext/x/wa")
    assert well.status == 0
    assert f"schema {newest()}" in well.out
    assert "does not answer" in well.out


async def test_the_audit_log_is_verified_and_a_changed_row_named(demo: Installation) -> None:
    await demo.run("db", "upgrade")
    await demo.run("demo", "load")
    first = await demo.run("audit", "verify")
    assert first.status == 0
    assert "The chain is whole: 0 rows sealed" in first.out
    with closing(sqlite3.connect(demo.folder / "loket.db")) as database:
        database.execute("UPDATE audit_log SET place = id, hash = 'forged' WHERE id = 1")
        database.commit()
    broken = await demo.run("audit", "verify")
    assert broken.status == 1
    assert "broken at place 1 (row 1)" in broken.out
    assert (await demo.run("audit", "verify", "--anchor", "x")).status == 2


async def test_the_books_are_checked(demo: Installation) -> None:
    await demo.run("db", "upgrade")
    await demo.run("demo", "load")
    good = await demo.run("audit", "ledger")
    assert (good.status, "The books balance" in good.out) == (0, True)
    with closing(sqlite3.connect(demo.folder / "loket.db")) as database:
        database.execute("UPDATE invoices SET settled = 1 WHERE number = 'INV-2401-001'")
        database.commit()
    bad = await demo.run("audit", "ledger")
    assert (bad.status, "INV-2401-001" in bad.out) == (1, True)


async def test_a_month_of_billing_is_simulated_without_touching_the_installation(demo: Installation) -> None:
    run = await demo.run("simulate", "--months", "1", "--customers", "5")
    assert run.status == 0, run.out + run.err
    assert "2027-01" in run.out
    assert "Held on each of 30 days" in run.out
    assert not (demo.folder / "loket.db").exists()
    assert (await demo.run("simulate", "--start", "yesterday")).status == 2


async def test_a_chat_is_exported_without_its_owner_and_reads_the_same_when_played_again(
    demo: Installation,
) -> None:
    typed = "brp tagihan saya\n1\nlupa password\nbatal\napakah zorblax 4711\n"
    await demo.run("chat", "--as", "6281200000004", typed=typed)
    made = await demo.run("transcript", "export", "6281200000004")
    assert made.status == 0
    assert made.out.startswith("@ 628123456789 id\n> brp tagihan saya\n< ")
    assert not any(own in made.out for own in ("Dewi", "28900004", "6281200000004"))
    path = demo.folder / "chat.txt"
    path.write_text(made.out)
    again = await demo.run("transcript", "replay", str(path))
    assert "> brp tagihan saya" in again.out  # the demo's John owes, Dewi did not
    assert again.status == 1
    assert (await demo.run("transcript", "export", "999999")).status == 1


async def test_a_chat_of_the_demo_reads_as_it_did(demo: Installation) -> None:
    await demo.run("chat", "--as", "628123456789", typed="cek tagihan\n1\nmenu\nlupa password\nbatal\n")
    path = demo.folder / "chat.txt"
    path.write_text((await demo.run("transcript", "export", "628123456789")).out)
    run = await demo.run("transcript", "replay", str(path))
    assert (run.status, run.out) == (0, "All 5 answers read as they did.\n")
    path.write_text("nothing of the kind")
    assert (await demo.run("transcript", "replay", str(path))).status == 2


async def test_unmatched_texts_are_listed_labelled_and_exported(demo: Installation) -> None:
    await demo.run("chat", "--as", "628123456789", typed="apakah zorblax 4711\n")
    listed = (await demo.run("understand", "unmatched")).out
    assert "apakah zorblax 0000" in listed
    number = listed.split()[0]
    assert (await demo.run("understand", "unmatched", "--label", f"{number}=human")).out == ""
    assert (await demo.run("understand", "unmatched", "--export")).out == "human\tid\tapakah zorblax 0000\n"
    assert (await demo.run("understand", "unmatched", "--label", "999=human")).status == 1
    assert (await demo.run("understand", "unmatched", "--label", "1=nonsense")).status == 2
