"""Gives customers a copy of their data, and forgets them when they want: told what goes and what stays, in a week."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import NO, YES, Say, option, say
from conversations.engine.turn import Cue, End, Outcome, Turn
from conversations.engine.words import folded
from conversations.flows import identify, prove_owner
from conversations.flows.identify import IdentifyState
from conversations.flows.prove_owner import Proven, ProveState
from conversations.own_words import one_line
from conversations.parsing import parse_yes_no
from conversations.understanding import Intent
from conversations.wishes import COPY_DATA, ERASE_DATA
from core.customers.types import ServiceOfChat
from core.platform.clock import local_day
from core.platform.i18n import Day, Message, Rupiah, message
from core.privacy.usecases import DataCopy, Standing

COPY, ERASE = option("copy", "my_data.copy"), option("erase", "my_data.erase")
LOOK = option(f"intent:{Intent.PROFILE}", "my_data.look")

#: "My data" alone may mean the card, a copy or the end of it all: which, is asked.
_EITHER_WORDS = frozenset({"data saya", "my data"})
_COPY_WORDS = frozenset(
    {
        "unduh data",
        "unduh data saya",
        "salinan data",
        "salinan data saya",
        "minta data saya",
        "ekspor data",
        "export data",
        "export my data",
        "download my data",
        "copy of my data",
    }
)
_ERASE_WORDS = frozenset(
    {
        "hapus data",
        "hapus data saya",
        "hapus akun",
        "hapus akun saya",
        "delete my data",
        "erase my data",
        "delete my account",
    }
)


class MyDataState(Struct, frozen=True, forbid_unknown_fields=True):
    """`wish` is what was asked for in so many words: copy or erase."""

    customer_id: int = 0
    number: str = ""
    wish: str = ""


async def _hears(cue: Cue) -> bool:
    return folded(cue.text) in _EITHER_WORDS or _wish(cue.text) != ""


def _wish(text: str) -> str:
    said = folded(text)
    if said in _COPY_WORDS or COPY_DATA.fits(said):
        return COPY.id
    return ERASE.id if said in _ERASE_WORDS or ERASE_DATA.fits(said) else ""


#: Ends the dialogue; nothing is given back.
flow = Subflow[MyDataState, None](
    "my_data", MyDataState, reopening="my_data.reopening", commands=("unduh", "mydata"), hears=_hears
)


@flow.entry
async def begin(turn: Turn[MyDataState]) -> Outcome:
    if turn.state.customer_id:
        customer = await turn.services.customers.name_of(turn.state.customer_id)
        return turn.goto(choose, number=customer.service_number)
    return turn.call(identify.flow, IdentifyState(), then=identified, wish=_wish(turn.text))


@flow.continuation
async def identified(turn: Turn[MyDataState], service: ServiceOfChat) -> Outcome:
    facts = {"customer_id": service.customer_id, "number": service.service_number}
    if turn.state.wish == COPY.id:
        return turn.call(prove_owner.flow, _owner(service.service_number), then=may_copy, **facts)
    return turn.goto(erasing if turn.state.wish == ERASE.id else choose, **facts)


async def _what(turn: Turn[MyDataState]) -> Say:
    return say(message("my_data.what", number=turn.state.number), actions=(COPY, ERASE, LOOK))


@flow.step(_what, help="my_data.help")
async def choose(turn: Turn[MyDataState]) -> Outcome:
    if turn.choice == COPY.id:
        return turn.call(prove_owner.flow, _owner(turn.state.number), then=may_copy)
    if turn.choice == ERASE.id:
        return turn.goto(erasing)
    return turn.retry("my_data.help")


@flow.continuation
async def may_copy(turn: Turn[MyDataState], owner: Proven) -> Outcome:
    copy = await turn.services.privacy.copy(turn.state.customer_id, grant=owner.grant, request_id=turn.id)
    told = (message("my_data.copied", number=turn.state.number), *_in_short(copy))
    business = turn.services.settings.business_name
    if not turn.chat.takes_files:
        return turn.end(say(*told, message("my_data.no_file", business=business)))
    return turn.end(say(*told, message("my_data.holds", business=business), attachment=copy.file))


def _in_short(copy: DataCopy) -> Iterator[Message]:
    """What a person reads without opening the file; what is not on record is left out."""
    yield message("my_data.name", name=copy.name)
    if copy.phone:
        yield message("profile.phone", phone=copy.phone)
    if copy.email:
        yield message("profile.email", email=copy.email)
    if copy.address:
        yield message("profile.address", address=one_line(copy.address))
    yield message("my_data.money", bills=copy.bills, payments=copy.payments)
    yield message("my_data.contacts", tickets=copy.tickets, chats=copy.chats)


async def _ask_to_erase(turn: Turn[MyDataState]) -> Say | End:
    """Told before anything is asked: what goes, what the law keeps, what ends, what is in the way."""
    standing = await turn.services.privacy.standing(turn.state.customer_id)
    number = turn.state.number
    if standing.due_at is not None:
        return say(_planned(turn, standing), "my_data.change_mind", actions=(YES, NO))
    if standing.unpaid:
        owed = message("my_data.unpaid", number=number, amount=Rupiah(standing.unpaid))
        return End((say(owed, "my_data.pay_first"),))
    ends = [message("my_data.line_ends", number=number)] if standing.runs else []
    return say(
        message("my_data.goes", number=number), "my_data.stays", *ends, "my_data.sure", actions=(YES, NO)
    )


@flow.step(_ask_to_erase, help="my_data.erase_help")
async def erasing(turn: Turn[MyDataState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("my_data.yes_or_no")
    standing = await turn.services.privacy.standing(turn.state.customer_id)
    if standing.due_at is not None:
        return await _think_again(turn, standing, stays=agreed)
    if not agreed:
        return turn.end("my_data.not_erased")
    return turn.call(prove_owner.flow, _owner(turn.state.number), then=may_erase)


@flow.continuation
async def may_erase(turn: Turn[MyDataState], owner: Proven) -> Outcome:
    await turn.services.privacy.request_erasure(turn.state.customer_id, grant=owner.grant, request_id=turn.id)
    standing = await turn.services.privacy.standing(turn.state.customer_id)
    return turn.end(_planned(turn, standing), "my_data.until_then")


async def _think_again(turn: Turn[MyDataState], standing: Standing, *, stays: bool) -> Outcome:
    if not stays:
        return turn.end(_planned(turn, standing), "my_data.until_then")
    await turn.services.privacy.withdraw_erasure(turn.state.customer_id)
    return turn.end(message("my_data.withdrawn", number=turn.state.number))


def _planned(turn: Turn[MyDataState], standing: Standing) -> Message:
    day = local_day(standing.due_at or turn.now, turn.services.settings.zone)
    return message("my_data.planned", number=turn.state.number, day=Day(day))


def _owner(number: str) -> ProveState:
    return ProveState(number, is_own=True)
