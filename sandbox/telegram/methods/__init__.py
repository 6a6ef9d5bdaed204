"""The methods of the Bot API that a service counter calls (telegram contract §1, "Conclusion")."""

from sandbox.telegram.methods.table import METHODS, Method, Told

__all__ = ["METHODS", "Method", "Told"]
