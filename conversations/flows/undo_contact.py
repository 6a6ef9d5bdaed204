"""Gives a service back to the number it was taken from, when whoever holds that number says it was not them."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.turn import Cue, Outcome, Turn
from conversations.engine.words import folded
from core.platform.i18n import message

_WORDS = frozenset(
    {"bukan saya", "itu bukan saya", "bukan aku", "not me", "that was not me", "it was not me"}
)


class UndoState(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is asked, so nothing is kept."""


async def _hears(cue: Cue) -> bool:
    """The words mean this only to a number that lost a service less than a day ago."""
    if folded(cue.text) not in _WORDS:
        return False
    return bool(await cue.services.contacts.services_moved_from(cue.chat.channel, cue.chat.address))


flow = Flow("undo_contact", UndoState, hears=_hears)


@flow.entry
async def begin(turn: Turn[UndoState]) -> Outcome:
    back = await turn.services.contacts.undo_move(turn.chat.channel, turn.chat.address)
    return turn.end(message("undo_contact.done", numbers=", ".join(back)), "undo_contact.next")
