"""The HTTP application: one Quart app from services and settings; other faces add their blueprints to it."""

from __future__ import annotations

from typing import Any, cast

import structlog
from quart import Quart, Response
from quart.ctx import RequestContext
from quart.globals import request_ctx
from quart.typing import ResponseTypes
from quart.wrappers.base import BaseRequestWebsocket
from typing_extensions import override
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from api import auth, docs
from api.bills import bill
from api.bills import routes as bills
from api.bills.direct import Direct
from api.edge import App, Edge
from api.http import Message, answer
from api.lean import LeanConnection
from api.mywifi.routes import BLUEPRINTS
from api.nuxbill import document as nuxbill_document
from api.nuxbill import door as nuxbill
from api.nuxbill import photos as nuxbill_photos
from api.nuxbill.controllers import CONTROLLERS
from api.ops import health
from api.papers import routes as papers
from api.staff import broadcasts as staff_broadcasts
from api.staff import chats as staff_chats
from core.services import Services
from core.settings import Settings, listed, networks

#: Gateways bring photos along; each webhook has its own, smaller limit where none can come.
_WEBHOOK_BODY = 17 * 1024 * 1024
#: The sandbox's phone sends photos.
_SANDBOX_BODY = 16 * 1024 * 1024
#: A partner's statement of a day with some fifty thousand payments.
_STATEMENT_BODY = 4 * 1024 * 1024

log = structlog.get_logger(__name__)


class Api(Quart):
    """Quart without sessions, static files and redirects; what it says by itself is JSON."""

    asgi_http_class = LeanConnection

    @override
    def create_url_adapter(self, request: BaseRequestWebsocket | None) -> MapAdapter | None:
        """No route depends on host or query, so whatever a caller writes there cannot make routing fail."""
        if request is None:
            return super().create_url_adapter(None)
        return self.url_map.bind(
            "localhost",
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
        )

    @override
    async def full_dispatch_request(self, request_context: RequestContext | None = None) -> ResponseTypes:
        """Quart's own, which spends a sixth of its time on hooks and signals, only where somebody has hooks."""
        if self.before_request_funcs or self.after_request_funcs:
            return await super().full_dispatch_request(request_context)
        try:
            result: Any = await self.dispatch_request(request_context)
        except Exception as error:  # noqa: BLE001 - handed to the handlers registered below
            result = await self.handle_user_exception(error)
        return await self.make_response(result)

    @override
    async def make_default_options_response(self) -> Response:
        adapter = request_ctx.url_adapter
        methods = adapter.allowed_methods() if adapter else ()
        options = Response(b"", 204, headers={"Allow": ", ".join(sorted(methods))})
        del options.headers["Content-Type"]
        return options


def create_app(services: Services, settings: Settings) -> Api:
    """The app, ready to serve; `services` must stay open as long as it does."""
    app = Api(__name__, static_folder=None)
    app.config["RESPONSE_TIMEOUT"] = None  # the proxy's business; here it would cost a task per request
    app.url_map.merge_slashes = False  # a slash too many is 404, never a redirect (mywifi contract §1)
    desk = auth.Desk(services, networks(settings.trusted_proxies))
    auth.install(app.extensions, desk)
    faces = (
        *BLUEPRINTS,
        staff_chats.blueprint,
        staff_broadcasts.blueprint,
        *bills.BLUEPRINTS,
        *papers.BLUEPRINTS,
    )
    for blueprint in (
        *faces,
        nuxbill.blueprint(services, CONTROLLERS),
        nuxbill_photos.routes,
        nuxbill_document.blueprint(CONTROLLERS),
        health.blueprint(services),
        docs.blueprint(app),
    ):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _say_http_error)
    app.register_error_handler(Exception, _say_server_error)
    edge: Any = Edge(
        Direct(cast("App", app.asgi_app), desk, bill.VIEWS),
        allowed_origins=listed(settings.cors_origins),
        larger_bodies={
            "/system/": nuxbill.LARGEST_BODY,
            "/api/v2/partner/statements": _STATEMENT_BODY,
            "/webhooks/": _WEBHOOK_BODY,
        }
        | ({"/sandbox/": _SANDBOX_BODY} if settings.sandbox else {}),
    )
    app.asgi_app = edge  # type: ignore[method-assign]  # Quart documents this as the way to wrap an app
    return app


async def _say_http_error(error: HTTPException) -> Response:
    """What routing refuses: `Not Found.`, `Method Not Allowed.` with what is allowed (mywifi contract §1)."""
    said = answer(Message(f"{error.name}."), error.code or 500)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            said.headers[name] = value
    return said


async def _say_server_error(error: Exception) -> Response:
    """A bug: logged here, once, with its trace; the caller learns nothing but that."""
    log.error("request_failed", exc_info=error)
    return answer(Message("Server Error"), 500)
