"""How the tests talk to `system/api.php`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    success: bool
    message: str
    result: dict[str, Any]
    meta: dict[str, Any]


class Nux:
    """A client with or without a token."""

    def __init__(self, client: httpx.AsyncClient, token: str = "") -> None:
        self.client, self.token = client, token

    def having(self, token: str) -> Nux:
        return Nux(self.client, token)

    async def get(self, route: str, **query: Any) -> Said:
        return _said(await self.raw("GET", route, params=query))

    async def post(self, route: str, **form: Any) -> Said:
        return _said(await self.raw("POST", route, data=form))

    async def raw(self, method: str, route: str, **more: Any) -> httpx.Response:
        params = {"r": route} | dict(more.pop("params", {}))
        if self.token:
            params["token"] = self.token
        return await self.client.request(method, "/system/api.php", params=params, **more)


def _said(response: httpx.Response) -> Said:
    body = response.json()
    assert set(body) == {"success", "message", "result", "meta"}
    return Said(response.status_code, **body)
