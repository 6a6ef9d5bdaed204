"""What can be done with packages that are paid first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace
from sqlalchemy import select

from core.audit import activity
from core.customers.accounts import open_account
from core.customers.tables import customer_accounts, customers
from core.identity import commands as identity
from core.identity.customer_accounts import customer_called
from core.identity.passwords import Passwords
from core.network import switching
from core.platform.errors import DomainError, NotFound
from core.platform.ids import new_id
from core.platform.scheduler import schedules
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx
from core.preferences.queries import load
from core.prepaid import balance, ending, figures, packages, people, recharging, sales, vouchers
from core.prepaid.balance import Moved
from core.prepaid.deals import Desk, Recharge, place_named
from core.prepaid.figures import Counts, Stock
from core.prepaid.packages import PackagesWanted
from core.prepaid.plans import PLANS, as_plan, link, offer, plan_of
from core.prepaid.recharging import quoted
from core.prepaid.sales import SalesWanted
from core.prepaid.tables import prepaid_plans
from core.prepaid.types import (
    Means,
    Order,
    PlanKind,
    PrepaidPlan,
    Quote,
    Running,
    Sale,
    Seller,
    Sold,
    Terms,
    Voucher,
)
from core.prepaid.vouchers import Batch, Redeemed, VouchersWanted
from core.settings import Settings

log = structlog.get_logger(__name__)

#: The schedule that ends packages.
EXPIRY = "prepaid.expiry"
#: Packages that are ended between two looks at the clock.
BATCH = 200


class Prepaid:
    """Each method is one use case and one transaction, but for `expire_due`, which takes one a package."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring, passwords: Passwords) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring
        self._passwords = passwords

    async def offer(
        self, name: str, price: int, terms: Terms, *, is_enabled: bool = True, rate_limit: str | None = None
    ) -> int:
        """A new plan that is sold by validity; returns its id."""
        async with self._uow.write() as tx:
            return await offer(tx, name, price, terms, is_enabled=is_enabled, rate_limit=rate_limit)

    async def link(self, plan_id: int, others: Collection[int]) -> None:
        """Let a plan bring these along from now on, and no others."""
        async with self._uow.write() as tx:
            await link(tx, plan_id, others)

    async def plan(self, plan_id: int) -> PrepaidPlan:
        """Raises `NotFound("plan")`."""
        async with self._uow.read() as tx:
            return await plan_of(tx, plan_id)

    async def plans(self, *kinds: PlanKind) -> tuple[PrepaidPlan, ...]:
        """The plans of these kinds, of all where none is named, in the order they were made."""
        those = (prepaid_plans.c.kind.in_(kinds),) if kinds else ()
        async with self._uow.read() as tx:
            rows = await tx.all(PLANS.where(*those).order_by(prepaid_plans.c.plan_id))
        return tuple(map(as_plan, rows))

    async def quote(self, customer_id: int, wanted: Recharge) -> Quote:
        """What a recharge would cost a customer. Raises `NotFound` (`customer`, `plan`, `router`, `coupon`)."""
        async with self._uow.write() as tx:
            desk, holder = await self._desk(tx), await people.locked(tx, customer_id)
            return await quoted(tx, desk, holder, wanted)

    async def recharge(self, customer_id: int, wanted: Recharge, seller: Seller) -> Sold:
        """Sell a customer a package. Harmless when repeated with its key; raises as `recharging.recharge` does."""
        async with self._uow.write() as tx:
            holder = await people.locked(tx, customer_id)
            sold = await recharging.recharge(tx, await self._desk(tx), holder, wanted, seller)
            if sold.is_new and seller.staff_id is not None:
                plan = await plan_of(tx, wanted.plan_id)
                said = f"[{seller.actor}]: Recharge {holder.username} [{plan.name}][{sold.paid}]"
                await activity.note(tx, said, kind="Admin", user_id=seller.staff_id, ip=seller.ip)
        return sold

    async def deposit(
        self,
        customer_id: int,
        amount: int | None,
        means: Means,
        seller: Seller,
        *,
        key: str,
        plan_id: int | None = None,
        note: str = "",
    ) -> Sold:
        """Top a balance up by an amount, or by a plan of balance; an amount below nothing is handed back.

        Raises `NotFound` (`customer`, `plan`), `Invalid("amount")`, `Conflict` (`credit_spent`, `reference_reused`).
        """
        async with self._uow.write() as tx:
            holder = await people.locked(tx, customer_id)
            plan = None
            if amount is None:
                plan = await plan_of(tx, plan_id or 0)
                if plan.terms.kind is not PlanKind.BALANCE:
                    raise NotFound("plan")
            added = amount if plan is None else plan.price
            sold = await balance.top_up(tx, holder, added or 0, means, seller, key=key, plan=plan, note=note)
            if sold.is_new:
                said = f"[{seller.actor}]: Deposit {holder.username} [{added}]"
                await activity.note(tx, said, kind="Admin", user_id=seller.staff_id or 0, ip=seller.ip)
        return sold

    async def transfer(self, sender_id: int, target_id: int, amount: int, *, key: str) -> Moved:
        """Move balance between customers; raises as `balance.transfer` does."""
        async with self._uow.write() as tx:
            return await balance.transfer(tx, await load(tx), sender_id, target_id, amount, key=key)

    async def deactivate(self, subscription_id: int, *, customer_id: int | None, actor: str) -> Running:
        """End a package now, of this customer where one is named. Raises `NotFound("package")`."""
        async with self._uow.write() as tx:
            row = await ending.package_of(tx, subscription_id, customer_id=customer_id)
            await ending.deactivate(tx, row, actor=actor)
            return await _shown(tx, subscription_id)

    async def extend(self, subscription_id: int, days: int, *, actor: str) -> datetime:
        """Staff give days to an ended package. Raises `NotFound("package")`, `Invalid("days")`, `Conflict("package_runs")`."""
        async with self._uow.write() as tx:
            row = await ending.package_of(tx, subscription_id)
            return await ending.extend(tx, row, days, actor=actor)

    async def extend_own(self, subscription_id: int, customer_id: int) -> datetime:
        """A customer asks for the days that are given once a month; raises as `ending.extend_own` does."""
        async with self._uow.write() as tx:
            row = await ending.package_of(tx, subscription_id, customer_id=customer_id)
            (await people.locked(tx, customer_id)).must_be_active()
            return await ending.extend_own(tx, await self._desk(tx), row, actor=f"customer:{customer_id}")

    async def amend(self, subscription_id: int, plan_id: int, expires_at: datetime, *, actor: str) -> Running:
        """Staff give a package another plan or end. Raises `NotFound` (`package`, `plan`)."""
        async with self._uow.write() as tx:
            row, plan = await ending.package_of(tx, subscription_id), await plan_of(tx, plan_id)
            place = await place_named(tx, plan.router)
            await ending.amend(tx, row, plan, place, expires_at, actor=actor)
            return await _shown(tx, subscription_id)

    async def delete_package(self, subscription_id: int, *, actor: str) -> None:
        """Take a package out of every list, and its line off the router. Raises `NotFound("package")`."""
        async with self._uow.write() as tx:
            await ending.delete(tx, await ending.package_of(tx, subscription_id), actor=actor)

    async def synchronise(self, *, customer_id: int | None = None) -> tuple[Running, ...]:
        """Bring the routers of what runs, of one customer or of all, to what is wanted; they follow through the queue."""
        wanted = PackagesWanted(is_on=True, customer_id=customer_id, limit=BATCH)
        done: list[Running] = []
        while True:
            page = replace(wanted, offset=len(done))
            async with self._uow.write() as tx:
                found, _ = await packages.page_of(tx, page)
                for each in found:
                    key = f"synchronised-{tx.now.timestamp()}"
                    await switching.provision(tx, each.subscription_id, key=key)
            done += found
            if len(found) < BATCH:
                return tuple(done)

    async def expire_due(self, *, batch: int = BATCH) -> int:
        """End every package whose time is over, and renew what is to be renewed; returns how many were ended.

        One transaction a package: what cannot be ended keeps nobody else waiting, and is tried again the next time.
        """
        ended, after = 0, None
        async with self._uow.read() as tx:
            now = tx.now
        while True:
            async with self._uow.read() as tx:
                found = await tx.all(packages.due(now, after, batch))
            for row in found:
                ended += await self._expire(row.id)
            if len(found) < batch:
                return ended
            after = (found[-1].expires_at, found[-1].id)

    async def _expire(self, subscription_id: int) -> bool:
        try:
            async with self._uow.write() as tx:
                return await ending.expire(tx, await self._desk(tx), subscription_id)
        except DomainError as error:
            log.warning("package_not_ended", subscription_id=subscription_id, reason=error.reason)
            return False

    async def redeem(self, code: str, customer_id: int | None, seller: Seller) -> Redeemed:
        """Spend a voucher for a customer, or for whoever holds it; raises as `vouchers.redeem` does."""
        async with self._uow.write() as tx:
            return await vouchers.redeem(tx, await self._desk(tx), code, customer_id, seller)

    async def customer_called(self, name: str) -> int | None:
        """Who goes by a name, as the installation goes by names."""
        async with self._uow.read() as tx:
            found = await customer_called(tx, name, (await load(tx)).login_by)
        return None if found is None else found.customer_id

    async def redeem_as(self, code: str, username: str, phone: str | None) -> Redeemed:
        """Spend a voucher for a customer who is made for it, with the code to log in; raises as above and `username_taken`."""
        password_hash = await self._passwords.hash(code)
        async with self._uow.write() as tx:
            customer_id = await tx.insert(
                customers,
                uid=new_id("cst"),
                name=username,
                phone=phone,
                image="default1.jpg",
                created_at=tx.now,
            )
            sealed = self._keyring.seal(code)
            await open_account(tx, customer_id, username, line_secret_sealed=sealed)
            await identity.create_login(tx, customer_id, password_hash)
            seller = Seller(actor=f"customer:{customer_id}")
            return await vouchers.redeem(tx, await self._desk(tx), code, customer_id, seller)

    async def voucher(self, code: str) -> Voucher | None:
        async with self._uow.write() as tx:
            try:
                return await vouchers.locked(tx, code)
            except NotFound:
                return None

    async def guest_package(self, code: str) -> Running | None:
        """What somebody runs who came with this code alone."""
        async with self._uow.read() as tx:
            row = await vouchers.guest_of(tx, code)
            return None if row is None else await packages.package(tx, row.id)

    async def make_vouchers(self, batch: Batch, *, by: int) -> tuple[Voucher, ...]:
        """Raises as `vouchers.make` does."""
        async with self._uow.write() as tx:
            return await vouchers.make(tx, batch, by=by)

    async def vouchers(self, wanted: VouchersWanted) -> tuple[tuple[Voucher, ...], int]:
        """Newest first, and how many there are in all."""
        async with self._uow.read() as tx:
            return await vouchers.page_of(tx, wanted)

    async def delete_vouchers(self, voucher_ids: Collection[int]) -> int:
        async with self._uow.write() as tx:
            return await vouchers.delete(tx, voucher_ids)

    async def delete_spent_vouchers(self, older_than: timedelta) -> int:
        async with self._uow.write() as tx:
            return await vouchers.delete_spent(tx, tx.now - older_than)

    async def packages(self, wanted: PackagesWanted) -> tuple[tuple[Running, ...], int]:
        """Newest first, and how many there are in all."""
        async with self._uow.read() as tx:
            return await packages.page_of(tx, wanted)

    async def package(self, subscription_id: int, *, customer_id: int | None = None) -> Running | None:
        async with self._uow.read() as tx:
            return await packages.package(tx, subscription_id, customer_id=customer_id)

    async def sale(self, sale_id: int) -> Sale | None:
        async with self._uow.read() as tx:
            return await sales.sale_of(tx, sale_id)

    async def sales_of(
        self, customer_id: int, *, limit: int, offset: int = 0
    ) -> tuple[tuple[Sale, ...], int]:
        """A customer's, newest first, and how many there are in all."""
        async with self._uow.read() as tx:
            return await sales.sales_of(tx, customer_id, limit=limit, offset=offset)

    async def all_sales(self, wanted: SalesWanted) -> AsyncIterator[Sequence[Sale]]:
        """Newest first, in batches: for exports of any size."""
        async for rows in self._uow.scan(sales.found(wanted)):
            yield [sales.as_sale(row) for row in rows]

    async def orders_of(
        self, customer_id: int, *, limit: int, offset: int = 0
    ) -> tuple[tuple[Order, ...], int]:
        """A customer's purchases over gateways and moves of balance, newest first, and how many there are in all."""
        async with self._uow.read() as tx:
            return await packages.orders_of(tx, customer_id, limit=limit, offset=offset)

    async def unpaid_order(self, customer_id: int, *, patience: timedelta) -> Order | None:
        """The order that waits for its payment; one that has waited too long is given up."""
        async with self._uow.write() as tx:
            await packages.give_up_orders(tx, customer_id, tx.now - patience)
            return await packages.unpaid_order(tx, customer_id)

    async def last_expiry(self) -> datetime | None:
        """Until when packages have been ended for sure."""
        async with self._uow.read() as tx:
            done = select(schedules.c.done_until).where(schedules.c.name == EXPIRY)
            found: datetime | None = await tx.scalar(done)
        return found

    async def balance_of(self, customer_id: int) -> int:
        async with self._uow.read() as tx:
            return await people.balance_of(tx, customer_id)

    async def bills_of(self, customer_id: int) -> dict[str, str]:
        """The attributes of a customer that are additional bills."""
        async with self._uow.read() as tx:
            attributes = await people.attributes_of(tx, customer_id)
        return {name: value for name, value in attributes.items() if name.endswith("Bill")}

    async def income(self, since: datetime, until: datetime) -> int:
        """What came in from one moment until before another."""
        async with self._uow.read() as tx:
            return await sales.income(tx, since, until)

    async def counts(self) -> Counts:
        async with self._uow.read() as tx:
            return await figures.counts(tx)

    async def balances(self) -> int:
        """What all customers together have in advance."""
        async with self._uow.read() as tx:
            return await figures.balances(tx)

    async def stocks(self) -> tuple[Stock, ...]:
        """Plans that have any vouchers."""
        async with self._uow.read() as tx:
            return await figures.stocks(tx)

    async def income_by_month(self, year: int) -> Mapping[int, int]:
        async with self._uow.read() as tx:
            return await figures.income_by_month(tx, year, self._settings.zone)

    async def customers_by_month(self, year: int) -> Mapping[int, int]:
        async with self._uow.read() as tx:
            return await figures.customers_by_month(tx, year, self._settings.zone)

    async def set_auto_renewal(self, customer_id: int, *, is_on: bool) -> None:
        """Whether packages are renewed from the balance."""
        async with self._uow.write() as tx:
            own = customer_accounts.update().where(customer_accounts.c.customer_id == customer_id)
            await tx.execute(own.values(auto_renewal=is_on))

    async def _desk(self, tx: WriteTx) -> Desk:
        return Desk(self._settings, self._keyring, await load(tx))


async def _shown(tx: WriteTx, subscription_id: int) -> Running:
    found = await packages.package(tx, subscription_id)
    if found is None:
        raise NotFound("package")
    return found
