"""A diagnosis as apps read it."""

from __future__ import annotations

from datetime import datetime

from api.mywifi.history_bodies import HistoryStretch, HistoryTotals, LineHistory
from core.monitoring.diagnosis import Diagnosis, Period


def history(found: Diagnosis) -> LineHistory:
    """Totals first, then every stretch."""
    return LineHistory(
        no_services=found.service_number,
        period="24h" if found.period is Period.DAY else "7d",
        begins=_moment(found.begins),
        ends=_moment(found.ends),
        step_minutes=found.step_minutes,
        is_online=found.is_online,
        totals=HistoryTotals(
            seen_seconds=found.seen_s,
            online_seconds=found.online_s,
            online_percent=found.online_percent if found.seen_s else None,
            drops=found.drops,
            upload_bytes=found.upload,
            download_bytes=found.download,
        ),
        stretches=tuple(
            HistoryStretch(
                _moment(each.starts_at), each.seen_s, each.online_s, each.drops, each.upload, each.download
            )
            for each in found.stretches
        ),
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
