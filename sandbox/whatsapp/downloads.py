"""Fetching the file of a message from the address the sender lends it, as the gateway does (whatsapp contract §1.7)."""

from email.message import Message
from urllib.parse import unquote, urlsplit

import httpx

from sandbox.web.errors import RequestError
from sandbox.web.photos import Photo
from sandbox.whatsapp.payloads import HeaderMedia

MAX_BYTES = 16 * 1024 * 1024
TIMEOUT = httpx.Timeout(20, connect=5)
KINDS = {
    "image": ("image/",),
    "video": ("video/mp4", "video/3gpp"),
    "document": ("application/pdf", "image/"),
}


async def fetch(media: HeaderMedia) -> Photo:
    """The file; a `RequestError` says why WhatsApp would not show it."""
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client,
            client.stream("GET", media.url) as answer,
        ):
            if answer.status_code != 200:
                raise RequestError(400, f"the headerMedia address answered {answer.status_code}")
            mimetype = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if not mimetype.startswith(KINDS[media.type]):
                raise RequestError(
                    400, f"headerMedia of type {media.type} may not be {mimetype or 'nameless'}"
                )
            return Photo(await _content(answer), mimetype, _name(answer, media.url))
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        why = f"the headerMedia address cannot be fetched: {type(problem).__name__}"
        raise RequestError(400, why) from problem


async def _content(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise RequestError(400, "headerMedia has more than 16 MB")
    if not content:
        raise RequestError(400, "headerMedia is empty")
    return bytes(content)


def _name(answer: httpx.Response, url: str) -> str:
    """As the answer says, else the end of the address."""
    header = Message()
    header["Content-Disposition"] = answer.headers.get("Content-Disposition", "attachment")
    return header.get_filename() or unquote(urlsplit(url).path.rpartition("/")[2]) or "file"
