"""Where an aggregator hears callbacks: a small server of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

Hear = Callable[[Mapping[str, str], bytes], int]


class Listener:
    """Listens on loopback. It can be told to be `deaf` to the next callbacks: they get a 500, and must come again."""

    def __init__(self, port: int = 0) -> None:
        self._wanted_port, self.port, self.deaf = port, 0, 0
        self.hear: Hear | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/callback", self._heard)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._wanted_port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _heard(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.deaf > 0 or self.hear is None:
            self.deaf -= 1
            return web.Response(status=500)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return web.Response(status=self.hear(headers, body))
