"""The sandbox product: the account number decides what happens, nothing real is touched (bill-partner contract §11)."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from core.partners.codes import Code
from core.partners.types import BillItem

SETTLES_AFTER = timedelta(seconds=5)
#: How long scenario 0504 keeps its caller waiting for an answer that is known at once.
SLOW_ANSWER_S = 35.0
CUSTOMER = "TEST"
_MONTH = BillItem(0, 2023, 1, 744_750)
_MONTH_BEFORE = BillItem(0, 2022, 12, 744_750)


class Scenario(Struct, frozen=True):
    """What becomes of an account's inquiry and of its payment."""

    inquiry: Code = Code.INQUIRY_OK
    payment: Code = Code.PROCESSING
    ends: Code | None = Code.SUCCESS  # None: it stays in process
    bills: tuple[BillItem, ...] = (_MONTH,)
    is_expired: bool = False
    answers_after_s: float = 0


_PREFIX = "9000000"
_SCENARIOS = {
    "300": Scenario(),
    "301": Scenario(inquiry=Code.TOO_MANY_MONTHS),
    "302": Scenario(inquiry=Code.ALREADY_PAID),
    "303": Scenario(inquiry=Code.NO_BILL),
    "304": Scenario(inquiry=Code.NO_SUCH_ACCOUNT),
    "311": Scenario(inquiry=Code.PRODUCT_UNAVAILABLE),
    "112": Scenario(inquiry=Code.BLOCKED),
    "181": Scenario(inquiry=Code.INQUIRY_DOWN),
    "100": Scenario(ends=Code.OPERATOR_ISSUE),
    "199": Scenario(ends=Code.GENERAL_ERROR),
    "299": Scenario(ends=None),
    "114": Scenario(payment=Code.AMOUNT_MISMATCH),
    "187": Scenario(payment=Code.INSUFFICIENT_DEPOSIT),
    "504": Scenario(answers_after_s=SLOW_ANSWER_S),
    "312": Scenario(is_expired=True),
    "999": Scenario(bills=(_MONTH_BEFORE, _MONTH)),
}
_UNKNOWN = Scenario(inquiry=Code.NO_SUCH_ACCOUNT)


def scenario(account_number: str) -> Scenario:
    """What an account stands for; any other number is nobody's."""
    if not account_number.startswith(_PREFIX):
        return _UNKNOWN
    return _SCENARIOS.get(account_number.removeprefix(_PREFIX), _UNKNOWN)
