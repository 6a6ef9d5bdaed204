"""Reading a partner's request: the signed claims, the unsigned body that may only repeat them (bill-partner contract §3.2, §4)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct

from api.rules import EmailAddress, Wrong
from core.partners.codes import Code
from core.partners.tokens import Claims
from core.partners.types import Declined, PaymentOrder
from core.platform.errors import Unauthenticated

_LARGEST = 2**53 - 1
_DIGITS = re.compile(r"-?[0-9]{1,16}")
_ACCOUNT = re.compile(r"[A-Za-z0-9.-]{1,32}")
_PRODUCT = re.compile(r"[A-Z0-9_-]{1,32}")
_REFERENCE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MOST_CALLBACKS = 3
_MOST_BILLS = 100
_LONGEST_URL = 500


class Fields:
    """The claims of one request; `malformed` is the code that a member that cannot be read is answered with (§6 traps)."""

    def __init__(self, claims: Claims, malformed: Code) -> None:
        if claims.is_ambiguous:
            raise Declined(malformed, "duplicate claim")
        self._claims, self._malformed = claims.by_name, malformed

    def check_body(self, body: bytes) -> None:
        """Raises `Unauthenticated` when a member of the body was not signed (§3.2)."""
        if not body.strip():
            return
        try:
            members = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Declined(self._malformed, "body") from error
        if not isinstance(members, dict):
            raise Declined(self._malformed, "body")
        for name, value in members.items():
            folded = name.lower()
            if folded not in self._claims or not _is_same(self._claims[folded], value):
                raise Unauthenticated("partner")

    def check_file(self, content: bytes) -> None:
        """Raises `Unauthenticated` when a file is not the one that was signed."""
        signed = self._claims.get("sha256")
        if not isinstance(signed, str) or signed.lower() != hashlib.sha256(content).hexdigest():
            raise Unauthenticated("partner")

    def spelled(self, name: str, pattern: re.Pattern[str], *, otherwise: Code | None = None) -> str:
        """A required string; a number would have lost its leading zeros, so it is refused (§4.1)."""
        value = self._claims.get(name.lower())
        text = value.strip() if isinstance(value, str) else ""
        if not pattern.fullmatch(text):
            raise Declined(otherwise or self._malformed, name)
        return text

    def account(self) -> str:
        return self.spelled("accountNumber", _ACCOUNT)

    def product(self) -> str:
        return self.spelled("productCode", _PRODUCT)

    def reference(self, *, otherwise: Code | None = None) -> str:
        return self.spelled("refNumber", _REFERENCE, otherwise=otherwise)

    def month(self) -> int | None:
        """How many of the oldest bills to include."""
        return None if self._claims.get("month") is None else self.whole("month", low=1, high=12)

    def whole(self, name: str, *, low: int = -_LARGEST, high: int = _LARGEST) -> int:
        """A required integer, as a number or as digits."""
        value = self._claims.get(name.lower())
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Declined(self._malformed, name)
        return value

    def strings(self, name: str, *, most: int, longest: int) -> tuple[str, ...]:
        """An optional list of strings."""
        value = self._claims.get(name.lower())
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            raise Declined(self._malformed, name)
        texts = [each for each in value if isinstance(each, str) and 0 < len(each) <= longest]
        if len(texts) < len(value):
            raise Declined(self._malformed, name)
        return tuple(texts)

    def buyer(self, name: str, *, is_good: Callable[[str], bool]) -> str | None:
        """A member of `buyerDetails`."""
        details = self._claims.get("buyerdetails")
        if details is None:
            return None
        if not isinstance(details, dict):
            raise Declined(self._malformed, "buyerDetails")
        value = {str(key).lower(): each for key, each in details.items()}.get(name.lower())
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not is_good(value):
            raise Declined(self._malformed, name)
        return value

    def text(self, name: str) -> str | None:
        """An optional string, as it is."""
        value = self._claims.get(name.lower())
        return value if isinstance(value, str) else None


class Question(Struct, frozen=True):
    """An inquiry."""

    account_number: str
    product_code: str
    month: int | None


def question(fields: Fields) -> Question:
    return Question(fields.account(), fields.product(), fields.month())


def payment_order(fields: Fields) -> PaymentOrder:
    """Raises `Declined`: 183 for the reference, 199 for everything else that cannot be read."""
    return PaymentOrder(
        ref_number=fields.reference(otherwise=Code.BAD_REFERENCE),
        account_number=fields.account(),
        product_code=fields.product(),
        inquiry_id=fields.whole("inquiryId", low=1),
        amount=fields.whole("amount"),
        month=fields.month(),
        bill_ids=fields.strings("billIds", most=_MOST_BILLS, longest=8),
        callback_urls=fields.strings("callbackUrls", most=_MOST_CALLBACKS, longest=_LONGEST_URL),
        buyer_email=fields.buyer("buyerEmail", is_good=_is_email),
        public_buyer_id=fields.buyer(
            "publicBuyerId", is_good=lambda text: text.isprintable() and len(text) <= 64
        ),
    )


def _is_email(text: str) -> bool:
    try:
        EmailAddress().read(text)
    except Wrong:
        return False
    return True


def day(text: str | None, name: str) -> date:
    """`YYYY-MM-DD`; raises `Declined`."""
    if text is None or not _DAY.fullmatch(text):
        raise Declined(Code.BAD_REQUEST, name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Declined(Code.BAD_REQUEST, name) from error


def _is_same(signed: object, sent: object) -> bool:
    """Equal as JSON: numbers by value, but a boolean is no number."""
    match signed, sent:
        case bool() | None, _:
            return signed is sent
        case _, bool() | None:
            return False
        case Mapping(), Mapping():
            return signed.keys() == sent.keys() and all(_is_same(signed[name], sent[name]) for name in signed)
        case list(), list():
            return len(signed) == len(sent) and all(map(_is_same, signed, sent))
        case _:
            return signed == sent
