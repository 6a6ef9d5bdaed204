"""What understanding a text yields: intent, confidence, guesses and the facts named in it."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

#: From here on a flow may be started without asking "did you mean"; below it the customer chooses.
CONFIDENT = 0.6


class Intent(StrEnum):
    """What a customer can want at the counter."""

    CHECK_BILL = "check_bill"
    PAY_BILL = "pay_bill"
    PAYMENT_PROOF = "payment_proof"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a wish, not a secret
    REPORT_PROBLEM = "report_problem"
    TICKET_STATUS = "ticket_status"
    CHECK_CONNECTION = "check_connection"
    CHECK_USAGE = "check_usage"
    PACKAGES = "packages"
    SUBSCRIBE = "subscribe"
    HUMAN = "human"
    PROFILE = "profile"
    MENU = "menu"
    CANCEL = "cancel"
    OPT_OUT = "opt_out"
    LANGUAGE = "language"
    THANKS = "thanks"
    UNKNOWN = "unknown"


class Entities(Struct, frozen=True):
    """Facts named in a text; a flow shows them back before it uses them."""

    service_number: str | None = None
    invoice: str | None = None
    ticket: str | None = None
    #: Month number and, when written, the year.
    month: tuple[int, int | None] | None = None
    #: Whole rupiah.
    amount: int | None = None
    #: E.164 digits without plus.
    phone: str | None = None


class Understanding(Struct, frozen=True):
    """One text understood. An intent may start a flow; it never acts by itself."""

    intent: Intent
    confidence: float
    guesses: tuple[Intent, ...]
    entities: Entities
    #: Javanese and Sundanese count as Indonesian: that is what they are answered in.
    language: Literal["id", "en"] | None

    @property
    def confident(self) -> bool:
        return self.intent is not Intent.UNKNOWN and self.confidence >= CONFIDENT
