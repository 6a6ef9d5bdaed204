"""Files behind a signed, temporary address, for gateways that fetch what they are to bring (whatsapp contract §1.7)."""

from __future__ import annotations

from quart import Blueprint, Response

from api.auth import services
from api.papers.reader import count_wrong_link, language
from core.platform import i18n
from core.platform.errors import NotFound, Throttled

blueprint = Blueprint("papers_files", __name__)


@blueprint.get("/f/<token>/<name>")
async def lend(token: str, name: str) -> Response:
    """The file, made now; 404 for an address that is not ours, is too old, or whose file is gone."""
    try:
        attachment = services().file_links.behind(token, name, services().clock.now())
        file = await services().renderers.render(attachment)
    except NotFound:
        return await _refused()
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(file.content, content_type=file.media_type, headers=headers)


async def _refused() -> Response:
    try:
        await count_wrong_link()
    except Throttled as error:
        headers = {"Retry-After": str(error.retry_after_s)}
        return _said(429, i18n.text("papers.too_often", language()), headers)
    return _said(404, i18n.text("error.attachment", language()), {})


def _said(status: int, text: str, headers: dict[str, str]) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8", headers=headers)
