"""One call as its action sees it: who calls, what was given, and the use cases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from werkzeug.datastructures import FileStorage

from api.nuxbill.fields import Body, Given
from api.nuxbill.preferences import Preferences
from api.nuxbill.replies import Refused
from api.nuxbill.tokens import Tokens
from core.customers.accounts import AccountStatus
from core.identity.staff_accounts import StaffAccount
from core.services import Services

_WHOLE = re.compile(r"-?\d{1,15}")
_MONEY = re.compile(r"-?\d{1,13}(\.\d{1,4})?")


class CustomerCaller(Struct, frozen=True):
    """The customer behind a `c.` token."""

    id: int
    username: str
    status: AccountStatus


Caller = StaffAccount | CustomerCaller | None


class Call(Struct, frozen=True, kw_only=True):
    """`route` is `r` as given; `segments` are its parts without empty ones at the end."""

    services: Services
    preferences: Preferences
    tokens: Tokens
    caller: Caller
    method: str
    route: str
    segments: tuple[str, ...]
    query: Given
    body: Body
    ip: str

    @property
    def is_post(self) -> bool:
        return self.method == "POST"

    @property
    def staff(self) -> StaffAccount:
        """The staff member who calls; only for actions that staff alone may call."""
        if not isinstance(self.caller, StaffAccount):
            raise TypeError("this action is not declared for staff only")
        return self.caller

    @property
    def customer(self) -> CustomerCaller:
        """The customer who calls; only for actions that customers alone may call."""
        if not isinstance(self.caller, CustomerCaller):
            raise TypeError("this action is not declared for customers only")
        return self.caller

    @property
    def local_now(self) -> datetime:
        """Now, as people at the business see it."""
        return self.services.clock.now().astimezone(self.services.settings.zone)

    @property
    def actor(self) -> str:
        """What records call whoever calls."""
        match self.caller:
            case StaffAccount() as staff:
                return f"staff:{staff.id}"
            case CustomerCaller() as customer:
                return f"customer:{customer.id}"
            case None:
                return "nobody"

    def refuse_when_closed(self) -> None:
        """Raise `Refused` with 503 while the customers' side is closed (§1.7)."""
        if self.preferences.maintenance:
            until = self.preferences.maintenance_until
            facts = ({"date": until} if until else {}) | {"companyName": self.services.settings.business_name}
            raise Refused("Maintenance", result=facts, status=503)

    def path(self, index: int) -> str:
        """A segment of the route, counted from 0; empty when there is none."""
        return self.segments[index] if index < len(self.segments) else ""

    def path_id(self, index: int = 2) -> int:
        """A segment that names a row; 0, which names none, when it is no number."""
        segment = self.path(index)
        return int(segment) if segment.isdigit() and len(segment) <= 15 else 0

    def posted(self, name: str, default: str = "") -> str:
        """A parameter of the body alone."""
        found = self.body.given.text(name)
        return default if found is None else found

    def text(self, name: str, default: str = "") -> str:
        """A parameter of the body, else of the query."""
        found = self.body.given.text(name)
        if found is None:
            found = self.query.text(name)
        return default if found is None else found

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number; the default when there is none, or something else."""
        raw = self.text(name)
        return int(raw) if _WHOLE.fullmatch(raw) else default

    def money(self, name: str) -> int | None:
        """An amount in rupiah, `15000` or `15000.00`; None for anything else and for fractions of a rupiah."""
        raw = self.text(name)
        if not _MONEY.fullmatch(raw):
            return None
        amount = Decimal(raw)
        return int(amount) if amount == amount.to_integral_value() else None

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"1", "yes", "true", "on"}

    def texts(self, name: str) -> list[str]:
        """The items of an array, of the body, else of the query."""
        return self.body.given.texts(name) or self.query.texts(name)

    def pairs(self, name: str) -> Mapping[str, str]:
        return self.body.given.pairs(name)

    def file(self, name: str) -> FileStorage | None:
        found = self.body.files.get(name)
        return found if found is not None and found.filename else None
