"""Every notice there is: what it is about, who may stop it, what its text fills in."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from core.platform.i18n import Argument, Day, Message, Month, Rupiah, TimeOfDay, message
from core.platform.outbox import Priority

#: What a text can be given: a value, or a sentence that is put into the reader's language first.
Given = Argument | Message


class Category(enum.StrEnum):
    """What a customer can stop (market contract, S10); essential notices always come."""

    ESSENTIAL = "essential"
    BILLING = "billing"
    SERVICE = "service"
    INFO = "info"


#: In the order they are shown to people.
STOPPABLE = (Category.INFO, Category.SERVICE, Category.BILLING)


class Notice(enum.StrEnum):
    """A notice to a customer."""

    OTP = "otp"
    WELCOME = "welcome"
    INVOICE_NEW = "invoice_new"
    REMINDER_7 = "reminder_7"
    REMINDER_3 = "reminder_3"
    REMINDER_1 = "reminder_1"
    OVERDUE = "overdue"
    ISOLATED = "isolated"
    REOPENED = "reopened"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_IN_PART = "payment_in_part"
    TICKET_CHANGED = "ticket_changed"
    OUTAGE = "outage"
    OUTAGE_OVER = "outage_over"
    ORDER_APPROVED = "order_approved"
    ORDER_REFUSED = "order_refused"
    PLAN_CHANGED = "plan_changed"
    PHONE_CHANGED = "phone_changed"
    CONTACT_CHANGED = "contact_changed"
    CHAT_JOINED = "chat_joined"
    ERASURE_PLANNED = "erasure_planned"
    ERASURE_DELAYED = "erasure_delayed"


class StaffNotice(enum.StrEnum):
    """A notice to the people of the business."""

    TICKET_OPENED = "ticket_opened"
    PARTNER_PAYMENTS_HANG = "partner_payments_hang"
    PARTNER_STATEMENT = "partner_statement"
    LINES_DIFFER = "lines_differ"
    MANY_TO_ISOLATE = "many_to_isolate"
    BOOKS_WRONG = "books_wrong"
    BROADCAST_HELD = "broadcast_held"
    OUTAGE_OPENED = "outage_opened"
    OUTAGE_CLOSED = "outage_closed"
    ROUTER_UNSEEN = "router_unseen"
    ROUTER_SEEN = "router_seen"
    NETWORK_UNSEEN = "network_unseen"
    NETWORK_SEEN = "network_seen"
    ORDER_NEW = "order_new"
    ORDER_CHANGE = "order_change"
    CUSTOMER_REGISTERED = "customer_registered"


class Kind(Struct, frozen=True, kw_only=True):
    """A notice's nature. `samples` names what its caller fills in, each with a value to preview it by.

    An edited text must use all of `needs` and may use the rest, of which `link` is empty where we have no public address; `COMMON` comes along with every notice.
    """

    category: Category
    text: str
    samples: Mapping[str, Given]
    needs: frozenset[str] = frozenset()
    priority: Priority = Priority.NOTICE
    is_secret: bool = False

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(self.samples) | frozenset(COMMON)


#: What every notice can name: the customer, their service number, the business.
COMMON: Mapping[str, Given] = {"name": "Dewi Lestari", "service": "28900004", "business": "Loket"}

_PAGE = "https://loket.example/p/BIbNkZ3q8Wn2f0aTyE"
_BILL: Mapping[str, Given] = {
    "period": Month(2026, 12),
    "amount": Rupiah(277_500),
    "due": Day(date(2026, 12, 10)),
    "invoice": "261230004",
    "link": message("notice.pay_link", url=_PAGE),
}
_SOME_TIME = TimeOfDay(datetime(2026, 11, 22, 6, 2, tzinfo=UTC), ZoneInfo("Asia/Jakarta"))


def _bill(text: str, **more: Given) -> Kind:
    needs = frozenset({"period", "amount", "due"})
    return Kind(category=Category.BILLING, text=text, samples={**_BILL, **more}, needs=needs)


KINDS: Mapping[Notice, Kind] = {
    Notice.OTP: Kind(
        category=Category.ESSENTIAL,
        text="notice.otp",
        samples={"code": "482913", "minutes": 5},
        needs=frozenset({"code"}),
        priority=Priority.URGENT,
        is_secret=True,
    ),
    Notice.WELCOME: Kind(
        category=Category.ESSENTIAL,
        text="notice.welcome",
        samples={"plan": "Home 30 Mbps"},
        needs=frozenset({"service"}),
    ),
    Notice.INVOICE_NEW: _bill("notice.invoice_new"),
    Notice.REMINDER_7: _bill("notice.reminder_seven", days=7),
    Notice.REMINDER_3: _bill("notice.reminder_three", days=3),
    Notice.REMINDER_1: _bill("notice.reminder_one"),
    Notice.OVERDUE: Kind(
        category=Category.BILLING,
        text="notice.overdue",
        samples={**_BILL, "isolation": Day(date(2026, 12, 20))},
        needs=frozenset({"amount", "isolation"}),
    ),
    Notice.ISOLATED: Kind(
        category=Category.ESSENTIAL,
        text="notice.isolated",
        samples={"amount": Rupiah(277_500)},
        needs=frozenset({"amount"}),
    ),
    Notice.REOPENED: Kind(category=Category.ESSENTIAL, text="notice.reopened", samples={}),
    Notice.PAYMENT_RECEIVED: Kind(
        category=Category.ESSENTIAL,
        text="notice.receipt",
        samples={
            "amount": Rupiah(277_500),
            "period": Month(2026, 12),
            "invoice": "261230004",
            "link": message("notice.receipt_link", url=_PAGE),
        },
        needs=frozenset({"amount"}),
    ),
    Notice.PAYMENT_IN_PART: Kind(
        category=Category.ESSENTIAL,
        text="notice.receipt_of_part",
        samples={
            "amount": Rupiah(100_000),
            "rest": Rupiah(177_500),
            "period": Month(2026, 12),
            "invoice": "261230004",
            "link": message("notice.pay_link", url=_PAGE),
        },
        needs=frozenset({"amount", "rest"}),
    ),
    Notice.TICKET_CHANGED: Kind(
        category=Category.SERVICE,
        text="notice.ticket_changed",
        samples={
            "ticket": "261122001",
            "status": message("notice.status_process"),
            "remark": "Teknisi datang besok pukul 09.00.",
        },
        needs=frozenset({"ticket", "remark"}),
    ),
    Notice.OUTAGE: Kind(
        category=Category.SERVICE,
        text="notice.outage",
        samples={"area": "Bandung", "since": _SOME_TIME},
        needs=frozenset({"area"}),
    ),
    Notice.OUTAGE_OVER: Kind(
        category=Category.SERVICE,
        text="notice.outage_over",
        samples={"area": "Bandung"},
        needs=frozenset({"area"}),
    ),
    Notice.ORDER_APPROVED: Kind(
        category=Category.ESSENTIAL,
        text="notice.order_approved",
        samples={"order": "261122001", "plan": "Home 30 Mbps", "day": Day(date(2026, 12, 1))},
        needs=frozenset({"plan", "day"}),
    ),
    Notice.ORDER_REFUSED: Kind(
        category=Category.ESSENTIAL,
        text="notice.order_refused",
        samples={
            "order": "261122001",
            "plan": "Home 30 Mbps",
            "reason": "jaringan kami belum sampai ke sana",
        },
        needs=frozenset({"order", "reason"}),
    ),
    Notice.PLAN_CHANGED: Kind(
        category=Category.ESSENTIAL,
        text="notice.plan_changed",
        samples={"plan": "Home 30 Mbps", "price": Rupiah(250_000)},
        needs=frozenset({"plan"}),
    ),
    Notice.PHONE_CHANGED: Kind(
        category=Category.ESSENTIAL,
        text="notice.phone_changed",
        samples={"phone": "62812****004"},
        needs=frozenset({"phone"}),
    ),
    Notice.CONTACT_CHANGED: Kind(
        category=Category.ESSENTIAL,
        text="notice.contact_changed",
        samples={"what": message("notice.what_email"), "value": "d***@example.com"},
        needs=frozenset({"what"}),
    ),
    Notice.ERASURE_PLANNED: Kind(
        category=Category.ESSENTIAL,
        text="notice.erasure_planned",
        samples={"day": Day(date(2026, 12, 10))},
        needs=frozenset({"day"}),
    ),
    Notice.ERASURE_DELAYED: Kind(
        category=Category.ESSENTIAL,
        text="notice.erasure_delayed",
        samples={"amount": Rupiah(277_500), "day": Day(date(2026, 12, 10))},
        needs=frozenset({"amount", "day"}),
    ),
    Notice.CHAT_JOINED: Kind(
        category=Category.ESSENTIAL,
        text="notice.chat_joined",
        samples={"channel": "Telegram", "may": message("role.payer")},
        needs=frozenset({"may"}),
    ),
}

STAFF_TEXTS: Mapping[StaffNotice, str] = {
    StaffNotice.TICKET_OPENED: "staff_notice.ticket_opened",
    StaffNotice.PARTNER_PAYMENTS_HANG: "staff_notice.partner_payments_hang",
    StaffNotice.PARTNER_STATEMENT: "staff_notice.partner_statement",
    StaffNotice.LINES_DIFFER: "staff_notice.lines_differ",
    StaffNotice.MANY_TO_ISOLATE: "staff_notice.many_to_isolate",
    StaffNotice.BOOKS_WRONG: "staff_notice.books_wrong",
    StaffNotice.BROADCAST_HELD: "staff_notice.broadcast_held",
    StaffNotice.OUTAGE_OPENED: "staff_notice.outage_opened",
    StaffNotice.OUTAGE_CLOSED: "staff_notice.outage_closed",
    StaffNotice.ROUTER_UNSEEN: "staff_notice.router_unseen",
    StaffNotice.ROUTER_SEEN: "staff_notice.router_seen",
    StaffNotice.NETWORK_UNSEEN: "staff_notice.network_unseen",
    StaffNotice.NETWORK_SEEN: "staff_notice.network_seen",
    StaffNotice.ORDER_NEW: "staff_notice.order_new",
    StaffNotice.ORDER_CHANGE: "staff_notice.order_change",
    StaffNotice.CUSTOMER_REGISTERED: "staff_notice.customer_registered",
}
