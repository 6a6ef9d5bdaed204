"""Lets a chat in that brings an invitation: what it is good for is shown first, then it is taken, once."""

from __future__ import annotations

import re

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import NO, YES, Say, say
from conversations.engine.turn import Cue, End, Outcome, Turn
from conversations.engine.words import folded
from conversations.parsing import parse_yes_no
from core.identity.access import CODE, ROLE_NAMES
from core.platform.i18n import message

#: What a link brings along: `hubungkan 0a1b2c3d4e5f`; Telegram puts it behind `/start`.
_BROUGHT = re.compile(rf"(?:/start|hubungkan|join|link|connect)\s+({CODE.pattern})")


class JoinState(Struct, frozen=True, forbid_unknown_fields=True):
    """The code as it was brought."""

    code: str = ""


async def _hears(cue: Cue) -> bool:
    return _BROUGHT.fullmatch(folded(cue.text)) is not None


flow = Flow("join", JoinState, hears=_hears, hears_anywhere=True)


@flow.entry
async def begin(turn: Turn[JoinState]) -> Outcome:
    brought = _BROUGHT.fullmatch(folded(turn.text))
    return turn.goto(confirm, code=brought[1] if brought else "")


async def _question(turn: Turn[JoinState]) -> Say | End:
    """A link may be pressed by anybody it is passed on to: it shows a number and a role, and no name."""
    invite = await turn.services.access.invited_to(turn.state.code, origin=turn.chat.origin)
    return say(
        message("join.ask", number=invite.service_number),
        message(ROLE_NAMES[invite.role]),
        actions=(YES, NO),
    )


@flow.step(_question, help="access.yes_or_no", perishable=True)
async def confirm(turn: Turn[JoinState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("access.yes_or_no")
    if not agreed:
        return turn.end("join.not_joined")
    joined = await turn.services.access.join(
        turn.state.code, turn.chat.channel, turn.chat.address, request_id=turn.id
    )
    return turn.end(message("join.joined", number=joined.service_number), "join.next")
