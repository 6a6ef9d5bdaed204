"""Asks for another plan of the line one has: what it costs more or less, and from when; staff carry it out."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Subflow
from conversations.engine.say import NO, YES, Say, say
from conversations.engine.turn import End, Outcome, Turn
from conversations.parsing import parse_yes_no
from core.platform.i18n import Day, Message, Rupiah, message
from core.subscriptions.rules import monthly, next_period
from core.subscriptions.types import CurrentPlan, OrderStatus


class ChangeState(Struct, frozen=True, forbid_unknown_fields=True):
    """Begun with the service and the plan it shall have."""

    customer_id: int = 0
    number: str = ""
    plan_id: int = 0
    plan: str = ""
    price: int = 0


#: Ends the dialogue; nothing is given back.
flow = Subflow[ChangeState, None]("change_plan", ChangeState)


async def _question(turn: Turn[ChangeState]) -> Say | End:
    """The difference is told in words, from the bill on which it will show."""
    state = turn.state
    current = await turn.services.subscriptions.current_plan(state.customer_id)
    if current is None:
        return End((say("error.not_subscribed"),))
    if current.change and current.change.plan_id == state.plan_id:
        return End((say(*under_way(current)),))
    replaced = [message("change_plan.replaces", plan=current.change.plan_name)] if current.change else []
    return say(
        message("change_plan.ask", number=state.number, before=current.plan_name, after=state.plan),
        _difference(current, state.price),
        message("change_plan.from", day=Day(next_period(turn.today))),
        *replaced,
        actions=(YES, NO),
    )


@flow.step(_question, help="change_plan.help")
async def confirm(turn: Turn[ChangeState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("change_plan.yes_or_no")
    if not agreed:
        return turn.end("change_plan.not_asked")
    order = await turn.services.orders.request_change(
        turn.state.customer_id, turn.state.plan_id, request_id=turn.id
    )
    return turn.end(message("change_plan.sent", order=order.number, plan=order.plan_name), "change_plan.next")


def under_way(current: CurrentPlan) -> list[Message]:
    """That another plan has been asked for, and how far staff are with it."""
    change = current.change
    if change is None:
        return []
    if change.status is OrderStatus.APPROVED and change.effective_on:
        return [message("change_plan.approved", plan=change.plan_name, day=Day(change.effective_on))]
    return [message("change_plan.waiting", plan=change.plan_name, order=change.number)]


def _difference(current: CurrentPlan, price: int) -> Message:
    after = monthly(current.quantity, price, current.discount)
    if after == current.monthly:
        return message("change_plan.same_price", after=Rupiah(after))
    key = "change_plan.dearer" if after > current.monthly else "change_plan.cheaper"
    return message(key, by=Rupiah(abs(after - current.monthly)), after=Rupiah(after))
