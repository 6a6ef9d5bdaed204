"""The rules a form's fields are declared with; texts are those of the framework behind the original API (mywifi §1)."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from typing_extensions import override

from core.platform import phones

Schema = dict[str, Any]

_LARGEST = 2**63 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,63}")
#: What no database keeps and no reader can show: NUL and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BAD_FORMAT = "The {field} format is invalid."
_NOT_ON_THE_LIST = "The selected {field} is invalid."


class Wrong(Exception):
    """A value breaks its rule; `text` says how, with `{field}` standing for the field's name."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class Rule(ABC):
    """Reads one value that is neither None nor empty."""

    trims: ClassVar[bool] = True
    takes_many: ClassVar[bool] = False

    @abstractmethod
    def read(self, value: object) -> object:
        """The value as the form holds it; raises `Wrong`."""

    @abstractmethod
    def schema(self) -> Schema:
        """The value as the API document describes it."""


class Confirmed:
    """Marks a field whose value must come a second time as `<name>_confirmation`."""


@dataclass(frozen=True)
class Text(Rule):
    """A string of `shortest` to `longest` characters, matching `pattern` as a whole when there is one."""

    longest: int = 255
    shortest: int = 1
    pattern: str | None = None

    @override
    def read(self, value: object) -> object:
        if not isinstance(value, str):
            raise Wrong("The {field} must be a string.")
        if _UNSTORABLE.search(value):
            raise Wrong(_BAD_FORMAT)
        if len(value) < self.shortest:
            raise Wrong(f"The {{field}} must be at least {self.shortest} characters.")
        if len(value) > self.longest:
            raise Wrong(f"The {{field}} may not be greater than {self.longest} characters.")
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise Wrong(_BAD_FORMAT)
        return value

    @override
    def schema(self) -> Schema:
        shape: Schema = {"type": "string", "minLength": self.shortest, "maxLength": self.longest}
        return shape if self.pattern is None else {**shape, "pattern": f"^{self.pattern}$"}


@dataclass(frozen=True)
class Password(Text):
    """A string whose blanks count."""

    trims: ClassVar[bool] = False

    @override
    def schema(self) -> Schema:
        return {**super().schema(), "format": "password"}


@dataclass(frozen=True)
class EmailAddress(Text):
    """An address with a local part and a domain that has a dot."""

    longest: int = 128

    @override
    def read(self, value: object) -> object:
        text = super().read(value)
        if not _EMAIL.fullmatch(str(text)):
            raise Wrong("The {field} must be a valid email address.")
        return text

    @override
    def schema(self) -> Schema:
        return {"type": "string", "format": "email", "maxLength": self.longest}


@dataclass(frozen=True)
class Spelled(Text):
    """A string that clients also write as a bare number: a one-time code, an invoice number."""

    @override
    def read(self, value: object) -> object:
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST
        return super().read(str(value) if is_number else value)

    @override
    def schema(self) -> Schema:
        return {**super().schema(), "type": ["string", "integer"], "minimum": 0}


@dataclass(frozen=True)
class Whole(Rule):
    """An integer, as a number or as a string of digits."""

    low: int = -_LARGEST
    high: int = _LARGEST

    @override
    def read(self, value: object) -> object:
        number = _as_integer(value)
        if number is None or abs(number) > _LARGEST:
            raise Wrong("The {field} must be an integer.")
        if number < self.low or number > self.high:
            raise Wrong(self._range())
        return number

    def _range(self) -> str:
        if self.high == _LARGEST:
            return f"The {{field}} must be at least {self.low}."
        return f"The {{field}} must be between {self.low} and {self.high}."

    @override
    def schema(self) -> Schema:
        bounds = {"minimum": (self.low, -_LARGEST), "maximum": (self.high, _LARGEST)}
        return {"type": "integer", **{key: bound for key, (bound, none) in bounds.items() if bound != none}}


@dataclass(frozen=True)
class Decimal(Rule):
    """A finite number within bounds, as a number or as a numeric string."""

    low: float
    high: float

    @override
    def read(self, value: object) -> object:
        number = _as_number(value)
        if number is None or not math.isfinite(number):
            raise Wrong("The {field} must be a number.")
        if not self.low <= number <= self.high:
            raise Wrong(f"The {{field}} must be between {self.low:g} and {self.high:g}.")
        return number

    @override
    def schema(self) -> Schema:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Digits(Rule):
    """`fewest` to `most` decimal digits, as a number or a string; read as a string, so that a zero in front counts."""

    fewest: int
    most: int

    @override
    def read(self, value: object) -> object:
        digits = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not re.fullmatch(rf"[0-9]{{{self.fewest},{self.most}}}", digits):
            raise Wrong(f"The {{field}} must be between {self.fewest} and {self.most} digits.")
        return digits

    @override
    def schema(self) -> Schema:
        pattern = rf"^[0-9]{{{self.fewest},{self.most}}}$"
        return {"type": ["integer", "string"], "pattern": pattern, "minimum": 0, "maximum": 10**self.most - 1}


@dataclass(frozen=True)
class PhoneNumber(Digits):
    """Digits of a phone number; zeros alone reach nobody."""

    @override
    def read(self, value: object) -> object:
        digits = str(super().read(value))
        if len(digits.lstrip("0")) < 5:
            raise Wrong(_BAD_FORMAT)
        return digits


@dataclass(frozen=True)
class CallingCode(Digits):
    """A country's calling code, read as an integer; `0`, `8` and `08` mean 62 (mywifi contract §1)."""

    fewest: int = 1
    most: int = 5

    @override
    def read(self, value: object) -> object:
        code = phones.calling_code(str(super().read(value)))
        if code is None:
            raise Wrong(_NOT_ON_THE_LIST)
        return code


@dataclass(frozen=True)
class OneOf(Rule):
    """One of a few words; `also` maps other spellings, in small letters, to the word they mean."""

    words: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)

    @override
    def read(self, value: object) -> object:
        if isinstance(value, str):
            if value in self.words:
                return value
            folded = value.casefold()
            meant = folded if folded in self.words else self.also.get(folded)
            if meant is not None:
                return meant
        raise Wrong(_NOT_ON_THE_LIST)

    @override
    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True)
class SomeOf(Rule):
    """Several of a few words, as a list or separated by commas; read as a frozen set."""

    takes_many: ClassVar[bool] = True

    word: OneOf

    @override
    def read(self, value: object) -> object:
        items = value if isinstance(value, list) else [value]
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) < len(items):
            raise Wrong("The {field} must be an array.")
        parts = [part.strip() for text in texts for part in text.split(",")]
        return frozenset(self.word.read(part) for part in parts if part)

    @override
    def schema(self) -> Schema:
        return {"type": "array", "items": self.word.schema()}


def _as_integer(value: object) -> int | None:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _as_number(value: object) -> float | None:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return None
    return None
