"""A bill aggregator as partners run them: inquires, pays, retries, polls, hears callbacks, refunds its buyers by code."""

from sandbox.partner.aggregator import Aggregator, Lost, Ways
from sandbox.partner.listener import Listener
from sandbox.partner.orders import Order, Stage
from sandbox.partner.patience import Patience, RealPatience
from sandbox.partner.signing import Credentials

__all__ = [
    "Aggregator",
    "Credentials",
    "Listener",
    "Lost",
    "Order",
    "Patience",
    "RealPatience",
    "Stage",
    "Ways",
]
