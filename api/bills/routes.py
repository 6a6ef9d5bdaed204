"""Everything bill partners can call, and the document of it."""

from __future__ import annotations

from api.bills import bill, document, partner

BLUEPRINTS = (bill.blueprint, partner.blueprint, document.blueprint)
