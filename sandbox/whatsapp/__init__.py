"""A strict WhatsApp gateway stand-in, with a phone in the browser for every customer."""

from sandbox.whatsapp.contacts import Contact
from sandbox.whatsapp.faults import FaultMode, Faults
from sandbox.whatsapp.gateway import Gateway
from sandbox.whatsapp.routes import create_blueprint

__all__ = ["Contact", "FaultMode", "Faults", "Gateway", "create_blueprint"]
