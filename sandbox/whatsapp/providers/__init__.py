"""Stand-ins for the providers besides the wire gateway: each as strict as its documents, behind the same phones."""

from sandbox.whatsapp.providers.cloud import CloudApi
from sandbox.whatsapp.providers.evolution import EvolutionServer
from sandbox.whatsapp.providers.fonnte import FonnteServer
from sandbox.whatsapp.providers.gowa import GowaServer
from sandbox.whatsapp.providers.provider import Provider
from sandbox.whatsapp.providers.wablas import WablasServer
from sandbox.whatsapp.providers.waha import WahaServer

__all__ = [
    "CloudApi",
    "EvolutionServer",
    "FonnteServer",
    "GowaServer",
    "Provider",
    "WablasServer",
    "WahaServer",
]
