"""Rows as clients know them: columns, types and spellings of the original's tables (phpnuxbill-1 contract §1.3, §6)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from api.nuxbill.call import CustomerCaller
from core.identity.staff_accounts import StaffAccount


def moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    """An instant as `YYYY-MM-DD HH:MM:SS` in the business's zone."""
    return None if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def money(amount: int) -> Decimal:
    """Whole rupiah as a decimal column: `15000.00`."""
    return Decimal(amount).quantize(Decimal("0.01"))


def customer_head(caller: CustomerCaller) -> dict[str, object]:
    """The customer who calls, as every page names them."""
    return {"id": caller.id, "username": caller.username, "status": caller.status}


def staff_row(account: StaffAccount, zone: ZoneInfo) -> dict[str, object]:
    """A row of `tbl_users` without what opens doors: no password, no session (§1.3)."""
    return {
        "id": account.id,
        "root": account.parent_id or 0,
        "photo": account.photo,
        "username": account.username,
        "fullname": account.name,
        "phone": account.phone,
        "email": account.email,
        "city": account.city,
        "subdistrict": account.subdistrict,
        "ward": account.ward,
        "user_type": account.role.label,
        "status": "Active" if account.is_active else "Inactive",
        "data": account.notes,
        "last_login": moment(account.last_login_at, zone),
        "creationdate": moment(account.created_at, zone),
    }
