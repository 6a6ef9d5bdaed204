"""What the partner slice takes and gives back. Amounts are whole rupiah."""

from __future__ import annotations

import enum
from datetime import UTC, datetime

from msgspec import Struct

from core.partners.codes import Code
from core.platform.errors import Conflict


class Scope(enum.StrEnum):
    """What a key may do (bill-partner contract §3.4)."""

    INQUIRY = "inquiry"
    PAYMENT = "payment"
    STATUS = "status"
    REPORT = "report"


class Environment(enum.StrEnum):
    """What a key is for; it decides how strict the defaults are."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class State(enum.StrEnum):
    """Where a transaction stands; `suspect` is still pending outside (bill-partner contract §7)."""

    PENDING = "pending"
    SUSPECT = "suspect"
    SUCCESS = "success"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in {State.SUCCESS, State.FAILED}


class Declined(Conflict):
    """A partner's request that is answered with a response code of the contract's §6; nothing was stored."""

    code = "declined"

    def __init__(self, response: Code, detail: str = "") -> None:
        super().__init__(self.code, response=int(response))
        self.response, self.detail = response, detail


class PartnerKey(Struct, frozen=True):
    """A live key, its networks passed; what it was signed with is not known to be good yet."""

    id: int
    partner_id: int
    partner_code: str
    key: str
    secret_sealed: str
    products: frozenset[str] | None  # None: every product of the partner
    requires_fresh: bool
    requires_signature: bool
    rate: str | None  # what replaces the usual limit of this scope
    settles_at_once: bool = False
    is_worth_noting: bool = (
        False  # its use was not noted for a while, or wrong signatures are to be forgotten
    )
    found_at: datetime = datetime.min.replace(
        tzinfo=UTC
    )  # when it was live: what a token says of its age is compared with it


class Product(Struct, frozen=True):
    """Something a partner may sell for us."""

    id: int
    code: str
    name: str
    description: str
    logo: str
    biller: str
    category: str
    is_sandbox: bool
    is_active: bool
    admin_fee: int
    processing_fee: int
    admin_per: str  # `transaction` or `bill`
    max_amount: int | None


class BillItem(Struct, frozen=True):
    """One invoice as an inquiry showed it; the sandbox's have no invoice."""

    invoice_id: int
    year: int
    month: int
    amount: int


class Inquiry(Struct, frozen=True):
    """A snapshot of what an account owes; its amount is the bills, the admin fee and the processing fee together."""

    id: int
    account_number: str
    customer_name: str
    product: Product
    bills: tuple[BillItem, ...]  # oldest first
    admin: int
    processing_fee: int
    amount: int
    month: int | None
    created_at: datetime


class Transaction(Struct, frozen=True):
    """A payment with the inquiry it pays, as Status, callback and report tell of it."""

    id: int
    ref_number: str
    state: State
    response: Code
    token: str
    inquiry: Inquiry
    accepted_at: datetime
    settled_at: datetime | None


class PaymentOrder(Struct, frozen=True):
    """What a partner asks to be paid (bill-partner contract §4.2)."""

    ref_number: str
    account_number: str
    product_code: str
    inquiry_id: int
    amount: int
    month: int | None = None
    bill_ids: tuple[str, ...] = ()
    callback_urls: tuple[str, ...] = ()
    buyer_email: str | None = None
    public_buyer_id: str | None = None


class Taken(Struct, frozen=True):
    """The transaction behind a payment order; `is_replay` when it was there before."""

    transaction: Transaction
    is_replay: bool
