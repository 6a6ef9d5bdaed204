"""Pictures from the page, checked and kept as long as there is room."""

from msgspec import Struct
from quart import request
from werkzeug.datastructures import FileStorage

from sandbox.web.errors import RequestError

MAX_PHOTO_BYTES = 5 * 1024 * 1024
MIMETYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")


class Photo(Struct, frozen=True):
    content: bytes
    mimetype: str
    filename: str
    width: int = 0
    height: int = 0


async def uploaded_photo() -> Photo | None:
    """The form's `photo`, with the `width` and `height` the page measured; a `RequestError` when it is none."""
    file: FileStorage | None = (await request.files).get("photo")
    if file is None:
        return None
    form = await request.form
    return checked(
        Photo(
            content=file.read(),
            mimetype=file.mimetype,
            filename=file.filename or "photo",
            width=form.get("width", 0, type=int),
            height=form.get("height", 0, type=int),
        )
    )


def checked(photo: Photo) -> Photo:
    if photo.mimetype not in MIMETYPES:
        raise RequestError(400, "a photo is a JPEG, PNG, WebP or GIF file")
    if not 0 < len(photo.content) <= MAX_PHOTO_BYTES:
        raise RequestError(400, "a photo has between 1 byte and 5 MB")
    return photo
