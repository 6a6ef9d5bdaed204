"""Leaves a router alone for a while after repeated failures, then tries it again with a single question."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from core.adapters.routeros.errors import BROKEN, Misconfigured, Refused, Resting, Unreachable
from core.platform.clock import Clock

#: What says that the router cannot be reached, as opposed to the caller having gone.
FAILURES = (*BROKEN, Unreachable)


class Breaker:
    """Counts consecutive failures of one router; time comes from the injected clock."""

    def __init__(self, clock: Clock, *, after: int, rest: timedelta) -> None:
        self._clock, self._after, self._rest = clock, after, rest
        self._failures = 0
        self._resting_until: datetime | None = None
        self._is_being_tried = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One try at the router. Raises `Resting` while it is left alone or somebody else is trying it."""
        is_trial = self._admit()
        try:
            yield
        except FAILURES:
            self._failed()
            raise
        except (Refused, Misconfigured):
            # It answered, or was never called: either way there is nothing to rest from.
            raise
        else:
            self._failures, self._resting_until = 0, None
        finally:
            if is_trial:
                self._is_being_tried = False

    def check(self) -> None:
        """Raises `Resting` when an attempt would be refused now."""
        if self._resting_until is None:
            return
        left = (self._resting_until - self._clock.now()).total_seconds()
        if left > 0 or self._is_being_tried:
            raise Resting(max(1, math.ceil(left)))

    def _admit(self) -> bool:
        self.check()
        is_trial = self._resting_until is not None
        self._is_being_tried = self._is_being_tried or is_trial
        return is_trial

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= self._after:
            self._resting_until = self._clock.now() + self._rest
