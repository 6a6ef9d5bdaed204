"""Files people and the bot have sent, kept as long as there is room."""

import mimetypes
import uuid

from msgspec import Struct

from sandbox.telegram.objects import Document, File, PhotoSize
from sandbox.web.photos import Photo

MAX_FILES = 40
MAX_DOWNLOAD = 20 * 1024 * 1024
#: Telegram keeps a photo in several sizes; the bot finds the largest last.
SMALL_PX = 90


class Kept(Struct, frozen=True):
    content: bytes
    mimetype: str
    path: str


class Files:
    """By `file_id`; the oldest give way."""

    def __init__(self) -> None:
        self._files: dict[str, Kept] = {}

    def keep_photo(self, photo: Photo) -> tuple[PhotoSize, ...]:
        file_id = self._keep(photo.content, photo.mimetype, "photos")
        width, height, size = photo.width or 640, photo.height or 480, len(photo.content)
        thumb = max(1, height * SMALL_PX // width)
        return (
            PhotoSize(file_id, f"u{file_id[:12]}s", min(SMALL_PX, width), thumb, size),
            PhotoSize(file_id, f"u{file_id[:12]}", width, height, size),
        )

    def keep_document(self, content: bytes, mimetype: str, filename: str) -> Document:
        file_id = self._keep(content, mimetype, "documents")
        return Document(file_id, f"u{file_id[:12]}", filename, mimetype, len(content))

    def find(self, file_id: str) -> Kept | None:
        return self._files.get(file_id)

    def at_path(self, path: str) -> Kept | None:
        return next((kept for kept in self._files.values() if kept.path == path), None)

    def described(self, file_id: str) -> File | None:
        """What `getFile` says of a file."""
        kept = self.find(file_id)
        if kept is None:
            return None
        return File(file_id, f"u{file_id[:12]}", len(kept.content), kept.path)

    def _keep(self, content: bytes, mimetype: str, folder: str) -> str:
        file_id = uuid.uuid4().hex
        suffix = mimetypes.guess_extension(mimetype) or ".bin"
        self._files[file_id] = Kept(content, mimetype, f"{folder}/file_{file_id[:8]}{suffix}")
        while len(self._files) > MAX_FILES:
            del self._files[next(iter(self._files))]
        return file_id
