"""What can be done about orders: place, withdraw, decide, and bring in what was approved when its day comes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from core.audit.log import SYSTEM, record
from core.catalog.tables import plans
from core.customers import chat_access
from core.customers.accounts import open_account
from core.customers.queries import subscribed
from core.customers.tables import customers
from core.customers.types import ChatRole
from core.identity import codes, counters
from core.identity.codes import GrantUse, Holder
from core.identity.commands import add_person, create_login
from core.identity.staff import Permission, StaffMember
from core.messaging.notices import Notice, notify
from core.network import switching
from core.platform.clock import local_day
from core.platform.errors import Conflict, Forbidden, NotFound, Throttled
from core.platform.i18n import Day, Rupiah
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings
from core.subscriptions import commands, queries
from core.subscriptions.rules import monthly, next_period
from core.subscriptions.tables import plan_orders, subscriptions
from core.subscriptions.types import Application, OrderKind, OrderStatus, Placed, PlanOrder, ServiceStatus

_DEFAULT_IMAGE = "default1.jpg"
#: As much of a reason as a customer is told.
LONGEST_REASON = 300
#: Orders brought in at once; the next round takes the rest.
_MOST_AT_ONCE = 200


class Known(Struct, frozen=True):
    """What is known of somebody who wants a line; empty where nothing is. `phone` needs no further proof."""

    name: str = ""
    address: str = ""
    phone: str = ""
    #: The order for a first line that is under way already.
    order: PlanOrder | None = None


class Applicant(Struct, frozen=True):
    """Somebody who wants a line; `proof` is the grant of a number that no channel vouches for."""

    name: str
    address: str
    phone: str
    proof: str = ""


class Orders:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring

    async def known_of(self, channel: str, address: str) -> Known:
        """What is known of the person behind a chat, so that they are not asked for it."""
        async with self._uow.read() as tx:
            phone = await _own_phone(tx, channel, address)
            if phone is None:
                return Known()
            rows = await tx.all(select(customers).where(customers.c.phone == phone).order_by(customers.c.id))
            registered = next((row for row in rows if row.service_number is None), None)
            person = registered or (rows[0] if rows else None)
            return Known(
                name=person.name if person else "",
                address=(registered.contact_address or "") if registered else "",
                phone=phone,
                order=await _first_open(tx, rows),
            )

    async def subscribe(
        self,
        applicant: Applicant,
        *,
        plan_id: int,
        region_id: int,
        asked_in: tuple[str, str],
        origin: str,
        request_id: str,
    ) -> Placed:
        """Take somebody in as a customer with a waiting line; the repeat of a request gives the first order back.

        Who has registered with this phone and not subscribed yet is that customer. The chat may act for the new line.
        Raises `NotFound("plan")`, `Conflict("grant_over")`, `Throttled` after five orders an hour from one chat.
        """
        charge = counters.charge(self._keyring, counters.REGISTRATIONS_FROM, origin)
        async with self._uow.write() as tx:
            earlier = await queries.order_of_request(tx, request_id)
            if earlier is not None:
                return Placed(earlier.customer_id, earlier.service_number, earlier.number)
            wait = await counters.spend(tx, charge)
            if wait:
                raise Throttled(wait, "too_many_registrations")
            await self._check_phone(tx, applicant, asked_in, request_id)
            person = await self._person(tx, applicant)
            wanted = Application(plan_id, region_id)
            placed = await commands.admit(
                tx, self._settings, self._keyring, person, wanted, request_id=request_id
            )
            if person.is_new:
                await open_account(tx, placed.customer_id, placed.service_number)
                await create_login(tx, placed.customer_id, None)
            if asked_in != ("whatsapp", applicant.phone):
                await chat_access.link(tx, *asked_in, placed.customer_id, ChatRole.OWNER)
        return placed

    async def request_change(self, customer_id: int, plan_id: int, *, request_id: str) -> PlanOrder:
        """Ask for another plan of the own region; an earlier wish for a different one gives way to it.

        Raises `NotFound("not_subscribed")`, `NotFound("plan")`, `Conflict("plan_is_current")`.
        """
        async with self._uow.write() as tx:
            earlier = await queries.order_of_request(tx, request_id)
            if earlier is not None:
                return earlier
            customer = await subscribed(tx, customer_id, lock=True)
            current = await queries.subscription_of(tx, customer_id)
            if current is None:
                raise NotFound("not_subscribed")
            if current.plan_id == plan_id:
                raise Conflict("plan_is_current")
            under_way = await queries.open_orders(tx, customer_id, OrderKind.CHANGE)
            if under_way and under_way[0].plan_id == plan_id:
                return under_way[0]
            plan = await commands.plan_on_sale(tx, plan_id, current.region_id)
            await _withdraw(tx, customer_id)
            number = await commands.place_order(
                tx, self._settings, customer, plan, OrderKind.CHANGE, request_id=request_id
            )
            return queries.as_order(await _numbered(tx, number))

    async def withdraw_change(self, customer_id: int) -> bool:
        """Take the own wish for another plan back; False when there is none."""
        async with self._uow.write() as tx:
            await subscribed(tx, customer_id, lock=True)
            return await _withdraw(tx, customer_id) > 0

    async def listed(
        self, status: OrderStatus = OrderStatus.WAITING, *, limit: int = 50
    ) -> tuple[PlanOrder, ...]:
        """Orders in a state, oldest first: what staff have to do."""
        async with self._uow.read() as tx:
            return await queries.orders(tx, status, limit=limit)

    async def order(self, number: str, *, member: StaffMember) -> PlanOrder:
        """An order that waits; raises `NotFound("order")`, `Conflict("order_decided")`, `Forbidden("not_staff")`."""
        _actor(member)
        async with self._uow.read() as tx:
            found = await queries.order_seen(tx, number)
        if found is None:
            raise NotFound("order")
        if found.status is not OrderStatus.WAITING:
            raise Conflict("order_decided")
        return found

    async def approve(self, number: str, *, member: StaffMember | None) -> PlanOrder:
        """Let a change come with the next period, or say that a first line is installed and runs from now; its owner is told.

        `member` is None for whoever runs commands on the machine; the repeat of somebody's own decision changes nothing.
        Raises `NotFound("order")`, `Conflict("order_decided")`, `Forbidden("not_staff")`.
        """
        actor = _actor(member)
        async with self._uow.write() as tx:
            order = await _waiting(tx, number, actor, {OrderStatus.DONE, OrderStatus.APPROVED})
            if order is not None:
                await self._approve(tx, order, actor)
            return queries.as_order(await _numbered(tx, number))

    async def refuse(self, number: str, *, member: StaffMember | None, reason: str) -> PlanOrder:
        """Nothing comes of an order, and its owner is told why; otherwise like `approve`."""
        actor, why = _actor(member), reason[:LONGEST_REASON]
        async with self._uow.write() as tx:
            order = await _waiting(tx, number, actor, {OrderStatus.REFUSED})
            if order is not None:
                await _decide(tx, order, OrderStatus.REFUSED, actor, reason=why)
                await _give_up_line(tx, order)
                await self._tell(
                    tx, order, Notice.ORDER_REFUSED, {"order": number, "plan": order.plan_name, "reason": why}
                )
            return queries.as_order(await _numbered(tx, number))

    async def bring_in(self) -> int:
        """Change the plans whose day has come, and the lines with them; returns how many. Harmless when repeated."""
        async with self._uow.write() as tx:
            today = local_day(tx.now, self._settings.zone)
            due = await tx.all(
                select(plan_orders, plans.c.name.label("plan_name"))
                .join(plans, plans.c.id == plan_orders.c.plan_id)
                .where(plan_orders.c.status == OrderStatus.APPROVED, plan_orders.c.effective_on <= today)
                .order_by(plan_orders.c.effective_on, plan_orders.c.id)
                .limit(_MOST_AT_ONCE)
                .with_for_update(of=plan_orders, skip_locked=True)
            )
            for order in due:
                await self._change_plan(tx, order)
        return len(due)

    async def _check_phone(
        self, tx: WriteTx, applicant: Applicant, asked_in: tuple[str, str], request_id: str
    ) -> None:
        """A number is good when the chat is that number's, or its owner's, or when it was proved by a code."""
        if await _own_phone(tx, *asked_in) == applicant.phone:
            return
        holder = Holder(phone=applicant.phone)
        if await codes.use_grant(tx, applicant.proof, holder=holder, request_id=request_id) is GrantUse.OVER:
            raise Conflict("grant_over")

    async def _person(self, tx: WriteTx, applicant: Applicant) -> Row[Any]:
        """Who registered with this phone and has no line yet, else somebody new; the row is locked."""
        registered = (customers.c.phone == applicant.phone, customers.c.service_number.is_(None))
        found = await tx.scalar(select(customers.c.id).where(*registered).order_by(customers.c.id).limit(1))
        told = {"name": applicant.name, "contact_address": applicant.address}
        if found is None:
            customer_id = await add_person(
                tx, email=None, phone=applicant.phone, image=_DEFAULT_IMAGE, **told
            )
        else:
            customer_id = int(found)
            await tx.execute(customers.update().where(customers.c.id == customer_id).values(**told))
        row = await tx.first(
            select(customers, (customers.c.id != (found or 0)).label("is_new"))
            .where(customers.c.id == customer_id)
            .with_for_update(key_share=True)
        )
        if row is None:
            raise NotFound("customer")
        return row

    async def _approve(self, tx: WriteTx, order: Row[Any], actor: str) -> None:
        if order.kind == OrderKind.NEW:
            await self._open_line(tx, order)
            await _decide(tx, order, OrderStatus.DONE, actor)
            return
        day = next_period(local_day(tx.now, self._settings.zone))
        await _decide(tx, order, OrderStatus.APPROVED, actor, effective_on=day)
        args = {"order": order.number, "plan": order.plan_name, "day": Day(day)}
        await self._tell(tx, order, Notice.ORDER_APPROVED, args)

    async def _open_line(self, tx: WriteTx, order: Row[Any]) -> None:
        line = await queries.subscription_of(tx, order.customer_id, lock=True)
        if line is None or line.status != "waiting":
            raise Conflict("order_decided")
        today = local_day(tx.now, self._settings.zone)
        await tx.execute(
            subscriptions.update()
            .where(subscriptions.c.id == line.id)
            .values(status="active", active_from=today)
        )
        await tx.execute(
            customers.update().where(customers.c.id == order.customer_id).values(activated_on=today)
        )
        if line.router_id is not None:
            await switching.provision(tx, line.id, key=f"order-{order.number}")
        await self._tell(tx, order, Notice.WELCOME, {"plan": order.plan_name})

    async def _change_plan(self, tx: WriteTx, order: Row[Any]) -> None:
        line = await queries.subscription_of(tx, order.customer_id, lock=True)
        is_over = line is None or line.status == ServiceStatus.INACTIVE
        ended = plan_orders.update().where(plan_orders.c.id == order.id)
        await tx.execute(ended.values(status=OrderStatus.WITHDRAWN if is_over else OrderStatus.DONE))
        if line is None or is_over:  # whoever has left gets no line back by a wish of before
            return
        changed = subscriptions.update().where(subscriptions.c.id == line.id)
        await tx.execute(changed.values(plan_id=order.plan_id, price=order.price, line_profile=None))
        if line.router_id is not None:
            await switching.provision(tx, line.id, key=f"order-{order.number}")
        total = Rupiah(monthly(line.quantity, order.price, line.discount))
        await self._tell(tx, order, Notice.PLAN_CHANGED, {"plan": order.plan_name, "price": total})

    async def _tell(
        self, tx: WriteTx, order: Row[Any], kind: Notice, args: Mapping[str, str | Rupiah | Day]
    ) -> None:
        key = f"order-{order.number}-{kind}"
        await notify(tx, self._settings, customer_id=order.customer_id, kind=kind, key=key, args={**args})


async def _own_phone(tx: ReadTx, channel: str, address: str) -> str | None:
    """The number a chat speaks for: its own, or that of a customer it owns."""
    if channel in chat_access.PHONE_CHANNELS and address.isdigit():
        return address
    services = await chat_access.services_of(tx, channel, address)
    owned = [each.customer_id for each in services if each.role is ChatRole.OWNER]
    if not owned:
        return None
    first = select(customers.c.phone).where(customers.c.id.in_(owned), customers.c.phone.is_not(None))
    phone: str | None = await tx.scalar(first.order_by(customers.c.id).limit(1))
    return phone


async def _first_open(tx: ReadTx, people: Any) -> PlanOrder | None:
    for person in people:
        found = await queries.open_orders(tx, person.id, OrderKind.NEW)
        if found:
            return found[0]
    return None


async def _withdraw(tx: WriteTx, customer_id: int) -> int:
    mine = (
        plan_orders.c.customer_id == customer_id,
        plan_orders.c.kind == OrderKind.CHANGE,
        plan_orders.c.status.in_(queries.OPEN),
    )
    gone = plan_orders.update().where(*mine)
    return await tx.execute(gone.values(status=OrderStatus.WITHDRAWN, decided_at=tx.now))


async def _numbered(tx: WriteTx, number: str) -> Row[Any]:
    row = await queries.order_numbered(tx, number)
    if row is None:
        raise NotFound("order")
    return row


async def _waiting(tx: WriteTx, number: str, actor: str, repeats: Collection[OrderStatus]) -> Row[Any] | None:
    """An order to be decided; None when the same person has decided it the same way."""
    row = await _numbered(tx, number)
    if row.status == OrderStatus.WAITING:
        return row
    if row.decided_by == actor and row.status in repeats:
        return None
    raise Conflict("order_decided")


def _actor(member: StaffMember | None) -> str:
    """What the records call who decides."""
    if member is None:
        return SYSTEM
    if not member.may(Permission.ORDERS):
        raise Forbidden("not_staff")
    return member.actor


async def _give_up_line(tx: WriteTx, order: Row[Any]) -> None:
    """A first line that nobody is going to install waits for nothing any more."""
    mine = (subscriptions.c.customer_id == order.customer_id, subscriptions.c.status == "waiting")
    if order.kind == OrderKind.NEW:
        await tx.execute(subscriptions.update().where(*mine).values(status="inactive"))


async def _decide(
    tx: WriteTx,
    order: Row[Any],
    status: OrderStatus,
    actor: str,
    *,
    effective_on: date | None = None,
    reason: str | None = None,
) -> None:
    decided = plan_orders.update().where(plan_orders.c.id == order.id)
    outcome = {"status": status, "effective_on": effective_on, "reason": reason}
    await tx.execute(decided.values(decided_at=tx.now, decided_by=actor, **outcome))
    details = {"order": order.number, "kind": order.kind, "status": status}
    await record(
        tx, actor=actor, action="order_decided", subject=f"customer:{order.customer_id}", details=details
    )
