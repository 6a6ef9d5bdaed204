"""When people may be written to and lines be closed: never at night."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_FROM, _UNTIL = 8, 20


def is_waking(now: datetime, zone: ZoneInfo) -> bool:
    """Whether it is between eight in the morning and eight in the evening at the business."""
    return _FROM <= now.astimezone(zone).hour < _UNTIL
