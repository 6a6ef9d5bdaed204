"""Photos as they are kept: small, upright JPEGs without what a camera writes into them (phpnuxbill-1 contract §5.10)."""

from __future__ import annotations

import hashlib
import io

from msgspec import Struct
from PIL import Image, ImageOps, UnidentifiedImageError

from core.platform.errors import Invalid

LARGEST_FILE = 8 * 1024 * 1024
#: A few kilobytes can claim to be any number of pixels; more than this is no photo of a face.
_MOST_PIXELS = 40_000_000
_LARGEST, _THUMB = (1600, 1600), (200, 200)
_KINDS = ("JPEG", "PNG", "GIF")


class Photo(Struct, frozen=True):
    """A photo and its square thumbnail; `name` follows from the content, so that the same photo is kept once."""

    name: str
    content: bytes
    thumbnail: bytes


def photo_of(content: bytes) -> Photo:
    """Judged by what it is, whatever it was called; takes a while, so not on the event loop. Raises `Invalid("no_picture")`."""
    if len(content) > LARGEST_FILE:
        raise Invalid("no_picture")
    try:
        with Image.open(io.BytesIO(content), formats=_KINDS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise Invalid("no_picture")
            opened.draft("RGB", _LARGEST)
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Invalid("no_picture") from error
    upright.thumbnail(_LARGEST)
    large = _jpeg(upright)
    name = hashlib.sha256(large).hexdigest()[:32]
    return Photo(name, large, _jpeg(ImageOps.fit(upright, _THUMB)))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
