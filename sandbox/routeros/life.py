"""What happens behind a router by itself: sessions last, bytes flow, and the boxes in the street can be unplugged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sandbox.routeros.rows import Row
from sandbox.routeros.state import State
from sandbox.routeros.world import PppActive

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+)([wdhms])")
#: Bits a second that a house draws, by turns; it sends a tenth of it.
_RATES = (400_000, 2_500_000, 6_000_000, 12_000_000, 1_200_000, 25_000_000, 3_000_000)


class Life:
    """`boxes` are the users behind each box. Sessions described by `still` stay as they are, for examples in documents."""

    def __init__(self, state: State, boxes: Mapping[str, tuple[str, ...]], still: frozenset[str]) -> None:
        self._state, self._boxes = state, boxes
        self._still = {row["session-id"] for row in state.tables["/ppp/active"] if row["name"] in still}
        self._sessions: dict[str, PppActive] = {each.name: each for each in state.router.ppp_active}
        self._turns = 0

    @property
    def boxes(self) -> Mapping[str, tuple[str, ...]]:
        return self._boxes

    def is_plugged(self, box: str) -> bool:
        return not self._state.without_power.intersection(self._boxes[box])

    def unplug(self, box: str) -> None:
        """Everybody behind the box is gone until it is plugged in again."""
        self._state.without_power.update(self._boxes[box])
        active = self._state.tables["/ppp/active"]
        for row in [each for each in active if each["name"] in self._boxes[box]]:
            self._state.end_session("/ppp/active", row)

    def plug(self, box: str) -> None:
        """Their modems dial in again."""
        if self.is_plugged(box):
            return
        self._state.without_power.difference_update(self._boxes[box])
        for user in self._boxes[box]:
            if user in self._sessions:
                self._state.dial_in(_anew(self._sessions[user], self._turns))

    def go_on(self, seconds: int) -> None:
        """So many seconds pass."""
        self._turns += 1
        interfaces = {row["name"]: row for row in self._state.tables["/interface"]}
        for number, row in enumerate(self._state.tables["/ppp/active"]):
            if row["session-id"] not in self._still:
                row["uptime"] = _longer(row["uptime"], seconds)
                self._flow(interfaces.get(f"<pppoe-{row['name']}>"), ("rx-byte", "tx-byte"), number, seconds)
        for number, row in enumerate(self._state.tables["/ip/hotspot/active"]):
            row["uptime"] = _longer(row["uptime"], seconds)
            self._flow(row, ("bytes-in", "bytes-out"), number, seconds)

    def _flow(self, row: Row | None, columns: tuple[str, str], number: int, seconds: int) -> None:
        if row is None:
            return
        octets = _RATES[(number * 3 + self._turns // 12) % len(_RATES)] * seconds // 8
        for column, grown in zip(columns, (octets // 10, octets), strict=True):
            row[column] = str(int(row[column]) + grown)


def _anew(session: PppActive, turn: int) -> PppActive:
    return replace(session, uptime="1s", upload=0, download=0, session_id=f"{session.session_id}-{turn}")


def _longer(uptime: str, seconds: int) -> str:
    """`1d2h3m4s` and so many seconds."""
    left, text = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(uptime)) + seconds, ""
    for unit, worth in _UNITS.items():
        count, left = divmod(left, worth)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
