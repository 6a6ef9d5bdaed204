"""The time machine: the jobs of billing, day by day, over customers with habits, under a clock that is moved.

What must hold is worked out independently and compared every day; see `checks`.
"""

from __future__ import annotations

from core.testing.simulation.run import Outcome, Plan, simulate

__all__ = ["Outcome", "Plan", "simulate"]
