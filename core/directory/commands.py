"""Writes of the directory that several use cases share; each runs inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select

from core.customers.accounts import open_account
from core.customers.tables import customer_accounts, customer_attributes, customers
from core.directory import queries
from core.directory.types import Draft
from core.identity import commands as identity
from core.identity.tables import logins
from core.network import switching
from core.platform.errors import Conflict
from core.platform.ids import new_id
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx

#: Facts of a draft by the column that keeps them.
_OF_CUSTOMER = {
    "name": "name",
    "phone": "phone",
    "email": "email",
    "address": "contact_address",
    "latitude": "latitude",
    "longitude": "longitude",
}
_OF_ACCOUNT = (
    "username",
    "city",
    "district",
    "state",
    "zip",
    "kind",
    "service_type",
    "status",
    "line_username",
    "line_address",
)


async def make(
    tx: WriteTx, keyring: Keyring, draft: Draft, password_hash: str, *, by: int | None = None
) -> int:
    """A customer with account and login; the password is also the line's secret (design §3.9).

    `by` names the staff member who does it. Raises `Conflict` (`username_taken`, `phone_taken`, `email_taken`).
    """
    await refuse_twins(tx, draft, None)
    row = {"uid": new_id("cst"), "image": "default1.jpg", "created_at": tx.now, "name": draft.name or ""}
    if not await tx.insert_new(customers, **row | _facts(draft, _OF_CUSTOMER)):
        raise Conflict("email_taken")
    customer_id = int(await tx.scalar(select(customers.c.id).where(customers.c.uid == row["uid"])))
    account = _named(draft, _OF_ACCOUNT)
    username = account.pop("username")
    account |= {"created_by": by, "line_secret_sealed": keyring.seal(draft.password or "")}
    await open_account(tx, customer_id, username, **account)
    await identity.create_login(tx, customer_id, password_hash)
    await write_attributes(tx, customer_id, draft)
    return customer_id


async def write(
    tx: WriteTx, keyring: Keyring, customer_id: int, draft: Draft, password_hash: str | None
) -> None:
    """Store what a draft names. Twins are the caller's business, and so are lines that must follow."""
    if facts := _facts(draft, _OF_CUSTOMER):
        await tx.execute(customers.update().where(customers.c.id == customer_id).values(**facts))
    account = _named(draft, _OF_ACCOUNT)
    if secret := draft.line_secret or draft.password:
        account["line_secret_sealed"] = keyring.seal(secret)
    if account:
        own = customer_accounts.c.customer_id == customer_id
        await tx.execute(customer_accounts.update().where(own).values(**account))
    if password_hash:
        login = select(logins.c.id).where(logins.c.customer_id == customer_id)
        if (login_id := await tx.scalar(login)) is not None:
            await identity.replace_password(tx, int(login_id), password_hash)
    await write_attributes(tx, customer_id, draft)


def _named(draft: Draft, fields: Iterable[str]) -> dict[str, Any]:
    return {name: value for name in fields if (value := getattr(draft, name)) is not None}


def _facts(draft: Draft, columns: Mapping[str, str]) -> dict[str, Any]:
    """What a draft names, by column; an empty e-mail or phone is none at all."""
    named = {column: getattr(draft, name) for name, column in columns.items()}
    return {
        column: value if value != "" or column not in {"email", "phone"} else None
        for column, value in named.items()
        if value is not None
    }


async def refuse_twins(tx: WriteTx, draft: Draft, customer_id: int | None) -> None:
    """Raises `Conflict` (`username_taken`, `phone_taken`, `email_taken`)."""
    if draft.username is not None:
        holder = await queries.id_of_username(tx, draft.username)
        if holder not in {None, customer_id}:
            raise Conflict("username_taken")
    if draft.phone:
        held = select(customers.c.id).where(
            customers.c.phone == draft.phone, customers.c.id != (customer_id or 0)
        )
        unchanged = customer_id is not None and await tx.scalar(
            select(customers.c.phone).where(customers.c.id == customer_id)
        )
        if unchanged != draft.phone and await tx.scalar(held.limit(1)) is not None:
            raise Conflict("phone_taken")
    if draft.email:
        same = func.lower(customers.c.email) == draft.email.lower()
        if (
            await tx.scalar(select(customers.c.id).where(same, customers.c.id != (customer_id or 0)))
            is not None
        ):
            raise Conflict("email_taken")


async def write_attributes(tx: WriteTx, customer_id: int, draft: Draft) -> None:
    """Set the attributes a draft names, and drop those it drops."""
    own = customer_attributes.c.customer_id == customer_id
    for name, value in draft.attributes.items():
        facts = {"customer_id": customer_id, "name": name[:255], "value": value[:255]}
        if not await tx.insert_new(customer_attributes, **facts):
            same = (own, customer_attributes.c.name == facts["name"])
            await tx.execute(customer_attributes.update().where(*same).values(value=facts["value"]))
    if draft.dropped_attributes:
        gone = customer_attributes.c.name.in_(draft.dropped_attributes)
        await tx.execute(customer_attributes.delete().where(own, gone))


async def provision(tx: WriteTx, customer_id: int) -> None:
    """Bring the routers of everything a customer runs to what it should be."""
    for package in await queries.packages_of(tx, [customer_id]):
        if package.is_on:
            await switching.provision(tx, package.id, key=f"changed-{tx.now.timestamp()}")
