"""Pictures that customers sent, kept for the phone page as long as there is room."""

import uuid

from sandbox.web.photos import Photo

MAX_PHOTOS = 40


class Photos:
    def __init__(self) -> None:
        self._photos: dict[str, Photo] = {}

    def keep(self, photo: Photo) -> str:
        """The id under which the phone page finds the photo; the oldest gives way."""
        photo_id = uuid.uuid4().hex
        self._photos[photo_id] = photo
        while len(self._photos) > MAX_PHOTOS:
            del self._photos[next(iter(self._photos))]
        return photo_id

    def find(self, photo_id: str) -> Photo | None:
        return self._photos.get(photo_id)
