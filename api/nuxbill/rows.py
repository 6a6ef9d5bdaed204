"""Rows as clients know them: columns, types and spellings of the original's tables (phpnuxbill-1 contract §1.3, §6)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from api.nuxbill.call import CustomerCaller
from core.directory.types import Entry, Package
from core.identity.staff_accounts import StaffAccount
from core.prepaid.types import Order, PrepaidPlan, Running, Sale, Voucher


def moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    """An instant as `YYYY-MM-DD HH:MM:SS` in the business's zone."""
    return None if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def money(amount: int) -> Decimal:
    """Whole rupiah as a decimal column: `15000.00`."""
    return Decimal(amount).quantize(Decimal("0.01"))


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
    return {
        "id": package.id,
        "customer_id": package.customer_id,
        "username": username,
        "plan_id": package.plan_id,
        "namebp": package.plan,
        **_span(package.begun_at, package.expires_at, zone),
        "status": "on" if package.is_on else "off",
        "method": package.method,
        "routers": package.router or ("radius" if package.expires_at else ""),
        "type": _TYPES.get(package.mode, package.mode),
        "admin_id": package.staff_id or 0,
        "plan_type": package.plan_type,
        "prepaid": "yes" if package.is_prepaid else "no",
        "price": str(package.price),
        "name_bw": "",
    }


def recharge_row(package: Running, zone: ZoneInfo) -> dict[str, object]:
    """A package as a row of `tbl_user_recharges`; a guest, who is known by a voucher, has no customer."""
    return {
        "id": package.subscription_id,
        "customer_id": 0 if package.is_guest else package.customer_id,
        "username": package.username,
        "plan_id": package.plan_id,
        "namebp": package.plan_name,
        **_span(package.recharged_at, package.expires_at, zone),
        "status": "on" if package.is_on else "off",
        "method": package.method,
        "routers": package.router,
        "type": package.kind,
        "admin_id": package.staff_id or 0,
    }


def sale_row(sale: Sale, zone: ZoneInfo) -> dict[str, object]:
    """A sale as a row of `tbl_transactions`."""
    return {
        "id": sale.id,
        "invoice": sale.number,
        "username": sale.username,
        "user_id": 0 if sale.is_guest else sale.customer_id,
        "plan_name": sale.plan_name,
        "price": str(sale.price),
        **_span(sale.sold_at, sale.expires_at, zone),
        "method": sale.method,
        "routers": sale.router,
        "type": sale.kind,
        "note": sale.note,
        "admin_id": sale.staff_id or 0,
    }


def order_row(order: Order, zone: ZoneInfo) -> dict[str, object]:
    """A purchase as a row of `tbl_payment_gateway`, without what was said to and by the gateway."""
    return {
        "id": order.id,
        "username": order.username,
        "user_id": order.customer_id,
        "gateway": order.gateway,
        "gateway_trx_id": order.gateway_reference,
        "plan_id": order.plan_id or 0,
        "plan_name": order.plan_name,
        "routers_id": order.router_id or 0,
        "routers": order.router,
        "price": str(order.price),
        "pg_url_payment": order.url,
        "payment_method": order.method,
        "payment_channel": order.channel,
        "expired_date": moment(order.expires_at, zone),
        "created_date": moment(order.created_at, zone),
        "paid_date": moment(order.paid_at, zone),
        "trx_invoice": order.invoice,
        "status": int(order.status),
    }


def plan_row(plan: PrepaidPlan) -> dict[str, object]:
    """A plan as a row of `tbl_plans`."""
    terms = plan.terms
    return {
        "id": plan.id,
        "name_plan": plan.name,
        "id_bw": 0,
        "price": str(plan.price),
        "price_old": "" if terms.old_price is None else str(terms.old_price),
        "type": terms.kind.value,
        "typebp": "Unlimited" if terms.limit_kind is None else "Limited",
        "limit_type": terms.limit_kind,
        "time_limit": terms.time_limit,
        "time_unit": terms.time_unit,
        "data_limit": terms.data_limit,
        "data_unit": terms.data_unit,
        "validity": terms.validity,
        "validity_unit": terms.unit.value,
        "shared_users": terms.shared_users,
        "routers": "" if terms.is_radius else plan.router,
        "is_radius": int(terms.is_radius),
        "pool": plan.pool,
        "plan_expired": terms.follow_up_plan_id or 0,
        "expired_date": terms.fixed_day,
        "enabled": int(plan.is_enabled),
        "reminder_enabled": int(terms.reminds),
        "invoice_notification": int(terms.sends_receipt),
        "prepaid": "yes" if terms.is_prepaid else "no",
        "visibility": terms.visibility.value,
        "plan_type": terms.account_kind,
        "device": terms.device,
        "on_login": terms.on_login,
        "on_logout": terms.on_logout,
    }


def voucher_row(voucher: Voucher, zone: ZoneInfo) -> dict[str, object]:
    """A voucher as a row of `tbl_voucher`, with its plan's name and price."""
    return {
        "id": voucher.id,
        "type": voucher.kind,
        "routers": voucher.router,
        "id_plan": voucher.plan_id,
        "batch_name": voucher.batch,
        "code": voucher.code,
        "user": voucher.used_by or "0",
        "status": "0" if voucher.used_at is None else "1",
        "created_at": moment(voucher.created_at, zone),
        "used_date": moment(voucher.used_at, zone),
        "generated_by": voucher.created_by or 0,
        "name_plan": voucher.plan_name,
        "price": str(voucher.price),
    }


def _span(begun_at: datetime, expires_at: datetime | None, zone: ZoneInfo) -> dict[str, object]:
    """Beginning and end in the four columns that both tables have for them."""
    begun = begun_at.astimezone(zone)
    end = None if expires_at is None else expires_at.astimezone(zone)
    return {
        "recharged_on": begun.date().isoformat(),
        "recharged_time": begun.strftime("%H:%M:%S"),
        "expiration": None if end is None else end.date().isoformat(),
        "time": None if end is None else end.strftime("%H:%M:%S"),
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
