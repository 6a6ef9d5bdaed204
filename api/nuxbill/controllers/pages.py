"""Pages: what customers read, and the editor of staff (phpnuxbill-1 contract §7.24, §7.25)."""

from __future__ import annotations

import re

from api.nuxbill.actions import OFFICE, Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.replies import WRONG_METHOD, Done, Page, Refused, Reply
from core.platform.errors import NotFound

page = Controller("page", who=Who.CUSTOMER, fallback="<Name>")
pages = Controller("pages", roles=OFFICE, fallback="<Name>")

_NAME = re.compile(r"[A-Za-z0-9_ -]{1,64}")
_ENDINGS = ("-post", "-reset")


@page.action(
    "<Name>",
    gives="PageFile, pageHeader, html",
    likeness=Likeness.DIFFERENT,
    because="The page itself is in the answer; a page that does not exist is refused.",
)
async def show_page(call: Call) -> Reply:
    """A page for customers."""
    name = call.path(1)
    html = await _html(call, name)
    return Page(name, "page", {"PageFile": name, "pageHeader": name, "html": html})


@pages.action(
    "<Name>",
    takes=(
        Param("html", "Of <Name>-post: what the page shall say."),
        Param("template_save", "yes keeps it as a layout for vouchers too."),
        Param("template_name"),
    ),
    gives="action, htmls, html, writeable, pageHeader, PageFile, vouchers",
    likeness=Likeness.DIFFERENT,
    because="Nothing is created by looking; <Name>-reset restores the bundled text and says so.",
)
async def edit_page(call: Call) -> Reply:
    """A page to edit; with `-post` behind its name it is written, with `-reset` it says again what it said first."""
    asked = call.path(1)
    name = next((asked.removesuffix(ending) for ending in _ENDINGS if asked.endswith(ending)), asked)
    if not _NAME.fullmatch(name):
        raise Refused("Page not found")
    if asked.endswith("-post"):
        return await _write(call, name)
    if asked.endswith("-reset"):
        return await _reset(call, name)
    return await _shown(call, name)


async def _shown(call: Call, name: str) -> Reply:
    html = await _html(call, name)
    shown: dict[str, object] = {
        "action": name,
        "htmls": re.sub(r"</?div[^>]*>", "", html),
        "html": html,
        "writeable": True,
        "pageHeader": name.replace("_", " "),
        "PageFile": name,
    }
    if name == "Voucher":
        shown["vouchers"] = list(await call.services.portal.pages.voucher_templates())
    return Page(name.replace("_", " "), "pages", shown)


async def _write(call: Call, name: str) -> Reply:
    if not call.is_post:
        raise Refused(WRONG_METHOD)
    html, portal = call.posted("html"), call.services.portal.pages
    template = call.posted("template_name") if call.flag("template_save") else ""
    if template and not re.fullmatch(r"[A-Za-z0-9 _-]{1,64}", template):
        raise Refused("Invalid request")
    try:
        await portal.write(name, html, actor=call.actor)
    except NotFound as error:
        raise Refused("Page not found") from error
    if template:
        await portal.write(template, html, actor=call.actor, voucher_template=True)
    return Done("Page saved successfully")


async def _reset(call: Call, name: str) -> Reply:
    try:
        await call.services.portal.pages.reset(name, actor=call.actor)
    except NotFound as error:
        raise Refused("Page not found") from error
    return Done("Page has been reset")


async def _html(call: Call, name: str) -> str:
    try:
        return await call.services.portal.pages.html(name)
    except NotFound as error:
        raise Refused("Page not found") from error
