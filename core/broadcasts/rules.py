"""When a broadcast may speak, how fast, and what it may say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.messaging.rules import check_text
from core.settings import Settings

#: What a text may fill in, in Indonesian and English.
BLANKS = frozenset({"nama", "no_layanan", "name", "service"})
#: Progress is told this often.
QUARTERS = 4


def check_body(body: str) -> str:
    """The text as it is kept; raises `Invalid` as `core.messaging.rules.check_text` says."""
    body = body.replace("\r\n", "\n").strip()
    check_text(body, allowed=BLANKS, needed=())
    return body


def filled(body: str, *, name: str, service: str) -> str:
    return body.format_map({"nama": name, "name": name, "no_layanan": service, "service": service})


def gaps(settings: Settings) -> Mapping[str, timedelta]:
    """The pause between two messages of one sender."""
    return {
        "whatsapp": timedelta(minutes=1) / settings.broadcast_whatsapp_per_minute,
        "telegram": timedelta(minutes=1) / settings.broadcast_telegram_per_minute,
    }


def next_opening(moment: datetime, settings: Settings) -> datetime:
    """The moment itself, or when it falls into the quiet hours of the business, their end."""
    begins, ends = settings.quiet_from_hour, settings.quiet_until_hour
    local = moment.astimezone(settings.zone)
    is_quiet = begins <= local.hour < ends if begins <= ends else local.hour >= begins or local.hour < ends
    if not is_quiet:
        return moment
    opening = local.replace(hour=ends % 24, minute=0, second=0, microsecond=0)
    if opening <= local:
        opening += timedelta(days=1)
    return opening.astimezone(moment.tzinfo)


def done_by(start: datetime, persons: int, settings: Settings) -> datetime:
    """When the last of so many would be written to over WhatsApp, quiet hours left out."""
    gap, at = gaps(settings)["whatsapp"], next_opening(start, settings)
    left = gap * persons
    for _ in range(366):
        until_quiet = _quiet_after(at, settings) - at
        if left <= until_quiet:
            return at + left
        left -= until_quiet
        at = next_opening(at + until_quiet, settings)
    return at


def _quiet_after(moment: datetime, settings: Settings) -> datetime:
    """When the quiet hours begin next; far away where there are none."""
    if settings.quiet_from_hour == settings.quiet_until_hour:
        return moment + timedelta(days=36_500)
    local = moment.astimezone(settings.zone)
    begin = local.replace(hour=settings.quiet_from_hour % 24, minute=0, second=0, microsecond=0)
    if begin <= local:
        begin += timedelta(days=1)
    return begin.astimezone(moment.tzinfo)


def quarter(queued: int, expected: int) -> int:
    """How many quarters of the way are behind us."""
    return min(QUARTERS, queued * QUARTERS // expected) if expected else QUARTERS
