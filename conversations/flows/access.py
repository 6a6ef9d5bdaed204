"""Which chats may act for a service: shown to its owner, invited by a code that works once, removed, or left."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import CANCEL, NO, YES, Option, Say, option, say
from conversations.engine.turn import Cue, Outcome, Turn
from conversations.engine.words import folded
from conversations.flows import identify, prove_owner
from conversations.flows.identify import IdentifyState
from conversations.flows.prove_owner import Proven, ProveState
from conversations.parsing import parse_yes_no
from conversations.wishes import INVITE_CHAT, SHARE_ACCESS
from core.customers.types import ChatRole, LinkedChat, ServiceOfChat
from core.identity.access import LIFETIME, ROLE_NAMES, channel_name
from core.platform.i18n import message

INVITE = option("invite", "access.invite")
LEAVE = option("leave", "access.leave")

_WORDS = frozenset(
    {
        "akses",
        "access",
        "akses chat",
        "chat access",
        "siapa yang terhubung",
        "who has access",
        "hubungkan chat",
    }
)
_LEAVING = frozenset(
    {"lepaskan", "putuskan", "keluar", "unlink", "disconnect", "lepas chat ini", "putuskan chat ini"}
)
_ROWS: Mapping[ChatRole, str] = {
    ChatRole.OWNER: "access.row_owner",
    ChatRole.PAYER: "access.row_payer",
    ChatRole.TECHNICAL: "access.row_technical",
}
_OFFERED = (ChatRole.PAYER, ChatRole.TECHNICAL, ChatRole.OWNER)


class AccessState(Struct, frozen=True, forbid_unknown_fields=True):
    """`link` is the chat that is to be removed, `role` what an invited one shall be."""

    customer_id: int = 0
    number: str = ""
    link: int = 0
    role: ChatRole = ChatRole.PAYER


async def _hears(cue: Cue) -> bool:
    said = folded(cue.text)
    return said in _WORDS | _LEAVING or INVITE_CHAT.fits(said) or SHARE_ACCESS.fits(said)


#: Ends the dialogue; nothing is given back.
flow = Subflow[AccessState, None](
    "access", AccessState, reopening="access.reopening", commands=("akses", "access"), hears=_hears
)


@flow.entry
async def begin(turn: Turn[AccessState]) -> Outcome:
    """A chat that is no owner sees what it may do, and can go."""
    own, linked = await turn.own_services(), await turn.linked_services()
    if turn.state.customer_id:
        mine = [each for each in own if each.customer_id == turn.state.customer_id]
        return turn.goto(chats, number=mine[0].service_number if mine else "")
    if linked and (not own or folded(turn.text) in _LEAVING):
        return turn.goto(mine_only)
    return turn.call(identify.flow, IdentifyState(), then=identified)


@flow.continuation
async def identified(turn: Turn[AccessState], service: ServiceOfChat) -> Outcome:
    return turn.goto(chats, customer_id=service.customer_id, number=service.service_number)


async def _chats(turn: Turn[AccessState]) -> Say:
    linked = await turn.services.access.chats_of(turn.state.customer_id)
    head = "access.linked" if linked else "access.none_linked"
    return say(
        message(head, number=turn.state.number),
        rows=[_as_row(each) for each in linked],
        footer="access.pick" if linked else None,
        actions=(INVITE, LEAVE),
    )


@flow.step(_chats, help="access.help", browsing=True)
async def chats(turn: Turn[AccessState]) -> Outcome:
    if turn.choice == INVITE.id:
        return turn.goto(role)
    if turn.choice == LEAVE.id:
        return turn.goto(leaving)
    linked = await turn.services.access.chats_of(turn.state.customer_id)
    if any(str(each.id) == turn.choice for each in linked):
        return turn.goto(removing, link=int(turn.choice or 0))
    return turn.retry("access.not_listed")


async def _which_role(_turn: Turn[AccessState]) -> Say:
    rows = [Option(each, message(ROLE_NAMES[each])) for each in _OFFERED]
    return say("access.which_role", rows=rows, actions=(CANCEL,))


@flow.step(_which_role, help="access.role_help")
async def role(turn: Turn[AccessState]) -> Outcome:
    """Letting somebody in is worth a code: whoever finds an unlocked phone must not stay for good."""
    if turn.choice is None or turn.choice not in _OFFERED:
        return turn.retry("access.role_not_listed")
    owner = ProveState(turn.state.number, is_own=True)
    return turn.call(prove_owner.flow, owner, then=owner_proven, role=ChatRole(turn.choice))


@flow.continuation
async def owner_proven(turn: Turn[AccessState], owner: Proven) -> Outcome:
    code = await turn.services.access.invite(
        turn.state.customer_id, turn.state.role, grant=owner.grant, request_id=turn.id
    )
    settings = turn.services.settings
    links = [
        *(
            [message("access.telegram_link", bot=settings.telegram_bot, code=code)]
            if settings.telegram_bot
            else []
        ),
        *(
            [message("access.whatsapp_link", phone=settings.wa_number, code=code)]
            if settings.wa_number
            else []
        ),
    ]
    invited = message("access.invited", minutes=LIFETIME.seconds // 60)
    return turn.end(invited, message("access.code", code=code), *links, "access.once")


async def _ask_to_remove(turn: Turn[AccessState]) -> Say:
    linked = await turn.services.access.chats_of(turn.state.customer_id)
    named = next((_named(each) for each in linked if each.id == turn.state.link), "")
    return say(message("access.remove", chat=named, number=turn.state.number), actions=(YES, NO))


@flow.step(_ask_to_remove, help="access.yes_or_no")
async def removing(turn: Turn[AccessState]) -> Outcome:
    agreed = _agreed(turn)
    if agreed is None:
        return turn.retry("access.yes_or_no")
    if not agreed:
        return turn.goto(chats, "access.stays")
    await turn.services.access.revoke(turn.state.customer_id, turn.state.link)
    return turn.goto(chats, "access.removed", link=0)


async def _ask_to_leave(turn: Turn[AccessState]) -> Say:
    return say(message("access.leave_ask", number=turn.state.number), actions=(YES, NO))


@flow.step(_ask_to_leave, help="access.yes_or_no")
async def leaving(turn: Turn[AccessState]) -> Outcome:
    agreed = _agreed(turn)
    if agreed is None:
        return turn.retry("access.yes_or_no")
    if not agreed:
        return turn.end("access.stays")
    await turn.services.access.leave(turn.state.customer_id, turn.chat.channel, turn.chat.address)
    return turn.end(message("access.left", number=turn.state.number))


async def _own_parts(turn: Turn[AccessState]) -> Say:
    rows = [
        option(each.service_number, "access.own_part", number=each.service_number, name=each.name)
        for each in await turn.linked_services()
    ]
    return say("access.which_to_leave", rows=rows, actions=(CANCEL,))


@flow.step(_own_parts, help="access.help")
async def mine_only(turn: Turn[AccessState]) -> Outcome:
    linked = await turn.linked_services()
    chosen = next((each for each in linked if each.service_number == turn.choice), None)
    if chosen is None:
        return turn.retry("access.not_listed")
    return turn.goto(leaving, customer_id=chosen.customer_id, number=chosen.service_number)


def _agreed(turn: Turn[AccessState]) -> bool | None:
    return parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id


def _as_row(chat: LinkedChat) -> Option:
    return option(str(chat.id), _ROWS[chat.role], chat=_named(chat))


def _named(chat: LinkedChat) -> str:
    """Enough of a chat for its owner to know it."""
    return f"{channel_name(chat.channel)} …{chat.address.partition('@')[0][-4:]}"
