"""News for the open pages, as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct

PING_S = 5.0
#: A server that waits for open requests before it stops never waits longer than this; the page reconnects at once.
LIFETIME_S = 15.0
BACKLOG = 200


class News(Struct, frozen=True):
    """Each kind is tagged, and its tag is the name of the event; one `about` nothing in particular concerns everybody."""

    @property
    def about(self) -> str | None:
        return None


Inbox = asyncio.Queue["News | None"]


class Feed:
    """Hands every piece of news to every listener; a listener that falls behind is cut off and comes back."""

    def __init__(self) -> None:
        self._inboxes: dict[Inbox, str | None] = {}
        self.closed = False

    def publish(self, news: News) -> None:
        for inbox, about in list(self._inboxes.items()):
            if about in {None, news.about}:
                self._put(inbox, news)

    def close(self) -> None:
        """End every stream; later listeners get an empty one."""
        self.closed = True
        for inbox in list(self._inboxes):
            self._put(inbox, None)

    @contextmanager
    def listen(self, about: str | None = None) -> Iterator[Inbox]:
        """News about this from now on, or all of them; None in the inbox is the end."""
        inbox: Inbox = asyncio.Queue(BACKLOG)
        if self.closed:
            inbox.put_nowait(None)
        self._inboxes[inbox] = about
        try:
            yield inbox
        finally:
            del self._inboxes[inbox]

    def _put(self, inbox: Inbox, news: News | None) -> None:
        if not inbox.full():
            inbox.put_nowait(news)
            return
        while not inbox.empty():
            inbox.get_nowait()
        inbox.put_nowait(None)


async def stream(feed: Feed, about: str | None = None) -> AsyncGenerator[bytes, None]:
    """Server-sent events until the feed closes or `LIFETIME_S` is over, with a ping in every quiet `PING_S`."""
    ends_at = asyncio.get_running_loop().time() + LIFETIME_S
    with feed.listen(about) as inbox:
        yield b"retry: 300\n\n"
        while (left_s := ends_at - asyncio.get_running_loop().time()) > 0:
            try:
                news = await asyncio.wait_for(inbox.get(), min(PING_S, left_s))
            except TimeoutError:
                yield b": ping\n\n"
                continue
            if news is None:
                return
            yield _event(news)


def _event(news: News) -> bytes:
    name = str(news.__struct_config__.tag)
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(news))
