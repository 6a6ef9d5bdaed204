"""What the API's tests share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
from quart import Quart
from typing_extensions import override

SECRET = "a-test-secret-of-more-than-thirty-two-characters"
#: When the demo data was loaded; the clock of tests/conftest.py starts here too.
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
UNAUTHENTICATED = {"message": "Unauthenticated."}
NOT_SUBSCRIBED = {
    "status": "not_subscribed",
    "message": "Pengguna belum memiliki data pelanggan terdaftar.",
}


def client_of(app: Quart, ip: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client in this process that comes from an address; to be used as a context manager."""
    transport = httpx.ASGITransport(app=cast("Any", app), client=(ip, 50000))
    return httpx.AsyncClient(transport=transport, base_url="http://loket.test")


class Answer:
    """What came back; `body` is the decoded JSON, None when there is none."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        is_json = response.headers.get("content-type") == "application/json"
        self.body: Any = response.json() if is_json and response.content else None
        self.text = response.text

    @property
    def errors(self) -> dict[str, list[str]]:
        """The complaints of a validation form."""
        assert self.status == 422, self
        assert self.body["message"] == "The given data was invalid."
        found: dict[str, list[str]] = self.body["errors"]
        return found

    @override
    def __repr__(self) -> str:
        return f"<{self.status} {self.text[:500]}>"


class Caller:
    """Somebody who asks, with the credentials they show."""

    def __init__(self, client: httpx.AsyncClient, headers: Mapping[str, str | bytes] | None = None) -> None:
        self.client, self.headers = client, dict[str, str | bytes](headers or {})

    async def ask(self, method: str, path: str, **what: Any) -> Answer:
        """Send a request; `headers` are added to the credentials."""
        shown = {**self.headers, **what.pop("headers", {})}
        headers = [
            (name, value if isinstance(value, bytes) else value.encode()) for name, value in shown.items()
        ]
        return Answer(
            await self.client.request(
                method, path, headers=[(name.encode(), value) for name, value in headers], **what
            )
        )

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.ask("POST", path, json=body)

    async def put(self, path: str, **body: Any) -> Answer:
        return await self.ask("PUT", path, json=body)


def a_form(**changes: Any) -> dict[str, Any]:
    """A registration that is accepted, with changes."""
    return {
        "name": "Budi Santoso",
        "email": "budi@example.com",
        "password": "kopi-tubruk-7",
        "password_confirmation": "kopi-tubruk-7",
        "phone": 81234500001,
        "phonecode": 62,
        **changes,
    }


def examples(name: str) -> list[tuple[int, Any]]:
    """The document's example answers of an endpoint, as status and body."""
    (path,) = (Path(__file__).parent / "examples").glob(f"*_{name}.json")
    return [(each["status"], each["body"]) for each in json.loads(path.read_text("utf-8"))]


def example(name: str, status: int) -> Any:
    """The first example of an endpoint with this status."""
    return next(body for found, body in examples(name) if found == status)


def shape(value: Any) -> Any:
    """A body without its values: the names in their order, and what kind of value each has."""
    if isinstance(value, dict):
        return [(name, shape(each)) for name, each in value.items()]
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__
