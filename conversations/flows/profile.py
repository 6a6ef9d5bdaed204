"""Shows what is on record of a service, changes the address, and leads to everything else about the own account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import CANCEL, NO, YES, Option, Say, option, say
from conversations.engine.turn import Outcome, Turn
from conversations.flows import access, change_contact, identify, my_data, which_service
from conversations.flows.access import AccessState
from conversations.flows.change_contact import EMAIL, PHONE, ContactState
from conversations.flows.identify import IdentifyState
from conversations.flows.my_data import MyDataState
from conversations.flows.which_service import WhichState
from conversations.own_words import LONGEST_ADDRESS, is_another_wish, one_line, reads_as_address
from conversations.parsing import parse_yes_no, plain, word_set
from conversations.understanding import Intent, understand
from core.customers.commands import mask_email
from core.customers.types import ServiceOfChat
from core.platform import phones
from core.platform.i18n import Message, Rupiah, message
from core.subscriptions.types import Profile, ServiceStatus

CHANGE_ADDRESS = option("change_address", "profile.change_address")
CHANGE_DATA = option("change_data", "profile.change_data")
CHANGE_PHONE = option("change_phone", "profile.change_phone")
CHANGE_EMAIL = option("change_email", "profile.change_email")
ACCESS = option("access", "profile.access")
MY_DATA = option("my_data", "profile.my_data")
OTHER_SERVICE = option("other_service", "profile.other_service")

_ADDRESS_WORDS = word_set("alamat alamatnya alamatku address")
_PHONE_WORDS = word_set("nomor nomer no nmr hp handphone telepon telpon phone number wa whatsapp")
_EMAIL_WORDS = word_set("email emailnya surel mail")
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
    """`address` is the new one, not saved yet; `is_moving` when the customer came to change it, `wish` for what else."""

    customer_id: int = 0
    address: str = ""
    is_moving: bool = False
    wish: str = ""


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
    is_change = bool(words & _CHANGE_WORDS)
    is_moving = bool(is_change and words & _ADDRESS_WORDS)
    wish = (EMAIL if words & _EMAIL_WORDS else PHONE if words & _PHONE_WORDS else "") if is_change else ""
    named = IdentifyState(understand(turn.text).entities.service_number or "")
    return turn.call(identify.flow, named, then=identified, is_moving=is_moving, wish=wish)


@flow.continuation
async def identified(turn: Turn[ProfileState], service: ServiceOfChat) -> Outcome:
    profile = await turn.services.subscriptions.profile(service.customer_id)
    if turn.state.wish and not turn.state.is_moving:
        given = ContactState(service.customer_id, service.service_number, turn.state.wish)
        return turn.call(change_contact.flow, given, then=led, customer_id=service.customer_id, wish="")
    if turn.state.is_moving:
        can_move = profile.address_verified_on is None
        return turn.goto(address if can_move else what, customer_id=service.customer_id)
    return turn.goto(card, customer_id=service.customer_id)


async def _card(turn: Turn[ProfileState]) -> Say:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    others = await _other_services(turn)
    return say(*_lines(profile), actions=[CHANGE_DATA, ACCESS, MY_DATA, *others])


@flow.step(_card, help="profile.card_help", browsing=True)
async def card(turn: Turn[ProfileState]) -> Outcome:
    if turn.choice == OTHER_SERVICE.id:
        return turn.call(which_service.flow, WhichState(), then=other)
    if turn.choice == ACCESS.id:
        return turn.call(access.flow, AccessState(turn.state.customer_id), then=led)
    if turn.choice == MY_DATA.id:
        return turn.call(my_data.flow, MyDataState(turn.state.customer_id), then=led)
    if turn.choice in {CHANGE_DATA.id, CHANGE_ADDRESS.id}:
        return turn.goto(what)
    return turn.retry("profile.card_unclear")


async def _changeable(turn: Turn[ProfileState]) -> Say:
    """What was verified is changed by staff only; that is said where it would be expected."""
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    can_move = [CHANGE_ADDRESS] if profile.address_verified_on is None else []
    can_email = [CHANGE_EMAIL] if profile.email_verified_on is None else []
    business = turn.services.settings.business_name
    fixed = [] if can_move and can_email else [message("profile.verified_by_staff", business=business)]
    return say("profile.which_change", *fixed, rows=[*can_move, CHANGE_PHONE, *can_email], actions=(CANCEL,))


@flow.step(_changeable, help="profile.card_help")
async def what(turn: Turn[ProfileState]) -> Outcome:
    if turn.choice == CHANGE_ADDRESS.id:
        return turn.goto(address)
    if turn.choice not in {CHANGE_PHONE.id, CHANGE_EMAIL.id}:
        return turn.retry("profile.card_unclear")
    number = (await turn.services.customers.name_of(turn.state.customer_id)).service_number
    given = ContactState(turn.state.customer_id, number, PHONE if turn.choice == CHANGE_PHONE.id else EMAIL)
    return turn.call(change_contact.flow, given, then=led)


@flow.continuation
async def led(turn: Turn[ProfileState], _nothing: None) -> Outcome:
    return turn.goto(card)


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
        yield message("profile.email", email=mask_email(profile.email))
    if profile.address:
        key = "profile.address" if profile.address_verified_on is None else "profile.address_verified"
        yield message(key, address=one_line(profile.address))


async def _other_services(turn: Turn[ProfileState]) -> list[Option]:
    return [OTHER_SERVICE] if len(await turn.own_services()) > 1 else []
