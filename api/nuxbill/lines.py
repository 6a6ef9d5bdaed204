"""How a customer's line is, in the original's words (phpnuxbill-1 contract §7.3)."""

from __future__ import annotations

from api.nuxbill.call import Call
from core.platform.errors import NotFound, Unavailable

#: Somebody is looking at a page meanwhile.
_PATIENCE_S = 5.0


async def line_status(call: Call, customer_id: int) -> str:
    """`online`, `offline`, `error` when the router cannot be seen, `unknown` when there is no line to look at."""
    try:
        who = await call.services.customers.name_of(customer_id)
        found = await call.services.network.report_within(
            _PATIENCE_S, customer_id, who.service_number, frozenset({"connection"})
        )
    except NotFound:
        return "unknown"
    except Unavailable:
        return "error"
    if found is None or found.connection is None:
        return "error"
    return "online" if found.connection.is_online else "offline"
