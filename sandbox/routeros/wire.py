"""Words and sentences as they travel between a router and its clients (routeros contract §1)."""

from __future__ import annotations

from asyncio import StreamReader
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: Ends a sentence.
_END = b"\x00"
#: (first length not in this class, bytes of the length, marker in its first byte)
_CLASSES = ((0x4000, 2, 0x8000), (0x200000, 3, 0xC00000), (0x10000000, 4, 0xE0000000))
#: No client has business sending more; a router would hang up as well.
_LONGEST_WORD = 1 << 24

_PIECE = 1 << 16

Sentence = Sequence[str]


class Garbled(Exception):
    """The client sent what cannot be a sentence."""


def encode_length(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    for limit, size, marker in _CLASSES:
        if length < limit:
            return (length | marker).to_bytes(size, "big")
    return b"\xf0" + length.to_bytes(4, "big")


def encode_word(word: str) -> bytes:
    encoded = word.encode("utf-8", "surrogateescape")
    return encode_length(len(encoded)) + encoded


def encode_sentence(sentence: Iterable[str]) -> bytes:
    return b"".join(map(encode_word, sentence)) + _END


class SentenceReader:
    """Sentences out of a stream, however its bytes arrive."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader
        self._received = b""

    async def next(self) -> list[str]:
        """The next sentence; raises `EOFError` when the other side has gone, `Garbled` on a mad length."""
        while (cut := _cut(self._received)) is None:
            more = await self._reader.read(_PIECE)
            if not more:
                raise EOFError
            self._received += more
        sentence, end = cut
        self._received = self._received[end:]
        return sentence


def _cut(received: bytes) -> tuple[list[str], int] | None:
    """The first sentence and where it ends; None while it is not all there."""
    words: list[str] = []
    start = 0
    while (span := _next_word(received, start)) is not None:
        start, end = span
        if start == end:
            return words, end
        words.append(received[start:end].decode("utf-8", "surrogateescape"))
        start = end
    return None


def _next_word(received: bytes, at: int) -> tuple[int, int] | None:
    """From where to where the word after its length reaches."""
    if at >= len(received):
        return None
    first = received[at]
    if first < 0x80:
        return (at + 1, at + 1 + first) if at + 1 + first <= len(received) else None
    size = 2 if first < 0xC0 else 3 if first < 0xE0 else 4 if first < 0xF0 else 5
    start = at + size
    marker = _CLASSES[size - 2][2] if size < 5 else 0xF0 << 32
    length = int.from_bytes(received[at:start], "big") ^ marker
    if start <= len(received) and length > _LONGEST_WORD:
        raise Garbled(f"a word of {length} bytes")
    return (start, start + length) if start + length <= len(received) else None


@dataclass(frozen=True)
class Request:
    """A command sentence, taken apart."""

    command: str
    #: `=key=value` words; the value may itself contain `=`.
    attributes: dict[str, str] = field(default_factory=dict)
    #: `?…` words, in order.
    queries: tuple[str, ...] = ()
    tag: str | None = None

    @classmethod
    def parse(cls, sentence: Sentence) -> Request:
        attributes: dict[str, str] = {}
        queries: list[str] = []
        tag = None
        for word in sentence[1:]:
            if word.startswith("="):
                name, _, value = word[1:].partition("=")
                attributes[name] = value
            elif word.startswith("?"):
                queries.append(word)
            elif word.startswith(".tag="):
                tag = word[len(".tag=") :]
        return cls(sentence[0].rstrip("/"), attributes, tuple(queries), tag)


def row_words(row: dict[str, str]) -> list[str]:
    """A row as a `!re` sentence."""
    return ["!re", *(f"={name}={value}" for name, value in row.items())]


def tagged(sentence: Sentence, tag: str | None) -> Sentence:
    """The sentence with the tag of the command that it answers."""
    return sentence if tag is None else [sentence[0], f".tag={tag}", *sentence[1:]]
