"""What identity tells its callers."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class Role(enum.StrEnum):
    CUSTOMER = "customer"
    SUPERADMIN = "superadmin"
    ADMIN = "admin"
    REPORT = "report"
    AGENT = "agent"
    SALES = "sales"

    @property
    def label(self) -> str:
        """The role as people and PHPNuxBill write it."""
        return "SuperAdmin" if self is Role.SUPERADMIN else self.value.capitalize()


class Scope(enum.StrEnum):
    """What an API key may do (mywifi contract §9). `pii` also shows names in clear when masking is on."""

    READ = "read"
    PAY = "pay"
    PII = "pii"
    STAFF = "staff"  # answers customers as a person


class Account(Struct, frozen=True):
    """A login with the person behind it, as its owner may see it."""

    uid: str
    login_id: int
    customer_id: int
    name: str
    email: str
    phone: str  # E.164 digits, empty when unknown
    contact_address: str | None
    image: str
    gender: str | None
    is_active: bool
    role: Role


class NewAccount(Struct, frozen=True):
    """What a visitor tells about themselves to register. `phone` is E.164 digits."""

    name: str
    email: str
    password: str
    phone: str
    contact_address: str | None = None
    gender: str | None = None
    image: str = "default1.jpg"


class SignedIn(Struct, frozen=True):
    """A fresh access token; `expires_in_s` counts from now."""

    account: Account
    token: str
    expires_in_s: int


class Caller(Struct, frozen=True):
    """Who is behind an access token that was just checked."""

    login_id: int
    customer_id: int
    jti: str
    expires_at: datetime


class RecoveryStarted(Struct, frozen=True):
    """A code is on its way. `echo` is the code itself, only where the settings allow it (mywifi contract §9)."""

    challenge_id: str
    masked_phone: str
    echo: str | None = None


class Verified(Struct, frozen=True, tag=True):
    """The code was right. The grant sets one password within five minutes."""

    grant: str


class WrongCode(Struct, frozen=True, tag=True):
    """The code was wrong, and one try is spent."""

    attempts_left: int


class Expired(Struct, frozen=True, tag=True):
    """There is no live code: used, replaced, too old, or out of tries."""


CodeCheck = Verified | WrongCode | Expired


class ApiKey(Struct, frozen=True):
    """A key that was just checked."""

    id: int
    name: str
    scopes: frozenset[Scope]
    rate: str | None = None  # what replaces the usual limit of calls
