"""What pages of customers fill themselves in with (phpnuxbill-1 contract §7.4)."""

from __future__ import annotations

from api.nuxbill.actions import Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.controllers.accounts import LANGUAGES
from api.nuxbill.lines import line_status
from api.nuxbill.replies import Done, Reply
from api.nuxbill.rows import moment

autoload_user = Controller("autoload_user", who=Who.CUSTOMER)

_ENVELOPED = "Enveloped; the original answers bare text or HTML."
_NEWEST = 10
_HOTSPOT = "HOTSPOT"


@autoload_user.action(
    "isLogin",
    path=("recharge_id",),
    gives="state, can_login, actions",
    likeness=Likeness.DIFFERENT,
    because="Data instead of links; nobody is logged in to a hotspot from here.",
)
async def show_line(call: Call) -> Reply:
    """Whether the caller is online with one of their hotspot packages."""
    packages = await call.services.directory.packages_of([call.customer.id])
    own = next((each for each in packages if each.id == call.path_id()), None)
    if own is None or own.mode != _HOTSPOT or not own.is_on:
        state = "not_applicable"
    else:
        state = await line_status(call, call.customer.id)
    return Done("", {"state": state, "can_login": False, "actions": {}})


@autoload_user.action("inbox_unread", gives="count", likeness=Likeness.DIFFERENT, because=_ENVELOPED)
async def count_mails(call: Call) -> Reply:
    """How many messages the caller has not read."""
    return Done("", {"count": await call.services.portal.inbox.unread(call.customer.id)})


@autoload_user.action("inbox", gives="inbox", likeness=Likeness.DIFFERENT, because=_ENVELOPED)
async def show_mails(call: Call) -> Reply:
    """The ten newest messages the caller has not read."""
    zone = call.services.settings.zone
    found = await call.services.portal.inbox.latest_unread(call.customer.id, _NEWEST)
    inbox = [
        {"id": each.id, "subject": each.subject, "date_created": moment(each.created_at, zone)}
        for each in found
    ]
    return Done("", {"inbox": inbox})


@autoload_user.action(
    "language", takes=(Param("select"),), gives="languages", likeness=Likeness.DIFFERENT, because=_ENVELOPED
)
async def show_languages(call: Call) -> Reply:
    """The languages there are texts in."""
    selected = call.text("select").lower()
    languages = [
        {"name": name, "label": name.capitalize(), "selected": name == selected} for name in LANGUAGES
    ]
    return Done("", {"languages": languages})
