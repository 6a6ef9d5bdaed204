"""Files on their way to a chat: made when they are sent, and lent an address where a channel fetches them itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from core.messaging.ports import Attachment
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from core.platform.signing import Signer

#: A gateway fetches at once; a person who is sent the address itself has this long (whatsapp contract §1.7).
LINK_LIFETIME = timedelta(days=7)


class File(Struct, frozen=True):
    """What an attachment turns out to be."""

    content: bytes
    media_type: str


#: Makes a file of an attachment's arguments, off the event loop; raises `NotFound` for what is no longer there.
Renderer = Callable[[Mapping[str, int | str]], Awaitable[File]]


class Renderers:
    """Who makes which file, by `Attachment.source`; bound in the composition root."""

    def __init__(self, sources: Mapping[str, Renderer]) -> None:
        self._sources = dict(sources)

    async def render(self, attachment: Attachment) -> File:
        """The file, made now. Raises `NotFound("attachment")` when nobody makes it, or what it shows is gone."""
        source = self._sources.get(attachment.source)
        if source is None:
            raise NotFound("attachment")
        return await source(attachment.args)


class _Lent(Struct, frozen=True, array_like=True):
    """What a token says; the file's name stands beside it in the address."""

    expires: int
    kind: Literal["image", "document"]
    source: str
    args: dict[str, int | str]


class FileLinks:
    """Temporary public addresses of attachments: `/f/<token>/<name>`, good for `LINK_LIFETIME`, without a login."""

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        """Without a `public_url` nobody outside could follow a link, so none is made."""
        self._signer, self._public_url = Signer(keyring, "file"), public_url.rstrip("/")

    @property
    def can_be_followed(self) -> bool:
        return bool(self._public_url)

    def to(self, attachment: Attachment, now: datetime) -> str | None:
        """The address from which a file can be fetched from now on; None where we have no public address."""
        if not self._public_url:
            return None
        expires = int((now + LINK_LIFETIME).timestamp())
        lent = _Lent(expires, attachment.kind, attachment.source, attachment.args)
        token = self._signer.sign(msgspec.msgpack.encode(lent), about=attachment.name)
        return f"{self._public_url}/f/{token}/{quote(attachment.name)}"

    def behind(self, token: str, name: str, now: datetime) -> Attachment:
        """What an address stands for; raises `NotFound("attachment")` when it is not ours or is too old."""
        payload = self._signer.read(token, about=name)
        if payload is None:
            raise NotFound("attachment")
        lent = msgspec.msgpack.decode(payload, type=_Lent)
        if lent.expires < now.timestamp():
            raise NotFound("attachment")
        return Attachment(lent.kind, name, lent.source, lent.args)
