"""A client of the PHPNuxBill dialect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.api.nuxbill.support import Nux

Login = Callable[..., Awaitable[Nux]]


@pytest.fixture
def nux(client: httpx.AsyncClient) -> Nux:
    """Somebody without a token."""
    return Nux(client)


@pytest.fixture
def staff(nux: Nux) -> Login:
    """Log a member of the demo's staff in."""

    async def logged_in(username: str = "admin", password: str = "admin") -> Nux:
        said = await nux.post("admin/post", username=username, password=password)
        assert said.success, said
        return nux.having(said.result["token"])

    return logged_in


@pytest.fixture
def customer(nux: Nux) -> Login:
    """Log a demo customer in."""

    async def logged_in(username: str = "ISP00123", password: str = "rahasia123") -> Nux:
        said = await nux.post("login/post", username=username, password=password)
        assert said.success, said
        return nux.having(said.result["token"])

    return logged_in
