"""The gateway's whole HTTP surface as one blueprint."""

from quart import Blueprint

from sandbox.web.pages import protect, serve_shared
from sandbox.whatsapp.gateway import Gateway
from sandbox.whatsapp.gateway_routes import add_gateway_routes
from sandbox.whatsapp.pages import add_pages
from sandbox.whatsapp.phone_routes import add_phone_routes
from sandbox.whatsapp.surface import add_provider_routes


def create_blueprint(gateway: Gateway, *, url_prefix: str = "/sandbox") -> Blueprint:
    """Gateway, phone page and its API under `url_prefix`; serving's end closes the gateway, too."""
    blueprint = Blueprint(
        "sandbox_whatsapp",
        __name__,
        static_folder="static",
        static_url_path="/static",
        url_prefix=url_prefix,
    )
    add_gateway_routes(blueprint, gateway)
    add_provider_routes(blueprint, gateway)
    add_phone_routes(blueprint, gateway)
    add_pages(blueprint)
    serve_shared(blueprint)
    protect(blueprint)
    blueprint.after_app_serving(gateway.close)
    return blueprint
