"""The diagnosis card: a picture for a phone, drawn without a display. Loaded by who draws, in a thread."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from core.monitoring import texts
from core.monitoring.diagnosis import Diagnosis, Period, Stretch
from core.platform import i18n
from core.platform.clock import local_day
from core.platform.i18n import Day, Language, TimeOfDay

_INK, _SOFT, _RULE, _PAPER = "#18222e", "#5a6876", "#d9e1e8", "#ffffff"
_UP, _DOWN, _UNSEEN, _SENT = "#1a8f5b", "#c5372c", "#dfe4e9", "#e08a1e"
_RECEIVED = "#1f6fb2"
#: 1080 points wide, as a phone shows it.
_INCHES, _DPI = (7.2, 7.2), 150
_NOON, _DAY_S = 12, 86_400


def card(found: Diagnosis, business: str, language: Language, zone: ZoneInfo) -> bytes:
    """The card as PNG: how the line was, when it dropped, what went over it, by the business's clock."""
    figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.11, right=0.965, top=0.755, bottom=0.125, hspace=0.72)
    state, traffic = figure.subplots(2, 1, height_ratios=(1, 6))
    _head(figure, found, language)
    _draw_state(state, found, language, zone)
    _draw_traffic(traffic, found, language, zone)
    _foot(figure, found, business, language, zone)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def _head(figure: Figure, found: Diagnosis, language: Language) -> None:
    figure.text(0.05, 0.945, texts.title(found).render(language), size=18, weight="bold", color=_INK)
    facts = [texts.online(found), texts.used(found)] if found.seen_s else texts.lines(found, ZoneInfo("UTC"))
    for number, fact in enumerate(facts):
        figure.text(0.05, 0.885 - number * 0.05, fact.render(language), size=13.5, color=_INK)


def _foot(figure: Figure, found: Diagnosis, business: str, language: Language, zone: ZoneInfo) -> None:
    drawn = i18n.text(
        "line_history.drawn",
        language,
        business=business,
        day=Day(local_day(found.ends, zone)),
        time=TimeOfDay(found.ends, zone),
    )
    figure.text(0.05, 0.025, drawn, size=11, color=_SOFT)


def _draw_state(axes: Axes, found: Diagnosis, language: Language, zone: ZoneInfo) -> None:
    """A band: up, down, or nobody looked; a mark under each stretch with a drop."""
    width = timedelta(minutes=found.step_minutes) / timedelta(days=1)
    seamless = width * 1.02
    for stretch in found.stretches:
        at = _place(stretch.starts_at, zone)
        if not stretch.seen_s:
            axes.bar(at, 1, seamless, align="edge", color=_UNSEEN, linewidth=0)
            continue
        share = min(1.0, stretch.online_s / stretch.seen_s)
        axes.bar(at, 1, seamless, align="edge", color=_DOWN, linewidth=0)
        axes.bar(at, share, seamless, align="edge", color=_UP, linewidth=0)
    dropped = [_place(each.starts_at, zone) + width / 2 for each in found.stretches if each.drops]
    axes.plot(dropped, [-0.28] * len(dropped), "^", color=_DOWN, markersize=7, clip_on=False)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    names = (
        ("line_history.up", _UP),
        ("line_history.down", _DOWN),
        ("line_history.unseen", _UNSEEN),
    )
    for number, (name, colour) in enumerate(names):
        at = number * 0.27
        axes.text(at, 1.32, "■", color=colour, size=15, transform=axes.transAxes, va="center")
        label = i18n.text(name, language)
        axes.text(at + 0.035, 1.32, label, color=_INK, size=12.5, transform=axes.transAxes, va="center")
    axes.text(0.83, 1.32, "▲", color=_DOWN, size=12, transform=axes.transAxes, va="center")
    label = i18n.text("line_history.drop", language)
    axes.text(0.865, 1.32, label, color=_INK, size=12.5, transform=axes.transAxes, va="center")
    axes.set_xlim(*_limits(found, zone))
    axes.set_xticks([])
    _plain(axes)


def _draw_traffic(axes: Axes, found: Diagnosis, language: Language, zone: ZoneInfo) -> None:
    """Mean rates: what was received above the line, what was sent below it."""
    starts = [_place(each.starts_at, zone) for each in found.stretches]
    width = timedelta(minutes=found.step_minutes) / timedelta(days=1)
    received = [_rate(each, each.download) for each in found.stretches]
    sent = [_rate(each, each.upload) for each in found.stretches]
    axes.bar(starts, received, width, align="edge", color=_RECEIVED, linewidth=0)
    axes.bar(starts, [-rate for rate in sent], width, align="edge", color=_SENT, linewidth=0)
    axes.axhline(0, color=_SOFT, linewidth=0.8)
    top, bottom = max(1.0, *received), max(0.3, *sent)
    axes.set_ylim(-bottom * 1.25, top * 1.2)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=top >= 5))
    axes.yaxis.set_major_formatter(
        lambda value, _: f"{abs(value):g}".replace(".", "," if language == "id" else ".")
    )
    axes.set_title(i18n.text("line_history.rates", language), loc="left", size=13.5, color=_INK, pad=26)
    for number, (name, colour) in enumerate(
        (("line_history.received", _RECEIVED), ("line_history.sent", _SENT))
    ):
        label = f"■ {i18n.text(name, language)}"
        axes.text(number * 0.40, 1.045, label, color=colour, size=12.5, transform=axes.transAxes)
    axes.set_xlim(*_limits(found, zone))
    _dates(axes, found, language, zone)
    axes.grid(axis="y", color=_RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=12, colors=_SOFT, length=0)
    _plain(axes)


def _dates(axes: Axes, found: Diagnosis, language: Language, zone: ZoneInfo) -> None:
    """Every fourth hour, or every noon with its day, by the clock of the business."""
    is_day = found.period is Period.DAY
    marked = [
        each.starts_at.astimezone(zone)
        for each in found.stretches
        if _is_marked(each.starts_at.astimezone(zone), is_day=is_day)
    ]
    labels = [
        i18n.spelled(TimeOfDay(moment, zone), language).split()[0] if is_day else _short_day(moment, language)
        for moment in marked
    ]
    axes.set_xticks([_place(moment, zone) for moment in marked], labels)


def _is_marked(local: datetime, *, is_day: bool) -> bool:
    return local.minute == 0 and (local.hour % 4 == 0 if is_day else local.hour == _NOON)


def _short_day(local: datetime, language: Language) -> str:
    """`22 Nov`."""
    day, month, _ = i18n.spelled(Day(local.date()), language).split()
    return f"{day} {month[:3]}"


def _rate(stretch: Stretch, octets: int) -> float:
    return texts.mbps(octets, stretch.seen_s)


def _place(moment: datetime, zone: ZoneInfo) -> float:
    """On the axis, by the wall clock of the business."""
    return moment.astimezone(zone).replace(tzinfo=UTC).timestamp() / _DAY_S


def _limits(found: Diagnosis, zone: ZoneInfo) -> tuple[float, float]:
    ends = found.stretches[-1].starts_at + timedelta(minutes=found.step_minutes)
    return _place(found.begins, zone), _place(ends, zone)


def _plain(axes: Axes) -> None:
    for side in axes.spines.values():
        side.set_visible(False)
