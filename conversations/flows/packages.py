"""Tells which plans are sold where, for how much a month, and leads to getting one; nobody has to say who they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, option, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.flows import change_plan, identify, subscribe, which_service
from conversations.flows.change_plan import ChangeState
from conversations.flows.identify import IdentifyState
from conversations.flows.subscribe import SubscribeState
from conversations.flows.which_service import WhichState
from conversations.own_words import one_line
from conversations.parsing import plain, word_set
from conversations.understanding import Intent, concepts_in, understand
from core.catalog.types import Plan, Region
from core.customers.types import ServiceOfChat
from core.platform.i18n import Message, Rupiah, message

OTHER_REGION = option("other_region", "packages.other_region")
BACK = option("back", "packages.back")
SUBSCRIBE = option("subscribe", "packages.subscribe")
CHANGE = option("change", "packages.change")
WITHDRAW = option("withdraw", "packages.withdraw")

_WORD = re.compile(r"[a-z]{3,}")
_CHANGE_WORDS = word_set(
    "ganti gantiin ubah pindah upgrade upgred naik naikin naikkan turun turunin downgrade change switch move"
)
#: Concepts of a question about plans.
_ASKING = frozenset({"murah", "mahal", "price", "list", "promo"})


class PackagesState(Struct, frozen=True, forbid_unknown_fields=True):
    """`current` names the plan that the service of `customer_id` has in `own_region`, when it is clear which is meant."""

    region: int = 0
    plan: int = 0
    current: str = ""
    customer_id: int = 0
    number: str = ""
    own_region: int = 0


flow = Flow(
    "packages",
    PackagesState,
    label="topic.packages",
    reopening="packages.reopening",
    serves=(Intent.PACKAGES, Intent.SUBSCRIBE),
    commands=("paket", "packages"),
)


@flow.entry
async def begin(turn: Turn[PackagesState]) -> Outcome:
    """Whose plan is to change comes first; a line that is wanted anew belongs to nobody yet."""
    own, said = await turn.own_services(), understand(turn.text)
    if said.intent is Intent.SUBSCRIBE:
        return await _offer(turn, "packages.welcome")
    is_change = not _CHANGE_WORDS.isdisjoint(plain(turn.text).split())
    if len(own) == 1 or (is_change and own):
        which = WhichState(said.entities.service_number or "", question="packages.which_service")
        return turn.call(which_service.flow, which, then=chosen)
    if is_change:
        return turn.call(identify.flow, IdentifyState(said.entities.service_number or ""), then=identified)
    return await _offer(turn)


@flow.continuation
async def identified(turn: Turn[PackagesState], service: ServiceOfChat) -> Outcome:
    return await _offer(turn, customer_id=service.customer_id, number=service.service_number)


@flow.continuation
async def chosen(turn: Turn[PackagesState], service: ServiceOfChat | None) -> Outcome:
    if service is None:
        return await _offer(turn)
    return await _offer(turn, customer_id=service.customer_id, number=service.service_number)


async def _offer(turn: Turn[PackagesState], *before: str, **meant: object) -> Outcome:
    """A region that was named, the only one, or that of the service that is meant; else it is asked for."""
    regions = await turn.services.catalog.regions()
    if not regions:
        return turn.end(message("packages.none", business=turn.services.settings.business_name))
    customer_id = meant.get("customer_id")
    current = (
        await turn.services.subscriptions.current_plan(customer_id) if isinstance(customer_id, int) else None
    )
    own = current.region_id if current else 0
    region_id = regions[0].id if len(regions) == 1 else _named(turn.text, regions) or own
    facts = {"current": current.plan_name if current else "", "own_region": own, **meant}
    if not region_id:
        return turn.goto(region, *before, **facts)
    return turn.goto(plans, *before, region=region_id, **facts)


async def _which_region(turn: Turn[PackagesState]) -> Say:
    rows = [_as_row(each) for each in await turn.services.catalog.regions()]
    return say("packages.which_region", rows=rows)


@flow.step(_which_region, help="packages.region_help")
async def region(turn: Turn[PackagesState]) -> Outcome:
    regions = await turn.services.catalog.regions()
    chosen = next((each.id for each in regions if str(each.id) == turn.choice), None)
    chosen = chosen or _named(turn.text, regions)
    return turn.retry("packages.region_not_listed") if chosen is None else turn.goto(plans, region=chosen)


async def _plans(turn: Turn[PackagesState]) -> Say | End:
    regions = await turn.services.catalog.regions()
    name = next((each.name for each in regions if each.id == turn.state.region), "")
    others = [OTHER_REGION] if len(regions) > 1 else []
    on_sale = await turn.services.catalog.plans_on_sale(turn.state.region)
    if not on_sale:
        nothing = message("packages.none_here", region=name)
        return say(nothing, actions=others) if others else End((say(nothing),))
    current = turn.state.current
    under_way = await _under_way(turn)
    return say(
        message("packages.on_sale", region=name),
        *([message("packages.yours", plan=current)] if current else []),
        *under_way,
        rows=[_as_offer(plan) for plan in on_sale],
        footer="packages.pick",
        actions=[*([WITHDRAW] if under_way else []), *others],
    )


@flow.step(_plans, help="packages.pick_help", browsing=True)
async def plans(turn: Turn[PackagesState]) -> Outcome:
    if turn.choice == OTHER_REGION.id:
        return turn.goto(region)
    if turn.choice == WITHDRAW.id:
        await turn.services.orders.withdraw_change(turn.state.customer_id)
        return turn.goto(plans, "packages.withdrawn")
    if elsewhere := _named(turn.text, await turn.services.catalog.regions()):
        return turn.goto(plans, region=elsewhere)
    on_sale = await turn.services.catalog.plans_on_sale(turn.state.region)
    chosen = next((plan.id for plan in on_sale if str(plan.id) == turn.choice), None)
    if chosen is not None:
        return turn.goto(detail, plan=chosen)
    is_about_plans = understand(turn.text).intent in flow.serves
    return turn.retry("packages.not_listed", limited=not is_about_plans)


async def _plan(turn: Turn[PackagesState]) -> Say | End:
    plan = await _chosen(turn)
    if plan is None:
        return End((say("error.plan"),))
    return say(
        message("packages.plan", name=plan.name, price=Rupiah(plan.price)),
        *(
            [message("packages.described", description=one_line(plan.description))]
            if plan.description
            else []
        ),
        *(["packages.is_yours"] if _is_own(turn, plan) else []),
        actions=[*_ways_to_get(turn, plan), BACK],
    )


@flow.step(_plan, help="packages.detail_help", browsing=True)
async def detail(turn: Turn[PackagesState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(plans)
    plan = await _chosen(turn)
    if plan is None:
        return turn.end("error.plan")
    if turn.choice not in {SUBSCRIBE.id, CHANGE.id} and not _wants_it(turn.text):
        return turn.retry("packages.detail_unclear")
    if _is_own(turn, plan):
        return turn.retry("packages.is_yours", limited=False)
    if _would_change(turn, plan):
        given = ChangeState(turn.state.customer_id, turn.state.number, plan.id, plan.name, plan.price)
        return turn.call(change_plan.flow, given, then=ordered)
    regions = await turn.services.catalog.regions()
    name = next((each.name for each in regions if each.id == plan.region_id), "")
    order = SubscribeState(plan.id, plan.name, plan.price, plan.region_id, name)
    return turn.call(subscribe.flow, order, then=ordered)


@flow.continuation
async def ordered(turn: Turn[PackagesState], _nothing: None) -> Outcome:
    return turn.goto(plans)


def _wants_it(text: str) -> bool:
    """Whether the plan in view is asked for; what only asks about plans and prices does not."""
    return understand(text).intent in flow.serves and _ASKING.isdisjoint(concepts_in(text).concepts)


async def _under_way(turn: Turn[PackagesState]) -> list[Message]:
    """The change that was asked for already."""
    if not turn.state.customer_id:
        return []
    current = await turn.services.subscriptions.current_plan(turn.state.customer_id)
    return change_plan.under_way(current) if current else []


async def _chosen(turn: Turn[PackagesState]) -> Plan | None:
    """The plan looked at, as long as it is on sale."""
    on_sale = await turn.services.catalog.plans_on_sale(turn.state.region)
    return next((plan for plan in on_sale if plan.id == turn.state.plan), None)


def _is_own(turn: Turn[PackagesState], plan: Plan) -> bool:
    return plan.region_id == turn.state.own_region and plan.name == turn.state.current


def _would_change(turn: Turn[PackagesState], plan: Plan) -> bool:
    """Whether a plan would replace the one that the service has; elsewhere it is for another line."""
    return plan.region_id == turn.state.own_region and not _is_own(turn, plan)


def _ways_to_get(turn: Turn[PackagesState], plan: Plan) -> list[Option]:
    if _is_own(turn, plan):
        return []
    return [CHANGE if _would_change(turn, plan) else SUBSCRIBE]


def _named(text: str, regions: Sequence[Region]) -> int | None:
    """The region whose name a text holds, as far as names differ: "bandung" is enough for "Region Bandung"."""
    names = {each.id: set(_WORD.findall(plain(each.name))) for each in regions}
    shared = set.intersection(*names.values()) if len(names) > 1 else set()
    said = set(_WORD.findall(plain(text)))
    found = [region_id for region_id, words in names.items() if (words - shared) & said]
    return found[0] if len(found) == 1 else None


def _as_row(each: Region) -> Option:
    return option(str(each.id), "packages.region", name=each.name)


def _as_offer(plan: Plan) -> Option:
    return option(str(plan.id), "packages.row", name=plan.name, price=Rupiah(plan.price))
