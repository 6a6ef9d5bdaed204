"""The HTTP conversation with a gateway: one request, one bounded answer, and a plain word for what went wrong.

aiohttp, because the dispatcher keeps dozens of sends in the air, where it spends a fifteenth of httpx's time.
"""

import asyncio

import aiohttp

from core.adapters.whatsapp.answer import Answer
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import ChannelDown

_LARGEST_ANSWER = 64 * 1024


class GatewayClient:
    """Keeps connections to one gateway open between sends; TLS is verified and redirects are not followed."""

    def __init__(
        self,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        max_connections: int,
        reuse_connections: bool,
    ) -> None:
        self._reuse = reuse_connections
        # Bounds the connections. The connector could too, but there the wait would count as the gateway's silence.
        self._free = asyncio.Semaphore(max_connections)
        self._timeout = aiohttp.ClientTimeout(
            total=connect_timeout_s + read_timeout_s, sock_connect=connect_timeout_s, sock_read=read_timeout_s
        )
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def exchange(
        self, request: WireRequest, *, largest_answer: int = _LARGEST_ANSWER
    ) -> Answer | ChannelDown:
        """Make one request; whatever happens below HTTP becomes `ChannelDown`, whose reason names no address."""
        async with self._free:
            if self._closed:
                return ChannelDown("the sender is shutting down")
            try:
                return await self._answer(request, largest_answer)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                return ChannelDown(_reason(error))

    async def aclose(self) -> None:
        """Close every connection; may be called twice."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _answer(self, request: WireRequest, largest: int) -> Answer:
        async with self._open_session().request(
            request.method, request.url, headers=request.headers, data=request.body, allow_redirects=False
        ) as response:
            body, complete = await _read(response.content, largest)
            return Answer(
                status=response.status,
                body=body,
                complete=complete,
                retry_after=response.headers.get("Retry-After", ""),
            )

    def _open_session(self) -> aiohttp.ClientSession:
        """Return the shared session, made at the first send because it belongs to the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=not self._reuse),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                # A compressed answer could unfold to any size.
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "Loket"},
            )
        return self._session


async def _read(content: aiohttp.StreamReader, largest: int) -> tuple[bytes, bool]:
    """Read at most so many bytes; also say whether that was all. After the head, a broken body is no transport error."""
    body = bytearray()
    try:
        while len(body) <= largest and (chunk := await content.readany()):
            body += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        return bytes(body[:largest]), False
    return bytes(body[:largest]), len(body) <= largest


def _reason(error: Exception) -> str:
    """Name the fault in words of ours: an exception's text may hold the address, and so the secret."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "connecting to the gateway took too long"
        case TimeoutError():
            return "the gateway did not answer in time"
        case aiohttp.ClientSSLError():
            return "the TLS certificate or handshake of the gateway is not acceptable"
        case aiohttp.ClientConnectorDNSError():
            return "the host name of the gateway is unknown"
        case aiohttp.ClientConnectorError():
            return "the gateway cannot be reached"
        case aiohttp.ServerDisconnectedError():
            return "the gateway hung up without an answer"
        case _:
            return f"the connection to the gateway failed ({type(error).__name__})"
