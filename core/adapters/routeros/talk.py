"""One conversation with one router: questions out, rows in, on librouteros' wire.

librouteros' own `AsyncApi` is not used above its wire: it turns values into numbers and flags (a customer named
`628123456789` or `yes` would lose his name), cannot read tagged answers, and logs every word, passwords included. With
tags several questions share one round trip, and an answer that is late can never be taken for another one.
"""

from __future__ import annotations

import asyncio
import hashlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping, Sequence
from typing import NoReturn

from librouteros.connections import AsyncSocketTransport
from librouteros.exceptions import ConnectionClosed, FatalError, ProtocolError
from librouteros.protocol import AsyncApiProtocol, decode_length, determine_length, encode_sentence
from msgspec import Struct
from typing_extensions import override

from core.adapters.routeros.errors import LoginRefused, OutOfStep, refusal

Row = Mapping[str, str]

#: More than any honest answer holds: a router that goes on and on is cut off.
_LONGEST_WORD = 1 << 20
_MOST_ROWS = 20_000
_PIECE = 1 << 16
_ROWS_A_TURN = 200
#: The length of a shorter word is one byte.
_SHORT = 0x80


class Question(Struct, frozen=True):
    """A command whose answer is rows, such as printing a menu.

    `where` are the alternatives of which a row must meet one: the router is asked to select by them, and every row is
    checked against them again (routeros contract §6.2).
    """

    command: str
    columns: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()

    def words(self, tag: str) -> list[str]:
        words = [self.command, f".tag={tag}", *(f"={name}={value}" for name, value in self.arguments)]
        if self.columns:
            words.append(f"=.proplist={','.join(self.columns)}")
        words += [f"?={name}={value}" for name, value in self.where]
        return words + ["?#|"] * (len(self.where) - 1)

    def owns(self, row: Row) -> bool:
        return not self.where or any(row.get(name) == value for name, value in self.where)


class Answers:
    """What the router said to several questions asked together."""

    def __init__(self, rows: dict[Question, list[Row]], refusals: dict[Question, str]) -> None:
        self._rows, self._refusals = rows, refusals

    def rows(self, question: Question) -> list[Row]:
        """Raises `Refused` when the router would not answer this one."""
        if question in self._refusals:
            raise refusal(question.command, self._refusals[question])
        return self._rows[question]

    def offered(self, question: Question) -> Row | None:
        """The first row, where an answer would be good to have and a refusal does no harm."""
        return None if question in self._refusals else next(iter(self._rows[question]), None)

    def refusal(self, question: Question) -> str | None:
        """The router's words when it would not answer, in lower case."""
        return self._refusals.get(question)


class _Transport(AsyncSocketTransport):
    """librouteros' socket, read in large pieces: an answer is some fifty reads of a few bytes each."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        super().__init__(reader, writer)
        self._piece, self._at = b"", 0

    @property
    def is_drained(self) -> bool:
        """Whether everything received has been read."""
        return self._at == len(self._piece)

    def word_at_hand(self) -> bytes | None:
        """The next word, if it is a short one and all of it is here: most are, and need not be waited for."""
        start = self._at + 1
        if start > len(self._piece) or (length := self._piece[self._at]) >= _SHORT:
            return None
        if start + length > len(self._piece):
            return None
        self._at = start + length
        return self._piece[start : self._at]

    @override
    async def read(self, length: int) -> bytes:
        end = self._at + length
        while end > len(self._piece):
            more = await self.reader.read(_PIECE)
            if not more:
                raise ConnectionClosed
            self._piece, self._at, end = self._piece[self._at :] + more, 0, length
        read, self._at = self._piece[self._at : end], end
        return read


class _Wire(AsyncApiProtocol):
    """librouteros' framing with text as it is, bounded, and without its log of every word."""

    def __init__(self, transport: _Transport) -> None:
        super().__init__(transport, encoding="utf-8")
        self._transport = transport

    @override
    async def readWord(self) -> str:
        # Bytes that are no UTF-8 are marked: dropping them could turn one name into another.
        word = self._transport.word_at_hand()
        return (await self._long_word() if word is None else word).decode("utf-8", "replace")

    async def _long_word(self) -> bytes:
        size = await self.transport.read(1)
        if rest := determine_length(size):
            size += await self.transport.read(rest)
        length = decode_length(size)
        if length > _LONGEST_WORD:
            raise ProtocolError(f"a word of {length} bytes")
        return await self.transport.read(length)

    @override
    async def readSentence(self) -> tuple[str, tuple[str, ...]]:
        words: list[str] = []
        while word := await self.readWord():
            words.append(word)
        if not words:
            raise ProtocolError("an empty sentence")
        if words[0] == "!fatal":
            raise FatalError(words[1] if len(words) > 1 else "fatal")
        return words[0], tuple(words[1:])


