"""Vouchers as staff make, list and spend them (phpnuxbill-2 contract §E5)."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import Any

import msgspec

from api.nuxbill.actions import BOTH, GET, OFFICE, POST, SELLERS, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.controllers.plan import plan
from api.nuxbill.paginator import paging
from api.nuxbill.replies import Done, Page, Refused, Reply
from api.nuxbill.rows import plan_row, voucher_row
from api.nuxbill.selling import MENU, receipt, refused, seller
from core.platform.errors import DomainError
from core.prepaid.recording import spelled_money
from core.prepaid.types import PlanKind, Voucher
from core.prepaid.vouchers import Batch, CodeStyle, VouchersWanted

CONTROLLERS = (plan,)

_SPENT_AFTER = timedelta(days=92)
_MOST_PRINTED = 1000
_REFUSED = {
    "voucher_count": "The Number of Vouchers must be a number",
    "voucher_length": "The Length Code must be a number",
    "voucher_prefix": "All fields are required",
}


@plan.action(
    "voucher",
    takes=(
        Param("search"),
        Param("router"),
        Param("customer"),
        Param("plan"),
        Param("status", "0 for unused, 1 for used"),
        Param("batch_name"),
        Param("per_page", "1 to 1000"),
        Param("p"),
    ),
    gives="d, plans, routers, search, router, customer, plan, status, batch_name, per_page, paginator",
    likeness=Likeness.STRICTER,
    because="Whoever is neither SuperAdmin nor Admin sees the own vouchers.",
)
async def show_vouchers(call: Call) -> Reply:
    """Vouchers, newest first."""
    limit = min(max(call.whole("per_page", call.preferences.vouchers_per_page), 1), 1000)
    asked, zone = paging(call, limit), call.services.settings.zone
    given = {
        name: call.text(name) for name in ("search", "router", "customer", "plan", "status", "batch_name")
    }
    wanted = VouchersWanted(
        search=given["search"][:55],
        router=given["router"],
        used_by=given["customer"],
        plan_id=call.whole("plan") or None,
        is_used={"0": False, "1": True}.get(given["status"]),
        batch=given["batch_name"],
        makers=_makers(call),
        limit=asked.limit,
        offset=asked.offset,
    )
    found, total = await call.services.prepaid.vouchers(wanted)
    plans = await call.services.prepaid.plans(PlanKind.HOTSPOT, PlanKind.PPPOE)
    return Page(
        "Vouchers",
        MENU,
        {
            "d": [voucher_row(each, zone) for each in found],
            "plans": [{"id": each.id, "name_plan": each.name} for each in plans],
            "routers": sorted({each.router for each in plans if each.router}),
            **given,
            "per_page": asked.limit,
            "paginator": asked.described(call, total),
        },
    )


@plan.action("add-voucher", methods=GET, roles=SELLERS, gives="p, r")
async def show_voucher_form(call: Call) -> Reply:
    """The plans that vouchers can be made for, and their routers."""
    plans = await call.services.prepaid.plans(PlanKind.HOTSPOT, PlanKind.PPPOE)
    names = sorted({each.router for each in plans if each.router})
    rows = [plan_row(each) for each in plans if each.is_enabled]
    return Page("Add Vouchers", MENU, {"p": rows, "r": [{"name": name} for name in names]})


@plan.action(
    "voucher-post",
    methods=POST,
    roles=SELLERS,
    takes=(
        Param("type", "Hotspot or PPPOE", required=True),
        Param("plan", required=True),
        Param("server", "A router's name or `radius`.", required=True),
        Param("numbervoucher", "1 to 1000", required=True),
        Param("lengthcode", "4 to 32; of digits at least 6", required=True),
        Param("voucher_format", "numbers, up, low or rand"),
        Param("prefix"),
        Param("batch_name"),
    ),
    gives="ids, codes, batch_name, count, voucher",
    likeness=Likeness.STRICTER,
    because="Codes come from a cryptographic source and are never twins; at most 1000 at once.",
)
async def make_vouchers(call: Call) -> Reply:
    """Make vouchers with new codes."""
    if not all(call.text(name) for name in ("type", "plan", "server", "numbervoucher", "lengthcode")):
        raise Refused("All fields are required")
    style = call.text("voucher_format")
    batch = Batch(
        plan_id=call.whole("plan"),
        router=call.text("server"),
        count=call.whole("numbervoucher"),
        length=call.whole("lengthcode"),
        style=CodeStyle(style) if style in set(CodeStyle) else CodeStyle.UPPER,
        prefix=call.text("prefix"),
        name=call.text("batch_name")[:40] or None,
    )
    try:
        made = await call.services.prepaid.make_vouchers(batch, by=call.staff.id)
    except DomainError as error:
        raise refused(error, _REFUSED.get(error.reason, "All fields are required")) from error
    result: dict[str, Any] = {
        "ids": [each.id for each in made],
        "codes": [each.code for each in made],
        "batch_name": batch.name or "",
        "count": len(made),
    }
    if call.flag("print_now"):
        result["voucher"] = [_card(call, each) for each in made]
    return Done("Create Vouchers Successfully", result)


@plan.action("voucher-view", methods=GET, path=("id",), gives="print, voucher")
async def show_voucher(call: Call) -> Reply:
    """One voucher."""
    found, _ = await call.services.prepaid.vouchers(
        VouchersWanted(ids=(call.path_id(),), makers=_makers(call), limit=1)
    )
    if not found:
        raise Refused("Voucher Not Found")
    row = voucher_row(found[0], call.services.settings.zone)
    text = f"{found[0].plan_name}\n{found[0].code}\n{spelled_money(found[0].price, call.preferences)}"
    return Page("View", MENU, {"print": text, "voucher": row})


@plan.action("voucher-delete", methods=BOTH, roles=OFFICE, path=("id",))
async def delete_voucher(call: Call) -> Reply:
    """Delete a voucher."""
    if not await call.services.prepaid.delete_vouchers([call.path_id()]):
        raise Refused("Data Not Found")
    return Done("Data Deleted Successfully")


@plan.action(
    "voucher-delete-many",
    methods=POST,
    roles=OFFICE,
    takes=(Param("voucherIds", "Ids as JSON text, or a list.", required=True),),
    gives="count",
    likeness=Likeness.DIFFERENT,
    because="Enveloped.",
)
async def delete_vouchers(call: Call) -> Reply:
    """Delete some vouchers."""
    ids = _ids(call)
    if not ids:
        raise Refused("Invalid or missing voucher IDs.")
    count = await call.services.prepaid.delete_vouchers(ids)
    if not count:
        raise Refused("Failed to delete vouchers.")
    return Done("Vouchers Deleted Successfully.", {"count": count})


@plan.action("remove-voucher", methods=BOTH, roles=OFFICE, gives="count")
async def remove_spent(call: Call) -> Reply:
    """Delete vouchers that were used three months ago and that nothing runs on."""
    count = await call.services.prepaid.delete_spent_vouchers(_SPENT_AFTER)
    return Done(f"{count} Data Deleted Successfully", {"count": count})


@plan.action(
    "print-voucher",
    takes=(
        Param("from_id"),
        Param("planid"),
        Param("limit"),
        Param("pagebreak"),
        Param("vpl"),
        Param("batch"),
    ),
    gives="voucher, items, vc, plans, jml, from_id, planid, limit, pagebreak, vpl",
    likeness=Likeness.STRICTER,
    because="Whoever is neither SuperAdmin nor Admin prints the own vouchers.",
)
async def print_vouchers(call: Call) -> Reply:
    """Unused vouchers as cards to be printed."""
    pagebreak, per_line = max(call.whole("pagebreak", 12), 1), max(call.whole("vpl", 3), 1)
    limit = min(max(call.whole("limit", pagebreak * 2), 1), _MOST_PRINTED)
    batch = call.text("batch")
    wanted = VouchersWanted(
        plan_id=call.whole("planid") or None,
        is_used=False,
        batch="" if batch == "all" else batch,
        makers=_makers(call),
        after_id=max(call.whole("from_id"), 0),
        limit=limit,
    )
    found, total = await call.services.prepaid.vouchers(wanted)
    plans = await call.services.prepaid.plans(PlanKind.HOTSPOT, PlanKind.PPPOE)
    items = [
        {
            "id": each.id,
            "code": each.code,
            "plan": each.plan_name,
            "price": str(each.price),
            "batch_name": each.batch,
        }
        for each in found
    ]
    return Page(
        "Print Vouchers",
        MENU,
        {
            "voucher": [_card(call, each) for each in found],
            "items": items,
            "vc": total,
            "plans": [plan_row(each) for each in plans],
            "jml": len(found),
            "from_id": wanted.after_id,
            "planid": wanted.plan_id or 0,
            "limit": limit,
            "pagebreak": pagebreak,
            "vpl": per_line,
            "selected_batch": batch,
        },
    )


@plan.action("refill", methods=GET, roles=SELLERS)
async def show_refill_form(_call: Call) -> Reply:
    """The form for a customer's voucher."""
    return Page("Refill Account", MENU)


