"""Pages that load nothing from elsewhere and may be framed by nobody but themselves."""

from pathlib import Path

from quart import Blueprint, Response, send_from_directory

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_SHARED = Path(__file__).parent / "static"


def protect(blueprint: Blueprint) -> None:
    """Answer everything of this blueprint with headers that keep a page to itself."""

    @blueprint.after_request
    async def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-cache")
        return response


def serve_shared(blueprint: Blueprint) -> None:
    """Offer the look that all stand-ins share under `shared/`, so that each blueprint stands on its own."""

    @blueprint.get("/shared/<path:name>")
    async def shared(name: str) -> Response:
        return await send_from_directory(_SHARED, name)
