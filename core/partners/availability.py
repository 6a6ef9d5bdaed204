"""When a product cannot be sold and whose bills cannot be collected: switched off, cut-off, maintenance, blocked customers."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from core.partners.codes import Code
from core.partners.rules import is_cut_off
from core.settings import Settings


class Closed(enum.Enum):
    """Why nothing is sold now, with what an inquiry and what a payment answers (bill-partner contract §6)."""

    SWITCHED_OFF = (Code.PRODUCT_OFFLINE, Code.PRODUCT_OFFLINE)
    CUT_OFF = (Code.INQUIRY_CUT_OFF, Code.CUT_OFF)
    MAINTENANCE = (Code.MAINTENANCE, Code.CUT_OFF)

    @property
    def on_inquiry(self) -> Code:
        return self.value[0]

    @property
    def on_payment(self) -> Code:
        return self.value[1]


class Block(enum.StrEnum):
    """Why partners do not collect from a customer: we forbid it, or the bills are in dispute and settled with people."""

    BLOCKED = "blocked"
    DISPUTE = "dispute"

    @property
    def on_inquiry(self) -> Code:
        return Code.BLOCKED if self is Block.BLOCKED else Code.AT_THE_COUNTER


def why_closed(settings: Settings, product: Row[Any], now: datetime) -> Closed | None:
    """Why a product, as `queries.product_of` gave it, is not sold at this moment; the sandbox knows no maintenance."""
    if not product.is_active:
        return Closed.SWITCHED_OFF
    if is_cut_off(product.cut_off_from, product.cut_off_until, now.astimezone(settings.zone).time()):
        return Closed.CUT_OFF
    if not product.is_sandbox and product.is_in_maintenance:
        return Closed.MAINTENANCE
    return None
