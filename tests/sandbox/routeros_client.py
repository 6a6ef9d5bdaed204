"""A client that hides nothing: sentences out, sentences in, byte by byte if need be."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.routeros import Simulator
from sandbox.routeros.wire import SentenceReader, encode_sentence

PATIENCE_S = 5.0


class RawClient:
    """One connection; nothing is logged in unless a test does it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._sentences = SentenceReader(reader)

    def send(self, *words: str) -> None:
        self.writer.write(encode_sentence(words))

    async def sentence(self) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            return await self._sentences.next()

    async def ask(self, *words: str) -> list[list[str]]:
        """Every sentence of the answer, up to `!done` or `!fatal`."""
        self.send(*words)
        answer = [await self.sentence()]
        while answer[-1][0] not in {"!done", "!fatal"}:
            answer.append(await self.sentence())
        return answer

    async def log_in(self, name: str = "loket", password: str = "loket") -> None:
        assert await self.ask("/login", f"=name={name}", f"=password={password}") == [["!done"]]

    async def is_closed(self) -> bool:
        """Whether the router has hung up; waits for it."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read(1) == b""


@asynccontextmanager
async def connected(simulator: Simulator) -> AsyncIterator[RawClient]:
    reader, writer = await asyncio.open_connection(simulator.host, simulator.port)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.close()
