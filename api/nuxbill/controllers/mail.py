"""The customer's inbox (phpnuxbill-1 contract §7.20)."""

from __future__ import annotations

from api.nuxbill.actions import Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused, Reply
from api.nuxbill.rows import moment
from core.platform.errors import NotFound
from core.portal.inbox import Mail

mail = Controller("mail", who=Who.CUSTOMER, fallback="")

_PER_PAGE = 40


@mail.action(takes=(Param("q"), Param("p", "Counted from 0.")), gives="mails, q, p, total")
async def show_mails(call: Call) -> Reply:
    """The caller's messages, newest first."""
    search, page = call.text("q"), max(call.whole("p"), 0)
    found, total = await call.services.portal.inbox.list(
        call.customer.id, search, limit=_PER_PAGE, offset=page * _PER_PAGE
    )
    mails = [_row(each, call) for each in found]
    return Page("Inbox", "inbox", {"tipe": "", "q": search, "p": page, "mails": mails, "total": total})


@mail.action("view", path=("id",), gives="mail, next, prev")
async def show_mail(call: Call) -> Reply:
    """One message; it counts as read from now on."""
    try:
        opened = await call.services.portal.inbox.open(call.customer.id, call.path_id())
    except NotFound as error:
        raise Refused("Message Not Found") from error
    shown = {"mail": _row(opened.mail, call), "next": opened.later, "prev": opened.earlier}
    return Page("Inbox", "inbox", {"tipe": "view", **shown})


@mail.action(
    "delete", path=("id",), likeness=Likeness.DIFFERENT, because="A message that is gone is refused."
)
async def delete_mail(call: Call) -> Reply:
    """Throw a message away; without an id this is the list."""
    if not call.path(2):
        return await show_mails(call)
    try:
        await call.services.portal.inbox.delete(call.customer.id, call.path_id())
    except NotFound as error:
        raise Refused("Failed to Delete Message") from error
    return Done("Mail Deleted Successfully")


def _row(mail: Mail, call: Call) -> dict[str, object]:
    zone = call.services.settings.zone
    return {
        "id": mail.id,
        "customer_id": mail.customer_id,
        "date_created": moment(mail.created_at, zone),
        "date_read": moment(mail.read_at, zone),
        "subject": mail.subject,
        "body": mail.body,
        "from": mail.sender,
        "admin_id": mail.staff_id or 0,
    }
