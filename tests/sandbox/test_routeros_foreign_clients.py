"""Clients that others wrote must find the stand-in indistinguishable from a router (routeros contract §5)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import librouteros
import pytest
from librouteros.login import plain, token

from sandbox.routeros import Router, Simulator, demo_router
from tests.sandbox.routeros_certificates import certificate, server_context

#: node-routeros ends its process on `!empty`, so it meets a router of before 7.18.
OLDER = "7.16.2"
NODE_CLIENTS = ("node-routeros@1.6.9", "routeros-client@1.1.2")
SCRIPT = Path(__file__).with_name("routeros_client.js")
PATIENCE_S = 60


async def _with_router(router: Router, work: Callable[[Simulator], Any], **options: Any) -> Any:
    """What `work` finds out about a running router from a thread of its own."""
    async with Simulator(router, **options) as simulator:
        return await asyncio.to_thread(work, simulator)


def _absent(what: str) -> None:
    """Leave the test out, unless this machine promised to have all foreign clients."""
    if "clients" in os.environ.get("LOKET_TEST_REQUIRE", ""):
        pytest.fail(what)
    pytest.skip(what)


@pytest.mark.parametrize(("version", "login"), [("7.18.2", plain), ("7.16.2", plain), ("6.42.7", token)])
async def test_librouteros_logs_in_and_reads(version: str, login: Any) -> None:
    def work(simulator: Simulator) -> Any:
        api = librouteros.connect(
            simulator.host, "loket", "loket", port=simulator.port, login_method=login, encoding="utf-8"
        )
        name, address = librouteros.query.Key("name"), librouteros.query.Key("address")
        active = api.path("ppp", "active")
        found = list(active.select(name, address).where(name == "john_pppoe"))
        missing = list(active.select(name).where(name == "nobody"))
        added = api.path("ppp", "secret").add(name="baru", password="x")
        api.close()
        return found, missing, added

    found, missing, added = await _with_router(replace(demo_router(), version=version), work)
    assert found == [{"name": "john_pppoe", "address": "10.10.10.2"}]
    assert missing == []
    assert added.startswith("*")


async def test_librouteros_logs_in_over_tls(tmp_path: Path) -> None:
    def work(simulator: Simulator) -> Any:
        return asyncio.run(over_tls(simulator))

    async def over_tls(simulator: Simulator) -> Any:
        context = ssl.create_default_context(cafile=str(own.pem))
        context.check_hostname = False
        api = await librouteros.async_connect(
            simulator.host, "loket", "loket", port=simulator.port, ssl_wrapper=context
        )
        rows = [row async for row in api.path("system", "identity")]
        await api.close()
        return rows

    own = certificate(tmp_path / "own")
    assert await _with_router(demo_router(), work, tls=server_context(own)) == [{"name": "RT-01"}]


@pytest.mark.parametrize(("version", "is_plain"), [("7.18.2", True), ("6.42.7", False)])
async def test_routeros_api_reads_and_changes(version: str, *, is_plain: bool) -> None:
    routeros_api = pytest.importorskip("routeros_api", reason="RouterOS-api is not installed")

    def work(simulator: Simulator) -> Any:
        pool = routeros_api.RouterOsApiPool(
            simulator.host, "loket", "loket", port=simulator.port, plaintext_login=is_plain
        )
        api = pool.get_api()
        secrets = api.get_resource("/ppp/secret")
        first = api.get_resource("/ppp/active").get(name="john_pppoe")
        none = api.get_resource("/ppp/active").get(name="nobody")
        secrets.add(name="baru", password="x")
        secrets.set(id="baru", disabled="yes")
        disabled = secrets.get(name="baru")
        secrets.remove(id=disabled[0]["id"])
        with pytest.raises(routeros_api.exceptions.RouterOsApiCommunicationError, match="no such item"):
            secrets.remove(id="baru")
        pool.disconnect()
        return first, none, disabled

    first, none, disabled = await _with_router(replace(demo_router(), version=version), work)
    assert [(row["name"], row["address"]) for row in first] == [("john_pppoe", "10.10.10.2")]
    assert list(none) == []
    assert disabled[0]["disabled"] == "true"


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node clients, installed once into a folder that is thrown away."""
    if not shutil.which("node") or not shutil.which("npm"):
        _absent("Node with npm is not installed")
    folder = tmp_path_factory.mktemp("node")
    command = [
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--ignore-scripts",
    ]
    try:
        subprocess.run(
            [*command, *NODE_CLIENTS], cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        _absent("the Node clients could not be installed; is the registry out of reach?")
    return folder / "node_modules"


@pytest.mark.slow
@pytest.mark.parametrize("client", ["node-routeros", "routeros-client"])
async def test_node_clients_read_and_change(client: str, node_modules: Path) -> None:
    def work(simulator: Simulator) -> Any:
        done = subprocess.run(
            ["node", str(SCRIPT), client, simulator.host, str(simulator.port)],
            env={**os.environ, "NODE_PATH": str(node_modules)},
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), simulator.state.table("/ppp/secret")

    told, secrets = await _with_router(replace(demo_router(), version=OLDER), work)
    assert told["address"] == "10.10.10.2"
    assert told["missing"] == 0
    assert "no such item" in told["refusal"]
    assert [row["comment"] for row in secrets if row["name"] == "baru"] == ["lunas"]
