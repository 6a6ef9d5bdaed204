"""Long tables on paper: A4 across, the head on every page, one line a row, the same bytes for the same content."""

from __future__ import annotations

from datetime import datetime

from fpdf import FPDF
from typing_extensions import override

from core.papers.canvas import INK, MARGIN, SMALL, SOFT, TINT, Colour, load_fonts
from core.papers.types import Column, Issuer, Listing

_FAMILY = "sans"
_HEIGHT, _HEAD_HEIGHT = 5.0, 7.0
_ROOM = 297 - 2 * MARGIN


class _Page(FPDF):
    """Repeats the head of the table wherever a page begins."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(format="A4", orientation="landscape")
        self._listing = listing

    @override
    def header(self) -> None:
        if self.page_no() > 1:
            _head(self, self._listing)


def listing(of: Listing, issuer: Issuer, made_at: datetime) -> bytes:
    """A table with the business above it and its sum below."""
    page = _Page(of)
    page.set_creation_date(made_at)
    page.set_title(of.title)
    page.set_author(issuer.business)
    page.set_lang(issuer.language)
    page.set_margins(MARGIN, MARGIN)
    page.set_auto_page_break(True, MARGIN)  # noqa: FBT003 - the library's order
    load_fonts(page)
    page.add_page()
    _line(page, issuer.business, 15, bold=True)
    for text in (issuer.address, issuer.phone):
        if text:
            _line(page, text, SMALL.size, colour=SOFT)
    page.ln(2)
    _line(page, of.title, 11, bold=True)
    page.ln(2)
    _head(page, of)
    for number, row in enumerate(of.rows):
        _row(page, of.columns, row, is_tinted=number % 2 == 1)
    page.ln(3)
    _line(page, of.total, 12, bold=True)
    return bytes(page.output())


def _line(page: FPDF, text: str, size: float, *, bold: bool = False, colour: Colour = INK) -> None:
    page.set_font(_FAMILY, "B" if bold else "", size)
    page.set_text_color(*colour)
    page.cell(_ROOM, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")


def _head(page: FPDF, of: Listing) -> None:
    page.set_font(_FAMILY, "B", 8)
    page.set_text_color(*SOFT)
    for column, width in _widths(of.columns):
        page.cell(width, _HEAD_HEIGHT, column.title, align="R" if column.is_amount else "L", border="B")
    page.ln(_HEAD_HEIGHT)


def _row(page: FPDF, columns: tuple[Column, ...], row: tuple[str, ...], *, is_tinted: bool) -> None:
    page.set_font(_FAMILY, "", 7.5)
    page.set_text_color(*INK)
    page.set_fill_color(*TINT)
    for (column, width), text in zip(_widths(columns), row, strict=True):
        align = "R" if column.is_amount else "L"
        page.cell(width, _HEIGHT, _cut(page, text, width - 2), align=align, fill=is_tinted)
    page.ln(_HEIGHT)


def _widths(columns: tuple[Column, ...]) -> list[tuple[Column, float]]:
    """Columns with their share of the page."""
    whole = sum(column.share for column in columns)
    return [(column, _ROOM * column.share / whole) for column in columns]


def _cut(page: FPDF, text: str, width: float) -> str:
    """As much of a text as its column holds."""
    flat = " ".join(text.split())
    if page.get_string_width(flat) <= width:
        return flat
    while flat and page.get_string_width(f"{flat}…") > width:
        flat = flat[:-1]
    return f"{flat}…"
