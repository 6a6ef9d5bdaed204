"""Telegram's HTML: a few tags become entities, everything unexpected is an error (telegram contract §2)."""

import re
from dataclasses import dataclass, field
from html import unescape

from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.objects import MessageEntity

MAX_ENTITIES = 100
_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
}
_TAG = re.compile(r"</(?P<end>[a-zA-Z0-9-]*)\s*>|<(?P<start>[a-zA-Z0-9-]*)(?P<rest>[^<>]*)>|<")
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
#: Telegram knows these four names and numbers, no others.
_CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


def utf16(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class _Open:
    tag: str
    offset: int
    url: str | None


@dataclass
class _Reader:
    """What was read so far: plain text, finished entities and the tags still open."""

    text: str = ""
    entities: list[MessageEntity] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)

    def start(self, tag: str, rest: str) -> None:
        href = _HREF.search(rest)
        url = next(filter(None, href.groups()), None) if href else None
        self.open.append(_Open(tag, utf16(self.text), url))

    def end(self, tag: str, at: int) -> None:
        if not self.open:
            raise _wrong(f"Unexpected end tag at byte offset {at}")
        opened = self.open.pop()
        if tag not in {"", opened.tag}:
            raise _wrong(
                f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = utf16(self.text) - opened.offset
        if length and not (opened.tag == "a" and opened.url is None):
            self.entities.append(MessageEntity(_TAGS[opened.tag], opened.offset, length, opened.url))


def parse_html(source: str) -> tuple[str, tuple[MessageEntity, ...]]:
    """Plain text and its entities; raises `ApiError` in Telegram's words."""
    reader, position = _Reader(), 0
    for token in _TAG.finditer(source):
        reader.text += _plain(source[position : token.start()])
        position = token.end()
        at = len(source[: token.start()].encode())
        if token["end"] is not None:
            reader.end(token["end"].lower(), at)
        elif token["start"] is None:
            raise _wrong(f"Unclosed start tag at byte offset {at}")
        else:
            reader.start(_supported(token["start"].lower(), at), token["rest"])
    reader.text += _plain(source[position:])
    if reader.open:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{reader.open[-1].tag}"')
    return _trimmed(reader.text, reader.entities)


def _supported(tag: str, at: int) -> str:
    if tag not in _TAGS:
        raise _wrong(f'Unsupported start tag "{tag}" at byte offset {at}')
    return tag


def _plain(piece: str) -> str:
    return _CHARACTER.sub(lambda found: unescape(found[0]), piece)


def _trimmed(text: str, entities: list[MessageEntity]) -> tuple[str, tuple[MessageEntity, ...]]:
    """White space at both ends is not sent; entities move and shrink with it."""
    shift = utf16(text) - utf16(text.lstrip())
    shown = text.strip()
    end = utf16(shown)
    moved = []
    for each in sorted(entities, key=lambda entity: (entity.offset, -entity.length)):
        first, last = max(each.offset - shift, 0), min(each.offset - shift + each.length, end)
        if last > first:
            moved.append(MessageEntity(each.type, first, last - first, each.url))
    return shown, tuple(moved[:MAX_ENTITIES])


def _wrong(why: str) -> ApiError:
    return bad_request(f"can't parse entities: {why}")
