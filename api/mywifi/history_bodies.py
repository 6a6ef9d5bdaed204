"""The shape of a line's history."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from api.mywifi.bodies import Success


class HistoryStretch(Struct, frozen=True):
    """`starts_at` is in UTC; one that nobody watched has `seen_seconds` 0."""

    starts_at: str
    seen_seconds: int
    online_seconds: int
    drops: int
    upload_bytes: int
    download_bytes: int


class HistoryTotals(Struct, frozen=True):
    """`online_percent` is of the time watched, null when nobody did."""

    seen_seconds: int
    online_seconds: int
    online_percent: int | None
    drops: int
    upload_bytes: int
    download_bytes: int


class LineHistory(Struct, frozen=True):
    no_services: str
    period: Literal["24h", "7d"]
    begins: str
    ends: str
    step_minutes: int
    is_online: bool | None
    totals: HistoryTotals
    stretches: tuple[HistoryStretch, ...]


class HistoryFound(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Riwayat koneksi berhasil diambil."] = "Riwayat koneksi berhasil diambil."
    data: LineHistory
