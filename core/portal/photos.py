"""Photos of people, by a name that follows from their content."""

from __future__ import annotations

import asyncio
import re

from sqlalchemy import select

from core.platform.uow import UnitOfWork, WriteTx
from core.portal.pictures import Photo, photo_of
from core.portal.tables import photos

_PATH = re.compile(r"/photos/([0-9a-f]{2})/((?:\1)[0-9a-f]{30})\.jpg(\.thumb\.jpg)?")
#: Making one takes a core for a moment and some memory: never many at once.
_AT_ONCE = 2


def path_of(name: str) -> str:
    """How accounts name a photo."""
    return f"/photos/{name[:2]}/{name}.jpg"


async def keep(tx: WriteTx, photo: Photo) -> str:
    """Store a photo unless it is there already; returns its path."""
    await tx.insert_new(
        photos, name=photo.name, content=photo.content, thumbnail=photo.thumbnail, created_at=tx.now
    )
    return path_of(photo.name)


async def drop(tx: WriteTx, path: str) -> None:
    """Forget a photo that nobody shows any more; a path that is none of ours is left alone."""
    if found := _PATH.fullmatch(path):
        await tx.execute(photos.delete().where(photos.c.name == found[2]))


class Photos:
    """What can be done with photos outside a form."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def read(self, content: bytes) -> Photo:
        """Scale what somebody sent, in another thread. Raises `Invalid("no_picture")`."""
        async with self._room:
            return await asyncio.to_thread(photo_of, content)

    async def at(self, path: str) -> bytes | None:
        """The JPEG behind a path, or behind a path with `.thumb.jpg`."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        column = photos.c.thumbnail if found[3] else photos.c.content
        async with self._uow.read() as tx:
            content: bytes | None = await tx.scalar(select(column).where(photos.c.name == found[2]))
        return content
