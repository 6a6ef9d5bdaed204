"""MikroTik routers over the RouterOS API: a look at a customer's line (routeros contract)."""

from core.adapters.routeros.gateway import RouterOsGateway
from core.adapters.routeros.link import Limits

__all__ = ["Limits", "RouterOsGateway"]
