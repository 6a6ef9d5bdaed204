"""An A4 page that can be read on a phone: large letters, one column, and the same bytes for the same content."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Literal

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from msgspec import Struct

MARGIN = 18
WIDTH = 210 - 2 * MARGIN
_SANS, _MONO = "sans", "mono"
_FILES = {
    (_SANS, ""): "DejaVuSans.ttf",
    (_SANS, "B"): "DejaVuSans-Bold.ttf",
    (_MONO, "B"): "DejaVuSansMono-Bold.ttf",
}
#: Modules of white that readers want around a code.
_QUIET = 4

Colour = tuple[int, int, int]
INK: Colour = (24, 34, 46)
SOFT: Colour = (88, 104, 120)
LINE: Colour = (214, 222, 230)
TINT: Colour = (244, 247, 250)
ACCENT: Colour = (18, 92, 132)
GOOD: Colour = (11, 122, 75)
DUE: Colour = (168, 67, 0)
BAD: Colour = (172, 32, 32)


class Style(Struct, frozen=True):
    size: float = 12
    bold: bool = False
    mono: bool = False
    colour: Colour = INK
    align: Literal["L", "R", "C"] = "L"


PLAIN, BOLD = Style(), Style(bold=True)
SMALL = Style(size=9.5, colour=SOFT)


class Canvas:
    """Writes from the top down; what does not fit goes on on the next page."""

    def __init__(self, *, title: str, author: str, language: str, made_at: datetime) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_creation_date(made_at)
        self._pdf.set_title(title)
        self._pdf.set_author(author)
        self._pdf.set_lang(language)
        self._pdf.set_margins(MARGIN, MARGIN)
        self._pdf.set_auto_page_break(True, MARGIN)  # noqa: FBT003 - the library's order
        self._pdf.c_margin = 0
        load_fonts(self._pdf)
        self._pdf.add_page()

    @property
    def y(self) -> float:
        return float(self._pdf.get_y())

    def move_to(self, y: float) -> None:
        self._pdf.set_xy(MARGIN, y)

    def down(self, by: float) -> None:
        self.move_to(self.y + by)

    def keep_together(self, height: float) -> None:
        """Go on on a new page when less than this is left of the present one."""
        if self.y + height > self._pdf.h - MARGIN:
            self._pdf.add_page()

    def write(self, text: str, style: Style = PLAIN, *, x: float = 0, width: float = WIDTH) -> None:
        """A text in its column, broken between words where it is too long; afterwards we are below it."""
        self._use(style)
        self._pdf.set_x(MARGIN + x)
        self._pdf.multi_cell(
            width,
            _height(style),
            self._shown(text),
            align=style.align,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )

    def row(self, *cells: tuple[str, Style, float]) -> None:
        """Texts side by side on one line, each with its width; afterwards we are below the tallest."""
        top, bottom, x = self.y, self.y, 0.0
        tallest = max(_height(style) for _, style, _ in cells)
        for text, style, width in cells:
            # A smaller letter's line is lower: it is let down until both stand on the same ground.
            self._pdf.set_y(top + (tallest - _height(style)) * 0.75)
            self.write(text, style, x=x, width=width)
            bottom, x = max(bottom, self.y), x + width
        self.move_to(bottom)

    def height_of(self, text: str, style: Style, width: float) -> float:
        """How tall a text gets in a column."""
        self._use(style)
        lines = self._pdf.multi_cell(width, text=self._shown(text), dry_run=True, output="LINES")
        return len(lines if isinstance(lines, list) else ()) * _height(style)

    def rule(self, colour: Colour = LINE, *, thickness: float = 0.3) -> None:
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thickness)
        self._pdf.line(MARGIN, self.y, MARGIN + WIDTH, self.y)

    def tint(self, height: float, colour: Colour = TINT, *, x: float = 0, width: float = WIDTH) -> None:
        """Colour the ground of what is written next."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(MARGIN + x, self.y, width, height, style="F", round_corners=True, corner_radius=2.5)

    def stamp(self, text: str, colour: Colour, *, y: float) -> None:
        """A framed word at the right edge."""
        style = Style(size=20, bold=True, colour=colour, align="C")
        self._use(style)
        width = self._pdf.get_string_width(self._shown(text)) + 14
        left = MARGIN + WIDTH - width
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(0.9)
        self._pdf.rect(left, y, width, 14, round_corners=True, corner_radius=2.5)
        self._pdf.set_xy(left, y)
        self._pdf.cell(width, 14, self._shown(text), align="C")
        self.move_to(self.y)

    def code(self, url: str, *, x: float, y: float, size: float) -> None:
        """A QR code that can also be tapped."""
        rows = [tuple(row) for row in segno.make(url, error="m", micro=False).matrix]
        module = size / (len(rows) + 2 * _QUIET)
        self._pdf.set_fill_color(255, 255, 255)
        self._pdf.rect(MARGIN + x, y, size, size, style="F")
        self._pdf.set_fill_color(0, 0, 0)
        for number, row in enumerate(rows):
            at = 0
            for is_dark, modules in groupby(row):
                length = len(list(modules))
                if is_dark:
                    left, top = MARGIN + x + (at + _QUIET) * module, y + (number + _QUIET) * module
                    self._pdf.rect(left, top, length * module, module, style="F")
                at += length
        self._pdf.link(MARGIN + x, y, size, size, url)

    def finished(self) -> bytes:
        return bytes(self._pdf.output())

    def _use(self, style: Style) -> None:
        self._pdf.set_font(
            _MONO if style.mono else _SANS, "B" if style.bold or style.mono else "", style.size
        )
        self._pdf.set_text_color(*style.colour)

    def _shown(self, text: str) -> str:
        """The text in letters that the font in use has; the others become a question mark."""
        font = self._pdf.fonts[f"{self._pdf.font_family}{self._pdf.font_style}"]
        known = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(letter if letter == "\n" or ord(letter) in known else "?" for letter in text)


def load_fonts(pdf: FPDF) -> None:
    """Give a document the letters of all papers."""
    for (family, style), file in _FILES.items():
        pdf.add_font(family, style, _fonts() / file)


def _height(style: Style) -> float:
    """Of a line in millimetres, for letters of so many points."""
    return style.size * 0.3528 * 1.4


@cache
def _fonts() -> Path:
    """DejaVu's letters come with matplotlib, which need not be loaded for them."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise RuntimeError("the fonts for papers come with the package matplotlib, which is not installed")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
