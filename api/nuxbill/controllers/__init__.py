"""Every controller of the dialect, by its first segment."""

from __future__ import annotations

from api.nuxbill.controllers import coupons, sessions

CONTROLLERS = {each.name: each for each in (*sessions.CONTROLLERS, coupons.coupons)}