@plan.action(
    "refill-post",
    methods=POST,
    roles=SELLERS,
    takes=(Param("id_customer", required=True), Param("code", required=True)),
    gives="in, invoice, whatsapp",
)
async def refill(call: Call) -> Reply:
    """Spend a voucher for a customer."""
    customer_id = call.whole("id_customer")
    try:
        redeemed = await call.services.prepaid.redeem(call.text("code"), customer_id, seller(call))
    except DomainError as error:
        raise refused(error, "Failed to refill account") from error
    return await receipt(call, redeemed.sold.sale_id)


def _makers(call: Call) -> tuple[int, ...] | None:
    """Whose vouchers the caller may see: the office sees everybody's, others their own and those of who is under them."""
    return None if call.staff.role in OFFICE else (call.staff.id,)


def _ids(call: Call) -> list[int]:
    raw = call.texts("voucherIds")
    try:
        found = raw or msgspec.json.decode(call.text("voucherIds"))
        return msgspec.convert(found, list[int], strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return []


def _card(call: Call, voucher: Voucher) -> str:
    """A card to be cut out; everything that people typed is escaped."""
    lines = (
        call.services.settings.business_name,
        voucher.plan_name,
        voucher.code,
        spelled_money(voucher.price, call.preferences),
    )
    return f"<div>{'<br>'.join(escape(line) for line in lines)}</div>"
