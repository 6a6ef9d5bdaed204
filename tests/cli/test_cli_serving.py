"""`loket serve` and its parts: up quickly, down cleanly, nothing lost in between."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import DEMO, Gateway, Installation, stopped, until

LOGIN = {"identifier": "ISP00123", "password": "rahasia123"}


async def test_the_demo_serves_api_phone_and_documents_on_one_port(demo: Installation) -> None:
    async with demo.running("serve") as process, httpx.AsyncClient(base_url=demo.url) as client:
        assert (await client.post("/api/auth/login", data=LOGIN)).status_code == 200
        assert (await client.get("/sandbox/phone")).status_code == 200
        assert (await client.get("/api/openapi.json")).json()["openapi"].startswith("3.1")
        run = await stopped(process)
    assert "/sandbox/phone" in run.out
    assert "/api/docs" in run.out


async def test_a_forgotten_password_is_reset_with_the_code_on_the_phone(demo: Installation) -> None:
    async with demo.running("serve"), httpx.AsyncClient(base_url=demo.url) as client:
        asked = await client.post("/api/auth/forgot-password", json={"no_services": "ISP00123"})
        assert "otp" not in asked.json()
        code = await _code_on_phone(client, "628123456789")
        new = {
            "no_services": "ISP00123",
            "otp": code,
            "password": "baru-123",
            "password_confirmation": "baru-123",
        }
        assert (await client.post("/api/auth/reset-password", json=new)).status_code == 200
        assert (await client.post("/api/auth/login", data=LOGIN)).status_code == 422
        again = await client.post("/api/auth/login", data=LOGIN | {"password": "baru-123"})
        assert again.status_code == 200


async def _code_on_phone(client: httpx.AsyncClient, phone: str) -> str:
    async with asyncio.timeout(20):
        while True:
            shown = (await client.get(f"/sandbox/phone/api/chats/{phone}/messages?after=0")).json()[
                "messages"
            ]
            for message in shown:
                if found := re.search(r"\b\d{6}\b", message["content"]["text"]):
                    return found[0]
            await asyncio.sleep(0.05)


async def test_sigterm_stops_it_cleanly_though_a_phone_is_listening(demo: Installation) -> None:
    async with (
        demo.running("serve") as process,
        httpx.AsyncClient(base_url=demo.url) as client,
        client.stream("GET", "/sandbox/phone/api/events", timeout=30) as events,
    ):
        assert events.status_code == 200
        run = await stopped(process)
    assert run.status == 0
    assert json.loads(run.err.splitlines()[-1])["event"] == "stopped"


async def test_ctrl_c_stops_it_and_the_next_start_goes_on_where_it_was(demo: Installation) -> None:
    async with demo.running("serve") as process, httpx.AsyncClient(base_url=demo.url) as client:
        token = (await client.post("/api/auth/login", data=LOGIN)).json()["token"]
        run = await stopped(process, signal.SIGINT)
    assert run.status == 0
    async with demo.running("serve"), httpx.AsyncClient(base_url=demo.url) as client:
        me = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["name"] == "John Doe"


async def test_two_copies_run_side_by_side(demo: Installation, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Installation(tmp_path / "other", **DEMO)
    async with demo.running("serve"), other.running("serve"), httpx.AsyncClient() as client:
        body = {"text": "cek tagihan"}
        await client.post(f"{demo.url}/sandbox/phone/api/chats/628123456789/messages", json=body)
        await until(lambda: _answered(client, demo))
        assert await _bubbles(client, other) == []


async def _answered(client: httpx.AsyncClient, copy: Installation) -> bool:
    return len(await _bubbles(client, copy)) > 1


async def _bubbles(client: httpx.AsyncClient, copy: Installation) -> list[object]:
    shown = await client.get(f"{copy.url}/sandbox/phone/api/chats/628123456789/messages?after=0")
    return list(shown.json().get("messages", []))


@pytest.mark.slow  # the killed process's lease has to run out: half a minute
async def test_a_message_survives_kill_9_and_keeps_its_key(demo: Installation, gateway: Gateway) -> None:
    gateway.status = 500
    to_gateway = {
        "LOKET_WA_GATEWAY_URL": f"http://127.0.0.1:{gateway.port}/ext/{{secret}}/wa",
        "LOKET_WA_GATEWAY_SECRET": "s",
    }
    async with demo.running("serve", **to_gateway) as process, httpx.AsyncClient(base_url=demo.url) as client:
        await client.post("/api/auth/forgot-password", json={"no_services": "ISP00123"})
        first = gateway.keys[0] if gateway.keys else await gateway.next_key()
        process.kill()
        await process.wait()
    gateway.status = 200
    async with demo.running("serve", **to_gateway):
        again = await gateway.next_key()
    assert first
    assert again == first
    assert gateway.bodies[-1] == gateway.bodies[0]


async def test_api_and_worker_run_apart(demo: Installation, gateway: Gateway) -> None:
    to_gateway = {
        "LOKET_WA_GATEWAY_URL": f"http://127.0.0.1:{gateway.port}/ext/{{secret}}/wa",
        "LOKET_WA_GATEWAY_SECRET": "s",
    }
    async with demo.running("api", **to_gateway), httpx.AsyncClient(base_url=demo.url) as client:
        await client.post("/api/auth/forgot-password", json={"no_services": "ISP00123"})
        worker = await demo.process("worker", **to_gateway)
        key = gateway.keys[0] if gateway.keys else await gateway.next_key()
        run = await stopped(worker)
    assert key
    assert run.status == 0


async def test_a_database_that_was_never_migrated_is_not_served(tmp_path: Path) -> None:
    plain = Installation(tmp_path, LOKET_SECRET_KEY="k" * 40)
    run = await plain.run("serve")
    assert run.status == 1
    assert "loket db upgrade" in run.err
    assert (await plain.run("db", "upgrade")).status == 0
    async with plain.running("api"), httpx.AsyncClient(base_url=plain.url) as client:
        assert (await client.get("/api/region")).json()["data"] == []


async def test_every_bad_setting_is_named_at_once(tmp_path: Path) -> None:
    broken = Installation(
        tmp_path,
        LOKET_ENV="production",
        LOKET_DEMO="1",
        LOKET_TIMEZONE="Mars/Olympus",
        LOKET_LOG_LEVEL="loud",
    )
    run = await broken.run("serve")
    assert run.status == 2
    for name in ("LOKET_DEMO", "LOKET_TIMEZONE", "LOKET_LOG_LEVEL", "LOKET_SECRET_KEY"):
        assert name in run.err
    assert "Traceback" not in run.err


async def test_another_dialect_serves_the_phone_and_its_receipts_are_listed(demo: Installation) -> None:
    at_meta = {"LOKET_WHATSAPP": "cloud"}
    async with demo.running("serve", **at_meta) as process, httpx.AsyncClient(base_url=demo.url) as client:
        await client.post("/api/auth/forgot-password", json={"no_services": "ISP00123"})
        assert await _code_on_phone(client, "628123456789")
        body = {"text": "cek tagihan"}
        await client.post("/sandbox/phone/api/chats/628123456789/messages", json=body)
        await until(lambda: _says(client, "Rp627.500"))
        await until(lambda: _is_delivered(demo, at_meta))
        doctor = await demo.run("doctor", **at_meta)
        await stopped(process)
    assert "WhatsApp (cloud): answers, and lets us in" in doctor.out


async def _says(client: httpx.AsyncClient, words: str) -> bool:
    shown = await client.get("/sandbox/phone/api/chats/628123456789/messages?after=0")
    return words in shown.text


async def _is_delivered(demo: Installation, settings: dict[str, str]) -> bool:
    listed = (await demo.run("outbox", "list", **settings)).out.splitlines()
    told = [line for line in listed if "message.text" in line or "inbound.cloud" in line]
    return len(told) == 2 and all("delivered" in line or "read" in line for line in told)


async def test_a_dialect_without_its_settings_does_not_start(tmp_path: Path) -> None:
    bare = Installation(
        tmp_path, LOKET_WHATSAPP="gowa", LOKET_GOWA_WEBHOOK_SECRET="secret", LOKET_ENV="nowhere"
    )
    run = await bare.run("serve")
    assert run.status == 2
    for name in (
        "LOKET_ENV",
        "LOKET_SECRET_KEY",
        "LOKET_GOWA_URL",
        "LOKET_GOWA_USERNAME",
        "LOKET_GOWA_WEBHOOK_SECRET",
    ):
        assert name in run.err
    assert "Traceback" not in run.err