class Talk:
    """A logged-in connection. One task uses it at a time; whoever is interrupted while using it must `drop` it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._transport = _Transport(reader, writer)
        self._wire = _Wire(self._transport)
        self._asked = 0
        #: Leading number of the router's version; 0 until it is known.
        self.release = 0
        #: Where this router keeps its User Manager; empty when it has none, None while that is not known.
        self.user_manager: str | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked again: open at both ends, and with nothing left over from before."""
        return self._transport.is_drained and not (self._writer.is_closing() or self._reader.at_eof())

    def drop(self) -> None:
        """Cut the connection without waiting for anybody."""
        self._writer.transport.abort()

    async def ask(self, *questions: Question) -> Answers:
        """Ask everything at once and wait for all answers: one round trip.

        Raises `OutOfStep` when an answer belongs to no question, or holds only rows that were not asked for.
        """
        tags = {str(self._asked + number): question for number, question in enumerate(questions, 1)}
        self._asked += len(questions)
        await self._send([question.words(tag) for tag, question in tags.items()])
        rows, refusals = await self._collect(tags)
        return Answers({question: _own(question, found) for question, found in rows.items()}, refusals)

    async def order(self, *orders: Question) -> None:
        """Have things done, in one round trip; what is to be removed and is gone already, is done.

        Raises `Refused` for the first that was not. The others may have been done.
        """
        if not orders:
            return
        answers = await self.ask(*orders)
        for order in orders:
            if not (order.command.endswith("/remove") and "no such item" in (answers.refusal(order) or "")):
                answers.rows(order)

    async def log_in(self, name: str, password: str) -> None:
        """By name and password, or where the router answers with a challenge (before 6.43) by meeting it."""
        challenge = await self._log_in(name, {"password": password})
        if challenge:
            proof = hashlib.md5(b"\x00" + password.encode() + bytes.fromhex(challenge), usedforsecurity=False)
            if await self._log_in(name, {"response": f"00{proof.hexdigest()}"}):
                raise LoginRefused("challenged twice")

    async def _log_in(self, name: str, proof: dict[str, str]) -> str:
        await self._send([["/login", f"=name={name}", *(f"={key}={value}" for key, value in proof.items())]])
        reply, words = await self._wire.readSentence()
        if reply == "!trap":
            raise LoginRefused("login refused")
        if reply != "!done":
            raise OutOfStep("login")
        return _attributes(words).get("ret", "")

    async def _send(self, sentences: list[list[str]]) -> None:
        encoded = b"".join(encode_sentence(*words, encoding="utf-8") for words in sentences)
        await self._transport.write(encoded)

    async def _collect(
        self, tags: dict[str, Question]
    ) -> tuple[dict[Question, list[Row]], dict[Question, str]]:
        rows: dict[Question, list[Row]] = {question: [] for question in tags.values()}
        refusals: dict[Question, str] = {}
        waiting = set(tags)
        while waiting:
            reply, words = await self._wire.readSentence()
            attributes = _attributes(words)
            tag = attributes.pop(".tag", "")
            if tag not in waiting:
                _out_of_step("an answer nobody waits for")
            match reply:
                case "!re":
                    _keep(rows[tags[tag]], attributes)
                    if not len(rows[tags[tag]]) % _ROWS_A_TURN:
                        await asyncio.sleep(
                            0
                        )  # what has arrived is read without waiting, so others get their turn
                case "!trap":
                    refusals[tags[tag]] = attributes.get("message", "").lower()
                case "!done":
                    waiting.discard(tag)
                case "!empty":
                    pass
                case _:
                    _out_of_step("an unknown kind of reply")
        return rows, refusals


def _attributes(words: Sequence[str]) -> dict[str, str]:
    """`=name=value` words and `.tag=…` as text; a value may itself hold an equals sign."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.removeprefix("=").partition("=")
        if not equals:
            raise ProtocolError("a word without a value")
        found[name] = value
    return found


def _keep(rows: list[Row], row: Row) -> None:
    if len(rows) >= _MOST_ROWS:
        _out_of_step("rows without end")
    rows.append(row)


def _own(question: Question, rows: list[Row]) -> list[Row]:
    """The rows that were asked for.

    A router that does not understand the selection sends others along with them; one that sends others alone is lying.
    """
    own = [row for row in rows if question.owns(row)]
    if rows and not own:
        _out_of_step(f"{question.command}: rows of others")
    return own


def _out_of_step(reason: str) -> NoReturn:
    raise OutOfStep(reason)
