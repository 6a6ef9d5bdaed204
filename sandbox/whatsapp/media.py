"""Pictures and documents of both sides, kept for the phone page as long as there is room."""

import uuid

from sandbox.web.photos import Photo

MAX_FILES = 40


class Media:
    def __init__(self) -> None:
        self._files: dict[str, Photo] = {}

    def keep(self, file: Photo) -> str:
        """The id under which the phone page finds the file; the oldest gives way."""
        file_id = uuid.uuid4().hex
        self._files[file_id] = file
        while len(self._files) > MAX_FILES:
            del self._files[next(iter(self._files))]
        return file_id

    def find(self, file_id: str) -> Photo | None:
        return self._files.get(file_id)
