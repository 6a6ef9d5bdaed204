"""Staff look a customer up: bills, line, and where their role allows it, close and open the line."""

from __future__ import annotations

from msgspec import Struct

from conversations.engine.flow import Flow
from conversations.engine.say import NO, YES, Option, Say, option, say
from conversations.engine.turn import Audience, End, Outcome, Turn
from conversations.parsing import parse_yes_no
from core.identity.staff import Permission, StaffMember
from core.platform.errors import Forbidden, NotFound, Unavailable
from core.platform.i18n import Message, Month, Rupiah, message
from core.subscriptions.types import ServiceStatus

LINE, OTHER = option("line", "staff_customer.line"), option("other", "staff_customer.other")
ISOLATE, RESTORE = option("isolate", "staff_customer.isolate"), option("restore", "staff_customer.restore")
_SHOWN_BILLS = 3


class CustomerState(Struct, frozen=True, forbid_unknown_fields=True):
    """`typed` is what is looked for; `isolates` is what a confirmation is for."""

    typed: str = ""
    customer_id: int = 0
    number: str = ""
    isolates: bool = False


flow = Flow(
    "staff_customer",
    CustomerState,
    label="topic.staff_customer",
    reopening="staff_customer.reopening",
    commands=("cari", "find"),
    audience=Audience.STAFF,
    permission=Permission.CUSTOMERS,
)


@flow.entry
async def begin(turn: Turn[CustomerState]) -> Outcome:
    """`cari siti` looks at once."""
    _, _, about = turn.text.partition(" ")
    return await _search(turn, about) if about.strip() else turn.goto(ask)


@flow.step("staff_customer.ask", help="staff_customer.ask_help")
async def ask(turn: Turn[CustomerState]) -> Outcome:
    return await _search(turn, turn.text)


async def _found(turn: Turn[CustomerState]) -> Say | End:
    people = await turn.services.office.search(_member(turn), turn.state.typed)
    rows = [
        Option(
            str(each.customer_id), message("staff_customer.row", name=each.name, number=each.service_number)
        )
        for each in people
    ]
    return say(message("staff_customer.found", count=len(rows)), rows=rows, actions=(OTHER,))


@flow.step(_found, help="staff_customer.found_help", browsing=True)
async def found(turn: Turn[CustomerState]) -> Outcome:
    if turn.choice == OTHER.id:
        return turn.goto(ask)
    if turn.choice is None:
        return await _search(turn, turn.text)
    customer = await turn.services.customers.name_of(int(turn.choice))
    return turn.goto(card, customer_id=customer.id, number=customer.service_number)


async def _card(turn: Turn[CustomerState]) -> Say | End:
    profile = await turn.services.subscriptions.profile(turn.state.customer_id)
    owed = await turn.services.billing.invoices_of(turn.state.customer_id)
    plan = profile.service.plan_name if profile.service else "-"
    lines = [
        message("staff_customer.card", name=profile.name, number=profile.service_number, plan=plan),
        message("staff_customer.reach", phone=profile.phone or "-", address=profile.address or "-"),
        message(
            "staff_customer.owed" if owed else "staff_customer.owes_nothing",
            count=len(owed),
            total=Rupiah(sum(bill.amount for bill in owed)),
        ),
        *(
            message(
                "staff_customer.bill",
                number=bill.number,
                period=Month(bill.year, bill.month),
                amount=Rupiah(bill.amount),
            )
            for bill in owed[:_SHOWN_BILLS]
        ),
    ]
    is_isolated = profile.status is ServiceStatus.ISOLATED
    if is_isolated:
        lines.append(message("staff_customer.isolated"))
    switch = [RESTORE if is_isolated else ISOLATE] if _member(turn).may(Permission.LINES) else []
    return say(*lines, actions=(LINE, *switch, OTHER))


@flow.step(_card, help="staff_customer.card_help", browsing=True)
async def card(turn: Turn[CustomerState]) -> Outcome:
    if turn.choice == OTHER.id:
        return turn.goto(ask)
    if turn.choice == LINE.id:
        return turn.retry(await _line(turn), limited=False)
    if turn.choice in {ISOLATE.id, RESTORE.id}:
        return turn.goto(confirm, isolates=turn.choice == ISOLATE.id)
    return turn.retry("staff_customer.card_help")


async def _ask_to_switch(turn: Turn[CustomerState]) -> Say:
    key = "staff_customer.will_isolate" if turn.state.isolates else "staff_customer.will_restore"
    return say(message(key, number=turn.state.number), actions=(YES, NO))


@flow.step(_ask_to_switch, help="staff_customer.confirm_help")
async def confirm(turn: Turn[CustomerState]) -> Outcome:
    agreed = parse_yes_no(turn.text) if turn.choice is None else turn.choice == YES.id
    if agreed is None:
        return turn.retry("staff_customer.confirm_help")
    if not agreed:
        return turn.goto(card, "staff_customer.unchanged")
    isolates = turn.state.isolates
    try:
        await turn.services.office.switch_line(
            _member(turn), turn.state.customer_id, isolate=isolates, request_id=turn.id
        )
    except NotFound:
        return turn.goto(card, "staff_customer.no_line")
    return turn.end(
        message(
            "staff_customer.isolating" if isolates else "staff_customer.restoring", number=turn.state.number
        )
    )


async def _search(turn: Turn[CustomerState], typed: str) -> Outcome:
    people = await turn.services.office.search(_member(turn), typed)
    if not people:
        return turn.goto(ask, "staff_customer.nobody")
    if len(people) == 1:
        only = people[0]
        return turn.goto(card, customer_id=only.customer_id, number=only.service_number)
    return turn.goto(found, typed=" ".join(typed.split()))


async def _line(turn: Turn[CustomerState]) -> Message:
    """What the router says of the line now."""
    number = turn.state.number
    try:
        report = await turn.services.network.report_for(
            turn.state.customer_id, number, frozenset({"connection"})
        )
    except Unavailable:
        return message("staff_customer.unseen", number=number)
    except NotFound:
        return message("staff_customer.no_line")
    is_online = report.connection is not None and report.connection.is_online
    return message("staff_customer.online" if is_online else "staff_customer.offline", number=number)


def _member(turn: Turn[CustomerState]) -> StaffMember:
    if turn.staff is None:
        raise Forbidden("not_staff")
    return turn.staff
