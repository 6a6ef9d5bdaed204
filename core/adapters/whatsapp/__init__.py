"""WhatsApp through the business's own gateway (whatsapp contract §1): one POST, or a legacy GET, per message."""

from core.adapters.whatsapp.config import GatewayConfig, problems
from core.adapters.whatsapp.gateway import WhatsAppGateway
from core.adapters.whatsapp.keys import new_idempotency_key

__all__ = ["GatewayConfig", "WhatsAppGateway", "new_idempotency_key", "problems"]
