"""What counts as a picture of a payment."""

from __future__ import annotations

from core.platform.errors import Invalid
from core.proofs.types import Picture

LARGEST_PICTURE = 5 * 1024 * 1024
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
)


def picture_of(content: bytes) -> Picture:
    """Judged by its bytes, whatever it was called; raises `Invalid` (`picture_large`, `no_picture`)."""
    if len(content) > LARGEST_PICTURE:
        raise Invalid("picture_large")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Picture(content, "image/webp")
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return Picture(content, media_type)
    raise Invalid("no_picture")
