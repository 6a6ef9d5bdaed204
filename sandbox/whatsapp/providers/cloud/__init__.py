"""Meta's Cloud API: a strict stand-in (whatsapp contract §2.1)."""

from sandbox.whatsapp.providers.cloud.api import CloudApi

__all__ = ["CloudApi"]
