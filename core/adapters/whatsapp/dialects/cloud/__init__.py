"""Meta's WhatsApp Cloud API (whatsapp contract §2.1)."""

from core.adapters.whatsapp.dialects.cloud.dialect import Cloud, CloudConfig

__all__ = ["Cloud", "CloudConfig"]
