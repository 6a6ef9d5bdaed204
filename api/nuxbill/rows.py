"""Rows as clients know them: columns, types and spellings of the original's tables (phpnuxbill-1 contract §1.3, §6)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from api.nuxbill.call import CustomerCaller
from core.directory.types import Entry, Package
from core.identity.staff_accounts import StaffAccount


def moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    """An instant as `YYYY-MM-DD HH:MM:SS` in the business's zone."""
    return None if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def money(amount: int) -> Decimal:
    """Whole rupiah as a decimal column: `15000.00`."""
    return Decimal(amount).quantize(Decimal("0.01"))


def round_tax(price: int, percent: str) -> int:
    """The tax on a price in whole rupiah; `percent` is a decimal as text, empty for none (§5.6)."""
    exact = Decimal(price) * Decimal(percent or 0) / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def customer_row(entry: Entry, zone: ZoneInfo) -> dict[str, object]:
    """A row of `tbl_customers` without its two passwords."""
    has_place = entry.latitude is not None and entry.longitude is not None
    return {
        "id": entry.id,
        "username": entry.username,
        "photo": entry.photo,
        "pppoe_username": entry.line_username,
        "pppoe_ip": entry.line_address,
        "fullname": entry.name,
        "address": entry.address,
        "city": entry.city,
        "district": entry.district,
        "state": entry.state,
        "zip": entry.zip,
        "phonenumber": entry.phone or "",
        "email": entry.email or "",
        "coordinates": f"{entry.latitude},{entry.longitude}" if has_place else "",
        "account_type": entry.kind,
        "balance": money(entry.balance),
        "service_type": entry.service_type,
        "auto_renewal": int(entry.auto_renewal),
        "status": entry.status,
        "created_by": entry.created_by or 0,
        "created_at": moment(entry.created_at, zone),
        "last_login": moment(entry.last_login_at, zone),
    }


#: How the original calls the kinds of lines.
_TYPES = {"PPPOE": "PPPOE", "HOTSPOT": "Hotspot", "VPN": "VPN"}


def package_row(package: Package, username: str, zone: ZoneInfo) -> dict[str, object]:
    """What runs, as a row of `tbl_user_recharges` joined with its plan; a monthly subscription ends on no date."""
    begun = package.begun_at.astimezone(zone)
    return {
        "id": package.id,
        "customer_id": package.customer_id,
        "username": username,
        "plan_id": package.plan_id,
        "namebp": package.plan,
        "recharged_on": begun.date().isoformat(),
        "recharged_time": begun.strftime("%H:%M:%S"),
        "expiration": None,
        "time": None,
        "status": "on" if package.is_on else "off",
        "method": "",
        "routers": package.router,
        "type": _TYPES.get(package.mode, package.mode),
        "plan_type": "Personal",
        "prepaid": "no",
        "price": str(package.price),
        "name_bw": "",
    }


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
