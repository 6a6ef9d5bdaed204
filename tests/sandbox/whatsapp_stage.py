"""A gateway stand-in and a tiny Loket on a real loopback port, and the person who holds the phone."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import uvicorn
from quart import Quart, request

from sandbox.web.feed import News
from sandbox.whatsapp import Contact, Faults, Gateway, create_blueprint
from sandbox.whatsapp.news import StateNews

SECRET = "rahasia gerbang/1"
SECRET_SEGMENT = "rahasia%20gerbang%2F1"
JOHN = "628123456789"
CONTACTS = (
    Contact(JOHN, "John Doe", "ISP00123 · 2 tagihan belum dibayar"),
    Contact("6281200000001", "Siti Rahma", "28900001 dan 28900002"),
    Contact("6281200000004", "Dewi Lestari", "28900004 · sedang offline"),
    Contact("6281200000005", "Bambang Wijaya", "28900005 · router tak terlihat"),
    Contact("6281100000001", "Admin Loket", "petugas"),
)
PATIENCE_S = 5.0


class MovableClock:
    """Tells the time a test gives it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Heard:
    """One webhook call as Loket got it."""

    headers: dict[str, str]
    payload: dict[str, Any]
    form: dict[str, str]
    files: dict[str, bytes]


@dataclass
class Listener:
    """A Loket that answers everything with `answer` and remembers what it heard."""

    status: int = 200
    answer: str = '{"output":"Siap.","message":"Siap.","text":"Siap."}'
    heard: list[Heard] = field(default_factory=list)

    async def hook(self) -> tuple[str, int]:
        self.heard.append(await _heard())
        return self.answer, self.status


async def _heard() -> Heard:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if request.mimetype != "multipart/form-data":
        return Heard(headers, await request.get_json(), {}, {})
    form = {name: str(value) for name, value in (await request.form).items()}
    files = {name: file.read() for name, file in (await request.files).items()}
    return Heard(headers, json.loads(form["payload"]), form, files)


@asynccontextmanager
async def serving(app: Quart) -> AsyncIterator[str]:
    """Serve on a free loopback port, whose base URL this is; leaving waits for every open connection."""
    # asyncio turns delayed sending off only for sockets that say they are TCP.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", ws="none")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        await asyncio.wait_for(server.shutdown(), PATIENCE_S)


def is_waiting(news: News | None) -> bool:
    """Whether this is anything but the news that nothing is under way any more."""
    return not isinstance(news, StateNews) or news.state.waiting


@dataclass
class Stage:
    """Everything a test drives: the gateway's HTTP surface, the phone's API, and what Loket heard."""

    gateway: Gateway
    clock: MovableClock
    loket: Listener
    http: httpx.AsyncClient

    async def wa(self, body: dict[str, Any], **extra: str) -> httpx.Response:
        """Send as Loket's sender does, with the key in body and header."""
        keyed = {"idempotency_key": "wa-1", **body}
        headers = {"Idempotency-Key": str(keyed["idempotency_key"]), **extra}
        return await self.http.post(f"wa/ext/{SECRET_SEGMENT}/wa", json=keyed, headers=headers)

    async def ai(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.http.post(f"wa/ext/{SECRET_SEGMENT}/ai", json=body, headers=headers)

    async def say(self, text: str, *, phone: str = JOHN) -> None:
        """Type a message and wait until Loket has answered or failed."""
        async with self.answered(phone):
            response = await self.http.post(f"phone/api/chats/{phone}/messages", json={"text": text})
            assert response.status_code == 202, response.text

    @asynccontextmanager
    async def answered(self, phone: str = JOHN) -> AsyncIterator[None]:
        """Leave only when every delivery of this phone that was started inside has ended."""
        with self.gateway.feed.listen(phone) as inbox:
            yield
            async with asyncio.timeout(PATIENCE_S):
                while is_waiting(await inbox.get()):
                    continue

    async def chat(self, phone: str = JOHN, *, after: int = 0) -> dict[str, Any]:
        response = await self.http.get(f"phone/api/chats/{phone}/messages", params={"after": after})
        return cast("dict[str, Any]", response.json())

    async def bubbles(self, phone: str = JOHN) -> list[tuple[str, str]]:
        """Who said what; the gateway's notices by their name."""
        messages = (await self.chat(phone))["messages"]
        return [(each["sender"], each["notice"] or each["content"]["text"]) for each in messages]

    async def choose_fault(self, mode: str, *, times: int | None = None) -> None:
        chosen = {"mode": mode} if times is None else {"mode": mode, "times": times}
        response = await self.http.post("phone/api/faults", json=chosen)
        assert response.status_code == 200, response.text

    async def journal(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", (await self.http.get("phone/api/gateway")).json()["received"])


@asynccontextmanager
async def staged(
    *, webhook_url: str | None = None, retry_delays_s: Sequence[float] = (0.0, 0.0), hang_s: float = 60.0
) -> AsyncIterator[Stage]:
    loket, clock, http = Listener(), MovableClock(), httpx.AsyncClient(timeout=PATIENCE_S)
    gateway = Gateway(
        secret=SECRET,
        webhook_url=webhook_url or (lambda: f"{http.base_url.copy_with(path='/hook')}"),
        contacts=CONTACTS,
        clock=clock,
        faults=Faults(slow_s=0.05, hang_s=hang_s),
        retry_delays_s=retry_delays_s,
    )
    app = Quart("sandbox_under_test")
    app.add_url_rule("/hook", view_func=loket.hook, methods=["POST"])
    app.register_blueprint(create_blueprint(gateway))
    async with http, serving(app) as url:
        http.base_url = httpx.URL(f"{url}/sandbox/")
        yield Stage(gateway, clock, loket, http)
        await gateway.close()
