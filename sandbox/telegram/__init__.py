"""A strict Telegram Bot API stand-in, with a phone in the browser for everybody who talks to the bot."""

from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.faults import FaultMode, Faults
from sandbox.telegram.people import Person
from sandbox.telegram.routes import create_blueprint

__all__ = ["BotApi", "FaultMode", "Faults", "Person", "create_blueprint"]
