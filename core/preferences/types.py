"""Every preference with its type and default (phpnuxbill-1 contract §4 names the same facts in its own spelling)."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from msgspec import Struct, field

_DASHBOARDS = {"Admin": "12.7,5.12", "Agent": "12.7,5.12", "Sales": "12.7,5.12", "Customer": "6,6"}


class LoginBy(enum.StrEnum):
    """What customers are known by when they log in or register."""

    USERNAME = "username"
    EMAIL = "email"
    PHONE = "phone"


class Registration(enum.StrEnum):
    OPEN = "open"
    VOUCHER = "voucher"  # the page offers to activate a voucher instead
    CLOSED = "closed"


class CodeChannel(enum.StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    BOTH = "both"


class MonthEnd(enum.StrEnum):
    """Where a month after the 31st of January ends."""

    CLAMP = "clamp"  # on the last day of February
    ROLLOVER = "rollover"  # three days into March, as in the original


class CustomField(Struct, frozen=True, kw_only=True):
    """A question of the business's own in forms about customers; answers are attributes of the customer by `name`."""

    name: str
    kind: str = "text"  # text, date, time, number, option
    placeholder: str = ""
    options: str = ""  # comma separated, for `option`
    at_registration: bool = False
    is_required: bool = False
    rank: int = 99


class Preferences(Struct, frozen=True, kw_only=True):
    """All of them; times are seconds, rates percent."""

    # The business, as documents and messages name it.
    address: str = ""
    phone: str = ""
    invoice_note: str = "Thank you..."
    currency: str = "Rp."
    decimal_point: str = ","
    thousands_separator: str = "."
    date_format: str = "d M Y"
    country_code: str = "62"

    # Who may come in, and how.
    login_by: LoginBy = LoginBy.USERNAME
    registration: Registration = Registration.OPEN
    needs_full_name: bool = False
    needs_email: bool = False
    needs_address: bool = False
    asks_for_photo: bool = False
    proves_phone: bool = False
    code_channel: CodeChannel = CodeChannel.SMS
    phone_changes_by_code: bool = False
    email_changes_by_code: bool = False
    code_wait_s: int = 600
    code_lifetime_s: int = 1200
    tells_staff_of_registrations: bool = False
    welcome_plan_id: int | None = None
    single_session: bool = False
    legacy_staff_tokens: bool = False

    # Closed for a while.
    maintenance: bool = False
    maintenance_logs_out: bool = False
    maintenance_until: str = ""

    # Money.
    balance: bool = False
    balance_transfer: bool = False
    smallest_transfer: int = 0
    custom_top_up: bool = False
    coupons: bool = False
    tax_percent: str = ""  # a decimal as text, empty for no tax: a float would lose `0.1`
    gateways: tuple[str, ...] = ()
    ways_to_pay: tuple[str, ...] = ("Cash",)

    # Packages that end.
    extends_expired: bool = False
    extension_days: int = 0
    extension_text: str = ""
    same_plan_extends: bool = False
    month_end: MonthEnd = MonthEnd.CLAMP
    accounting_starts_on: int = 1

    # Lists.
    customers_per_page: int = 30
    vouchers_per_page: int = 30

    # Dashboards: rows divided by dots, columns by commas, each row summing to twelve.
    dashboards: Mapping[str, str] = field(default_factory=lambda: dict(_DASHBOARDS))
    custom_fields: tuple[CustomField, ...] = ()
    extensions_off: tuple[str, ...] = ()
    checks_customers_online: bool = False
    radius: bool = False
