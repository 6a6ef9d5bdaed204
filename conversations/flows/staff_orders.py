"""Staff decide what customers have ordered: a line installed, a change of plan let through, or neither and why."""

from __future__ import annotations

import re

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import NO, YES, Option, Say, option, say
from conversations.engine.turn import Audience, Cue, End, Outcome, Turn
from conversations.own_words import has_words, one_line
from conversations.parsing import parse_yes_no
from core.identity.staff import Permission, StaffMember
from core.orders.usecases import LONGEST_REASON
from core.platform.clock import local_day
from core.platform.errors import Conflict, Forbidden, NotFound
from core.platform.i18n import Day, Message, Rupiah, message
from core.subscriptions.rules import next_period
from core.subscriptions.types import OrderKind, PlanOrder

APPROVE, REFUSE = option("approve", "staff_orders.approve"), option("refuse", "staff_orders.refuse")
BACK = option("back", "staff_orders.back")
REASONS = (
    option("no_cable", "staff_orders.no_cable"),
    option("unreached", "staff_orders.unreached"),
    option("unpaid", "staff_orders.unpaid"),
)
_NUMBER = re.compile(r"\d{6,12}")
_CALLED = {OrderKind.NEW: "staff_orders.new", OrderKind.CHANGE: "staff_orders.change"}
_DONE = {OrderKind.NEW: "staff_orders.opened", OrderKind.CHANGE: "staff_orders.approved"}


class OrdersState(Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is why the order is about to be refused; empty when it is about to be approved."""

    order: str = ""
    reason: str = ""


async def _waiting(cue: Cue) -> int:
    return len(await cue.services.orders.listed())


flow = Flow(
    "staff_orders",
    OrdersState,
    label="topic.staff_orders",
    reopening="staff_orders.reopening",
    commands=("pesanan", "orders"),
    audience=Audience.STAFF,
    permission=Permission.ORDERS,
    counts=(_waiting, "topic.staff_orders_waiting"),
)


@flow.entry
async def begin(turn: Turn[OrdersState]) -> Outcome:
    """`pesanan 261122001` opens that one at once."""
    named = _NUMBER.search(turn.text)
    return turn.goto(detail, order=named[0]) if named else turn.goto(queue)


async def _queue(turn: Turn[OrdersState]) -> Say | End:
    waiting = await turn.services.orders.listed()
    if not waiting:
        return End((say("staff_orders.empty"),))
    rows = [
        Option(each.number, message("staff_orders.row", who=each.customer_name, plan=each.plan_name))
        for each in waiting
    ]
    return say(message("staff_orders.queue", count=len(rows)), rows=rows)


@flow.step(_queue, help="staff_orders.queue_help", browsing=True)
async def queue(turn: Turn[OrdersState]) -> Outcome:
    named = _NUMBER.search(turn.text)
    chosen = turn.choice or (named and named[0])
    return turn.goto(detail, order=chosen) if chosen else turn.retry("staff_orders.not_listed")


async def _detail(turn: Turn[OrdersState]) -> Say | End:
    order = await _order(turn)
    if isinstance(order, End):
        return order
    profile = await turn.services.subscriptions.profile(order.customer_id)
    known = {"who": order.customer_name, "service": order.service_number}
    ordered = Day(local_day(order.created_at, turn.services.settings.zone))
    return say(
        message(_CALLED[order.kind], number=order.number, day=ordered),
        message("staff_orders.who", **known),
        message("staff_customer.reach", phone=profile.phone or "-", address=profile.address or "-"),
        message("staff_orders.plan", plan=order.plan_name, price=Rupiah(order.price)),
        actions=(APPROVE, REFUSE, BACK),
    )


@flow.step(_detail, help="staff_orders.detail_help", browsing=True)
async def detail(turn: Turn[OrdersState]) -> Outcome:
    if turn.choice == APPROVE.id:
        return turn.goto(sure, reason="")
    if turn.choice == REFUSE.id:
        return turn.goto(why)
    if turn.choice == BACK.id:
        return turn.goto(queue)
    return turn.retry("staff_orders.detail_help")


async def _ask_why(turn: Turn[OrdersState]) -> Say | End:
    order = await _order(turn)
    if isinstance(order, End):
        return order
    asked = message("staff_orders.why", number=order.number, who=order.customer_name)
    return say(asked, rows=REASONS, actions=(BACK,))


@flow.step(_ask_why, help="staff_orders.why_help")
async def why(turn: Turn[OrdersState]) -> Outcome:
    if turn.choice == BACK.id:
        return turn.goto(detail)
    chosen = next((each for each in REASONS if each.id == turn.choice), None)
    if chosen is None and not has_words(turn.text):
        return turn.retry("staff_orders.why_help")
    language = turn.services.settings.language
    reason = chosen.label.render(language) if chosen else one_line(turn.text, LONGEST_REASON)
    return turn.goto(sure, reason=reason)


async def _ask_whether(turn: Turn[OrdersState]) -> Say | End:
    order = await _order(turn)
    if isinstance(order, End):
        return order
    return say(_will(turn, order), actions=(YES, NO))


@flow.step(_ask_whether, help="staff_orders.sure_help")
async def sure(turn: Turn[OrdersState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("staff_orders.sure_help")
    if not agreed:
        return turn.goto(detail, "staff_orders.undecided")
    number, reason, orders = turn.state.order, turn.state.reason, turn.services.orders
    if reason:
        await orders.refuse(number, member=_member(turn), reason=reason)
        return turn.end(message("staff_orders.refused", number=number))
    approved = await orders.approve(number, member=_member(turn))
    return turn.end(message(_DONE[approved.kind], number=number, service=approved.service_number))


def _will(turn: Turn[OrdersState], order: PlanOrder) -> Message:
    """What is going to happen, to whom and when."""
    who, plan = order.customer_name, order.plan_name
    if turn.state.reason:
        return message("staff_orders.will_refuse", number=order.number, who=who, reason=turn.state.reason)
    if order.kind is OrderKind.NEW:
        return message("staff_orders.will_open", service=order.service_number, who=who, plan=plan)
    day = Day(next_period(turn.today))
    return message("staff_orders.will_change", service=order.service_number, who=who, plan=plan, day=day)


async def _order(turn: Turn[OrdersState]) -> PlanOrder | End:
    """The order in question as long as it waits, else what to say instead."""
    try:
        return await turn.services.orders.order(turn.state.order, member=_member(turn))
    except NotFound:
        return End((say(message("staff_orders.no_such", number=turn.state.order)),))
    except Conflict:
        return End((say("error.order_decided"),))


def _member(turn: Turn[OrdersState]) -> StaffMember:
    if turn.staff is None:
        raise Forbidden("not_staff")
    return turn.staff
