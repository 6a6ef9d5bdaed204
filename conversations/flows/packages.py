"""Tells which plans are sold where, for how much a month, and honestly how to get one; nobody has to say who they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import Option, Say, option, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.own_words import one_line
from conversations.parsing import plain
from conversations.understanding import Intent, understand
from core.catalog.types import Plan, Region
from core.platform.i18n import Message, Rupiah, message

OTHER_REGION = option("other_region", "packages.other_region")
BACK = option("back", "packages.back")

_WORD = re.compile(r"[a-z]{3,}")


class PackagesState(Struct, frozen=True, forbid_unknown_fields=True):
    """`current` names the plan the chat's own service has, when it has one."""

    region: int = 0
    plan: int = 0
    current: str = ""


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
    """A region that was named, the only one, or that of the chat's own service; else it is asked for."""
    welcome = ["packages.welcome"] if understand(turn.text).intent is Intent.SUBSCRIBE else []
    regions, current = await turn.services.catalog.regions(), await _own_plan(turn)
    if not regions:
        return turn.end(message("packages.none", business=turn.services.settings.business_name))
    named = _named(turn.text, regions)
    region_id = regions[0].id if len(regions) == 1 else named or await _selling(turn, regions, current)
    if region_id is None:
        return turn.goto(region, *welcome, current=current)
    return turn.goto(plans, *welcome, region=region_id, current=current)


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
    return say(
        message("packages.on_sale", region=name),
        *([message("packages.yours", plan=current)] if current else []),
        rows=[_as_offer(plan) for plan in on_sale],
        footer="packages.pick",
        actions=others,
    )


@flow.step(_plans, help="packages.pick_help", browsing=True)
async def plans(turn: Turn[PackagesState]) -> Outcome:
    if turn.choice == OTHER_REGION.id:
        return turn.goto(region)
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
        _how_to_get(turn, plan),
        actions=(BACK,),
    )


@flow.step(_plan, help="packages.detail_help", browsing=True)
async def detail(turn: Turn[PackagesState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(plans)
    plan = await _chosen(turn)
    if plan is not None and understand(turn.text).intent in flow.serves:
        return turn.retry(_how_to_get(turn, plan), limited=False)
    return turn.retry("packages.detail_unclear")


async def _chosen(turn: Turn[PackagesState]) -> Plan | None:
    """The plan looked at, as long as it is on sale."""
    on_sale = await turn.services.catalog.plans_on_sale(turn.state.region)
    return next((plan for plan in on_sale if plan.id == turn.state.plan), None)


def _how_to_get(turn: Turn[PackagesState], plan: Plan) -> Message:
    """What to do next: nothing for the plan one has, and otherwise not in this chat."""
    if plan.name == turn.state.current:
        return message("packages.is_yours")
    key = "packages.how_to_change" if turn.state.current else "packages.how_to_subscribe"
    return message(key, business=turn.services.settings.business_name)


async def _own_plan(turn: Turn[PackagesState]) -> str:
    """The plan of the chat's service; with several services nobody knows which is meant."""
    own = await turn.own_services()
    if len(own) != 1:
        return ""
    profile = await turn.services.subscriptions.profile(own[0].customer_id)
    return profile.service.plan_name if profile.service else ""


async def _selling(turn: Turn[PackagesState], regions: Sequence[Region], plan_name: str) -> int | None:
    """The one region that sells a plan of this name: most likely where the customer lives."""
    catalog = turn.services.catalog
    found = [
        each.id
        for each in regions
        if any(plan.name == plan_name for plan in await catalog.plans_on_sale(each.id))
    ]
    return found[0] if len(found) == 1 else None


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
