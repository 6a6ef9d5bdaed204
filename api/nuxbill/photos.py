"""Photos of people where clients of the original look for them (phpnuxbill-1 contract §5.10)."""

from __future__ import annotations

from quart import Blueprint, Response, abort

from api.auth import services
from api.nuxbill.call import Call
from api.nuxbill.replies import Refused
from core.platform.errors import Invalid
from core.portal.pictures import LARGEST_FILE, Photo

routes = Blueprint("nuxbill_photos", __name__, url_prefix="/system/uploads")


@routes.get("/photos/<path:name>")
async def show_photo(name: str) -> Response:
    """A photo never changes: its name follows from its content, so nobody guesses it either."""
    content = await services().portal.photos.at(f"/photos/{name}")
    if content is None:
        abort(404)
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(content, content_type="image/jpeg", headers=headers)


async def sent_photo(call: Call, field: str = "photo") -> Photo | None:
    """What the form brings, scaled; raises `Refused` for anything but a picture."""
    sent = call.file(field)
    if sent is None:
        return None
    try:
        return await call.services.portal.photos.read(sent.read(LARGEST_FILE + 1))
    except Invalid as error:
        raise Refused("Invalid image") from error
