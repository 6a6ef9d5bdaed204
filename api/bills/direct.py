"""The short way to what partners ask most: plain ASGI behind the edge, because Quart costs as much as the answer.

Only a POST to one of these paths is answered here. Everything else about them (other methods, their place in the URL map)
stays Quart's, which has the same views and would answer the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.auth import Desk, address_of
from api.bills.access import Replay, Terms, View, Visit, answered, written
from api.edge import App, Receive, Scope, Send
from core.partners.bodies import Envelope

Views = Mapping[str, tuple[View[Envelope | Replay], Terms]]


class Direct:
    """Wraps the app; the body comes as one message, as the edge hands it out."""

    def __init__(self, app: App, desk: Desk, views: Views) -> None:
        self._app, self._desk, self._views = app, desk, views

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._views.get(scope["path"]) if scope["type"] == "http" else None
        if found is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        message = await receive()
        visit = self._visit(scope, message.get("body", b""))
        status, headers, body = written(*await answered(*found, self._desk.services, visit))
        said = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        said += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": body})

    def _visit(self, scope: Scope, body: bytes) -> Visit:
        given: dict[bytes, str] = {}
        forwarded = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                forwarded.append(value.decode("latin-1"))
            else:
                given.setdefault(name, value.decode("latin-1"))
        return Visit(
            key=given.get(b"key", ""),
            token=given.get(b"token", ""),
            ip=address_of(scope.get("client"), forwarded, self._desk),
            method=scope["method"],
            path=scope["path"],
            body=body,
            timestamp=given.get(b"x-timestamp", ""),
            signature=given.get(b"x-signature", ""),
            external_id=given.get(b"x-external-id", ""),
            version=given.get(b"version", "2.0"),
        )
