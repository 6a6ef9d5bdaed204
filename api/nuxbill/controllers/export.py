"""The income by day, to look at and on paper (phpnuxbill-1 contract §7.13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from api.nuxbill.actions import GET, POST, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.replies import File, Page, Refused, Reply
from api.nuxbill.rows import money, sale_row
from core.papers.types import Column, Listing
from core.prepaid.recording import spelled_money
from core.prepaid.sales import SalesWanted
from core.prepaid.types import Sale

export = Controller("export")

_MENU = "reports"
#: Sales on one paper, or in one answer.
_MOST = 10_000
_BY_DATE = (
    Param("sd", "The first day; by default the first of the accounting month."),
    Param("ed", "The last day; today by default."),
    Param("ts", "00:00:00"),
    Param("te", "23:59:59"),
    Param("tps[]", "types"),
    Param("mts[]", "ways of paying"),
    Param("rts[]", "routers"),
    Param("plns[]", "names of plans"),
)
_BY_PERIOD = (Param("fdate"), Param("tdate"), Param("stype", "a type"))


class _Span(Struct, frozen=True):
    """From the first to the last second."""

    since: datetime
    until: datetime


@export.action(
    "print-by-date",
    methods=GET,
    takes=_BY_DATE,
    gives="d, dr, sd, ed, ts, te, mdate, recharged_on, count",
    likeness=Likeness.DIFFERENT,
    because="Several ways of paying are any of them.",
)
async def show_by_date(call: Call) -> Reply:
    """Sales between two moments, newest first."""
    span = _by_date(call)
    found = await _found(call, _wanted(call, span))
    return Page(
        "Report",
        _MENU,
        {
            "sd": f"{span.since:%Y-%m-%d}",
            "ed": f"{span.until:%Y-%m-%d}",
            "ts": f"{span.since:%H:%M:%S}",
            "te": f"{span.until:%H:%M:%S}",
            "d": _rows(call, found),
            "dr": money(_sum(found)),
            "mdate": call.local_now.date().isoformat(),
            "recharged_on": call.local_now.date().isoformat(),
            "count": len(found),
        },
    )


@export.action(
    "pdf-by-date",
    methods=GET,
    takes=_BY_DATE,
    gives="a PDF",
    likeness=Likeness.DIFFERENT,
    because="The original's API cannot load its PDF library.",
)
async def print_by_date(call: Call) -> Reply:
    """The same on paper."""
    span = _by_date(call)
    found = await _found(call, _wanted(call, span))
    return await _paper(call, span, found, f"phpnuxbill_reports_{call.local_now:%Y%m%d_%H%M%S}.pdf")


@export.action("print-by-period", methods=POST, takes=_BY_PERIOD, gives="d, dr, fdate, tdate, stype")
async def show_by_period(call: Call) -> Reply:
    """Sales of some days."""
    span = _by_period(call)
    found = await _found(call, _of_type(call, span))
    return Page(
        "Report",
        _MENU,
        {
            "d": [
                row | {"fullname": sale.full_name}
                for row, sale in zip(_rows(call, found), found, strict=True)
            ],
            "dr": money(_sum(found)),
            "fdate": f"{span.since:%Y-%m-%d}",
            "tdate": f"{span.until:%Y-%m-%d}",
            "stype": call.text("stype"),
        },
    )


@export.action("pdf-by-period", methods=POST, takes=_BY_PERIOD, gives="a PDF")
async def print_by_period(call: Call) -> Reply:
    """The same on paper."""
    span = _by_period(call)
    found = await _found(call, _of_type(call, span))
    return await _paper(call, span, found, f"{call.local_now:%Y%m%d_%H%M%S}.pdf")


def _by_date(call: Call) -> _Span:
    first = _day(call.text("sd")) or accounting_start(call)
    last = _day(call.text("ed")) or call.local_now.date()
    begin, end = _time(call.text("ts")) or time(0), _time(call.text("te")) or time(23, 59, 59)
    zone = call.services.settings.zone
    return _Span(datetime.combine(first, begin, zone), datetime.combine(last, end, zone))


def _by_period(call: Call) -> _Span:
    zone = call.services.settings.zone
    first = _day(call.text("fdate")) or accounting_start(call)
    last = _day(call.text("tdate")) or call.local_now.date()
    return _Span(datetime.combine(first, time(0), zone), datetime.combine(last, time(23, 59, 59), zone))


def accounting_start(call: Call) -> date:
    """The first day of the accounting month that today is in."""
    today, day = call.local_now.date(), min(max(call.preferences.accounting_starts_on, 1), 28)
    in_month = today if today.day >= day else today.replace(day=1) - timedelta(days=1)
    return in_month.replace(day=day)


def _wanted(call: Call, span: _Span) -> SalesWanted:
    return SalesWanted(
        since=span.since,
        until=_including(span.until),
        kinds=tuple(call.texts("tps")),
        gateways=tuple(call.texts("mts")),
        routers=tuple(call.texts("rts")),
        plans=tuple(call.texts("plns")),
    )


def _of_type(call: Call, span: _Span) -> SalesWanted:
    kind = call.text("stype")
    return SalesWanted(since=span.since, until=_including(span.until), kinds=(kind,) if kind else ())


def _including(last: datetime) -> datetime:
    """The last second is one of them, to its end."""
    return last + timedelta(microseconds=999_999)


async def _found(call: Call, wanted: SalesWanted) -> list[Sale]:
    found: list[Sale] = []
    async for batch in call.services.prepaid.all_sales(wanted):
        found += batch
        if len(found) > _MOST:
            raise Refused(f"More than {_MOST} transactions, please choose fewer days")
    return found


def _rows(call: Call, found: Iterable[Sale]) -> list[dict[str, object]]:
    return [sale_row(sale, call.services.settings.zone) for sale in found]


def _sum(found: Iterable[Sale]) -> int:
    return sum(sale.price for sale in found)


async def _paper(call: Call, span: _Span, found: list[Sale], name: str) -> Reply:
    if not found:
        raise Refused("No Data")
    zone = call.services.settings.zone
    listing = Listing(
        title=f"All Transactions at Date: {span.since:%Y-%m-%d %H:%M} - {span.until:%Y-%m-%d %H:%M}",
        columns=(
            Column("Username", 24),
            Column("Full Name", 32),
            Column("Plan Name", 30),
            Column("Type", 18),
            Column("Plan Price", 26, is_amount=True),
            Column("Created On", 30),
            Column("Expires On", 30),
            Column("Method", 38),
            Column("Routers", 22),
        ),
        rows=tuple(
            (
                sale.username,
                sale.full_name,
                sale.plan_name,
                sale.kind,
                spelled_money(sale.price, call.preferences),
                f"{sale.sold_at.astimezone(zone):%Y-%m-%d %H:%M}",
                f"{sale.expires_at.astimezone(zone):%Y-%m-%d %H:%M}",
                sale.method,
                sale.router,
            )
            for sale in found
        ),
        total=f"Total Income: {spelled_money(_sum(found), call.preferences)}",
    )
    paper = await call.services.papers.listing_pdf(
        listing, call.services.settings.language, call.services.clock.now()
    )
    return File(name, "application/pdf", paper.content)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _time(written: str) -> time | None:
    try:
        return time.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        return None
