"""The one a package is for: a customer with an account, or a guest who is known by a voucher's code alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from sqlalchemy import select

from core.billing import ledger
from core.customers.accounts import AccountStatus
from core.customers.tables import customer_accounts, customer_attributes, customers
from core.platform.errors import Conflict, NotFound
from core.platform.ids import new_id
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, WriteTx
from core.prepaid.tables import recharges
from core.prepaid.types import PlanKind
from core.subscriptions.tables import subscriptions


class Holder(Struct, frozen=True):
    """Whose package it is, locked until commit. `guest_code` is None for a customer with an account."""

    id: int
    username: str
    name: str
    status: AccountStatus
    auto_renewal: bool
    line_username: str
    secret_sealed: str | None
    attributes: Mapping[str, str]
    guest_code: str | None = None

    def login(self, kind: PlanKind) -> str:
        """The user name of a line: hotspots know people by the name they log in with."""
        return self.username if kind is PlanKind.HOTSPOT else self.line_username or self.username

    def must_be_active(self) -> None:
        """Raises `Conflict("account_status")`."""
        if self.status is not AccountStatus.ACTIVE:
            raise Conflict("account_status", status=self.status)


async def locked(tx: WriteTx, customer_id: int) -> Holder:
    """A customer, locked: what is bought for one customer is bought one after another. Raises `NotFound("customer")`."""
    found = await locked_all(tx, [customer_id])
    if customer_id not in found:
        raise NotFound("customer")
    return found[customer_id]


async def locked_all(tx: WriteTx, customer_ids: Collection[int]) -> dict[int, Holder]:
    """Customers, locked in one order for everybody: no deadlock."""
    mine = select(customers.c.id).where(customers.c.id.in_(customer_ids)).order_by(customers.c.id)
    ids = [row.id for row in await tx.all(mine.with_for_update(key_share=True))]
    return {each: await _holder(tx, each) for each in ids}


async def _holder(tx: WriteTx, customer_id: int) -> Holder:
    account = customer_accounts.c
    row = await tx.first(
        select(customers.c.name, *customer_accounts.c)
        .join_from(customers, customer_accounts, account.customer_id == customers.c.id, isouter=True)
        .where(customers.c.id == customer_id)
    )
    if row is None or row.username is None:
        return await _guest(tx, customer_id, "" if row is None else row.name)
    return Holder(
        customer_id,
        row.username,
        row.name,
        AccountStatus(row.status),
        row.auto_renewal,
        row.line_username,
        row.line_secret_sealed,
        await attributes_of(tx, customer_id),
    )


async def _guest(tx: WriteTx, customer_id: int, code: str) -> Holder:
    sealed = await tx.scalar(
        select(subscriptions.c.line_secret_sealed)
        .join(recharges, recharges.c.subscription_id == subscriptions.c.id)
        .where(subscriptions.c.customer_id == customer_id)
        .limit(1)
    )
    return _guest_of(customer_id, code, sealed)


def _guest_of(customer_id: int, code: str, sealed: str | None) -> Holder:
    return Holder(
        customer_id,
        username=code,
        name=code,
        status=AccountStatus.ACTIVE,
        auto_renewal=False,
        line_username="",
        secret_sealed=sealed,
        attributes={},
        guest_code=code,
    )


async def welcome_guest(tx: WriteTx, keyring: Keyring, code: str) -> Holder:
    """Somebody who has nothing but a voucher: the code is both name and secret on the line."""
    customer_id = await tx.insert(
        customers, uid=new_id("gst"), name=code, image="default1.jpg", created_at=tx.now
    )
    return _guest_of(customer_id, code, keyring.seal(code))


async def attributes_of(tx: ReadTx, customer_id: int) -> dict[str, str]:
    own = select(customer_attributes).where(customer_attributes.c.customer_id == customer_id)
    return {row.name: row.value for row in await tx.all(own.order_by(customer_attributes.c.name))}


async def set_attributes(tx: WriteTx, customer_id: int, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not await tx.insert_new(customer_attributes, customer_id=customer_id, name=name, value=value):
            same = (customer_attributes.c.customer_id == customer_id, customer_attributes.c.name == name)
            await tx.execute(customer_attributes.update().where(*same).values(value=value))


async def balance_of(tx: ReadTx, customer_id: int) -> int:
    return await ledger.credit_of(tx, customer_id)
