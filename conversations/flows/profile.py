"""Shows what is on record of a service, and changes the address where it may be changed by chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import CANCEL, NO, YES, Option, Say, option, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.flows import identify, which_service
from conversations.flows.identify import IdentifyState
from conversations.flows.which_service import WhichState
from conversations.own_words import LONGEST_ADDRESS, is_another_wish, one_line, reads_as_address
from conversations.parsing import parse_yes_no, plain, word_set
from conversations.understanding import Intent, understand
from core.customers.types import ServiceOfChat
from core.platform import phones
from core.platform.i18n import Message, Rupiah, message
from core.subscriptions.types import Profile, ServiceStatus

CHANGE_ADDRESS = option("change_address", "profile.change_address")
OTHER_SERVICE = option("other_service", "profile.other_service")

_ADDRESS_WORDS = word_set("alamat alamatnya alamatku address")
_CHANGE_WORDS = word_set(
    "ganti ubah pindah rubah update perbarui salah koreksi change wrong correct new baru"
)
_STATUS: Mapping[ServiceStatus, str] = {
    ServiceStatus.ACTIVE: "profile.active",
    ServiceStatus.WAITING: "profile.waiting",
    ServiceStatus.INACTIVE: "profile.inactive",
    ServiceStatus.FREE: "profile.free",
    ServiceStatus.ISOLATED: "profile.isolated",
}


class ProfileState(Struct, frozen=True, forbid_unknown_fields=True):
    """`address` is the new one, not saved yet; `is_moving` when the customer came to change it."""

    customer_id: int = 0
    address: str = ""
    is_moving: bool = False


flow = Flow(
    "profile",
    ProfileState,
    label="topic.profile",
    reopening="profile.reopening",
    serves=(Intent.PROFILE,),
    commands=("profil", "profile"),
)


@flow.entry
async def begin(turn: Turn[ProfileState]) -> Outcome:
    words = set(plain(turn.text).split())
    is_moving = bool(words & _ADDRESS_WORDS and words & _CHANGE_WORDS)
    named = IdentifyState(understand(turn.text).entities.service_number or "")
    return turn.call(identify.flow, named, then=identified, is_moving=is_moving)


@flow.continuation
async def identified(turn: Turn[ProfileState], service: ServiceOfChat) -> Outcome:
    profile = await turn.services.subscriptions.profile(service.customer_id)
    if turn.state.is_moving and profile.address_verified_on is None:
        return turn.goto(address, customer_id=service.customer_id)
    return turn.goto(card, customer_id=service.customer_id)


async def _card(turn: Turn[ProfileState]) -> Say | End:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    can_move = profile.address_verified_on is None
    actions = [*([CHANGE_ADDRESS] if can_move else []), *await _other_services(turn)]
    elsewhere = "profile.elsewhere" if can_move else "profile.elsewhere_verified"
    shown = say(*_lines(profile), _where(turn, elsewhere), actions=actions)
    return shown if actions else End((shown,))


@flow.step(_card, help="profile.card_help", browsing=True)
async def card(turn: Turn[ProfileState]) -> Outcome:
    if turn.choice == CHANGE_ADDRESS.id:
        return turn.goto(address)
    if turn.choice == OTHER_SERVICE.id:
        return turn.call(which_service.flow, WhichState(), then=other)
    return turn.retry("profile.card_unclear")


async def _ask_address(turn: Turn[ProfileState]) -> Say:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    now = [message("profile.address_now", address=one_line(profile.address))] if profile.address else []
    return say(*now, "profile.ask_address", actions=(CANCEL,))


@flow.step(_ask_address, help="profile.address_help")
async def address(turn: Turn[ProfileState]) -> Outcome:
    typed = " ".join(turn.text.split())
    if not reads_as_address(typed) or is_another_wish(typed, Intent.PROFILE):
        return turn.retry("profile.bad_address")
    if len(typed) > LONGEST_ADDRESS:
        return turn.retry(message("profile.long_address", longest=LONGEST_ADDRESS), limited=False)
    return turn.goto(confirm, address=typed)


async def _ask_to_change(turn: Turn[ProfileState]) -> Say:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    will = message("profile.will_change", number=profile.service_number, address=turn.state.address)
    return say(will, "profile.moves_no_line", actions=(YES, NO))


@flow.step(_ask_to_change, help="profile.confirm_help")
async def confirm(turn: Turn[ProfileState]) -> Outcome:
    """An address that was verified in the meantime is refused by core with its reason."""
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("profile.yes_or_no")
    if not agreed:
        return turn.goto(card, "profile.not_changed", address="")
    await turn.services.customers.change_address(turn.state.customer_id, turn.state.address)
    return turn.goto(card, "profile.changed", address="")


@flow.continuation
async def other(turn: Turn[ProfileState], service: ServiceOfChat | None) -> Outcome:
    """Another service of the same chat, from the start."""
    return turn.goto(card, **({} if service is None else {"customer_id": service.customer_id}))


def _lines(profile: Profile) -> Iterable[Message]:
    """What is on record; what is not is left out. Phone and e-mail are shown so that only their owner knows them."""
    yield message("profile.head", number=profile.service_number, name=profile.name)
    if profile.service:
        plan, price = profile.service.plan_name, Rupiah(profile.service.total)
        yield message("profile.plan", plan=plan, price=price)
    yield message(_STATUS[profile.status])
    if profile.phone:
        yield message("profile.phone", phone=phones.mask(profile.phone))
    if profile.email:
        yield message("profile.email", email=_masked(profile.email))
    if profile.address:
        key = "profile.address" if profile.address_verified_on is None else "profile.address_verified"
        yield message(key, address=one_line(profile.address))


def _masked(email: str) -> str:
    """`john@example.com` as `j***@example.com`."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def _where(turn: Turn[ProfileState], key: str) -> Message:
    return message(key, business=turn.services.settings.business_name)


async def _other_services(turn: Turn[ProfileState]) -> list[Option]:
    return [OTHER_SERVICE] if len(await turn.own_services()) > 1 else []
