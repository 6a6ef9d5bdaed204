"""The stand-in's whole HTTP surface as one blueprint."""

from quart import Blueprint, Response

from sandbox.telegram.api_routes import add_api_routes
from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.phone_routes import add_phone_routes
from sandbox.web.pages import protect, serve_shared


def create_blueprint(api: BotApi, *, url_prefix: str = "/sandbox/telegram") -> Blueprint:
    """The Bot API at `<prefix>/bot<token>/<method>`, the phone page and its API; serving's end closes it, too."""
    blueprint = Blueprint(
        "sandbox_telegram",
        __name__,
        static_folder="static",
        static_url_path="/static",
        url_prefix=url_prefix,
    )
    add_api_routes(blueprint, api)
    add_phone_routes(blueprint, api)
    serve_shared(blueprint)
    protect(blueprint)

    @blueprint.get("/phone")
    async def phone() -> Response:
        return await blueprint.send_static_file("phone.html")

    blueprint.after_app_serving(api.close)
    return blueprint
