"""Partners' requests as Quart brings them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from quart import Response, request

from api import operations
from api.auth import client_ip, services
from api.bills.access import Replay, Terms, View, Visit, answered, written
from core.partners.bodies import Envelope

Reply = Envelope | Replay | Response


def for_partners(terms: Terms) -> Callable[[View[Reply]], operations.View]:
    """Whoever shows a good key and token."""

    def decorate(view: View[Reply]) -> operations.View:
        @wraps(view)
        async def admitted() -> Response:
            reply, headers = await answered(view, terms, services(), await _visit())
            if isinstance(reply, Response):
                reply.headers.update(headers)
                return reply
            status, further, body = written(reply, headers)
            return Response(body, status, dict(further), content_type="application/json")

        return admitted

    return decorate


async def _visit() -> Visit:
    show = request.headers.get
    body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    return Visit(
        key=show("KEY", ""),
        token=show("TOKEN", ""),
        ip=client_ip(),
        method=request.method,
        path=request.path,
        body=body,
        timestamp=show("X-Timestamp", ""),
        signature=show("X-Signature", ""),
        external_id=show("X-External-Id", ""),
        version=show("VERSION", "2.0"),
    )
