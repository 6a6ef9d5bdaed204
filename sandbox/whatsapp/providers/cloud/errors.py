"""Errors in the shape of the Graph API."""

import uuid

from sandbox.whatsapp.providers.provider import Refusal


def graph_error(status: int, code: int, message: str, details: str = "") -> Refusal:
    """`details` says exactly what is wrong, as Meta does in `error_data`."""
    error: dict[str, object] = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": uuid.uuid4().hex[:11],
    }
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return Refusal(status, {"error": error})


def invalid(details: str) -> Refusal:
    return graph_error(400, 100, "Invalid parameter", details)
