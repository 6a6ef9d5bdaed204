"""Pages for whoever follows a link: small, without anything from elsewhere, in the reader's language."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from urllib.parse import quote

from markupsafe import Markup
from quart import Blueprint, Response, render_template, request

from api.auth import services
from api.papers.reader import count_wrong_link, language
from core.platform import i18n
from core.platform.errors import Throttled
from core.platform.i18n import Argument, Language

_PAGES = resources.files("api").joinpath("pages")
_STYLE = _PAGES.joinpath("papers_style.css").read_text("utf-8")
_SCRIPT = _PAGES.joinpath("copy.js").read_bytes()


def _hashed(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_hashed(_STYLE.encode())}'; script-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The script's address changes with it, so that browsers may keep it.
SCRIPT_PATH = f"/pages/copy-{hashlib.sha256(_SCRIPT).hexdigest()[:8]}.js"
_OTHER: dict[Language, tuple[Language, str]] = {"id": ("en", "English"), "en": ("id", "Bahasa Indonesia")}

blueprint = Blueprint("papers_pages", __name__, template_folder="../pages")


@blueprint.get(SCRIPT_PATH)
async def script() -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_SCRIPT, content_type="text/javascript; charset=utf-8", headers=headers)


def said(key: str, **args: Argument) -> str:
    """A text in the reader's language."""
    return i18n.text(key, language(), **args)


async def page(template: str, status: int = 200, **facts: object) -> Response:
    """A page of ours; `facts` are what its template asks for beside the frame."""
    settings = services().settings
    other, name = _OTHER[language()]
    frame = {
        "language": language(),
        "other_language": other,
        "other_name": name,
        "other_href": _in_language(other),
        "business": settings.business_name,
        "contact": said("page.contact", phone=settings.business_phone) if settings.business_phone else "",
        "style": Markup(_STYLE),  # noqa: S704 - a file of ours
        "script": SCRIPT_PATH,
    }
    shown = Response(await render_template(template, **frame, **facts), status)
    shown.headers.update(
        {"Content-Security-Policy": _POLICY, "Vary": "Accept-Language", "X-Robots-Tag": "noindex"}
    )
    return shown


async def note(status: int, title: str, text: str) -> Response:
    """A page that says one thing."""
    return await page("papers_note.html", status, title=title, said=text)


async def wrong_link(title: str, text: str) -> Response:
    """What somebody sees whose link leads nowhere; who tries many is slowed down."""
    try:
        await count_wrong_link()
    except Throttled as error:
        return await too_often(error)
    return await note(404, title, text)


async def too_often(error: Throttled) -> Response:
    shown = await note(429, said("page.too_often"), said("papers.too_often"))
    shown.headers["Retry-After"] = str(error.retry_after_s)
    return shown


def _in_language(other: Language) -> str:
    """This page in the other language, as a link relative to itself."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return "?" + "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in (*kept, ("lang", other)))


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")
