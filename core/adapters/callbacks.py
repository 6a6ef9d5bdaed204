"""Carrying callbacks to partners' servers: one resolution, one pinned address, one bounded answer (bill-partner §8.2, §8.4)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from core.partners.ports import Answered, OffLimits, Unreachable
from core.partners.rules import may_reach

_CONNECT_S, _TOTAL_S = 3.0, 10.0
_LARGEST_ANSWER = 64 * 1024
_EXCERPT = 1024


class _OffLimits(OSError):
    """The name leads to an address that callbacks must not reach."""


class _Pinned(AbstractResolver):
    """Resolves a name once per connection and hands out what was judged: nobody can change it in between."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [(str(entry[4][0]), entry[0]) for entry in found]
        for address, _ in addresses:
            if not may_reach(ip_address(address.partition("%")[0]), allow_private=self._allow_private):
                raise _OffLimits
        address, kind = addresses[0]
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    @override
    async def close(self) -> None:
        return None


class HttpCallbacks:
    """A `CallbackSender` over aiohttp. Names of certificates are checked, redirects are answers, proxies are ignored."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answered | Unreachable | OffLimits:
        if not self._may_reach_literal(url):
            return OffLimits("the address is not one that callbacks may reach")
        try:
            async with (
                self._session() as session,
                session.post(url, headers=headers, data=body, allow_redirects=False) as response,
            ):
                return Answered(response.status, await _excerpt(response.content))
        except _OffLimits:
            return OffLimits("the name leads to an address that callbacks may not reach")
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _OffLimits):
                return OffLimits("the name leads to an address that callbacks may not reach")
            return Unreachable("the partner's server cannot be reached")
        except TimeoutError:
            return Unreachable("the partner's server did not answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Unreachable(f"the connection failed ({type(error).__name__})")

    def _may_reach_literal(self, url: str) -> bool:
        """Addresses written as numbers are not resolved, so they are judged here."""
        parts = urlsplit(url)
        if parts.scheme != "https" and not self._allow_private:
            return False
        try:
            literal = ip_address(parts.hostname or "")
        except ValueError:
            return True
        return may_reach(literal, allow_private=self._allow_private)

    def _session(self) -> aiohttp.ClientSession:
        """One per callback: connections are not reused, because each is to be judged."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                force_close=True,
                use_dns_cache=False,
                resolver=_Pinned(allow_private=self._allow_private),
            ),
            timeout=aiohttp.ClientTimeout(total=_TOTAL_S, sock_connect=_CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # a compressed answer could unfold to any size
            headers={"Accept-Encoding": "identity", "User-Agent": "Loket"},
        )


async def _excerpt(content: aiohttp.StreamReader) -> str:
    """Read at most 64 KiB and keep the beginning; what breaks off after the head changes no verdict."""
    body = bytearray()
    try:
        while len(body) < _LARGEST_ANSWER and (chunk := await content.readany()):
            body += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass
    return bytes(body[:_EXCERPT]).decode("utf-8", "replace")
