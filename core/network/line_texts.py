"""How a customer's line is told in a chat: whether it is up and since when, and what went over it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.network.types import Uptime, Usage
from core.platform.clock import local_day
from core.platform.i18n import DataSize, Day, Message, TimeOfDay, message


def online(number: str, uptime: Uptime | None, now: datetime, zone: ZoneInfo) -> Message:
    """That a line is up, and since when where the router knows."""
    if uptime is None or uptime.seconds <= 0:
        return message("connection_check.online", number=number)
    since = now - timedelta(seconds=uptime.seconds)
    time, day = TimeOfDay(since, zone), local_day(since, zone)
    if day == local_day(now, zone):
        return message("connection_check.online_today", number=number, time=time)
    return message("connection_check.online_since", number=number, day=Day(day), time=time)


def used(usage: Usage | None) -> Message:
    """What the router counted; a counter that stands at nothing tells nothing."""
    if usage is None or not (usage.download_bytes or usage.upload_bytes):
        return message("connection_check.usage_unknown")
    return message(
        "connection_check.usage",
        download=DataSize(usage.download_bytes),
        upload=DataSize(usage.upload_bytes),
    )
