"""One client's connection to a router: logging in, being answered, and being struck by faults."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from sandbox.routeros import commands
from sandbox.routeros.faults import (
    Babbles,
    Closes,
    Dies,
    Drip,
    Faults,
    HalfWord,
    Held,
    Lies,
    Reboots,
    Refuses,
    Slow,
    Struck,
)
from sandbox.routeros.journal import Journal
from sandbox.routeros.state import State
from sandbox.routeros.tables import Trap
from sandbox.routeros.wire import (
    Garbled,
    Request,
    Sentence,
    SentenceReader,
    encode_sentence,
    row_words,
    tagged,
)
from sandbox.routeros.world import ApiUser

_DONE: Sentence = ("!done",)
_INTERRUPTED = (commands.trap_sentence(Trap("interrupted", 2)), _DONE)
_BEAT_S = 1.0
_FULL = 1 << 16
#: Runs what was struck by a fault and what came after it without a tag.
_IN_ORDER = "in order"


class HungUp(Exception):
    """This side ends the connection."""


@dataclass
class Premises:
    """What all connections to one router share."""

    state: State
    faults: Faults
    reboot: Callable[[], None]
    journal: Journal = field(default_factory=Journal)
    #: Whether the rows of commands that run at the same time come mixed, as tags allow.
    mixes_answers: bool = False


class Session:
    """Serves one client until either side has had enough."""

    def __init__(self, premises: Premises, reader: StreamReader, writer: StreamWriter) -> None:
        self._premises, self._writer = premises, writer
        self._sentences = SentenceReader(reader)
        self._user: ApiUser | None = None
        self._challenge = b""
        self._running: dict[str | None, asyncio.Task[None]] = {}
        self._outgoing = bytearray()
        self._queue: deque[tuple[Request, Struck | None]] = deque()

    async def serve(self) -> None:
        try:
            while True:
                if sentence := await self._sentences.next():
                    await self._take(Request.parse(sentence))
        except (HungUp, EOFError, OSError, Garbled):
            self._close()
        finally:
            for task in self._running.values():
                task.cancel()

    def cut(self) -> None:
        """End the connection at once, whatever is under way."""
        self._writer.transport.abort()

    async def _take(self, request: Request) -> None:
        self._premises.journal.note(request)
        fault = self._premises.faults.take(request.command)
        if self._user is not None and _never_ends(request):
            self._start(request.tag, self._go_on(request))
        elif request.tag is not None and (fault or self._premises.mixes_answers):
            # What carries a tag runs beside the others and holds up nobody.
            self._start(request.tag, self._obey(request, fault))
        elif fault or self._queue:
            self._queue.append((request, fault))
            if _IN_ORDER not in self._running:
                self._start(_IN_ORDER, self._work_off())
        else:
            await self._obey(request, None)

    async def _work_off(self) -> None:
        """Commands without tags wait for each other, while this side goes on listening for the client's end."""
        while self._queue:
            await self._obey(*self._queue[0])
            self._queue.popleft()

    def _start(self, tag: str | None, work: Coroutine[None, None, None]) -> None:
        self._running[tag] = asyncio.create_task(self._run(tag, work))

    async def _run(self, tag: str | None, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except (HungUp, OSError):
            self._close()
        finally:
            self._running.pop(tag, None)

    async def _obey(self, request: Request, fault: Struck | None) -> None:
        match fault:
            case None:
                await self._say(request.tag, self._answer(request))
            case Held(released):
                await released.wait()
                await self._say(request.tag, self._answer(request))
            case Slow(delay_s):
                await asyncio.sleep(delay_s)
                await self._say(request.tag, self._answer(request))
            case Refuses(message, category):
                refusal = commands.trap_sentence(Trap(message, category))
                await self._say(request.tag, (refusal, _DONE))
            case Lies(rewrite):
                await self._say(request.tag, self._answer(rewrite(request)))
            case _:
                await self._break(request, fault)

    async def _break(
        self, request: Request, fault: Drip | HalfWord | Dies | Closes | Reboots | Babbles
    ) -> None:
        match fault:
            case Drip(pause_s):
                await self._drip(self._encoded(request), pause_s)
            case HalfWord(closes):
                whole = self._encoded(request)
                self._send(whole[: len(whole) // 2])
                if closes:
                    raise HungUp
                self._flush()
                await asyncio.Event().wait()  # silence, until the client has had enough
            case Dies(message):
                self._end(message)
            case Closes():
                raise HungUp
            case Reboots():
                self._premises.reboot()
            case Babbles(noise):
                self._send(noise)

    def _encoded(self, request: Request) -> bytes:
        return b"".join(encode_sentence(tagged(part, request.tag)) for part in self._answer(request))

    async def _drip(self, data: bytes, pause_s: float) -> None:
        for value in data:
            self._send(bytes((value,)))
            self._flush()
            await asyncio.sleep(pause_s)

    async def _say(self, tag: str | None, answer: Sequence[Sentence]) -> None:
        if self._premises.mixes_answers:
            for sentence in answer:
                self._send(encode_sentence(tagged(sentence, tag)))
                await asyncio.sleep(0)
        else:
            self._send(b"".join(encode_sentence(tagged(sentence, tag)) for sentence in answer))
        if len(self._outgoing) > _FULL:
            self._flush()
            await self._writer.drain()

    def _send(self, data: bytes) -> None:
        """What is said within one turn of the event loop leaves in one piece."""
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing += data

    def _flush(self) -> None:
        if self._outgoing and not self._writer.is_closing():
            self._writer.write(bytes(self._outgoing))
        self._outgoing.clear()

    def _close(self) -> None:
        self._flush()
        self._writer.close()

    def _answer(self, request: Request) -> Sequence[Sentence]:
        if request.command == "/login":
            return self._log_in(request.attributes)
        if request.command == "/quit":
            self._end("session terminated on request")
        if self._user is None:
            self._end("not logged in")
        if request.command == "/cancel":
            return self._cancel(request.attributes.get("tag"))
        return commands.answer(self._premises.state, self._user, request)

    def _end(self, message: str) -> NoReturn:
        """The one sentence that carries bare text; nothing follows it."""
        self._send(encode_sentence(("!fatal", message)))
        raise HungUp

    def _log_in(self, given: dict[str, str]) -> Sequence[Sentence]:
        """Name and password since 6.43; before that a challenge, and a password given at once is overlooked."""
        router = self._premises.state.router
        if router.challenges and "response" not in given:
            self._challenge = secrets.token_bytes(16)
            return [("!done", f"=ret={self._challenge.hex()}")]
        user = next((user for user in router.users if user.name == given.get("name")), None)
        if user is None or "api" not in user.policies or not self._is_right(user, given):
            refusal = "cannot log in" if router.challenges else "invalid user name or password (6)"
            return [commands.trap_sentence(Trap(refusal)), _DONE]
        self._user = user
        return [_DONE]

    def _is_right(self, user: ApiUser, given: dict[str, str]) -> bool:
        expected, shown = user.password, given.get("password", "")
        if self._premises.state.router.challenges:
            secret = b"\x00" + user.password.encode() + self._challenge
            expected = f"00{hashlib.md5(secret, usedforsecurity=False).hexdigest()}"
            shown = given["response"]
        return hmac.compare_digest(expected.encode(), shown.encode())

    def _cancel(self, tag: str | None) -> Sequence[Sentence]:
        """Interrupt the command with this tag, or every one; the interrupted ones are told first."""
        for running in [tag] if tag is not None else list(self._running):
            task = self._running.pop(running, None)
            if task is not None:
                task.cancel()
                for sentence in _INTERRUPTED:
                    self._send(encode_sentence(tagged(sentence, running)))
        return [_DONE]

    async def _go_on(self, request: Request) -> None:
        """A command that reports until it is cancelled."""
        try:
            async for row in self._beats(request):
                await self._say(request.tag, [row_words(row)])
        except Trap as trap:
            await self._say(request.tag, [commands.trap_sentence(trap), _DONE])

    async def _beats(self, request: Request) -> AsyncIterator[dict[str, str]]:
        state, number = self._premises.state, 0
        while True:
            if request.command == "/ping":
                yield commands.ping(state, request.attributes.get("address", ""), number)
            elif request.command == "/interface/monitor-traffic":
                yield commands.traffic(state, request.attributes.get("interface", ""))
            number += 1
            await asyncio.sleep(_BEAT_S)


def _never_ends(request: Request) -> bool:
    """`listen`, and what reports for ever unless told how often (routeros contract §2)."""
    if request.command == "/ping":
        return "count" not in request.attributes
    verb = request.command.rpartition("/")[2]
    return verb == "listen" or (verb == "monitor-traffic" and "once" not in request.attributes)
