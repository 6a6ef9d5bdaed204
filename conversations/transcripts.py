"""A chat written down so that it can be shown and played again: whoever it was, it reads like a chat of the demo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from conversations.redacting import without_names
from core.customers.types import ServiceOfChat

#: Who plays a chat again: the demo's customers by how many services they have (demo data).
_ONE = ("628123456789", ("ISP00123",), ("John Doe",))
_TWO = ("6281200000001", ("28900001", "28900002"), ("Siti Rahma", "Siti Rahma (Warung)"))
STRANGER = "6281299999999"
#: What stands for what is never kept.
SECRET, CODE = "******", "{code}"

_CODE = re.compile(r"\b\d{6}\b")
_NUMBER = re.compile(r"(?<![\d.,])\+?\d{7,}")
_E_MAIL = re.compile(r"\S+@\S+\.\S+")
_SIGNED = re.compile(r"https?://\S+")

_MONTH = (
    "Januari|January|Februari|February|Maret|March|April|Mei|May|Juni|June|Juli|July|Agustus|August|September|Oktober|"
    "October|November|Desember|December|Jan|Feb|Mar|Apr|Jun|Jul|Agu|Aug|Sep|Okt|Oct|Nov|Des|Dec"
)


class Line(Struct, frozen=True):
    """One message: what was written, None where it was secret, and what was answered."""

    said: str | None
    answer: str


class Transcript(Struct, frozen=True):
    """A chat of one demo customer in one language."""

    chat: str
    language: str
    lines: tuple[Line, ...]


class Disguise:
    """Replaces what names a customer by what names one of the demo, the same by the same throughout."""

    def __init__(self, services: Sequence[ServiceOfChat]) -> None:
        phone, numbers, names = (STRANGER, (), ()) if not services else _ONE if len(services) == 1 else _TWO
        self.chat: str = phone
        self._known: dict[str, str] = {}
        for service, number, name in zip(services, numbers, names, strict=False):
            self._known |= {service.service_number: number, service.name: name}
            self._known.setdefault(service.name.split()[0], name.split()[0])
        self._numbers: dict[str, str] = {}

    def said(self, text: str) -> str:
        """What somebody wrote: names they mention go, too."""
        if _CODE.fullmatch(text.strip()):
            return CODE
        return self.answered(without_names(text))

    def answered(self, text: str) -> str:
        for real, shown in sorted(self._known.items(), key=lambda pair: -len(pair[0])):
            text = re.sub(rf"\b{re.escape(real)}\b", shown, text, flags=re.IGNORECASE)
        text = _SIGNED.sub("(link)", _E_MAIL.sub("(e-mail)", text))
        return _CODE.sub("482913", _NUMBER.sub(self._numbered, text))

    def _numbered(self, found: re.Match[str]) -> str:
        """Numbers of the demo stay, the others are counted."""
        number = found[0].lstrip("+")
        if number in self._known.values():
            return number
        return self._numbers.setdefault(number, f"{10_000_001 + len(self._numbers)}")


def written(transcript: Transcript) -> str:
    """As text: `@ chat language`, then `> ` what was said and `< ` what was answered."""
    lines = [f"@ {transcript.chat} {transcript.language}"]
    for line in transcript.lines:
        lines.append(f"> {SECRET if line.said is None else ' '.join(line.said.split())}")
        lines.append("< " + line.answer.replace("\n", "\n  "))
    return "\n".join(lines) + "\n"


def read(text: str) -> Transcript:
    """Read it back; raises `ValueError` with the number of a line that is none of a transcript."""
    chat, language, lines = "", "id", list[Line]()
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, rest = line.partition(" ")
        match kind:
            case "@":
                chat, _, language = rest.partition(" ")
            case ">":
                lines.append(Line(None if rest == SECRET else rest, ""))
            case "<" if lines:
                lines[-1] = Line(lines[-1].said, rest)
            case "" if lines:
                lines[-1] = Line(lines[-1].said, f"{lines[-1].answer}\n{line[2:]}")
            case _:
                raise ValueError(f"line {number} is neither @, > nor <")
    if not chat or language not in {"id", "en"}:
        raise ValueError("the first line must be `@ <phone> <id or en>`")
    return Transcript(chat, language, tuple(lines))


def shape(text: str) -> str:
    """An answer by its words: figures and months differ from day to day and from house to house."""
    return re.sub(rf"\d[\d.,:]*|\b(?:{_MONTH})\b", "#", text)


def differences(before: Iterable[Line], after: Iterable[Line]) -> list[str]:
    """What was said to each message whose answer has another shape, then and now."""
    told: list[str] = []
    for old, new in zip(before, after, strict=True):
        if shape(old.answer) != shape(new.answer):
            told += [f"> {old.said or SECRET}", *_marked("-", old.answer), *_marked("+", new.answer)]
    return told


def _marked(mark: str, text: str) -> list[str]:
    return [f"{mark} {line}" for line in text.splitlines()]
