"""Who reads a page: their language, and how often they may guess."""

from __future__ import annotations

from quart import request

from api.auth import client_ip, services
from core.platform.i18n import LANGUAGES, Language

#: Wrong links per address; a good one is never counted, because many customers may read from behind one address.
WRONG_LINKS = "30/minute"


def language() -> Language:
    """The one chosen on the page (`lang`), else the browser's, else the business's."""
    wishes = (request.args.get("lang", ""), *request.accept_languages.values())
    for wanted in wishes:
        if found := next((known for known in LANGUAGES if wanted.lower().startswith(known)), None):
            return found
    return services().settings.language


async def count_wrong_link() -> None:
    """Raises `Throttled` for somebody who tries many."""
    await services().throttle.hit(WRONG_LINKS, "wrong link", client_ip())
