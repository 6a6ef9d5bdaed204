"""WhatsApp: the business's own gateway (whatsapp contract §1) and, behind one interface, six others (§2)."""

from core.adapters.whatsapp.channel import DialectChannel
from core.adapters.whatsapp.config import GatewayConfig, problems
from core.adapters.whatsapp.gateway import WhatsAppGateway
from core.adapters.whatsapp.handoff import WhatsAppHandoff
from core.adapters.whatsapp.keys import new_idempotency_key

__all__ = [
    "DialectChannel",
    "GatewayConfig",
    "WhatsAppGateway",
    "WhatsAppHandoff",
    "new_idempotency_key",
    "problems",
]
