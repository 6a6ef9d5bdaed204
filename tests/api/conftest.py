"""The real app on a migrated database with the demo data, and callers with their credentials."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from api.app import Api, create_app
from core.bootstrap import bootstrap
from core.migrations.moves import upgrade
from core.platform.clock import ManualClock
from core.services import Services
from core.settings import Settings, load
from core.testing.demo import load_demo
from tests.api.support import SECRET, START, Caller, client_of

LogIn = Callable[..., Awaitable[Caller]]


@pytest.fixture
def environment() -> dict[str, str]:
    """What a test wants set differently."""
    return {}


async def _with_demo(url: str, clock: ManualClock) -> None:
    await upgrade(url)
    settings = load({"LOKET_SECRET_KEY": SECRET, "LOKET_DATABASE_URL": url})
    async with bootstrap(settings, clock=clock) as services:
        assert await load_demo(services)


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file with the demo data, which every test copies: hashing its passwords takes a while."""
    path = tmp_path_factory.mktemp("demo") / "loket.db"
    asyncio.run(_with_demo(f"sqlite+aiosqlite:///{path}", ManualClock(START)))
    return path


@pytest.fixture
def demo_sqlite_url(demo_template: Path, tmp_path: Path) -> str:
    for piece in demo_template.parent.iterdir():
        shutil.copy(piece, tmp_path / piece.name)
    return f"sqlite+aiosqlite:///{tmp_path / demo_template.name}"


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    """One database is enough for most of the dialect; test_both_databases.py runs its core on both."""
    return demo_sqlite_url


@pytest.fixture
def settings(database_url: str, environment: dict[str, str]) -> Settings:
    return load(
        {
            "LOKET_SECRET_KEY": SECRET,
            "LOKET_DATABASE_URL": database_url,
            "LOKET_THROTTLE": "off",
            "LOKET_OTP_ECHO": "on",
            **environment,
        }
    )


@pytest.fixture
async def services(settings: Settings, clock: ManualClock) -> AsyncIterator[Services]:
    async with bootstrap(settings, clock=clock) as found:
        yield found


@pytest.fixture
def app(services: Services, settings: Settings) -> Api:
    return create_app(services, settings)


@pytest.fixture
async def client(app: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A client on this machine."""
    async with client_of(app) as found:
        yield found


@pytest.fixture
def log_in(client: httpx.AsyncClient) -> LogIn:
    """Log a demo customer in by e-mail or service number; what comes back asks in their name."""

    async def logged_in(identifier: str = "john@example.com", password: str = "rahasia123") -> Caller:
        answer = await Caller(client).post("/api/auth/login", identifier=identifier, password=password)
        assert answer.status == 200, answer
        return Caller(client, {"Authorization": f"Bearer {answer.body['token']}"})

    return logged_in


@pytest.fixture
def anyone(client: httpx.AsyncClient) -> Caller:
    """Somebody without credentials."""
    return Caller(client)


@pytest.fixture
async def john(log_in: LogIn) -> Caller:
    """The example customer of the document."""
    return await log_in()


@pytest.fixture
async def rina(log_in: LogIn) -> Caller:
    """Somebody who has registered and not subscribed."""
    return await log_in("newuser@example.com")


@pytest.fixture
def partner(client: httpx.AsyncClient) -> Caller:
    """Whoever holds the key that may read and pay."""
    return Caller(client, {"X-MYWIFI-KEY": "demo-partner-key"})
