"""When people may be written to and lines be closed: never at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_FROM, _UNTIL = 8, 20


def is_waking(now: datetime, zone: ZoneInfo) -> bool:
    """Whether it is between eight in the morning and eight in the evening at the business."""
    return _FROM <= now.astimezone(zone).hour < _UNTIL


def until_morning(now: datetime, zone: ZoneInfo) -> timedelta:
    """How long the night still lasts; nothing by day."""
    if is_waking(now, zone):
        return timedelta(0)
    local = now.astimezone(zone)
    morning = local.replace(hour=_FROM, minute=0, second=0, microsecond=0)
    return (morning if morning > local else morning + timedelta(days=1)) - local
